import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import { matches } from '../../../domain/search/matches.ts';
import type { Call } from '../../contract/call.ts';
import type { PageRequest } from '../../contract/list.ts';
import { toMessage } from '../read/map.ts';
import type { GraphAccount } from '../wire/account.ts';
import { type DatePosition, datePosition, remember } from './cursor.ts';
import { type Filter, later } from './filter.ts';
import { checkOf, type ListPlan } from './list-plan.ts';
import type { ListingQuery } from './listing.ts';
import { type ListingAfter, markOfMessage, positionReached, readByDate, secondReceived } from './scan.ts';
import { decideWords } from './word-decisions.ts';

export interface DatePage {
  readonly messages: readonly GraphMessage[];
  readonly next: DatePosition | null;
  readonly spent: number;
  readonly truncated: boolean;
}

export type MessageFields = Pick<ListingQuery, 'operation' | 'select' | 'expand' | 'prefer' | 'maxBytes'>;

/**
 * Messages that one request reads when envelopes are checked against a condition, because many may be sorted out and a
 * request costs the same whatever its size.
 */
const CHECKED_SIZE = 100;
/** Maximum number of messages in one answer. */
const MAX_SIZE = 250;

/**
 * Lists messages from a position on, newest first, each checked against the condition. It stops when the page is full,
 * the list ends, or the budget is spent.
 */
export async function listByDate(
  account: GraphAccount,
  plan: ListPlan,
  filter: Filter,
  fields: MessageFields,
  page: PageRequest,
  call: Call,
): Promise<DatePage> {
  const isChecked = !filter.isExact || plan.words !== null;
  const budget = page.budget ?? (isChecked ? CHECKED_SIZE : page.size);
  const before = page.before ?? null;
  let position = datePosition(page.after);
  const kept: GraphMessage[] = [];
  let spent = 0;
  let truncated = false;
  for (;;) {
    const needed = page.size - kept.length;
    // One more message is read when the filter's bound is a second wider than the real one.
    const size = isChecked
      ? checkedSize(needed, budget - spent)
      : needed + (before !== null && position === null ? 1 : 0);
    const query = { ...fields, filter: filter.text, size, before: before && later(before) };
    const listing = await readByDate(account, plan, position, query, call);
    spent += listing.messages.length;
    const passed = await decide(account, plan, listing, position, before, call);
    spent += passed.spent;
    truncated ||= passed.isCut;
    const { taken, messages } = takeMatching(listing.messages, passed.isMet, needed);
    kept.push(...messages);
    const more = taken > 0 && (taken < listing.messages.length || listing.link !== undefined);
    if (!more) return { messages: kept, next: null, spent, truncated };
    position = positionAfter(listing, taken, position);
    if (kept.length >= page.size || spent >= budget) return { messages: kept, next: position, spent, truncated };
  }
}

const checkedSize = (needed: number, left: number): number =>
  Math.min(Math.max(needed, CHECKED_SIZE), Math.max(left, needed), MAX_SIZE);

/**
 * Decides which messages of a listing belong in the list. The result is undefined for messages that are not decided
 * yet.
 */
async function decide(
  account: GraphAccount,
  plan: ListPlan,
  listing: ListingAfter,
  position: DatePosition | null,
  before: Date | null,
  call: Call,
) {
  const check = checkOf(plan, account.hidden.ids ?? []);
  const returned = new Set(position?.seen);
  const candidates = new Set(
    listing.messages.filter((message) => {
      if (secondReceived(message) === position?.second && returned.has(markOfMessage(message))) return false;
      const envelope = toMessage(message);
      return matches(envelope, check) && (before === null || envelope.receivedAt < before);
    }),
  );
  const { isMet, isCut, spent } = await decideWords(account, plan, [...candidates], call);
  return { isMet: (message: GraphMessage) => candidates.has(message) && isMet(message), isCut, spent };
}

/** Returns the first `limit` messages that match, and how many of the listed ones were passed for them. */
function takeMatching(
  listed: readonly GraphMessage[],
  isMet: (message: GraphMessage) => boolean | undefined,
  limit: number,
): { taken: number; messages: readonly GraphMessage[] } {
  const messages: GraphMessage[] = [];
  let taken = 0;
  for (const message of listed) {
    const met = isMet(message);
    if (messages.length === limit || met === undefined) break;
    taken++;
    if (met) messages.push(message);
  }
  return { taken, messages };
}

function positionAfter(listing: ListingAfter, taken: number, before: DatePosition | null): DatePosition {
  const { second, passed, within } = positionReached(listing, taken);
  const seen = second === before?.second ? before.seen : [];
  const fresh = within.map(markOfMessage).filter((hash) => !seen.includes(hash));
  return { kind: 'date', second, passed, seen: remember(seen, fresh) };
}
