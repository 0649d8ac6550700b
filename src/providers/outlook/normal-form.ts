import type { Condition } from '../../domain/search/condition.ts';

/**
 * The same condition with negations pushed down to what Graph has words for (De Morgan and opposites), nested `and`s
 * flattened and `nothing` folded away. "Everything" is an `and` of nothing.
 */
export function normalForm(where: Condition): Condition {
  switch (where.kind) {
    case 'and':
      return and(where.of.map(normalForm));
    case 'or':
      return or(where.of.map(normalForm));
    case 'not':
      return negated(where.of);
    default:
      return where;
  }
}

function negated(of: Condition): Condition {
  switch (of.kind) {
    case 'not':
      return normalForm(of.of);
    case 'and':
      return or(of.of.map(negated));
    case 'or':
      return and(of.of.map(negated));
    case 'read':
    case 'starred':
    case 'hasAttachment':
      return { kind: of.kind, value: !of.value };
    case 'receivedAfter':
      return { kind: 'receivedBefore', at: of.at };
    case 'receivedBefore':
      return { kind: 'receivedAfter', at: of.at };
    case 'nothing':
      return EVERYTHING;
    default:
      return { kind: 'not', of };
  }
}

const EVERYTHING: Condition = { kind: 'and', of: [] };
const isEverything = (c: Condition): boolean => c.kind === 'and' && c.of.length === 0;

function and(parts: readonly Condition[]): Condition {
  const of = parts.flatMap((part) => (part.kind === 'and' ? part.of : [part]));
  if (of.some((part) => part.kind === 'nothing')) return { kind: 'nothing' };
  return of.length === 1 && of[0] ? of[0] : { kind: 'and', of };
}

function or(parts: readonly Condition[]): Condition {
  if (parts.some(isEverything)) return EVERYTHING;
  const of = parts.filter((part) => part.kind !== 'nothing').flatMap((part) => (part.kind === 'or' ? part.of : [part]));
  if (of.length === 0) return { kind: 'nothing' };
  return of.length === 1 && of[0] ? of[0] : { kind: 'or', of };
}
