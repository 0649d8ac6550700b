import type { Mailbox } from '../../domain/mailbox.ts';
import { shortHash } from '../../platform/short-hash.ts';
import type { Call } from '../../providers/contract/call.ts';
import type { MailSession } from '../../providers/contract/mail-session.ts';
import type { ChangeStore, NewChange } from '../change.store.ts';
import type { Repaired } from './log-holes.store.ts';
import type { MailboxIndexStore } from './mailbox-index.store.ts';
import type { MessageIndexStore } from './message-index.store.ts';
import type { ClaimedPass } from './proof.store.ts';

interface MailboxComparisonOptions {
  readonly changes: Pick<ChangeStore, 'append'>;
  readonly index: Pick<MessageIndexStore, 'followLog' | 'lockClaimed' | 'countRepaired'>;
  readonly mailboxes: MailboxIndexStore;
}

interface ComparedAccount {
  readonly claim: ClaimedPass;
  readonly session: Pick<MailSession, 'listMailboxes'>;
  readonly call: Call;
  readonly catchUp: () => Promise<void>;
}

interface Compared extends Repaired {
  /** Where the log ends with these entries. */
  readonly end: bigint;
}

/** The digest of a mailbox that changed while it was compared. */
const UNCERTAIN = '';

/** Colours are left out: providers report no change of them. */
const digestOf = ({ name, kind, role, parentId }: Mailbox): string =>
  shortHash(JSON.stringify([name, kind, role, parentId]), 8);

/** Compares the mailboxes of an account with the index, and appends an entry for each that differs. */
export class MailboxComparison {
  constructor(private readonly options: MailboxComparisonOptions) {}

  async compare({ claim, session, call, catchUp }: ComparedAccount): Promise<Compared> {
    const { changes, index, mailboxes } = this.options;
    await catchUp();
    const sequence = await index.followLog(claim);
    const listed = await session.listMailboxes(call);
    await catchUp();
    await index.followLog(claim);
    // Graph has folders, whose changes it reports, and categories, whose changes it does not.
    const hasFolders = listed.some(({ kind }) => kind === 'FOLDER');
    const unreported = new Set(listed.flatMap(({ id, kind }) => (hasFolders && kind === 'LABEL' ? [id] : [])));
    const now = new Map(listed.map((mailbox) => [mailbox.id, digestOf(mailbox)]));
    let missing = 0;
    let end = sequence;
    const appended = await changes.append(claim.integrationId, async (tx, last) => {
      await index.lockClaimed(tx, claim);
      const { rows, comparedSequence } = await mailboxes.read(tx, claim.integrationId);
      const changed: { id: string; state: string | null }[] = [];
      const entries: NewChange[] = [];
      for (const id of new Set([...now.keys(), ...rows.keys()])) {
        const row = rows.get(id);
        const state = now.get(id) ?? null;
        // The log has mentioned it since the last comparison, and nobody has read it: it may have been deleted without an event.
        const isUnknown = row?.state === null && row.sequence > comparedSequence;
        if ((row?.state ?? null) === state && !isUnknown) continue;
        const isMentioned = row !== undefined && row.sequence > sequence;
        changed.push({ id, state: isMentioned ? UNCERTAIN : state });
        if (claim.isBuilding || isMentioned) continue;
        entries.push({ kind: 'mailbox', subject: id });
        const isReported = row !== undefined && (row.sequence > comparedSequence || row.state === UNCERTAIN);
        if (!isReported && !unreported.has(id) && !claim.isRecovering) missing++;
      }
      await mailboxes.write(tx, claim.integrationId, changed);
      await index.countRepaired(tx, claim, missing);
      end = last + BigInt(entries.length);
      return entries;
    });
    return { missing, appended, end };
  }
}
