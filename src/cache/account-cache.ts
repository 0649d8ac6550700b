import type { LoggedChange } from '../changes/change.store.ts';
import type { Message } from '../domain/message.ts';
import { type Thread, threadOf } from '../domain/thread.ts';
import type { Detail, ListQuery, Page, PageRequest } from '../providers/contract/list.ts';
import type { MailSession } from '../providers/contract/mail-session.ts';
import type { Capabilities } from '../providers/contract/provider.ts';
import { entryBytes, textsBytes } from './bytes.ts';
import type { CacheBudget } from './cache-budget.ts';
import { type CachedList, isAffected, isBeginning, listBytes, listKey } from './cached-list.ts';
import { CachedMailboxes, type MailboxEntries } from './cached-mailboxes.ts';
import { CachedMessages, type MessageEntry } from './cached-messages.ts';
import { EntryStore } from './entry-store.ts';
import { scopeOf } from './list-scope.ts';
import { MailboxIds } from './mailbox-ids.ts';
import { type Change, type ReadMark, RecentChanges } from './recent-changes.ts';

/**
 * How long a provider's search index may lack a change after it was announced. No change feed reports when it has it, so a page
 * that the index has decided is kept only where it was read later than that.
 */
export const INDEX_SETTLE_MS = 60_000;

/** A thread without its messages, which are entries of their own. */
interface ThreadEntry extends Pick<Thread, 'id' | 'hidden' | 'messageCount'> {
  readonly messageIds: readonly string[];
}

interface Entries extends MailboxEntries {
  readonly message: MessageEntry;
  readonly thread: ThreadEntry;
  readonly list: CachedList;
}

type LoggedEntry = Pick<LoggedChange, 'kind' | 'subject' | 'detail'>;

interface AccountCacheOptions {
  readonly budget: CacheBudget;
  readonly mailboxesPerMessage: Capabilities['mailboxesPerMessage'];
  /** See `MailSession.readsSettleMs`. */
  readonly settleMs: number;
  /** The same for pages that the search index decides. Default: INDEX_SETTLE_MS. */
  readonly indexSettleMs?: number | undefined;
  /** Called when something of the account has changed, or may have. */
  readonly onChanged?: () => void;
  readonly now: () => number;
}

/** What one account's objects and lists are, as far as they were read and nothing that concerns them has changed since. */
export class AccountCache {
  readonly messages: CachedMessages;
  readonly mailboxes: CachedMailboxes;
  private readonly store: EntryStore<Entries>;
  private readonly recent: RecentChanges;
  private readonly mailboxIds: MailboxIds;

  constructor(private readonly options: AccountCacheOptions) {
    const { budget, mailboxesPerMessage, now } = options;
    this.store = new EntryStore(budget);
    this.recent = new RecentChanges(now);
    this.mailboxIds = new MailboxIds(mailboxesPerMessage);
    this.messages = new CachedMessages(this.store, this.recent, now);
    const { store, mailboxIds: ids } = this;
    this.mailboxes = new CachedMailboxes({
      store,
      ids,
      since: (mark) => this.since(mark),
      onDifferent: () => options.onChanged?.(),
      now,
    });
  }

  get bytes(): number {
    return this.store.bytes;
  }

  /** Call it before a read whose answer is to be kept, and `end` afterwards. */
  begin(): ReadMark {
    return this.recent.begin();
  }

  end(mark: ReadMark): void {
    this.recent.end(mark);
  }

  /** Whether the provider may answer a read that began then without the latest changes. */
  isSettling(mark: ReadMark): boolean {
    return this.recent.isSettling(mark, this.options.settleMs);
  }

  /** The same for a page of a list, which the provider's search index may have decided. */
  isSettlingPage({ evaluation }: Page<unknown>, mark: ReadMark): boolean {
    return evaluation === 'INDEXED' && this.recent.isSettling(mark, this.indexSettleMs);
  }

