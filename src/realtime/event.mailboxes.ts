import { mailboxBytes } from '../cache/bytes.ts';
import type { EntryStore } from '../cache/entry-store.ts';
import type { Mailbox } from '../domain/mailbox.ts';

/** The mailboxes of an account as its provider listed them. */
export interface KnownMailboxes {
  readonly mailboxes: readonly Mailbox[];
  /** As `MailSession.unlistedMailbox`. */
  readonly unlisted: (id: string) => Mailbox | null;
}

/** A list that is as new as an entry of the account's change log. */
export interface MailboxRead {
  readonly asOf: bigint;
  readonly readAt: number;
  readonly reading: Promise<KnownMailboxes>;
  /** The ids in messages that the list did not have although it was newer: labels of the provider that are no mailboxes. */
  readonly noMailboxes: Set<string>;
}

/** No provider announces a new name or colour, so a list is not shown for longer than this. */
const MAX_AGE_MS = 5 * 60_000;
/** The key of the list in the store. */
const LIST = '';

/**
 * The mailboxes of one account, listed once for all events. Only an entry of the log that reports a change of mailboxes, or a
 * message in a mailbox that the list does not have, has them listed again: a change of flags does not.
 */
export class MailboxReads {
  constructor(
    /** Keeps the list, within the bytes of all accounts. A list that it gives up is read again. */
    private readonly store: Pick<EntryStore<{ readonly mailboxes: MailboxRead }>, 'get' | 'peek' | 'set' | 'delete'>,
    private readonly list: () => Promise<KnownMailboxes>,
    private readonly failed: (error: unknown) => void,
  ) {}

  private get latest(): MailboxRead | null {
    return this.store.get('mailboxes', LIST) ?? null;
  }

  /** The mailboxes as they were when the entry was written, or later. `changedAt` is the latest known entry that changes them. */
  async after(entry: bigint, changedAt: bigint): Promise<readonly Mailbox[]> {
    const { latest } = this;
    const isNewer = latest && latest.asOf >= entry;
    return (await (isNewer ? latest : this.read(changedAt > entry ? changedAt : entry)).reading).mailboxes;
  }

  /** The mailboxes after the latest known change, with those in which a message is. */
  async naming(ids: readonly string[], changedAt: bigint): Promise<KnownMailboxes> {
    const { latest } = this;
    const isCurrent = latest && latest.asOf >= changedAt && Date.now() - latest.readAt < MAX_AGE_MS;
    const read = isCurrent ? latest : this.read(changedAt);
    const known = await read.reading;
    const isMissing = (id: string) => !known.mailboxes.some((mailbox) => mailbox.id === id);
    const missing = ids.filter((id) => !read.noMailboxes.has(id) && isMissing(id));
    if (missing.length === 0) return known;
    // A list that has just been read is as new as the message, and one that another event has asked for meanwhile is too.
    if (this.latest && this.latest !== read) return this.naming(ids, changedAt);
    const again = isCurrent ? this.read(changedAt) : read;
    for (const id of [...read.noMailboxes, ...missing]) again.noMailboxes.add(id);
    return again.reading;
  }

  private read(asOf: bigint): MailboxRead {
    const read: MailboxRead = { asOf, readAt: Date.now(), reading: this.list(), noMailboxes: new Set() };
    this.store.set('mailboxes', LIST, read, 0);
    const isKept = () => this.store.peek('mailboxes', LIST) === read;
    read.reading.then(
      ({ mailboxes }) => {
        const bytes = mailboxes.reduce((sum, mailbox) => sum + mailboxBytes(mailbox), 0);
        if (isKept()) this.store.set('mailboxes', LIST, read, bytes);
      },
      (error: unknown) => {
        if (isKept()) this.store.delete('mailboxes', LIST);
        this.failed(error);
      },
    );
    return read;
  }
}
