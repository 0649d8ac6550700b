import { badInput } from '../../domain/error.ts';
import { extent, ordered, simplify } from '../../domain/search/algebra.ts';
import type { UserCondition } from '../../domain/search/condition.ts';
import { spellingsOf } from '../../domain/search/words.ts';

const MAX_FILTER_TERMS = 50;
/** A long sentence that was pasted is searched for. More words than these make a query that a provider may refuse for its length. */
const MAX_SEARCH_TERMS = 100;
const MAX_DEPTH = 10;
export const MAX_VALUE_LENGTH = 500;
/** What a provider's index is asked for stands in the URL of its query, and no vendor says how much it takes of one. */
const MAX_TEXT_BYTES = 6_000;
/** Quotes, a sign and what stands between two alternatives. */
const BYTES_BESIDE_WORDS = 15;

/** Throws BAD_USER_INPUT with the figures when a filter asks for more than any provider will evaluate. */
export function requireReasonable(condition: UserCondition): UserCondition {
  const { terms, depth } = extent(condition);
  requireAtMost('filter', terms, MAX_FILTER_TERMS);
  requireShallow('filter', depth);
  return condition;
}

/** The same of a search, of which a word that is repeated counts once. */
export function requireReasonableSearch(condition: UserCondition): UserCondition {
  requireShallow('search', extent(condition).depth);
  const distinct = ordered(condition);
  requireAtMost('search', extent(distinct).terms, MAX_SEARCH_TERMS, 'different conditions');
  return condition;
}

/**
 * The same of words of the text in search and filter together, before any account is asked: one account would refuse what
 * another one takes. Alternatives that share words may still be too long for a provider, which refuses them itself.
 */
export function requireShortText(condition: UserCondition): UserCondition {
  const bytes = textBytes(ordered(simplify(condition)));
  if (bytes <= MAX_TEXT_BYTES) return condition;
  throw badInput(
    `search and filter together look for words of the text that take ${bytes} bytes in the URL of a query, in each spelling that is asked for; ${MAX_TEXT_BYTES} is the most. Search for fewer words.`,
  );
}

function textBytes(condition: UserCondition): number {
  if (condition.kind === 'and' || condition.kind === 'or')
    return condition.of.reduce((sum, part) => sum + textBytes(part), 0);
  if (condition.kind === 'not') return textBytes(condition.of);
  if (condition.kind !== 'text') return 0;
  return spellingsOf(condition.value).reduce(
    (sum, words) => sum + encodeURIComponent(words).length + BYTES_BESIDE_WORDS,
    0,
  );
}

function requireAtMost(argument: string, terms: number, max: number, kind = 'conditions'): void {
  if (terms > max) throw badInput(`${argument} may hold at most ${max} ${kind}; this one holds ${terms}.`);
}

function requireShallow(argument: string, depth: number): void {
  if (depth > MAX_DEPTH) {
    throw badInput(`${argument} may be nested at most ${MAX_DEPTH} deep; this one is ${depth} deep.`);
  }
}
