import type { ReadRecorder } from '../domain/dated-read.ts';
import { isMailError, isNotFound, type MailError, noSuchMessage } from '../domain/error.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import type { Message } from '../domain/message.ts';
import type { Thread } from '../domain/thread.ts';
import type { Call } from '../providers/contract/call.ts';
import {
  type Batch,
  type Detail,
  isUnreadable,
  type ListQuery,
  type Page,
  type PageRequest,
} from '../providers/contract/list.ts';
import type { Identity, MailboxCounts, MailSession } from '../providers/contract/mail-session.ts';
import type { FollowedAccount } from './account-caches.ts';
import { MAX_UNREPORTED_AGE_MS } from './cached-mailboxes.ts';
import type { ReadMark } from './recent-changes.ts';

type Reads = Required<
  Pick<
    MailSession,
    'listMailboxes' | 'mailboxCounts' | 'identities' | 'listMessages' | 'listThreads' | 'getMessages' | 'getThreads'
  >
>;

/** The reads of one session within one request, each noted with the state that the account has when it begins. */
export class CachedReads {
  /** Whether this request was given mailboxes without counts, because these no longer held. */
  private lacksCounts = false;

  constructor(
    private readonly session: MailSession,
    private readonly account: FollowedAccount,
    /** False: every read asks the provider. */
    private readonly reuses: boolean,
    /** Null: nobody notes what is read. */
    private readonly recorder: ReadRecorder | null,
  ) {}

  get members(): Reads {
    return {
      listMailboxes: (call) => this.listMailboxes(call),
      mailboxCounts: (ids, call) => this.mailboxCounts(ids, call),
      identities: (call) => this.identities(call),
      listMessages: (query, page, call) => this.listMessages(query, page, call),
      listThreads: (query, page, call) => this.listThreads(query, page, call),
      getMessages: (ids, detail, call) => this.getMessages(ids, detail, call),
      getThreads: (ids, call) => this.getThreads(ids, call),
    };
  }

  private listMailboxes(call: Call): Promise<readonly Mailbox[]> {
    const { cache } = this.account;
    return this.marked(async (mark) => {
      const known = mark && this.reuses ? cache.mailboxes.list() : null;
      if (known) {
        this.lacksCounts ||= !known.hasCounts;
        this.endsIn(known.leftMs);
        call.meter?.cached(known.mailboxes.length);
        return known.mailboxes;
      }
      this.endsIn(MAX_UNREPORTED_AGE_MS);
      const mailboxes = await this.asking(mark).listMailboxes(call);
      if (mark) cache.mailboxes.keep(mailboxes, mark);
      return mailboxes;
    });
  }

  private mailboxCounts(ids: readonly string[], call: Call): Promise<Batch<MailboxCounts | null>> {
    const { cache } = this.account;
    return this.marked(async (mark) => {
      if (!this.session.mailboxCounts) return this.countsOfListing(ids, call, mark);
      const count = (some: readonly string[]) => this.asking(mark).mailboxCounts?.(some, call) ?? some.map(() => null);
      return this.each(ids, call, {
        known: (id) => (mark && cache.mailboxes.counts(id)) || null,
        read: async (missing) => {
          const answers = await count(missing);
          for (const [index, answer] of answers.entries())
            if (mark && answer && !isMailError(answer)) cache.mailboxes.keepCounts(missing[index] ?? '', answer, mark);
          return answers;
        },
      });
    });
  }

  /** At a provider that counts when it lists. */
  private async countsOfListing(ids: readonly string[], call: Call, mark: ReadMark | null) {
    if (!this.lacksCounts) return ids.map(() => null);
    const mailboxes = await this.asking(mark).listMailboxes(call);
    if (mark) this.account.cache.mailboxes.keep(mailboxes, mark);
    const byId = new Map(mailboxes.map((mailbox) => [mailbox.id, mailbox]));
    return ids.map((id): MailboxCounts | null => {
      const { totalMessages: total = null, unreadMessages: unread = null } = byId.get(id) ?? {};
      return total === null || unread === null ? null : { total, unread };
    });
  }

  private identities(call: Call): Promise<readonly Identity[]> {
    const { cache } = this.account;
    return this.marked(async (mark) => {
      const known = mark && this.reuses ? cache.mailboxes.identities() : null;
      if (known) {
        this.endsIn(known.leftMs);
        call.meter?.cached(known.identities.length);
        return known.identities;
      }
      this.endsIn(MAX_UNREPORTED_AGE_MS);
      const identities = await this.asking(mark).identities(call);
      if (mark) cache.mailboxes.keepIdentities(identities, mark);
      return identities;
    });
  }

  private listMessages(query: ListQuery, page: PageRequest, call: Call): Promise<Page<Message>> {
    const { cache } = this.account;
    return this.marked(async (mark) => {
      const list = mark && this.reuses ? cache.list('messages', query, page) : null;
      const items = list && (await this.membersOf(list.ids, page.detail ?? 'envelope', call, mark));
      if (list && items) return { ...list.rest, items };
      const { asked, skipped } = noting(page);
      const answer = await this.asking(mark).listMessages(query, asked, call);
      this.notePage(answer, mark);
      if (mark && isWhole(answer)) cache.keepMessageList(this.session, query, page, answer, skipped, mark);
      return answer;
    });
  }

  private listThreads(query: ListQuery, page: PageRequest, call: Call): Promise<Page<Thread>> {
    const { cache } = this.account;
    return this.marked(async (mark) => {
      const list = mark && this.reuses ? cache.list('threads', query, page) : null;
      const threads = list?.ids.map((id) => cache.thread(id));
      if (list && threads?.every((thread) => thread !== null)) {
        for (const thread of threads) this.endsWith(messageIdsOf(thread));
        call.meter?.cached(threads.length);
        return { ...list.rest, items: threads };
      }
      const { asked, skipped } = noting(page);
      const answer = await this.asking(mark).listThreads(query, asked, call);
      this.notePage(answer, mark);
      if (mark && isWhole(answer)) cache.keepThreadList(this.session, query, page, answer, skipped, mark);
      return answer;
    });
  }

