import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import { isMailError } from '../../domain/error.ts';
import type { Message } from '../../domain/message.ts';
import type { Condition } from '../../domain/search.ts';
import type { Call } from '../call.ts';
import type { ListQuery, Page, PageRequest, Unreadable } from '../provider.ts';
import { MAX_ANSWER_BYTES, madeInTurn, runsBySize } from '../shared/by-size.ts';
import type { Account } from './account.ts';
import { AnswerTooLarge } from './errors.ts';
import { ENVELOPE, FULL } from './fields.ts';
import { receivedAt } from './map.ts';
import { datePlace, type Place, remember, searchPlace, writePlace } from './page-cursor.ts';
import { bodyLength, getMessages, toDetail } from './read.ts';
import { hashOf, reached, readByDate, readBySearch, secondOf } from './scan.ts';
import { type Source, sourceOf } from './source.ts';
import { tokenOf } from './url.ts';

/** Graph's search ends after this many results. */
export const SEARCH_LIMIT = 1000;

const wanted = (page: PageRequest) => ({
  operation: 'messages.list',
  size: page.size,
  ...(page.detail === 'full' ? { ...FULL, maxBytes: MAX_ANSWER_BYTES } : ENVELOPE),
});

export interface GraphPage {
  readonly messages: readonly GraphMessage[];
  readonly next: Place | null;
  readonly rest: Condition | null;
  readonly truncated: boolean;
}

/** One page, newest first, in one request; whole messages where the caller will read them, unless they are too long for one answer. */
export async function listMessages(
  account: Account,
  query: ListQuery,
  page: PageRequest,
  call: Call,
): Promise<Page<Message>> {
  try {
    return await listAtOnce(account, query, page, call);
  } catch (error) {
    if (!(error instanceof AnswerTooLarge)) throw error;
    return listInRuns(account, query, page, call);
  }
}

/** Of long messages: each is some 20 MB while it is read. */
const RUNS_AT_ONCE = 2;

/** Their envelopes first, which tell how large they are. */
async function listInRuns(account: Account, query: ListQuery, page: PageRequest, call: Call): Promise<Page<Message>> {
  const envelopes = await listAtOnce(account, query, { ...page, detail: 'envelope' }, call);
  const runs = runsBySize(envelopes.items as Message[], ({ sizeBytes }) => sizeBytes);
  const read: (Message | Unreadable)[][] = [];
  let next = 0;
  const worker = async () => {
    while (next < runs.length) {
      const n = next++;
      read[n] = await readRun(account, runs[n] ?? [], call);
    }
  };
  await Promise.all(Array.from({ length: RUNS_AT_ONCE }, worker));
  return { ...envelopes, items: read.flat() };
}

/** What went away since it was listed is no item. */
async function readRun(account: Account, envelopes: readonly Message[], call: Call): Promise<(Message | Unreadable)[]> {
  const ids = envelopes.map(({ id }) => id);
  const read = await getMessages(account, ids, 'full', call);
  return read.flatMap((one, n): (Message | Unreadable)[] => {
    if (!isMailError(one)) return [one];
    return one.code === 'NOT_FOUND' ? [] : [{ id: ids[n] ?? '', error: one }];
  });
}

async function listAtOnce(account: Account, query: ListQuery, page: PageRequest, call: Call): Promise<Page<Message>> {
  const { messages, next, rest, truncated } = await readPage(account, query, page, call);
  return {
    items: await madeInTurn(messages, bodyLength, (message) => toDetail(message, page.detail ?? 'envelope')),
    next: next && writePlace(next),
    rest,
    ...(truncated ? { truncated } : {}),
  };
}

export async function readPage(account: Account, query: ListQuery, page: PageRequest, call: Call): Promise<GraphPage> {
  const source = sourceOf(query);
  const { nothing, rest, search } = source.compiled;
  if (nothing) return { messages: [], next: null, rest: null, truncated: false };
  const read =
    search === null ? await byDate(account, source, page, call) : await bySearch(account, source, page, call);
  return { ...read, messages: read.messages.filter((m) => !page.skip?.(m.id ?? '')), rest };
}

async function byDate(
  account: Account,
  source: Source,
  page: PageRequest,
  call: Call,
): Promise<Omit<GraphPage, 'rest'>> {
  const place = datePlace(page.after);
  const stretch = await readByDate(account, source, place, wanted(page), call);
  const given = new Set(place?.seen);
  const fresh: GraphMessage[] = [];
  let taken = 0;
  for (const message of stretch.messages) {
    if (fresh.length === page.size) break;
    taken++;
    if (secondOf(message) !== place?.second || !given.has(hashOf(message))) fresh.push(message);
  }
  const more = taken > 0 && (taken < stretch.messages.length || stretch.link !== undefined);
  const messages = fresh.filter((m) => !stretch.hidden.has(m.parentFolderId ?? ''));
  if (!more) return { messages, next: null, truncated: false };
  const { second, passed, within } = reached(stretch, taken);
  const before = second === place?.second ? place.seen : [];
  const seen = remember(before, within.filter((m) => fresh.includes(m)).map(hashOf));
  return { messages, next: { kind: 'date', second, passed, seen, start: null }, truncated: false };
}

async function bySearch(
  account: Account,
  source: Source,
  page: PageRequest,
  call: Call,
): Promise<Omit<GraphPage, 'rest'>> {
  const place = searchPlace(page.after);
  const listing = await readBySearch(account, source, place, wanted(page), call);
  const given = new Set(place?.seen);
  const fresh = listing.messages.filter((m) => !given.has(hashOf(m)));
  const messages = fresh.filter((m) => !listing.hidden.has(m.parentFolderId ?? ''));
  const token = tokenOf(listing.link, '$skiptoken');
  const passed = (place?.passed ?? 0) + listing.messages.length;
  return {
    messages: messages.sort((a, b) => receivedAt(b).getTime() - receivedAt(a).getTime()),
    next:
      token === null ? null : { kind: 'search', token, passed, seen: remember(place?.seen ?? [], fresh.map(hashOf)) },
    truncated: token === null && passed >= SEARCH_LIMIT,
  };
}
