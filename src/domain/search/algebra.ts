import type { Condition, UserCondition } from './condition.ts';
import { hasWord } from './words.ts';

/** The condition that every message matches. */
export const EVERYTHING = { kind: 'and', of: [] } as const satisfies Condition;
export const NOTHING = { kind: 'nothing' } as const satisfies Condition;

export const isEverything = (c: Condition | UserCondition): boolean => c.kind === 'and' && c.of.length === 0;

/** The conjunction of these conditions. A single one is returned unchanged. */
export function allOf(conditions: readonly UserCondition[]): UserCondition {
  const [only, ...more] = conditions;
  return only && more.length === 0 ? only : { kind: 'and', of: conditions };
}

/** A condition that contains no other conditions. */
type Single<C extends UserCondition> = Exclude<C, { kind: 'and' | 'or' | 'not' }>;

/** Replaces each single condition of a tree. */
export function replaced(condition: Condition, by: (one: Single<Condition>) => Condition): Condition;
export function replaced(condition: UserCondition, by: (one: Single<UserCondition>) => Condition): Condition;
export function replaced(condition: UserCondition, by: (one: Single<Condition>) => Condition): Condition {
  if (condition.kind === 'not') return { kind: 'not', of: replaced(condition.of as Condition, by) };
  if (condition.kind === 'and' || condition.kind === 'or')
    return { kind: condition.kind, of: condition.of.map((part) => replaced(part as Condition, by)) };
  return by(condition as Single<Condition>);
}

/** A single condition, or NOTHING where its value has no word. */
export function worded(one: Single<Condition>): Condition {
  const isOfWords = one.kind === 'from' || one.kind === 'to' || one.kind === 'subject' || one.kind === 'text';
  return isOfWords && !hasWord(one.value) ? NOTHING : one;
}

/** An equivalent, simpler condition: nested lists flattened, constants folded, double negation and the negation of a flag removed. */
export function simplify(condition: Condition): Condition;
export function simplify(condition: UserCondition): UserCondition;
export function simplify(condition: UserCondition): UserCondition {
  if (condition.kind === 'not') return negated(simplify(condition.of));
  if (condition.kind !== 'and' && condition.kind !== 'or') return condition;
  const { kind } = condition;
  const parts = condition.of.map((part) => simplify(part)).flatMap((part) => (part.kind === kind ? part.of : [part]));
  const decided = (part: UserCondition) => (kind === 'and' ? part.kind === 'nothing' : isEverything(part));
  if (parts.some(decided)) return kind === 'and' ? NOTHING : EVERYTHING;
  const kept = parts.filter((part) => part.kind !== 'nothing' && !isEverything(part));
  if (kept.length === 0) return kind === 'and' ? EVERYTHING : NOTHING;
  return kept.length === 1 ? (kept[0] as UserCondition) : { kind, of: kept };
}

function negated(condition: UserCondition): UserCondition {
  if (condition.kind === 'not') return condition.of;
  if (isFlag(condition)) return { kind: condition.kind, value: !condition.value };
  if (condition.kind === 'nothing') return EVERYTHING;
  return isEverything(condition) ? NOTHING : { kind: 'not', of: condition };
}

const isFlag = (c: UserCondition): c is Extract<UserCondition, { value: boolean }> =>
  c.kind === 'read' || c.kind === 'starred' || c.kind === 'important' || c.kind === 'hasAttachment';

/**
 * The same condition with negations pushed down to single conditions (De Morgan), opposites in place of negated flags and
 * dates, nested lists flattened, constants folded, and alternatives removed that nothing can match. "Everything" is an empty `and`.
 */
export function normalForm(where: Condition): Condition {
  let form = simplify(inwards(where, false));
  for (let terms = Number.POSITIVE_INFINITY; extent(form).terms < terms; ) {
    ({ terms } = extent(form));
    form = simplify(underAssumption(form, []));
  }
  return form;
}

