import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { castOf } from './cast.ts';
import { openJournal } from './control/journal.ts';
import { createKeeper, NO_KEEPER } from './control/keeper.ts';
import type { MadeAccount } from './control/routes.ts';
import { generateMail } from './mail/generate.ts';
import { importMail } from './mail/import.ts';
import type { Mail } from './mail/mail.ts';
import { DEMO_ACCOUNTS } from './twins.ts';
import type { Emulator, Vendor } from './world.ts';

interface AccountsOptions {
  readonly dataDir: string | null;
  readonly mail: string | null;
  readonly messages: number;
  readonly log: (line: string) => void;
}

export interface SandboxAccounts {
  /** Creates an account, which survives a restart. */
  add(account: MadeAccount): void;
  /** Writes what changed since the last time. */
  write(): void;
  /** Writes what is not yet written. */
  close(): void;
}

/** An account that was created through the control API, with the time of its creation. */
interface KeptAccount extends MadeAccount {
  readonly madeAt: string;
}
const ACCOUNT = 'account ';

/**
 * Fills the demo accounts and restores what arrived, changed or was deleted in earlier runs. The built-in mail keeps the dates
 * of its first start, so that a message is older than the answer to it. Each choice of mail (SANDBOX_MAIL, SANDBOX_MESSAGES)
 * has a journal of its own, which is used again when the choice is made again.
 */
export function createAccounts(
  emulator: (vendor: Vendor) => Emulator,
  options: AccountsOptions,
  now: () => Date,
): SandboxAccounts {
  const path = journalPath(options);
  const journal = openJournal(path, now(), options.log);
  const keeper = path === null ? NO_KEEPER : createKeeper(journal, options.log);
  const create = ({ vendor, address, name }: MadeAccount, mails: Iterable<Mail>) => {
    emulator(vendor).createAccount(address, name);
    emulator(vendor).fill(address, mails);
    keeper.take(emulator(vendor), address);
  };
  const generated = ({ side, address, name, messages }: MadeAccount, at: Date) =>
    generateMail(side, castOf({ name, address }, side), messages, at);

  const imported = options.mail === null ? null : importMail(options.mail, { now: journal.beganAt, log: options.log });
  for (const { vendor, side, demo } of DEMO_ACCOUNTS) {
    const account = { ...demo, vendor, side, messages: options.messages };
    create(account, imported?.mails ?? generated(account, journal.beganAt));
  }
  if (imported)
    options.log(`SANDBOX_MAIL: ${imported.mails.length} mails in each account, ${imported.skipped} skipped`);
  for (const kept of journal.kept(ACCOUNT).values() as Iterable<KeptAccount>)
    create(kept, generated(kept, new Date(kept.madeAt)));
  return {
    add(account) {
      const at = now();
      const kept: KeptAccount = { ...account, madeAt: at.toISOString() };
      journal.write([[`${ACCOUNT}${account.vendor} ${account.address}`, kept]]);
      create(account, generated(account, at));
    },
    write: () => keeper.write(),
    close: () => keeper.close(),
  };
}

function journalPath({ dataDir, mail, messages }: AccountsOptions): string | null {
  if (dataDir === null) return null;
  const own = mail === null ? null : createHash('sha256').update(resolve(mail)).digest('hex').slice(0, 12);
  return join(dataDir, 'sandbox-mail', own === null ? `built-in-${messages}.jsonl` : `own-${own}.jsonl`);
}
