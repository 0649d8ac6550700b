import type { Cursor, ListQuery, Page, PageRequest } from '../providers/contract/list.ts';
import { entryBytes, textsBytes } from './bytes.ts';
import { concerns, type ListScope } from './list-scope.ts';
import type { Touched } from './message-state.ts';
import type { Change } from './recent-changes.ts';

/** A page of a list, without its items, which are entries of their own. */
export interface CachedList {
  readonly ids: readonly string[];
  readonly rest: Omit<Page<unknown>, 'items'>;
  /** The ids that the provider left out, because the caller had them already (`PageRequest.skip`). */
  readonly skipped: readonly string[];
  readonly scope: ListScope;
  /** The messages of the page: its items, or those of its threads. */
  readonly members: ReadonlySet<string>;
  /** Whether the deletion of a message that is not among `members` leaves the page as it is. */
  readonly isClosed: boolean;
  /** The clock when its read began. */
  readonly clock: number;
}

/** Identifies a page by everything that decides which items it has, except `skip`. */
export const listKey = (
  kind: 'messages' | 'threads',
  query: ListQuery,
  { size, upTo, after, before, start, budget, detail = 'envelope' }: PageRequest,
): string => JSON.stringify([kind, query, size, upTo, after, before, start, budget, detail]);

/** Whether a page is the beginning of a list without a condition. Other pages depend on what precedes them, or on what was searched. */
export const isBeginning = ({ where }: ListQuery, { after, before }: PageRequest): boolean =>
  where === null && after === null && before === undefined;

export const listBytes = (
  key: string,
  ids: readonly string[],
  members: ReadonlySet<string>,
  next: Cursor | null,
): number => entryBytes(key, next ?? '') + textsBytes(ids) + textsBytes([...members]);

/** Whether a change may have changed which items a page has. */
export function isAffected(
  { scope, members, isClosed, clock }: Omit<CachedList, 'ids' | 'rest' | 'skipped'>,
  change: Change,
): boolean {
  switch (change.kind) {
    case 'deleted':
      return !isClosed || members.has(change.id);
    case 'updated':
      return concerns(scope, touchedSince(change, clock));
    default:
      return true;
  }
}

/** What an update touched, of what was read when the clock had this value. */
function touchedSince({ touched, known }: Extract<Change, { kind: 'updated' }>, clock: number): Touched {
  return known && known.since <= clock ? known.touched : touched;
}
