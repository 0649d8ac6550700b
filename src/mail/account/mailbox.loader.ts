import DataLoader from 'dataloader';
import type { Mailbox } from '../../domain/mailbox.ts';
import type { MailboxCounts } from '../../providers/contract/mail-session.ts';
import type { Reader } from './reader.ts';

/** The mailboxes of one account in one request: listed once, counted only where a query asks for counts. */
export class MailboxLoader {
  private listing: Promise<readonly Mailbox[]> | null = null;
  private indexing: Promise<ReadonlyMap<string, Mailbox>> | null = null;
  private index: ReadonlyMap<string, Mailbox> | null = null;
  private readonly counting: DataLoader<string, MailboxCounts | null>;

  constructor(private readonly read: Reader) {
    this.counting = new DataLoader<string, MailboxCounts | null>(
      (ids) => read(async (session, call) => (await session.mailboxCounts?.(ids, call)) ?? ids.map(() => null)),
      { maxBatchSize: 100 },
    );
  }

  all(): Promise<readonly Mailbox[]> {
    this.listing ??= this.read((session, call) => session.listMailboxes(call));
    return this.listing;
  }

  /** Begins listing, so that the names are there when the messages are. A failure shows where the names are read. */
  start(): void {
    this.byId().catch(() => {});
  }

  /** After a change: the next reader lists and counts them again. */
  forget(): void {
    this.listing = null;
    this.indexing = null;
    this.index = null;
    this.counting.clearAll();
  }

  async find(id: string): Promise<Mailbox | null> {
    return (await this.byId()).get(id) ?? null;
  }

  /**
   * Those of `ids` that are mailboxes, in that order: an account has marks on messages that are none. No promise once
   * they are listed, for each message of a page asks.
   */
  some(ids: readonly string[]): readonly Mailbox[] | Promise<readonly Mailbox[]> {
    return this.index ? pick(this.index, ids) : this.byId().then((index) => pick(index, ids));
  }

  /** Null where the provider does not count. */
  counts(id: string): Promise<MailboxCounts | null> {
    return this.counting.load(id);
  }

  private byId(): Promise<ReadonlyMap<string, Mailbox>> {
    if (this.indexing) return this.indexing;
    const indexing = this.all().then((mailboxes) => {
      const index = new Map(mailboxes.map((mailbox) => [mailbox.id, mailbox]));
      // A listing from before a change is for those who asked before it.
      if (this.indexing === indexing) this.index = index;
      return index;
    });
    this.indexing = indexing;
    return indexing;
  }
}

const pick = (index: ReadonlyMap<string, Mailbox>, ids: readonly string[]): readonly Mailbox[] =>
  ids.flatMap((id) => index.get(id) ?? []);
