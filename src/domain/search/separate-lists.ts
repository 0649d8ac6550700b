import { normalForm } from './algebra.ts';
import type { Condition } from './condition.ts';

/**
 * How a provider finds the candidates for a condition. search: by words in its index. few: by a filter that few messages pass.
 * filter: by another filter. none: it reads every message. An `or` of a search and a filter has none.
 */
export type Narrowing = 'search' | 'few' | 'filter' | 'none';
/** Returns how a provider finds candidates for a condition in normal form. */
export type Narrows = (condition: Condition) => Narrowing;

/** The maximum number of alternatives into which an `and` of several `or` is expanded; above it, it is not changed. */
const MAX_PRODUCTS = 32;

/**
 * Splits a condition in normal form into conditions for separate lists: one whose candidates the provider's search finds, and one
 * whose candidates its filter finds. Returns the condition itself where separate lists have no fewer candidates.
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

/** Joins the lists whose candidates are found in the same way, where the joined list still has fewer candidates. */
function inGroups(where: Condition, lists: readonly Condition[], narrows: Narrows): readonly Condition[] {
  const bySearch: Condition[] = [];
  const byFilter: Condition[] = [];
  for (const list of lists) {
    const narrowing = narrows(list);
    // A list that reads every message contains the other lists.
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