  private getMessages(ids: readonly string[], detail: Detail, call: Call): Promise<Batch<Message>> {
    const { cache } = this.account;
    return this.marked((mark) =>
      this.each(ids, call, {
        known: (id) => {
          const message = mark && cache.messages.get(id, detail);
          if (message) this.endsWith([id]);
          return message;
        },
        read: async (missing) => {
          const answers = await this.asking(mark).getMessages(missing, detail, call);
          if (mark) cache.keepMessages(read(answers), detail, mark);
          return answers;
        },
      }),
    );
  }

  private getThreads(ids: readonly string[], call: Call): Promise<Batch<Thread>> {
    const { cache } = this.account;
    return this.marked((mark) =>
      this.each(ids, call, {
        known: (id) => {
          const thread = mark && cache.thread(id);
          if (thread) this.endsWith(messageIdsOf(thread));
          return thread;
        },
        read: async (missing) => {
          const answers = await this.asking(mark).getThreads(missing, call);
          if (mark) cache.keepThreads(read(answers), mark);
          return answers;
        },
      }),
    );
  }

  /** The messages of a page. The few that are no longer known are read. Null: the page is to be read again. */
  private async membersOf(
    ids: readonly string[],
    detail: Detail,
    call: Call,
    mark: ReadMark | null,
  ): Promise<readonly Message[] | null> {
    const { cache } = this.account;
    const known = ids.map((id) => cache.messages.get(id, detail) ?? cache.messages.get(id, 'envelope'));
    const missing = ids.filter((_id, index) => !known[index]);
    if (missing.length > ids.length / 2) return null;
    this.endsWith(ids);
    call.meter?.cached(ids.length - missing.length);
    if (missing.length === 0) return known as readonly Message[];
    const found = read(await this.asking(mark).getMessages(missing, detail, call));
    if (found.length < missing.length) return null;
    if (mark) cache.keepMessages(found, detail, mark);
    const byId = new Map(found.map((message) => [message.id, message]));
    return ids.flatMap((id, index) => known[index] ?? byId.get(id) ?? []);
  }

  /** Reads those that are not known. The answers are in the order of the ids. */
  private async each<T extends object | null>(
    ids: readonly string[],
    call: Call,
    { known, read }: { known: (id: string) => T | null; read: (missing: readonly string[]) => Promise<Batch<T>> },
  ): Promise<Batch<T>> {
    const answers = new Map<string, T | MailError>();
    if (this.reuses)
      for (const id of ids) {
        const one = known(id);
        if (one !== null) answers.set(id, one);
      }
    if (answers.size > 0) call.meter?.cached(answers.size);
    const missing = ids.filter((id) => !answers.has(id));
    if (missing.length === 0) return ids.map((id) => answers.get(id) as T);
    const found = await read(missing);
    if (found.some((one) => isMailError(one) && !isNotFound(one)))
      this.recorder?.undated('an object that was not read');
    for (const [index, id] of missing.entries())
      answers.set(id, found[index] === undefined ? noSuchMessage() : found[index]);
    return ids.map((id) => answers.get(id) as T | MailError);
  }

  /** The session, for a read that the cache does not answer. Soon after a change its answer may lack that change. */
  private asking(mark: ReadMark | null): MailSession {
    if (mark && this.account.cache.isSettling(mark)) this.recorder?.undated('a read soon after a change');
    return this.session;
  }

  /** A page that the provider's index decided may lack a change for longer than other reads. */
  private notePage(page: Page<unknown>, mark: ReadMark | null): void {
    if (mark && this.account.cache.isSettlingPage(page, mark)) this.recorder?.undated('a search soon after a change');
  }

  /** What was read holds for so many milliseconds at most. */
  private endsIn(ms: number): void {
    this.recorder?.until(Date.now() + ms);
  }

  /** What was read holds as long as each of these messages, which are in the cache. */
  private endsWith(messageIds: readonly string[]): void {
    if (this.recorder) this.endsIn(this.account.cache.messages.leftMs(messageIds));
  }

  /** Runs a read with a mark, by which its answer is kept. Null while the account is not known to be live: nothing is kept then. */
  private async marked<T>(read: (mark: ReadMark | null) => Promise<T>): Promise<T> {
    const { cache, log, dates } = this.account;
    if (!(await (this.reuses ? log.confirm() : log.confirmNow()))) {
      this.recorder?.undated('an account that is not live');
      return read(null);
    }
    const mark = cache.begin();
    this.recorder?.note(dates.current);
    try {
      return await read(mark);
    } catch (error) {
      this.recorder?.undated('a read that failed');
      throw error;
    } finally {
      cache.end(mark);
    }
  }
}

/** The request, and the ids that its `skip` has accepted. */
function noting(page: PageRequest): { asked: PageRequest; skipped: readonly string[] } {
  const { skip } = page;
  if (!skip) return { asked: page, skipped: [] };
  const skipped: string[] = [];
  const noted = (id: string): boolean => {
    const isSkipped = skip(id);
    if (isSkipped) skipped.push(id);
    return isSkipped;
  };
  return { asked: { ...page, skip: noted }, skipped };
}

const messageIdsOf = ({ messages }: Thread): readonly string[] => messages.map(({ id }) => id);
const isWhole = (page: Page<object>): boolean => !page.items.some(isUnreadable);
const read = <T extends object>(answers: Batch<T>): T[] =>
  answers.filter((answer): answer is T => !isMailError(answer));
