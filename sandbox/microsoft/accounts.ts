import type { Sending } from '../world.ts';
import { guid } from './ids.ts';
import type { Mailbox } from './mailbox.ts';

/** What becomes of a message after Graph's 202, which says no more than that it was taken (microsoft-graph-docs#1533, #6250, #11969). */
export type AccountSending = Required<Omit<Sending, 'messageId'>>;
export const PROMPT: AccountSending = { lagSeconds: 0, meanwhile: 'draft', ids: 'kept' };

/** Someone with a mailbox here. */
export class Account {
  readonly address: string;
  readonly name: string;
  readonly objectId: string;
  readonly tenantId: string;
  readonly mailbox: Mailbox;
  /** Outlook's master list of categories. */
  readonly categories: Category[] = [];
  settings: Record<string, unknown> = {};
  /** For so long a new message is not known to the replica that takes upload sessions, or their first piece. */
  replicaLag: { readonly ms: number; readonly at: 'session' | 'piece' } = { ms: 0, at: 'session' };
  sending: AccountSending = PROMPT;
  /** The tenant's limit on one message; an administrator can raise it to 150 MB. */
  maxMessageBytes = 35 * 1024 * 1024;
  /** By the documentation a second subscription to the same is refused; in the field it is taken [microsoft-graph-docs-contrib#9039]. */
  refusesDuplicates = false;

  /** One of MAILBOX_REFUSALS; null: it has a mailbox. */
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

/** The accounts of the emulator, by address without case. */
export class Accounts {
  readonly #byAddress = new Map<string, Account>();

  add(account: Account): void {
    this.#byAddress.set(account.address.toLowerCase(), account);
  }

  find(address: string): Account | null {
    return this.#byAddress.get(address.toLowerCase()) ?? null;
  }

  /** Throws for an address that is not here: the control API's mistake. */
  get(address: string): Account {
    const account = this.find(address);
    if (!account) throw new Error(`No Outlook account ${address} in the sandbox.`);
    return account;
  }

  all(): readonly Account[] {
    return [...this.#byAddress.values()];
  }
}
