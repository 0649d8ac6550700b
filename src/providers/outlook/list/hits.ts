import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import { MailError } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import type { Fields } from '../read/fields.ts';
import { receivedAt } from '../read/map.ts';
import type { GraphAccount } from '../wire/account.ts';
import { joined, receivedWithin } from './kql.ts';
import { nextPath, readListing } from './listing.ts';
import type { ListPlan } from './source.ts';

/** Graph's search ends after this many results. */
const MAX_RESULTS = 1000;
/** Results in one answer; Graph may give fewer, and a link. */
const ANSWER_SIZE = 250;
/** Longer ones are refused here: how long Graph takes them is not said. Lists ask for less, but for words that alternatives share. */
const MAX_SEARCH_LENGTH = 24_000;
/** What is asked of results that only say which messages they are. */
export const IDS: Fields = { select: 'id,receivedDateTime', expand: null };

/** Moments of receipt, in ms since 1970; null: without a bound. */
interface Span {
  readonly from: number | null;
  readonly to: number | null;
}

/** What a search found of a span. */
interface Hits {
  readonly messages: readonly GraphMessage[];
  /** It is all that was received from this moment on; null: all of the span. */
  readonly from: number | null;
  /** Graph gives no more, and there may be more of one day than that. */
  readonly isCut: boolean;
  /** Messages that were read. */
  readonly spent: number;
}

/** How often a span is narrowed. */
const MAX_TRIES = 4;
const DAY_MS = 86_400_000;

/** From when on, in ms since 1970, what was found so far is enough for the caller, so that all of it need not be read; null: it is not. */
type EnoughFrom = (messages: readonly GraphMessage[]) => number | null;
const NEVER: EnoughFrom = () => null;

/**
 * All that was found in the newest part of a span: the whole of it, or as much as Graph gives the results of. Where there
 * are more, or where fewer are enough, the same is asked of fewer days.
 */
export async function newestHits(
  account: GraphAccount,
  source: Pick<ListPlan, 'base' | 'whole'>,
  terms: readonly string[],
  span: Span,
  fields: Fields,
  call: Call,
  enoughFrom: EnoughFrom = NEVER,
): Promise<Hits> {
  let from = span.from;
  let spent = 0;
  const search = async (since: number | null, stop = NEVER) => {
    const read = await searchAll(account, source, terms, { from: since, to: span.to }, fields, stop, call);
    spent += read.messages.length;
    return read;
  };
  let read = await search(from, enoughFrom);
  const enough = read.isCut ? enoughFrom(read.messages) : null;
  if (enough !== null) {
    const day = Math.floor(enough / DAY_MS) * DAY_MS;
    if ((from === null || day > from) && (span.to === null || day < span.to)) from = day;
    read = await search(from);
  }
  for (let tries = 0; ; tries++) {
    const { messages, isCut } = read;
    if (!isCut) return { messages, from: from === span.from ? null : from, isCut: false, spent };
    // Of what was sent last, the half that was received last: in the days of these there are fewer.
    const times = messages.map((message) => receivedAt(message).getTime()).sort((a, b) => b - a);
    const middle = times[Math.floor(times.length / 2 ** (tries + 1))] ?? 0;
    const day = Math.ceil(middle / DAY_MS) * DAY_MS;
    const isNarrower = (from === null || day > from) && (span.to === null || day <= span.to);
    if (!isNarrower || tries === MAX_TRIES) return { messages, from: null, isCut: true, spent };
    from = day;
    read = await search(from);
  }
}

/** What any of these searches found of the newest part of a span: of the part that all of them tell. */
export async function hitsOf(
  account: GraphAccount,
  source: Pick<ListPlan, 'base' | 'whole'>,
  searches: readonly (readonly string[])[],
  span: Span,
  fields: Fields,
  call: Call,
  enoughFrom?: EnoughFrom,
): Promise<Hits> {
  const found = new Map<string, GraphMessage>();
  let { from } = span;
  let isCut = false;
  let spent = 0;
  for (const terms of searches) {
    const hits = await newestHits(account, source, terms, { from, to: span.to }, fields, call, enoughFrom);
    for (const message of hits.messages) found.set(message.id ?? '', message);
    from = hits.from ?? from;
    isCut ||= hits.isCut;
    spent += hits.spent;
  }
  return { messages: [...found.values()], from: from === span.from ? null : from, isCut, spent };
}

/**
 * All that Graph finds, by the whole of each link: its results are sorted by when they were sent (search-query-parameter),
 * and its pages count off what is found by then, so that only all of them together are a list.
 */
async function searchAll(
  account: GraphAccount,
  source: Pick<ListPlan, 'base' | 'whole'>,
  terms: readonly string[],
  span: Span,
  fields: Fields,
  enoughFrom: EnoughFrom,
  call: Call,
): Promise<Pick<Hits, 'messages' | 'isCut'>> {
  const search = joined('and', [...terms, ...receivedWithin(span.from, span.to)]);
  if (search.length > MAX_SEARCH_LENGTH) throw tooLong(search.length);
  const { select, expand } = fields;
  const query = { operation: 'messages.list', select, expand, top: ANSWER_SIZE, skip: 0, before: null, filter: '' };
  const found = new Map<string, GraphMessage>();
  let read = 0;
  for (let page: string | undefined; ; ) {
    const listing = await readListing(account, source, { ...query, search, page }, call);
    for (const message of listing.messages) found.set(message.id ?? '', message);
    read += listing.messages.length;
    const next = nextPath(listing);
    if (next === null || read >= MAX_RESULTS) return { messages: [...found.values()], isCut: read >= MAX_RESULTS };
    if (enoughFrom([...found.values()]) !== null) return { messages: [...found.values()], isCut: true };
    page = next;
  }
}

/** What was found, newest first; of one moment as it was given. */
export const byReceipt = (a: GraphMessage, b: GraphMessage): number =>
  receivedAt(b).getTime() - receivedAt(a).getTime();

const tooLong = (length: number): MailError =>
  new MailError(
    'BAD_USER_INPUT',
    `The search has too many words for Outlook: its query has ${length} characters, and at most ${MAX_SEARCH_LENGTH} are allowed. Search for fewer words.`,
  );
