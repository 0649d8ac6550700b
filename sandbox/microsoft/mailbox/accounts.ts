import type { Sending } from '../../world.ts';
import { guid } from './ids.ts';
import type { Mailbox } from './mailbox.ts';

/** What happens to a message after Graph's 202, which only says that it was accepted (microsoft-graph-docs#1533, #6250, #11969). */
export type AccountSending = Required<Omit<Sending, 'messageId'>>;
export const PROMPT: AccountSending = { lagSeconds: 0, meanwhile: 'draft', ids: 'kept' };

/** An account of the emulator. */
export class Account {
  readonly address: string;
  readonly name: string;
  readonly objectId: string;
  readonly tenantId: string;
  readonly mailbox: Mailbox;
  /** Outlook's master list of categories. */
  readonly categories: Category[] = [];
  settings: Record<string, unknown> = {};
  /** How long a new message is unknown to the replica that begins upload sessions, or that receives their first piece. */
  uploadLag: { readonly ms: number; readonly at: 'session' | 'piece' } = { ms: 0, at: 'session' };
  sending: AccountSending = PROMPT;
  /** The tenant's limit on one message, in bytes. An administrator can raise it to 150 MB. */
  maxMessageBytes = 35 * 1024 * 1024;
  /** The documentation says that a second subscription to the same resource is refused. In the field it is accepted [microsoft-graph-docs-contrib#9039]. */
  refusesDuplicates = false;

  /** One of MAILBOX_REFUSALS. Null: the account has a mailbox. */
  mailboxRefusal: string | null = null;

  constructor(address: string, name: string, mailbox: Mailbox) {
    this.address = address;
    this.name = name;
    this.objectId = guid('user', address);
    this.tenantId = guid('tenant', address.split('@')[1] ?? '');
    this.mailbox = mailbox;
  }
}

export interface Category {
  readonly id: string;
  readonly displayName: string;
  color: string;
}

/** The accounts of the emulator, by address in any case. */
export class Accounts {
  readonly #byAddress = new Map<string, Account>();

  add(account: Account): void {
    this.#byAddress.set(account.address.toLowerCase(), account);
  }

  find(address: string): Account | null {
    return this.#byAddress.get(address.toLowerCase()) ?? null;
  }

  /** Returns an account for the control API. Throws when there is none. */
  get(address: string): Account {
    const account = this.find(address);
    if (!account) throw new Error(`No Outlook account ${address} in the sandbox.`);
    return account;
  }

  all(): readonly Account[] {
    return [...this.#byAddress.values()];
  }
}
