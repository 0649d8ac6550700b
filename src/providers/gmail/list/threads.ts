import { isMailError, isNotFound } from '../../../domain/error.ts';
import type { Message } from '../../../domain/message.ts';
import { EVERYTHING, normalForm } from '../../../domain/search/algebra.ts';
import type { Condition } from '../../../domain/search/condition.ts';
import { matches } from '../../../domain/search/matches.ts';
import type { Thread } from '../../../domain/thread.ts';
import type { Call } from '../../contract/call.ts';
import type { Batch, ListQuery, Page, PageRequest } from '../../contract/list.ts';
import type { Head, HeadPage, ReadHeads } from '../../shared/threads/heads.ts';
import { threadPage } from '../../shared/threads/thread-pages.ts';
import type { ThreadSource } from '../../shared/threads/thread-source.ts';
import { getThreads } from '../read/read.ts';
import type { GmailClient } from '../wire/client.ts';
import { fingerprint, type Newest } from './cursor.ts';
import { params, refusals } from './messages.ts';
import { before, compileQuery, type GmailQuery } from './search.ts';
import { completed, mayMiss, type Probe, probeIndex } from './unindexed.ts';

/** The most that Gmail lists at once. A page of ids costs as much as one message, however long it is. */
const HEADS_PER_PAGE = 500;
/** Where every message counts, a page of threads is soon found. */
const FEWER_HEADS = 200;
/** Quota units of messages.list and threads.get as messages: messages.get costs 5. */
const LIST_COST = 1;
const THREAD_COST = 2;

const ALL_MAIL: GmailQuery = {
  q: null,
  labelIds: [],
  includeSpamTrash: false,
  check: EVERYTHING,
  unindexed: EVERYTHING,
};

/**
 * Made of lists of messages: threads.list tells a thread by the message that was found, and gives it again where that leaves
 * between two pages. A list inside a mailbox has no thread of which nothing but trash lies there.
 */
export async function listThreads(
  client: GmailClient,
  { mailboxId, where }: ListQuery,
  page: PageRequest,
  call: Call,
): Promise<Page<Thread>> {
  const inside: readonly Condition[] = mailboxId === null ? [] : [{ kind: 'mailbox', id: mailboxId }];
  const asked = normalForm({ kind: 'and', of: [...inside, where ?? EVERYTHING] });
  const search = compileQuery({ mailboxId: null, where: asked });
  const told = where === null ? {} : { evaluation: search?.evaluation ?? 'NATIVE' };
  if (search === null) return { items: [], next: null, ...told };
  const source = new GmailThreads(client, search, page.before ?? null, call);
  return { ...(await threadPage(source, page)), ...told };
}

class GmailThreads implements ThreadSource {
  readonly print: string;
  readonly matches: ReadHeads;
  readonly order: ReadHeads | null;
  readonly isDecidable: boolean;
  readonly threadCost = THREAD_COST;
  private cost = 0;
  private hasRead = false;
  private probe: Promise<Probe> | null = null;
  /** What was put into the list though the index does not have it. */
  private readonly unindexed = new Set<string>();

  constructor(
    private readonly client: GmailClient,
    private readonly search: GmailQuery,
    at: Date | null,
    private readonly call: Call,
  ) {
    const { q, labelIds, includeSpamTrash, evaluation } = search;
    this.print = fingerprint(['threads', q, labelIds, includeSpamTrash, at?.getTime() ?? null]);
    this.isDecidable = evaluation !== 'INDEXED';
    const isAll = q === null && labelIds.length === 0 && !includeSpamTrash;
    // What lies in trash or junk may be newer than its thread is in the list.
    this.matches = this.heads(includeSpamTrash ? search : before(search, at), isAll ? FEWER_HEADS : HEADS_PER_PAGE);
    this.order = isAll ? null : this.heads(before({ ...ALL_MAIL, includeSpamTrash }, at), HEADS_PER_PAGE);
  }

  isHidden = (): boolean => this.search.includeSpamTrash;
  spent = (): number => this.cost;
  /** Gmail names a thread by its first message. */
  firstMessageOf = (threadId: string): string => threadId;

  meets = (message: Message, isFound: boolean): boolean => {
    const { check, unindexed } = this.search;
    if (this.unindexed.has(message.id)) return unindexed !== null && matches(message, unindexed);
    return (this.isDecidable || isFound) && matches(message, check);
  };

  /** When nothing at all could be read, the page failed. */
  async read(ids: readonly string[]): Promise<Batch<Thread>> {
    const batch = await getThreads(this.client, ids, this.call);
    for (const thread of batch) this.cost += Math.max(THREAD_COST, isMailError(thread) ? 0 : thread.messages.length);
    const there = batch.filter((thread) => !isNotFound(thread));
    const [first] = there;
    if (!this.hasRead && isMailError(first) && there.every(isMailError)) throw first;
    this.hasRead ||= there.some((thread) => !isMailError(thread));
    return batch;
  }

  private heads(search: GmailQuery, size: number): ReadHeads {
    let newest: readonly Newest[] = [];
    return async (after): Promise<HeadPage> => {
      const place = { token: after, size, shown: new Set<string>(), before: null, start: null, newest: [] };
      const fields = 'messages(id,threadId),nextPageToken,resultSizeEstimate';
      this.cost += LIST_COST;
      const [list, probe] = await Promise.all([
        refusals(place, search, () =>
          this.client.request('messages.list', this.call, (users, options) =>
            users.messages.list({ ...params(search, place), fields }, options),
          ),
        ),
        after === null && mayMiss(search) ? this.probeIndex() : null,
      ]);
      const heads = headsOf(list.messages ?? []);
      const next = list.nextPageToken ?? null;
      const { listed, isUnindexed, rest } = completed(heads, probe?.newest ?? newest, next !== null);
      newest = rest(() => false);
      for (const { id } of listed) if (isUnindexed(id)) this.unindexed.add(id);
      return { heads: headsOf(listed), next };
    };
  }

  /** The newest of all mail, whatever labels the list goes by: once for both of its lists. */
  private async probeIndex(): Promise<Probe> {
    const isFirst = this.probe === null;
    const { includeSpamTrash } = this.search;
    this.probe ??= probeIndex(this.client, { labelIds: [], includeSpamTrash }, this.call);
    const probe = await this.probe;
    if (isFirst) this.cost += probe.spent;
    return probe;
  }
}

const headsOf = (listed: readonly { id?: string | null; threadId?: string | null }[]): Head[] =>
  listed.flatMap(({ id, threadId }) => (id && threadId ? [{ id, threadId }] : []));