  private get indexSettleMs(): number {
    return Math.max(this.options.settleMs, this.options.indexSettleMs ?? INDEX_SETTLE_MS);
  }

  /**
   * The account was last changed so many milliseconds ago, before its log was followed. It is an age by one clock, as the clocks
   * of the database and of this process may differ.
   */
  changedBefore(msAgo: number): void {
    this.recent.noteUnknown(msAgo);
  }

  /** Keeps no answer of a read that has begun. No read begins afterwards. */
  close(): void {
    this.clear();
    this.store.close();
  }

  /** Forgets everything, and keeps no answer of a read that has begun. */
  clear(): void {
    this.changed({ kind: 'anything' });
  }

  /** Applies an entry of the change log. */
  apply(entry: LoggedEntry): void {
    this.changed(this.changeOf(entry));
  }

  /** Drops what a change may have made wrong. */
  changed(change: Change): void {
    this.options.onChanged?.();
    this.recent.note(change, this.indexSettleMs);
    this.mailboxes.changed(change);
    const { store } = this;
    if (change.kind === 'anything') {
      store.clear();
      return;
    }
    if (change.kind === 'created' || change.kind === 'deleted') store.delete('message', change.id);
    // A new message may belong to any thread. The thread of another message never changes.
    if (change.kind === 'created' || change.kind === 'mailbox') store.clear('thread');
    if (change.kind === 'deleted')
      for (const [id, { messageIds }] of [...store.all('thread')])
        if (messageIds.includes(change.id)) store.delete('thread', id);
    for (const [key, list] of [...store.all('list')]) if (isAffected(list, change)) store.delete('list', key);
  }

  thread(id: string): Thread | null {
    const entry = this.store.get('thread', id);
    const messages = entry?.messageIds.map((messageId) => this.messages.get(messageId, 'envelope'));
    if (!entry || !messages?.every((message) => message !== null)) return null;
    return threadOf(id, messages, entry.hidden, entry.messageCount);
  }

  /** A page whose items `skip` does not contradict. Its items may have been dropped since. */
  list(kind: 'messages' | 'threads', query: ListQuery, page: PageRequest): CachedList | null {
    const list = this.store.get('list', listKey(kind, query, page));
    // `skip` is asked about each listed id, because its caller counts which of its items it has met.
    const isSkipped = (id: string) => page.skip?.(id) ?? false;
    if (!list?.skipped.map(isSkipped).every(Boolean)) return null;
    return { ...list, ids: list.ids.filter((id) => !isSkipped(id)) };
  }

  /** Keeps an answer, as far as nothing that concerns it has changed since its read began. */
  keepMessages(messages: readonly Message[], detail: Detail, mark: ReadMark): void {
    const changes = this.since(mark);
    if (changes) this.putMessages(messages, detail, changes, null);
  }

  keepThreads(threads: readonly Thread[], mark: ReadMark): void {
    const changes = this.since(mark);
    if (!changes) return;
    this.putMessages(
      threads.flatMap((thread) => thread.messages),
      'envelope',
      changes,
      null,
    );
    this.putThreads(threads, changes);
  }

  keepMessageList(
    session: MailSession,
    query: ListQuery,
    page: PageRequest,
    answer: Page<Message>,
    skipped: readonly string[],
    mark: ReadMark,
  ): void {
    const changes = this.since(mark);
    if (!changes) return;
    const items = answer.items as readonly Message[];
    const ids = items.map(({ id }) => id);
    const list = this.listEntry(session, query, page, { answer, ids, members: new Set(ids), skipped, mark });
    const isPlain = query.where === null;
    this.putMessages(items, page.detail ?? 'envelope', changes, isPlain ? mark.clock : null);
    const holds = !this.isSettlingPage(answer, mark) && !changes.some((change) => isAffected(list, change));
    if (holds && (!isPlain || shareMailbox(query, items))) this.putList('messages', query, page, list);
  }

