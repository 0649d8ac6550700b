import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import type { Condition } from '../../../domain/search/condition.ts';
import { matches } from '../../../domain/search/matches.ts';
import type { Call } from '../../contract/call.ts';
import type { PageRequest } from '../../contract/list.ts';
import { receivedAt, toMessage } from '../read/map.ts';
import type { GraphAccount } from '../wire/account.ts';
import { type DatePage, listByDate, type MessageFields } from './by-date.ts';
import { type SearchPosition, searchPosition } from './cursor.ts';
import type { Filter } from './filter.ts';
import { byReceipt, hitsOf } from './hits.ts';
import { checkOf, type ListPlan } from './list-plan.ts';
import { learnHidden } from './listing.ts';
import { markOfMessage } from './scan.ts';
import { decideWords } from './word-decisions.ts';

interface SearchPage extends Omit<DatePage, 'next'> {
  readonly next: SearchPosition | null;
}

/**
 * Number of newest messages that are read by date as well, because the search index may not have them yet. Only
 * conditions that envelopes decide profit from this.
 */
const MAX_UNINDEXED = 50;
const MAX_INDEX_LAG_MS = 3_600_000;
/** Budget of a page that sets none, in messages. */
const MAX_SPENT = 2_000;

/**
 * Lists search results, newest first, each checked against the condition. Every page reads all results and cuts its
 * part out by position. Mail that arrives or disappears meanwhile therefore shifts nothing, and the order of Graph's
 * results does not matter.
 */
export async function listBySearch(
  account: GraphAccount,
  plan: ListPlan,
  filter: Filter,
  searches: readonly (readonly string[])[],
  fields: MessageFields,
  page: PageRequest,
  call: Call,
): Promise<SearchPage> {
  let position = searchPosition(page.after);
  // All results are in memory, so the page may hold up to `upTo` messages.
  const maxKept = Math.max(page.size, page.upTo ?? 0);
  const { from, before } = boundsOf(plan.checked);
  const bound = earliest(before, page.before?.getTime() ?? null);
  const kept: GraphMessage[] = [];
  let spent = 0;
  let truncated = false;
  for (;;) {
    const to = earliest(bound, position?.at ?? null);
    // Trash and junk may not be known yet. Only a small part of the results lies there.
    const known = checkOf(plan, account.hidden.ids ?? []);
    const enoughFrom = (found: readonly GraphMessage[]) => {
      const met = found.filter((message) => matches(toMessage(message), known)).sort(byReceipt);
      const last = met.length < 2 * page.size ? undefined : met[Math.min(maxKept, Math.floor(met.length / 2))];
      return last === undefined ? null : receivedAt(last).getTime();
    };
    const [hits, newest] = await Promise.all([
      hitsOf(account, plan, searches, { from: position?.from ?? from, to }, fields, call, enoughFrom),
      newestOf(account, plan, filter, fields, to, call),
    ]);
    const complete = hits.from ?? position?.from ?? null;
    if (plan.isWholeAccount) await learnHidden(account, call);
    const check = checkOf(plan, account.hidden.ids ?? []);
    // Graph shows whole seconds. Messages of the same second keep the order of Graph's list by date, if they are in it.
    const all = new Map([...newest, ...hits.messages].map((message) => [message.id ?? '', message]));
    const isAfter = afterPosition(position);
    const candidates = [...all.values()].filter((message) => {
      if (!isAfter(message) || receivedAt(message).getTime() < (complete ?? Number.NEGATIVE_INFINITY)) return false;
      if (bound !== null && receivedAt(message).getTime() >= bound) return false;
      return matches(toMessage(message), check);
    });
    const decided = await decideWords(account, plan, candidates, call);
    spent += hits.spent + newest.length + decided.spent;
    truncated ||= hits.isCut || decided.isCut;
    candidates.sort(byReceipt);
    let passed = 0;
    for (const message of candidates) {
      const isMet = decided.isMet(message);
      if (kept.length === maxKept || isMet === undefined) break;
      passed++;
      if (isMet) kept.push(message);
    }
    if (passed < candidates.length)
      position = passed > 0 ? positionAfter(candidates.slice(0, passed), complete, position) : position;
    else if (complete !== null) position = { kind: 'search', at: complete - 1, from: null, seen: [] };
    else return { messages: kept, next: null, spent, truncated };
    if (kept.length >= page.size || spent >= Math.min(page.budget ?? MAX_SPENT, MAX_SPENT))
      return { messages: kept, next: position, spent, truncated };
  }
}

/**
 * Reads the newest messages that the index may lack. Words of bodies can be found by the index alone, so there is
 * nothing to read for them.
 */
async function newestOf(
  account: GraphAccount,
  plan: ListPlan,
  filter: Filter,
  fields: MessageFields,
  to: number | null,
  call: Call,
): Promise<readonly GraphMessage[]> {
  if ((plan.words !== null && plan.words.base !== null) || (to !== null && to < Date.now() - MAX_INDEX_LAG_MS))
    return [];
  const before = to === null ? {} : { before: new Date(to + 1000) };
  const page = { size: MAX_UNINDEXED, after: null, budget: MAX_UNINDEXED, ...before };
  const { messages } = await listByDate(account, plan, filter, fields, page, call);
  return messages;
}

function positionAfter(
  passed: readonly GraphMessage[],
  from: number | null,
  position: SearchPosition | null,
): SearchPosition {
  const at = receivedAt(passed.at(-1) as GraphMessage).getTime();
  const within = passed.filter((message) => receivedAt(message).getTime() === at).map(markOfMessage);
  return { kind: 'search', at, from, seen: position?.at === at ? [...position.seen, ...within] : within };
}

function afterPosition(position: SearchPosition | null): (message: GraphMessage) => boolean {
  const seen = new Set(position?.seen);
  return (message) => {
    const at = receivedAt(message).getTime();
    return position === null || at < position.at || (at === position.at && !seen.has(markOfMessage(message)));
  };
}

/** Returns the bounds of the receipt time that all alternatives of the condition share. */
function boundsOf(checked: Condition): { from: number | null; before: number | null } {
  const parts = checked.kind === 'and' ? checked.of : [checked];
  const after = parts.flatMap((part) => (part.kind === 'receivedAfter' ? [part.at.getTime()] : []));
  const before = parts.flatMap((part) => (part.kind === 'receivedBefore' ? [part.at.getTime()] : []));
  return {
    from: after.length === 0 ? null : Math.max(...after),
    before: before.length === 0 ? null : Math.min(...before),
  };
}

const earliest = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);
