import DataLoader from 'dataloader';
import type { Mailbox } from '../../domain/mailbox.ts';
import type { MailboxCounts } from '../../providers/contract/mail-session.ts';
import type { Reader } from './reader.ts';

/** Loads the mailboxes of one account in one request. They are listed once, and counted only when a query selects counts. */
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

  /** Begins to list the mailboxes while messages are read. An error is reported where the mailboxes are used. */
  start(): void {
    this.byId().catch(() => {});
  }

  /** Drops the mailboxes after a change, so that they are listed and counted again. */
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
   * The mailboxes with these ids, in that order, without ids that are no mailboxes (providers also mark messages with other
   * labels). After the first listing the result is no promise, because this is called for each message of a page.
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
      // A listing that began before a change must not replace the one that began after it.
      if (this.indexing === indexing) this.index = index;
      return index;
    });
    this.indexing = indexing;
    return indexing;
  }
}

const pick = (index: ReadonlyMap<string, Mailbox>, ids: readonly string[]): readonly Mailbox[] =>
  ids.flatMap((id) => index.get(id) ?? []);
