import { normalForm } from './algebra.ts';
import { type Narrows, separateLists } from './apart.ts';
import type { Condition } from './condition.ts';
import { factored } from './factored.ts';

/**
 * How a provider decides a single condition. exact: its answer is the definition's. indexed: its index is the truth (words
 * in bodies). checked: it brings candidates at best, and an envelope decides (`matches`).
 */
export type Decision = 'exact' | 'indexed' | 'checked';
type Decides = (condition: Condition) => Decision;

/** What a provider can be asked for. */
export interface SearchMeans {
  /** How it decides a single condition (never `and`, `or`, `not`). */
  decides: Decides;
  /** What brings its candidates for a condition. Absent: always the same, so that one list of alternatives costs no more than several. */
  narrows?: Narrows;
}

/** The maximum number of alternatives that are read as separate lists. */
export const MAX_BRANCHES = 12;

/**
 * The condition as alternatives, each an `and` whose parts are decided either by the provider's answer alone (exact and
 * indexed) or by envelopes alone (exact and checked): such a part can be asked of the index or checked here, and nothing that
 * the index alone knows need be known of a message to check the rest. One where nothing is mixed. Null: more than MAX_BRANCHES.
 * With `narrows` there are more where lists are cheaper apart (`separateLists`), as far as there is room for them.
 */
export function branchesOf(where: Condition, decides: Decides, narrows?: Narrows): readonly Condition[] | null {
  const needed = split(normalForm(where), decides)?.map((parts) => normalForm({ kind: 'and', of: parts }));
  if (needed === undefined || narrows === undefined) return needed ?? null;
  const branches: Condition[] = [];
  for (const [n, branch] of needed.entries()) {
    const apart = separateLists(branch, narrows);
    const others = branches.length + needed.length - n - 1;
    branches.push(...(others + apart.length <= MAX_BRANCHES ? apart : [branch]));
  }
  return branches;
}

type Parts = readonly Condition[];

function split(where: Condition, decides: Decides): readonly Parts[] | null {
  if (!isMixed(where, decides)) return [[where]];
  if (where.kind === 'or') {
    const lists = where.of.map((branch) => split(branch, decides));
    if (lists.includes(null)) return null;
    const branches = factored(
      lists.flatMap((list) => list ?? []),
      (part) => decisions(part, decides).has('indexed'),
    );
    return branches.length > MAX_BRANCHES ? null : branches;
  }
  if (where.kind !== 'and') return [[where]];
  let products: readonly Parts[] = [[]];
  for (const part of where.of) {
    const branches = split(part, decides);
    if (branches === null || products.length * branches.length > MAX_BRANCHES) return null;
    products = products.flatMap((before) => branches.map((branch) => [...before, ...branch]));
  }
  return products;
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
