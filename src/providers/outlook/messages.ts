import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import { isMailError } from '../../domain/error.ts';
import type { Message } from '../../domain/message.ts';
import type { Condition } from '../../domain/search/condition.ts';
import type { Call } from '../call.ts';
import type { ListQuery, Page, PageRequest, Unreadable } from '../provider.ts';
import { MAX_ANSWER_BYTES, madeInTurn, runsBySize } from '../shared/by-size.ts';
import type { Account } from './account.ts';
import { AnswerTooLarge } from './errors.ts';
import { ENVELOPE, FULL } from './fields.ts';
import { type Listing, nextPath } from './listing.ts';
import { receivedAt } from './map.ts';
import { datePlace, type Place, remember, type SearchPlace, searchPlace, writePlace } from './page-cursor.ts';
import { bodyLength, getMessages, toDetail } from './read.ts';
import { further, hashOf, reached, readByDate, readBySearch, secondOf } from './scan.ts';
import { type Source, sourceOf } from './source.ts';

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
  const detail = page.detail ?? 'envelope';
  const read = await readPage(account, query, page, call).catch((error: unknown) => {
    if (!(error instanceof AnswerTooLarge)) throw error;
    return readPage(account, query, { ...page, detail: 'envelope' }, call);
  });
  // A link goes on with what its list began with, which may have been envelopes.
  const isWhole = detail === 'envelope' || read.messages.every(({ body }) => body !== undefined);
  const items = isWhole
    ? await madeInTurn(read.messages, bodyLength, (message) => toDetail(message, detail))
    : await readInRuns(account, read.messages, call);
  const { next, rest, truncated } = read;
  return { items, next: next && writePlace(next), rest, ...(truncated ? { truncated } : {}) };
}

/** Of long messages: each is some 20 MB while it is read. */
const RUNS_AT_ONCE = 2;

/** The whole of what was listed as envelopes, which tell how large it is. */
async function readInRuns(
  account: Account,
  listed: readonly GraphMessage[],
  call: Call,
): Promise<(Message | Unreadable)[]> {
  const envelopes = listed.map((message) => toDetail(message, 'envelope'));
  const runs = runsBySize(envelopes, ({ sizeBytes }) => sizeBytes);
  const read: (Message | Unreadable)[][] = [];
  let next = 0;
  const worker = async () => {
    while (next < runs.length) {
      const n = next++;
      read[n] = await readRun(account, runs[n] ?? [], call);
    }
  };
  await Promise.all(Array.from({ length: RUNS_AT_ONCE }, worker));
  return read.flat();
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
  const listing = await readFound(account, source, place, page, call);
  const given = new Set(place?.seen);
  const unseen = listing.messages
    .filter((m) => !given.has(hashOf(m)))
    .sort((a, b) => receivedAt(b).getTime() - receivedAt(a).getTime());
  const fresh = unseen.slice(0, page.size);
  const { path, passed } = further(listing, place, fresh.length < unseen.length);
  const seen = remember(place?.seen ?? [], fresh.map(hashOf));
  return {
    messages: fresh.filter((m) => !listing.hidden.has(m.parentFolderId ?? '')),
    next: path === null ? null : { kind: 'search', path, passed, seen },
    truncated: path === null && passed >= SEARCH_LIMIT,
  };
}

/** Results in one answer while a place is looked for from the top: no more than a cursor remembers. */
const LOOK_SIZE = 100;

/** A link that asks for whole messages may be too long an answer: what it leads to is then found again, by envelopes. */
async function readFound(
  account: Account,
  source: Source,
  place: SearchPlace | null,
  page: PageRequest,
  call: Call,
): Promise<Listing> {
  const query = { ...wanted(page), ...(place && { maxBytes: MAX_ANSWER_BYTES }) };
  try {
    return await readBySearch(account, source, place, query, call);
  } catch (error) {
    if (!(error instanceof AnswerTooLarge) || place === null) throw error;
  }
  const envelopes = { ...wanted({ ...page, detail: 'envelope' }), size: LOOK_SIZE };
  let listing = await readBySearch(account, source, null, envelopes, call);
  const messages = [...listing.messages];
  for (let path = nextPath(listing); path !== null && messages.length < place.passed + page.size; ) {
    listing = await readBySearch(account, source, { ...place, path }, envelopes, call);
    messages.push(...listing.messages);
    path = nextPath(listing);
  }
  return { ...listing, messages: messages.slice(place.passed) };
}
