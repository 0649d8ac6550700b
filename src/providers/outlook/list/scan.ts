import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import type { Call } from '../../contract/call.ts';
import { markOf } from '../../shared/threads/thread-cursor.ts';
import { receivedAt } from '../read/map.ts';
import type { GraphAccount } from '../wire/account.ts';
import { instant } from '../wire/url.ts';
import { type DatePosition, MAX_SEEN } from './cursor.ts';
import type { ListPlan } from './list-plan.ts';
import { type Listing, type ListingQuery, nextPath, readListing } from './listing.ts';

/**
 * Number of messages of its first second that a page reads again, in case some of them were deleted meanwhile. A cursor
 * remembers as many.
 */
const MAX_OVERLAP = MAX_SEEN;

/** The largest $top that Graph accepts. */
const MAX_TOP = 1_000;

interface StretchQuery
  extends Pick<ListingQuery, 'operation' | 'select' | 'expand' | 'prefer' | 'maxBytes' | 'filter'> {
  /** Number of messages to read that were not returned before. */
  readonly size: number;
  /** Only messages received before it are read; null reads all. */
  readonly before: Date | null;
}

/** The messages after a position in a list by date. */
export interface ListingAfter extends Listing {
  /** The second of the position, and the number of its messages before the listing. Null at the start of the list. */
  readonly second: number | null;
  readonly passed: number;
}

export const secondReceived = (message: GraphMessage): number => Math.floor(receivedAt(message).getTime() / 1000);
export const markOfMessage = (message: GraphMessage): string => markOf(message.id ?? '');

/**
 * Continues a list by date. Graph's own paging counts from the top, which moves while mail arrives. A page therefore
 * reads messages received up to the second of the last message returned: newer mail lies outside that range, and $skip
 * counts within one second only.
 */
export async function readByDate(
  account: GraphAccount,
  plan: Pick<ListPlan, 'base' | 'isWholeAccount'>,
  position: DatePosition | null,
  query: StretchQuery,
  call: Call,
): Promise<ListingAfter> {
  const { size, before, ...fields } = query;
  const overlap = Math.min(position?.passed ?? 0, MAX_OVERLAP);
  const passed = (position?.passed ?? 0) - overlap;
  const ends = [
    ...(position === null ? [] : [(position.second + 1) * 1000]),
    ...(before === null ? [] : [before.getTime()]),
  ];
  const end = ends.length === 0 ? null : instant(new Date(Math.min(...ends)));
  const listingQuery = { ...fields, search: null, top: Math.min(MAX_TOP, size + overlap), skip: passed, before: end };
  let listing = await readListing(account, plan, listingQuery, call);
  // A page may be shorter than requested (Graph's concepts/paging). One with nothing but messages returned before would
  // not bring the list forward.
  for (let page = nextPath(listing); page !== null && listing.messages.length <= overlap; page = nextPath(listing)) {
    const more = await readListing(account, plan, { ...listingQuery, page }, call);
    listing = { ...more, messages: [...listing.messages, ...more.messages] };
  }
  return { ...listing, second: position?.second ?? null, passed };
}

/** Returns the list's position after the first `count` messages of a listing, which must be at least one. */
export function positionReached(
  listing: ListingAfter,
  count: number,
): { second: number; passed: number; within: readonly GraphMessage[] } {
  const read = listing.messages.slice(0, count);
  const second = secondReceived(read.at(-1) as GraphMessage);
  const within = read.filter((m) => secondReceived(m) === second);
  return { second, passed: within.length + (second === listing.second ? listing.passed : 0), within };
}
