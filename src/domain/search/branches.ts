import { normalForm } from './algebra.ts';
import type { Condition } from './condition.ts';

/**
 * How a provider decides a single condition. exact: its answer is the definition's. indexed: its index is the truth (words
 * in bodies). checked: it brings candidates at best, and an envelope decides (`matches`).
 */
export type Decision = 'exact' | 'indexed' | 'checked';
export type Decides = (condition: Condition) => Decision;

/** More alternatives than this are not worth as many lists. */
export const MAX_BRANCHES = 12;

/**
 * The condition as alternatives, each an `and` whose parts are decided either by the provider's answer alone (exact and
 * indexed) or by envelopes alone (exact and checked): such a part can be asked of the index or checked here, and nothing that
 * the index alone knows need be known of a message to check the rest. One where nothing is mixed. Null: more than MAX_BRANCHES.
 */
export function branchesOf(where: Condition, decides: Decides): readonly Condition[] | null {
  const branches = split(normalForm(where), decides);
  if (branches === null) return null;
  return branches.map((parts) => normalForm({ kind: 'and', of: parts }));
}

type Parts = readonly Condition[];

function split(where: Condition, decides: Decides): readonly Parts[] | null {
  if (!isMixed(where, decides)) return [[where]];
  if (where.kind === 'or') return bounded(where.of.map((branch) => split(branch, decides)));
  if (where.kind !== 'and') return [[where]];
  let products: readonly Parts[] = [[]];
  for (const part of where.of) {
    const branches = split(part, decides);
    if (branches === null || products.length * branches.length > MAX_BRANCHES) return null;
    products = products.flatMap((before) => branches.map((branch) => [...before, ...branch]));
  }
  return products;
}

function bounded(lists: readonly (readonly Parts[] | null)[]): readonly Parts[] | null {
  const all: Parts[] = [];
  for (const list of lists) {
    if (list === null) return null;
    all.push(...list);
  }
  return all.length > MAX_BRANCHES ? null : all;
}

/** Whether one part of it is the index's to decide and another one ours, and they are not simply both to hold. */
function isMixed(where: Condition, decides: Decides): boolean {
  const kinds = decisions(where, decides);
  return kinds.has('indexed') && kinds.has('checked');
}

export function decisions(where: Condition, decides: Decides): ReadonlySet<Decision> {
  if (where.kind === 'not') return decisions(where.of, decides);
  if (where.kind !== 'and' && where.kind !== 'or') return new Set([decides(where)]);
  return new Set(where.of.flatMap((part) => [...decisions(part, decides)]));
}
