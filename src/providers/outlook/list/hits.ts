import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import { MailError } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import type { Fields } from '../read/fields.ts';
import { receivedAt } from '../read/map.ts';
import type { GraphAccount } from '../wire/account.ts';
import { joined, receivedWithin } from './kql.ts';
import type { ListPlan } from './list-plan.ts';
import { nextPath, readListing } from './listing.ts';

/** Graph's search returns at most this many results. */
const MAX_RESULTS = 1000;
/** Results per request. Graph may return fewer, and a link. */
const ANSWER_SIZE = 250;
/**
 * Maximum length of a search. Graph does not document its limit. Lists send shorter searches, unless alternatives share
 * words.
 */
const MAX_SEARCH_LENGTH = 24_000;
/** The fields of results that only need to be identified. */
export const IDS: Fields = { select: 'id,receivedDateTime', expand: null };

/** A range of receipt times, in milliseconds since 1970. Null means unbounded. */
interface Span {
  readonly from: number | null;
  readonly to: number | null;
}

/** The results of a search within a span. */
interface Hits {
  readonly messages: readonly GraphMessage[];
  /** The results are complete from this moment on. Null means for the whole span. */
  readonly from: number | null;
  /** True when Graph returns no more results although a single day may have more. */
  readonly isCut: boolean;
  /** Number of messages read. */
  readonly spent: number;
}

/** Maximum number of times that a span is narrowed. */
const MAX_TRIES = 4;
const DAY_MS = 86_400_000;

/**
 * Returns the moment, in milliseconds since 1970, from which the results so far suffice for the caller, so that not all
 * need to be read. Returns null while they do not suffice.
 */
type EnoughFrom = (messages: readonly GraphMessage[]) => number | null;
const NEVER: EnoughFrom = () => null;

/**
 * Returns all results of the newest part of a span: of the whole span, or of as much of it as Graph returns results
 * for. When there are more results, or when fewer suffice, the same search is made for fewer days.
 */
export async function newestHits(
  account: GraphAccount,
  plan: Pick<ListPlan, 'base' | 'isWholeAccount'>,
  terms: readonly string[],
  span: Span,
  fields: Fields,
  call: Call,
  enoughFrom: EnoughFrom = NEVER,
): Promise<Hits> {
  let from = span.from;
  let spent = 0;
  const search = async (since: number | null, stop = NEVER) => {
    const read = await searchAll(account, plan, terms, { from: since, to: span.to }, fields, stop, call);
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
    // Graph sorts by sent date. The next span begins at the middle of these results by receipt time, because its days
    // hold fewer results.
    const times = messages.map((message) => receivedAt(message).getTime()).sort((a, b) => b - a);
    const middle = times[Math.floor(times.length / 2 ** (tries + 1))] ?? 0;
    const day = Math.ceil(middle / DAY_MS) * DAY_MS;
    const isNarrower = (from === null || day > from) && (span.to === null || day <= span.to);
    if (!isNarrower || tries === MAX_TRIES) return { messages, from: null, isCut: true, spent };
    from = day;
    read = await search(from);
  }
}

/** Returns the results of any of these searches, for the newest part of the span, which all of them cover. */
export async function hitsOf(
  account: GraphAccount,
  plan: Pick<ListPlan, 'base' | 'isWholeAccount'>,
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
    const hits = await newestHits(account, plan, terms, { from, to: span.to }, fields, call, enoughFrom);
    for (const message of hits.messages) found.set(message.id ?? '', message);
    from = hits.from ?? from;
    isCut ||= hits.isCut;
    spent += hits.spent;
  }
  return { messages: [...found.values()], from: from === span.from ? null : from, isCut, spent };
}

/**
 * Reads all results by following each link as it is. Graph sorts the results by sent date (search-query-parameter), and
 * its pages shift while results change, so only all pages together are a complete list.
 */
async function searchAll(
  account: GraphAccount,
  plan: Pick<ListPlan, 'base' | 'isWholeAccount'>,
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
    const listing = await readListing(account, plan, { ...query, search, page }, call);
    for (const message of listing.messages) found.set(message.id ?? '', message);
    read += listing.messages.length;
    const next = nextPath(listing);
    if (next === null || read >= MAX_RESULTS) return { messages: [...found.values()], isCut: read >= MAX_RESULTS };
    if (enoughFrom([...found.values()]) !== null) return { messages: [...found.values()], isCut: true };
    page = next;
  }
}

/** Compares messages by receipt time, newest first. A stable sort keeps those of the same moment in Graph's order. */
export const byReceipt = (a: GraphMessage, b: GraphMessage): number =>
  receivedAt(b).getTime() - receivedAt(a).getTime();

const tooLong = (length: number): MailError =>
  new MailError(
    'BAD_USER_INPUT',
    `The search has too many words for Outlook: its query has ${length} characters, and at most ${MAX_SEARCH_LENGTH} are allowed. Search for fewer words.`,
  );
