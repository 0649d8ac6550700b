import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import { isMailError } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import { markOf } from '../../shared/threads/thread-cursor.ts';
import { runBatch } from '../wire/batch.ts';
import type { GmailClient } from '../wire/client.ts';
import type { BatchPart } from '../wire/multipart.ts';
import { type ListedIds, MAX_NEWEST, type NewestEntry } from './cursor.ts';
import type { GmailQuery } from './search.ts';
import { ALL_INDEXED } from './search-terms.ts';

/** More than MAX_NEWEST, because mail may arrive between the two lists. */
const INDEXED_PAGE_SIZE = 60;
/** The cost of the two lists, in messages. */
export const GAP_COST = 2;

/** The newest messages that Gmail's search index does not have yet. */
export interface IndexGap {
  /** The newest messages of the mailbox, down to the last one that the index does not have. Empty: the index has all of them. */
  readonly newest: readonly NewestEntry[];
  /** The cost in messages. It is 0 where another list of the same page had read the gap. */
  readonly spent: number;
}

/** Whether the index, which q searches, may lack messages that match the query. */
export const mayMiss = ({ q, unindexed }: GmailQuery): boolean => q !== null && unindexed !== null;

/**
 * Compares the newest messages of the labels with those that the index has. It takes one request beside the list itself.
 * Nearly always the index has all of them and nothing else has to be read.
 */
export async function findIndexGap(
  client: GmailClient,
  { labelIds, includeSpamTrash }: Pick<GmailQuery, 'labelIds' | 'includeSpamTrash'>,
  call: Call,
): Promise<IndexGap> {
  let spent = 0;
  const read = async (): Promise<readonly NewestEntry[]> => {
    spent = GAP_COST;
    const answers = await runBatch(
      client,
      'messages.list',
      [
        listPart({ labelIds, includeSpamTrash, maxResults: MAX_NEWEST }),
        listPart({ labelIds, includeSpamTrash, maxResults: INDEXED_PAGE_SIZE, q: ALL_INDEXED }),
      ],
      call,
    );
    const [all = [], indexed = []] = answers.map((answer) => {
      if (isMailError(answer)) throw answer;
      return listedOf((answer as gmail_v1.Schema$ListMessagesResponse).messages);
    });
    const known = new Set(indexed.map(({ id }) => id));
    return trimmed(all.map((one) => ({ mark: markOf(one.id), waiting: known.has(one.id) ? null : one })));
  };
  const newest = await (call.shared?.once(JSON.stringify(['unindexed', labelIds, includeSpamTrash]), read) ?? read());
  return { newest, spent };
}

/** One page of a search, completed by the messages that the index does not have, each at its position among the newest. */
interface CompletedPage<T> {
  readonly listed: readonly (T | ListedIds)[];
  isUnindexed(id: string): boolean;
  /** The entries that the next page needs when this page was read except for the open items. */
  rest(isOpen: (id: string) => boolean): readonly NewestEntry[];
}

export function withUnindexed<T extends ListedIds>(
  found: readonly T[],
  newest: readonly NewestEntry[],
  hasNext: boolean,
): CompletedPage<T> {
  if (newest.length === 0) return { listed: found, isUnindexed: () => false, rest: () => [] };
  const rankOf = new Map(newest.map((entry, rank) => [entry.mark, rank]));
  const ranks = found.map(({ id }) => rankOf.get(markOf(id)));
  const lastRanked = ranks.findLastIndex((rank) => rank !== undefined);
  // A message that is not among the newest is older than all of them, unless it arrived after the first page was read.
  const isBelowAll = lastRanked < found.length - 1;
  const reach = !hasNext || isBelowAll ? newest.length : Math.max(0, ...ranks.map((rank) => rank ?? 0));
  const indexed = new Set(found.map(({ id }) => id));
  const unindexed = new Set<string>();
  const listed: (T | ListedIds)[] = [];
  let inserted = 0;
  const insertUntil = (rank: number): void => {
    for (const { waiting } of newest.slice(inserted, rank)) {
      if (waiting === null || indexed.has(waiting.id)) continue;
      listed.push(waiting);
      unindexed.add(waiting.id);
    }
    inserted = Math.max(inserted, rank);
  };
  for (const [n, one] of found.entries()) {
    insertUntil(n > lastRanked ? reach : (ranks[n] ?? 0));
    listed.push(one);
  }
  insertUntil(reach);
  const isDone = (id: string, isOpen: (id: string) => boolean) => indexed.has(id) || (unindexed.has(id) && !isOpen(id));
  return {
    listed,
    isUnindexed: (id) => unindexed.has(id),
    rest: (isOpen) =>
      trimmed(newest.map((one) => (one.waiting && isDone(one.waiting.id, isOpen) ? { ...one, waiting: null } : one))),
  };
}

/** Without the entries after the last waiting one, which no page needs. */
const trimmed = (newest: readonly NewestEntry[]): readonly NewestEntry[] =>
  newest.slice(0, 1 + newest.findLastIndex(({ waiting }) => waiting !== null));

const listedOf = (messages: readonly gmail_v1.Schema$Message[] | undefined): readonly ListedIds[] =>
  (messages ?? []).flatMap(({ id, threadId }) => (id && threadId ? [{ id, threadId }] : []));

function listPart(list: {
  labelIds: readonly string[];
  includeSpamTrash: boolean;
  maxResults: number;
  q?: string;
}): BatchPart {
  const query = new URLSearchParams({ maxResults: String(list.maxResults) });
  for (const id of list.labelIds) query.append('labelIds', id);
  if (list.includeSpamTrash) query.set('includeSpamTrash', 'true');
  if (list.q !== undefined) query.set('q', list.q);
  query.set('fields', 'messages(id,threadId),resultSizeEstimate');
  return { method: 'GET', path: `/gmail/v1/users/me/messages?${query}` };
}
