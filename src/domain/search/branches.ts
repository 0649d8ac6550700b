import { normalForm } from './algebra.ts';
import type { Condition } from './condition.ts';
import { factored } from './factored.ts';
import { type Narrows, separateLists } from './separate-lists.ts';

/**
 * How a single condition is decided at a provider. exact: the provider's answer agrees with the definition. indexed: the
 * provider's index decides, as for words in bodies. checked: the provider finds candidates at best, and the envelope decides
 * (`matches`).
 */
export type Decision = 'exact' | 'indexed' | 'checked';
type Decides = (condition: Condition) => Decision;

/** A provider's search capabilities. */
export interface SearchMeans {
  /** How a single condition is decided. It is never `and`, `or` or `not`. */
  decides: Decides;
  /** How the provider finds candidates. Absent: always in the same way, so that one list costs no more than several. */
  narrows?: Narrows;
}

/** The maximum number of alternatives that are read as separate lists. */
export const MAX_BRANCHES = 12;

/**
 * Splits a condition into alternatives. Each is an `and` whose parts are decided either by the provider's answer alone (exact and
 * indexed) or by envelopes alone (exact and checked), so that checking a message needs nothing that only the index knows. There is
 * one alternative where no part is mixed. Null: there are more than MAX_BRANCHES. With `narrows`, alternatives are split further
 * where separate lists are cheaper (`separateLists`), up to MAX_BRANCHES.
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

/** Whether the index decides one part of a condition and an envelope another one. */
function isMixed(where: Condition, decides: Decides): boolean {
  const kinds = decisions(where, decides);
  return kinds.has('indexed') && kinds.has('checked');
}

export function decisions(where: Condition, decides: Decides): ReadonlySet<Decision> {
  if (where.kind === 'not') return decisions(where.of, decides);
  if (where.kind !== 'and' && where.kind !== 'or') return new Set([decides(where)]);
  return new Set(where.of.flatMap((part) => [...decisions(part, decides)]));
}