function inwards(where: Condition, isNegated: boolean): Condition {
  switch (where.kind) {
    case 'not':
      return inwards(where.of, !isNegated);
    case 'and':
    case 'or': {
      const kind = isNegated === (where.kind === 'and') ? 'or' : 'and';
      return { kind, of: where.of.map((part) => inwards(part, isNegated)) };
    }
    case 'receivedAfter':
      return isNegated ? { kind: 'receivedBefore', at: where.at } : where;
    case 'receivedBefore':
      return isNegated ? { kind: 'receivedAfter', at: where.at } : where;
    default:
      return isNegated ? { kind: 'not', of: where } : where;
  }
}

/**
 * Simplifies a condition under the assumption that the single conditions `assumed` hold too. A part that excludes one of them
 * matches nothing, so no provider has to search for it. An `or` of two opposites is not simplified, because with trash and junk
 * each of them names its own mailbox.
 */
function underAssumption(where: Condition, assumed: readonly Condition[]): Condition {
  if (where.kind === 'or') return { kind: 'or', of: where.of.map((part) => underAssumption(part, assumed)) };
  if (where.kind !== 'and') return assumed.some((one) => excludes(one, where)) ? NOTHING : where;
  const single = where.of.filter(({ kind }) => kind !== 'or');
  const all = [...assumed, ...single];
  if (single.some((one) => all.some((other) => excludes(one, other)))) return NOTHING;
  return { kind: 'and', of: where.of.map((part) => (part.kind === 'or' ? underAssumption(part, all) : part)) };
}

/** Whether two single conditions exclude each other, as far as the conditions alone show. */
function excludes(a: Condition, b: Condition): boolean {
  if (a.kind === 'not') return b.kind !== 'not' && isSame(a.of, b);
  if (b.kind === 'not') return isSame(b.of, a);
  if (a.kind === 'receivedAfter' && b.kind === 'receivedBefore') return a.at.getTime() >= b.at.getTime();
  if (a.kind === 'receivedBefore' && b.kind === 'receivedAfter') return excludes(b, a);
  return isFlag(a) && a.kind === b.kind && a.value !== b.value;
}

/** Whether two single conditions are equal. All conditions compare their values without case. */
function isSame(a: Condition, b: Condition): boolean {
  if (a.kind === 'mailbox') return b.kind === 'mailbox' && a.id === b.id;
  return 'value' in a && a.kind === b.kind && String(a.value).toLowerCase() === String(b.value).toLowerCase();
}

/** A canonical form: the parts of each list are sorted and without duplicates. */
export function ordered(condition: Condition): Condition;
export function ordered(condition: UserCondition): UserCondition;
export function ordered(condition: UserCondition): UserCondition {
  // The negation of a single flag, or of another negation, is replaced by its opposite.
  if (condition.kind === 'not') return negated(ordered(condition.of));
  if (condition.kind !== 'and' && condition.kind !== 'or') return condition;
  const { kind } = condition;
  // A nested list that was reduced to a single part may now be of the same kind as this one.
  const flat = condition.of.map((part) => ordered(part)).flatMap((part) => (part.kind === kind ? part.of : [part]));
  const parts = new Map(flat.map((part) => [JSON.stringify(part), part]));
  const of = [...parts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, part]) => part);
  return of.length === 1 ? (of[0] as UserCondition) : { kind, of };
}

/** The number of single conditions and the depth of their nesting. */
export function extent(condition: UserCondition): { terms: number; depth: number } {
  if (condition.kind === 'not') {
    const inner = extent(condition.of);
    return { terms: inner.terms, depth: inner.depth + 1 };
  }
  if (condition.kind !== 'and' && condition.kind !== 'or') return { terms: 1, depth: 1 };
  const inner = condition.of.map(extent);
  return {
    terms: inner.reduce((sum, e) => sum + e.terms, 0),
    depth: 1 + inner.reduce((deepest, e) => Math.max(deepest, e.depth), 0),
  };
}
