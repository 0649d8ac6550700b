import { extent, ordered } from '../../domain/search/algebra.ts';
import type { UserCondition } from '../../domain/search/condition.ts';
import { badUserInput } from '../../graphql/bad-user-input.ts';

const MOST_TERMS = 50;
/** A long sentence that was pasted is searched for. More words than these make a query that a provider may refuse for its length. */
const MAX_SEARCH_TERMS = 100;
const DEEPEST = 10;
export const LONGEST_VALUE = 500;

/** Throws BAD_USER_INPUT with the figures when a filter asks for more than any provider will evaluate. */
export function requireReasonable(condition: UserCondition): UserCondition {
  const { terms, depth } = extent(condition);
  requireAtMost('filter', terms, MOST_TERMS);
  requireShallow('filter', depth);
  return condition;
}

/** The same of a search, of which a word that is repeated counts once. */
export function requireReasonableSearch(condition: UserCondition): UserCondition {
  requireShallow('search', extent(condition).depth);
  const distinct = ordered(condition);
  requireAtMost('search', extent(distinct).terms, MAX_SEARCH_TERMS);
  return condition;
}

function requireAtMost(argument: string, terms: number, most: number): void {
  if (terms > most) throw badUserInput(`${argument} may hold at most ${most} conditions; this one holds ${terms}.`);
}

function requireShallow(argument: string, depth: number): void {
  if (depth > DEEPEST) {
    throw badUserInput(`${argument} may be nested at most ${DEEPEST} deep; this one is ${depth} deep.`);
  }
}
