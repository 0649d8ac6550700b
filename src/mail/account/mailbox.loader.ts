import DataLoader from 'dataloader';
import type { Mailbox } from '../../domain/mailbox.ts';
import type { MailboxCounts } from '../../providers/contract/mail-session.ts';
import type { Reader } from './reader.ts';

/** The mailboxes of an account, and what `MailSession.unlistedMailbox` finds beside them. */
interface ListedMailboxes {
  readonly mailboxes: readonly Mailbox[];
  readonly unlisted: (id: string) => Mailbox | null;
}

/** Loads the mailboxes of one account in one request. They are listed once, and counted only when a query selects counts. */
export class MailboxLoader {
  private listing: Promise<readonly Mailbox[]> | null = null;
  private indexing: Promise<ReadonlyMap<string, Mailbox>> | null = null;
  private index: ReadonlyMap<string, Mailbox> | null = null;
  private unlisted: (id: string) => Mailbox | null = () => null;
  private shared: (() => Promise<ListedMailboxes>) | null = null;
  private readonly counting: DataLoader<string, MailboxCounts | null>;

  constructor(private readonly read: Reader) {
    this.counting = new DataLoader<string, MailboxCounts | null>(
      (ids) => read(async (session, call) => (await session.mailboxCounts?.(ids, call)) ?? ids.map(() => null)),
      { maxBatchSize: 100 },
    );
  }

  /** Lets others list the mailboxes, who have read them for several events. A change ends that. */
  share(list: () => Promise<ListedMailboxes>): void {
    this.shared = list;
  }

  all(): Promise<readonly Mailbox[]> {
    this.listing ??= this.shared ? this.allOf(this.shared) : this.list();
    return this.listing;
  }

  private list(): Promise<readonly Mailbox[]> {
    return this.read((session, call) => {
      this.unlisted = (id) => session.unlistedMailbox?.(id) ?? null;
      return session.listMailboxes(call);
    });
  }

  private async allOf(shared: () => Promise<ListedMailboxes>): Promise<readonly Mailbox[]> {
    const { mailboxes, unlisted } = await shared();
    this.unlisted = unlisted;
    return mailboxes;
  }

  /** Begins to list the mailboxes while messages are read. An error is reported where the mailboxes are used. */
  start(): void {
    this.byId().catch(() => {});
  }

  /** Drops the mailboxes after a change, so that they are listed and counted again. */
  forget(): void {
    this.shared = null;
    this.listing = null;
    this.indexing = null;
    this.index = null;
    this.counting.clearAll();
  }

  async find(id: string): Promise<Mailbox | null> {
    return (await this.byId()).get(id) ?? null;
  }

  /** Like `find`, and with those that only messages name (`MailSession.unlistedMailbox`). */
  async named(id: string): Promise<Mailbox | null> {
    return (await this.byId()).get(id) ?? this.unlisted(id);
  }

  /**
   * The mailboxes with these ids, in that order, without ids that are no mailboxes (providers also mark messages with other
   * labels). After the first listing the result is no promise, because this is called for each message of a page.
   */
  some(ids: readonly string[]): readonly Mailbox[] | Promise<readonly Mailbox[]> {
    return this.index ? this.pick(this.index, ids) : this.byId().then((index) => this.pick(index, ids));
  }

  private pick(index: ReadonlyMap<string, Mailbox>, ids: readonly string[]): readonly Mailbox[] {
    const mailboxes: Mailbox[] = [];
    for (const id of ids) {
      const mailbox = index.get(id) ?? this.unlisted(id);
      if (mailbox) mailboxes.push(mailbox);
    }
    return mailboxes;
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
