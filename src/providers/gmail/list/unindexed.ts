import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import { isMailError } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import { markOf } from '../../shared/threads/thread-cursor.ts';
import { runBatch } from '../wire/batch.ts';
import type { GmailClient } from '../wire/client.ts';
import type { BatchPart } from '../wire/multipart.ts';
import { type Listed, MAX_NEWEST, type Newest } from './cursor.ts';
import type { GmailQuery } from './search.ts';
import { ALL_INDEXED } from './search-terms.ts';

/** A few more, since mail may come between the two lists. */
const INDEXED_ASKED = 60;
/** What the two lists cost, in messages. */
export const PROBE_COST = 2;

export interface Probe {
  /** Newest first, as far down as there is one that the index does not have. */
  readonly newest: readonly Newest[];
  /** In messages; none where another list of the same page had read it. */
  readonly spent: number;
}

/** Whether mail may meet the query that q does not find, because it asks an index which does not have that mail yet. */
export const mayMiss = ({ q, unindexed }: GmailQuery): boolean => q !== null && unindexed !== null;

/**
 * The newest messages of the same labels, held against those that the index has: one request, beside that for the list itself.
 * Nearly always the index has them all, and nothing more is to be read.
 */
export async function probeIndex(
  client: GmailClient,
  { labelIds, includeSpamTrash }: Pick<GmailQuery, 'labelIds' | 'includeSpamTrash'>,
  call: Call,
): Promise<Probe> {
  let spent = 0;
  const read = async (): Promise<readonly Newest[]> => {
    spent = PROBE_COST;
    const answers = await runBatch(
      client,
      'messages.list',
      [
        listPart({ labelIds, includeSpamTrash, maxResults: MAX_NEWEST }),
        listPart({ labelIds, includeSpamTrash, maxResults: INDEXED_ASKED, q: ALL_INDEXED }),
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

/** One page of what q found, with what the index did not have each in its place among the newest. */
interface Completed<T> {
  readonly listed: readonly (T | Listed)[];
  isUnindexed(id: string): boolean;
  /** What of the newest the rest of the list has to know, once all of this page was read but what is open. */
  rest(isOpen: (id: string) => boolean): readonly Newest[];
}

export function completed<T extends Listed>(
  found: readonly T[],
  newest: readonly Newest[],
  hasNext: boolean,
): Completed<T> {
  if (newest.length === 0) return { listed: found, isUnindexed: () => false, rest: () => [] };
  const placeOf = new Map(newest.map((one, place) => [one.mark, place]));
  const places = found.map(({ id }) => placeOf.get(markOf(id)));
  const lastPlaced = places.findLastIndex((place) => place !== undefined);
  // What is none of the newest stands below them all, but for what came since the first page.
  const isBelowAll = lastPlaced < found.length - 1;
  const reach = !hasNext || isBelowAll ? newest.length : Math.max(0, ...places.map((place) => place ?? 0));
  const indexed = new Set(found.map(({ id }) => id));
  const unindexed = new Set<string>();
  const listed: (T | Listed)[] = [];
  let taken = 0;
  const take = (until: number): void => {
    for (const { waiting } of newest.slice(taken, until)) {
      if (waiting === null || indexed.has(waiting.id)) continue;
      listed.push(waiting);
      unindexed.add(waiting.id);
    }
    taken = Math.max(taken, until);
  };
  for (const [n, one] of found.entries()) {
    take(n > lastPlaced ? reach : (places[n] ?? 0));
    listed.push(one);
  }
  take(reach);
  const isDone = (id: string, isOpen: (id: string) => boolean) => indexed.has(id) || (unindexed.has(id) && !isOpen(id));
  return {
    listed,
    isUnindexed: (id) => unindexed.has(id),
    rest: (isOpen) =>
      trimmed(newest.map((one) => (one.waiting && isDone(one.waiting.id, isOpen) ? { ...one, waiting: null } : one))),
  };
}

const trimmed = (newest: readonly Newest[]): readonly Newest[] =>
  newest.slice(0, 1 + newest.findLastIndex(({ waiting }) => waiting !== null));

const listedOf = (messages: readonly gmail_v1.Schema$Message[] | undefined): readonly Listed[] =>
  (messages ?? []).flatMap(({ id, threadId }) => (id && threadId ? [{ id, threadId }] : []));

function listPart(asked: {
  labelIds: readonly string[];
  includeSpamTrash: boolean;
  maxResults: number;
  q?: string;
}): BatchPart {
  const query = new URLSearchParams({ maxResults: String(asked.maxResults) });
  for (const id of asked.labelIds) query.append('labelIds', id);
  if (asked.includeSpamTrash) query.set('includeSpamTrash', 'true');
  if (asked.q !== undefined) query.set('q', asked.q);
  query.set('fields', 'messages(id,threadId),resultSizeEstimate');
  return { method: 'GET', path: `/gmail/v1/users/me/messages?${query}` };
}
