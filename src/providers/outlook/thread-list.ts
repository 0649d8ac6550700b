import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import { isMailError } from '../../domain/error.ts';
import type { Thread } from '../../domain/thread.ts';
import type { Call } from '../call.ts';
import type { ListQuery, Page, PageRequest, Unreadable } from '../provider.ts';
import type { Account } from './account.ts';
import { meetsFilter } from './matches.ts';
import { SEARCH_LIMIT } from './messages.ts';
import { datePlace, MAX_SEEN, type Place, remember, searchPlace, shortHash, writePlace } from './page-cursor.ts';
import { further, reached, readByDate, readBySearch, secondOf } from './scan.ts';
import { type Source, sourceOf } from './source.ts';
import { getThreads } from './threads.ts';

/** Messages listed to find a page of threads in: one request, whose items are small. */
const STRETCH = 150;
const HEADS = {
  operation: 'messages.list',
  select: 'id,conversationId,parentFolderId,receivedDateTime',
  expand: null,
  size: STRETCH,
};

/** Conversations found in a stretch of messages, and where the list goes on. */
interface Found {
  readonly ids: readonly string[];
  readonly next: Place | null;
  /** Where this page began, and in which folders it looked; null at the top. */
  readonly from: Beginning | null;
  readonly truncated: boolean;
}

interface Beginning {
  readonly second: number;
  readonly start: number;
  /** The one folder of the list; null when it runs through all but the hidden. */
  readonly folder: string | null;
  readonly hidden: ReadonlySet<string>;
}

/**
 * One page of threads: a list of messages, grouped by conversation, then each conversation whole, in $batches. A thread
 * stands where its newest matching message stood when the first page was read, and only there.
 */
export async function listThreads(
  account: Account,
  query: ListQuery,
  page: PageRequest,
  call: Call,
): Promise<Page<Thread>> {
  const source = sourceOf(query);
  const { compiled } = source;
  if (compiled.nothing) return { items: [], next: null, rest: null };
  const found =
    compiled.search === null ? await byDate(account, source, page, call) : await bySearch(account, source, page, call);
  const ids = found.ids.filter((id) => !page.skip?.(id));
  const threads = ids.length === 0 ? [] : await getThreads(account, ids, call);
  const items = threads.flatMap((thread, i): (Thread | Unreadable)[] => {
    if (!isMailError(thread)) return stoodBefore(thread, source, found.from) ? [] : [thread];
    return thread.code === 'NOT_FOUND' ? [] : [{ id: ids[i] ?? '', error: thread }];
  });
  return {
    items: items.sort((a, b) => newest(b) - newest(a)),
    next: found.next && writePlace(found.next),
    rest: compiled.rest,
    ...(found.truncated ? { truncated: true } : {}),
  };
}

const newest = (item: Thread | Unreadable): number =>
  'error' in item ? Number.POSITIVE_INFINITY : item.lastMessageAt.getTime();

async function byDate(account: Account, source: Source, page: PageRequest, call: Call): Promise<Found> {
  const place = datePlace(page.after);
  const stretch = await readByDate(account, source, place, HEADS, call);
  const { ids, taken } = conversations(stretch.messages, stretch.hidden, new Set(place?.seen), page.size);
  const start = place?.start ?? (stretch.messages[0] ? secondOf(stretch.messages[0]) : 0);
  const folder = source.whole ? null : (stretch.messages[0]?.parentFolderId ?? null);
  const from = place && { second: place.second, start, folder, hidden: stretch.hidden };
  if (taken === 0 || (taken === stretch.messages.length && stretch.link === undefined))
    return { ids, next: null, from, truncated: false };
  const { second, passed } = reached(stretch, taken);
  return {
    ids,
    next: { kind: 'date', second, passed, start, seen: remember(place?.seen ?? [], ids.map(shortHash)) },
    from,
    truncated: false,
  };
}

/** A search cannot be asked whether a message matches, so the cursor remembers every thread; it ends when that is full. */
async function bySearch(account: Account, source: Source, page: PageRequest, call: Call): Promise<Found> {
  const place = searchPlace(page.after);
  const listing = await readBySearch(account, source, place, { ...HEADS, size: page.size }, call);
  const { ids, taken } = conversations(listing.messages, listing.hidden, new Set(place?.seen), page.size);
  const { path, passed } = further(listing, place, taken < listing.messages.length);
  const full = (place?.seen.length ?? 0) + ids.length > MAX_SEEN;
  const seen = remember(place?.seen ?? [], ids.map(shortHash));
  const next: Place | null = path === null || full ? null : { kind: 'search', path, passed, seen };
  return { ids, next, from: null, truncated: next === null && (full || passed >= SEARCH_LIMIT) };
}

/** The first `size` conversations that were not given yet, and how many messages were passed to find them. */
function conversations(
  messages: readonly GraphMessage[],
  hidden: ReadonlySet<string>,
  given: ReadonlySet<string>,
  size: number,
) {
  const ids = new Set<string>();
  let taken = 0;
  for (const { conversationId, parentFolderId } of messages) {
    const isNew =
      conversationId &&
      !hidden.has(parentFolderId ?? '') &&
      !given.has(shortHash(conversationId)) &&
      !ids.has(conversationId);
    if (isNew && ids.size === size) break;
    if (isNew) ids.add(conversationId);
    taken++;
  }
  return { ids: [...ids], taken };
}

/**
 * Whether the thread was on an earlier page: one of its matching messages is newer than this page and no newer than the
 * first page. What arrived since then does not count, or a reply would take its thread out of the list.
 */
function stoodBefore(thread: Thread, source: Source, from: Beginning | null): boolean {
  if (from === null) return false;
  return thread.messages.some((message) => {
    const second = Math.floor(message.receivedAt.getTime() / 1000);
    if (second <= from.second || second > from.start) return false;
    if (from.folder !== null && !message.mailboxIds.includes(from.folder)) return false;
    if (message.mailboxIds.some((id) => from.hidden.has(id))) return false;
    return source.compiled.filtered === null || meetsFilter(message, source.compiled.filtered);
  });
}
