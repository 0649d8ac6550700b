import { normalForm } from './algebra.ts';
import type { Condition } from './condition.ts';

/**
 * What brings a provider's candidates for a condition. search: its index, by words. few: a filter which little passes.
 * filter: another filter. none: every message is read. An `or` of what a search brings and what a filter brings has none.
 */
export type Narrowing = 'search' | 'few' | 'filter' | 'none';
/** `condition` is in normal form. */
export type Narrows = (condition: Condition) => Narrowing;

/** The maximum number of alternatives into which an `and` of several `or` is expanded; above it, it is not changed. */
const MAX_PRODUCTS = 32;

/**
 * A condition in normal form as lists of which each is narrowed where the condition as a whole is not, or less: one that the
 * provider's search brings, and one that its filter brings. The condition itself where that gains nothing.
 */
export function separateLists(where: Condition, narrows: Narrows): readonly Condition[] {
  const narrowing = narrows(where);
  if (narrowing === 'search' || narrowing === 'few') return [where];
  if (where.kind === 'or') {
    const lists = where.of.flatMap((part) => separateLists(part, narrows));
    return inGroups(where, lists, narrows);
  }
  if (where.kind !== 'and') return [where];
  let products: readonly (readonly Condition[])[] = [[]];
  for (const part of where.of) {
    const lists = separateLists(part, narrows);
    if (products.length * lists.length > MAX_PRODUCTS) return [where];
    products = products.flatMap((before) => lists.map((list) => [...before, list]));
  }
  const lists = products.map((of) => normalForm({ kind: 'and', of }));
  return inGroups(where, lists, narrows);
}

/** What comes by the same means is one list again, where that is still narrowed. */
function inGroups(where: Condition, lists: readonly Condition[], narrows: Narrows): readonly Condition[] {
  const bySearch: Condition[] = [];
  const byFilter: Condition[] = [];
  for (const list of lists) {
    const narrowing = narrows(list);
    // One list that is read whole has everything in it that the others have.
    if (narrowing === 'none') return [where];
    (narrowing === 'search' ? bySearch : byFilter).push(list);
  }
  if (bySearch.length === 0 || byFilter.length === 0) return [where];
  return [bySearch, byFilter].flatMap((group) => {
    const joint = normalForm({ kind: 'or', of: group });
    const narrowing = narrows(joint);
    return (narrowing === 'search') === (group === bySearch) && narrowing !== 'none' ? [joint] : group;
  });
}