  keepThreadList(
    session: MailSession,
    query: ListQuery,
    page: PageRequest,
    answer: Page<Thread>,
    skipped: readonly string[],
    mark: ReadMark,
  ): void {
    const changes = this.since(mark);
    if (!changes) return;
    const threads = answer.items as readonly Thread[];
    const messages = threads.flatMap((thread) => thread.messages);
    const members = new Set(messages.map(({ id }) => id));
    const ids = threads.map(({ id }) => id);
    const isWhole = threads.every((thread) => thread.messageCount === thread.messages.length);
    const list = this.listEntry(session, query, page, { answer, ids, members, skipped, mark });
    this.putMessages(messages, 'envelope', changes, null);
    this.putThreads(threads, changes);
    if (!this.isSettlingPage(answer, mark) && !changes.some((change) => isAffected(list, change)))
      this.putList('threads', query, page, { ...list, isClosed: list.isClosed && isWhole });
  }

  /** What may be missing in the answer of a read. Null: more than is known. */
  private since(mark: ReadMark): readonly Change[] | null {
    return this.recent.since(mark, this.options.settleMs);
  }

  private changeOf({ kind, subject, detail }: LoggedEntry): Change {
    switch (kind) {
      case 'updated':
        return this.messages.logged(subject, detail);
      case 'created':
      case 'deleted':
        return { kind, id: subject };
      case 'mailbox':
        return { kind };
      default:
        // A reset, or an entry of a newer instance.
        return { kind: 'anything' };
    }
  }

  private listEntry(
    session: MailSession,
    query: ListQuery,
    page: PageRequest,
    read: {
      readonly answer: Page<unknown>;
      readonly ids: readonly string[];
      readonly members: ReadonlySet<string>;
      readonly skipped: readonly string[];
      readonly mark: ReadMark;
    },
  ): CachedList {
    const { items: _, ...rest } = read.answer;
    const { ids, members, skipped, mark } = read;
    const scope = scopeOf(query, this.mailboxIds.known(session));
    // The deletion of a message behind the page may be that of the last one there.
    const isClosed = isBeginning(query, page) && rest.next === null;
    return { ids, members, skipped, rest, scope, isClosed, clock: mark.clock };
  }

  private putList(kind: 'messages' | 'threads', query: ListQuery, page: PageRequest, list: CachedList): void {
    const key = listKey(kind, query, page);
    this.store.set('list', key, list, listBytes(key, list.ids, list.members, list.rest.next));
  }

  private putThreads(threads: readonly Thread[], changes: readonly Change[]): void {
    for (const { id, hidden, messageCount, messages } of threads) {
      const messageIds = messages.map((message) => message.id);
      const isChanged = changes.some(
        (change) => change.kind !== 'updated' && (change.kind !== 'deleted' || messageIds.includes(change.id)),
      );
      if (!isChanged)
        this.store.set('thread', id, { id, hidden, messageCount, messageIds }, entryBytes(id) + textsBytes(messageIds));
    }
  }

  /** `since`: the clock from which on the states are known without a gap. Null: from now on. */
  private putMessages(
    messages: readonly Message[],
    detail: Detail,
    changes: readonly Change[],
    since: number | null,
  ): void {
    if (changes.some(({ kind }) => kind === 'anything')) return;
    const changed = new Set(changes.flatMap((change) => ('id' in change ? change.id : [])));
    for (const message of messages) {
      if (changed.has(message.id)) continue;
      const discovered = this.messages.put(message, detail, since);
      if (discovered) this.changed(discovered);
    }
  }
}

/**
 * Whether all messages of a mailbox's page were read while they were in it. A provider may read them after it has listed them, and
 * one that was moved in between would be taken for one that the list has wherever it is.
 */
function shareMailbox({ mailboxId }: ListQuery, items: readonly Message[]): boolean {
  const [first] = items;
  if (mailboxId === null || !first) return true;
  return first.mailboxIds.some((id) => items.every(({ mailboxIds }) => mailboxIds.includes(id)));
}
