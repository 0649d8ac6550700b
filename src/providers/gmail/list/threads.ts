import { isMailError, isNotFound } from '../../../domain/error.ts';
import type { Message } from '../../../domain/message.ts';
import { EVERYTHING, normalForm } from '../../../domain/search/algebra.ts';
import type { Condition } from '../../../domain/search/condition.ts';
import { matches } from '../../../domain/search/matches.ts';
import type { Thread } from '../../../domain/thread.ts';
import type { Call } from '../../contract/call.ts';
import type { Batch, ListQuery, Page, PageRequest } from '../../contract/list.ts';
import type { HeadPage, ReadHeads, ThreadHead } from '../../shared/threads/heads.ts';
import { threadPage } from '../../shared/threads/thread-pages.ts';
import type { ThreadSource } from '../../shared/threads/thread-source.ts';
import { getThreads } from '../read/threads.ts';
import type { GmailClient } from '../wire/client.ts';
import { fingerprintOf, type NewestEntry } from './cursor.ts';
import { listParams, withListErrors } from './request.ts';
import { before, compileQuery, type GmailQuery } from './search.ts';
import { findIndexGap, type IndexGap, mayMiss, withUnindexed } from './unindexed.ts';

/** Gmail's maximum page size. A page of ids costs as much as one message, whatever its size. */
const HEADS_PER_PAGE = 500;
/** The page size where every message matches, so that few ids make a page of threads. */
const FEWER_HEADS = 200;
/** Quota costs of messages.list and threads.get in messages. messages.get costs 5 units. */
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
 * Lists threads by listing messages. threads.list orders threads by the message that matched, and returns a thread again when
 * that message disappears between two pages. A list of a mailbox omits threads whose messages in that mailbox are all in the trash.
 */
export async function listThreads(
  client: GmailClient,
  { mailboxId, where }: ListQuery,
  page: PageRequest,
  call: Call,
): Promise<Page<Thread>> {
  const inside: readonly Condition[] = mailboxId === null ? [] : [{ kind: 'mailbox', id: mailboxId }];
  const whole = normalForm({ kind: 'and', of: [...inside, where ?? EVERYTHING] });
  const search = compileQuery({ mailboxId: null, where: whole });
  const evaluated = where === null ? {} : { evaluation: search?.evaluation ?? 'NATIVE' };
  if (search === null) return { items: [], next: null, ...evaluated };
  const source = new GmailThreads(client, search, page.before ?? null, call);
  return { ...(await threadPage(source, page)), ...evaluated };
}

class GmailThreads implements ThreadSource {
  readonly fingerprint: string;
  readonly matches: ReadHeads;
  readonly order: ReadHeads | null;
  readonly isDecidable: boolean;
  readonly threadCost = THREAD_COST;
  private cost = 0;
  private hasRead = false;
  private gap: Promise<IndexGap> | null = null;
  /** Ids of listed messages that the index does not have. */
  private readonly unindexed = new Set<string>();

  constructor(
    private readonly client: GmailClient,
    private readonly search: GmailQuery,
    at: Date | null,
    private readonly call: Call,
  ) {
    const { q, labelIds, includeSpamTrash, evaluation } = search;
    this.fingerprint = fingerprintOf(['threads', q, labelIds, includeSpamTrash, at?.getTime() ?? null]);
    this.isDecidable = evaluation !== 'INDEXED';
    const isAll = q === null && labelIds.length === 0 && !includeSpamTrash;
    // A message in trash or junk may be newer than the position of its thread in the list.
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

  /** Throws when no thread of the page could be read. */
  async read(ids: readonly string[]): Promise<Batch<Thread>> {
    const batch = await getThreads(this.client, ids, this.call);
    for (const thread of batch) this.cost += Math.max(THREAD_COST, isMailError(thread) ? 0 : thread.messages.length);
    const existing = batch.filter((thread) => !isNotFound(thread));
    const [first] = existing;
    if (!this.hasRead && isMailError(first) && existing.every(isMailError)) throw first;
    this.hasRead ||= existing.some((thread) => !isMailError(thread));
    return batch;
  }

  private heads(search: GmailQuery, size: number): ReadHeads {
    let newest: readonly NewestEntry[] = [];
    return async (after): Promise<HeadPage> => {
      const position = { token: after, size, shown: new Set<string>(), before: null, start: null, newest: [] };
      const fields = 'messages(id,threadId),nextPageToken,resultSizeEstimate';
      this.cost += LIST_COST;
      const [list, gap] = await Promise.all([
        withListErrors(position, search, () =>
          this.client.request('messages.list', this.call, (users, options) =>
            users.messages.list({ ...listParams(search, position), fields }, options),
          ),
        ),
        after === null && mayMiss(search) ? this.indexGap() : null,
      ]);
      const heads = headsOf(list.messages ?? []);
      const next = list.nextPageToken ?? null;
      const { listed, isUnindexed, rest } = withUnindexed(heads, gap?.newest ?? newest, next !== null);
      newest = rest(() => false);
      for (const { id } of listed) if (isUnindexed(id)) this.unindexed.add(id);
      return { heads: headsOf(listed), next };
    };
  }

  /** Compares the newest messages of all labels with the index, once for both lists of messages. */
  private async indexGap(): Promise<IndexGap> {
    const isFirst = this.gap === null;
    const { includeSpamTrash } = this.search;
    this.gap ??= findIndexGap(this.client, { labelIds: [], includeSpamTrash }, this.call);
    const gap = await this.gap;
    if (isFirst) this.cost += gap.spent;
    return gap;
  }
}

const headsOf = (listed: readonly { id?: string | null; threadId?: string | null }[]): ThreadHead[] =>
  listed.flatMap(({ id, threadId }) => (id && threadId ? [{ id, threadId }] : []));
