import { badInput } from '../../domain/error.ts';
import { extent, ordered, simplify } from '../../domain/search/algebra.ts';
import type { UserCondition } from '../../domain/search/condition.ts';
import { spellingsOf } from '../../domain/search/words.ts';

const MAX_FILTER_TERMS = 50;
/** Enough for a long pasted sentence. Providers may refuse a longer query. */
const MAX_SEARCH_TERMS = 100;
const MAX_DEPTH = 10;
export const MAX_VALUE_LENGTH = 500;
/** Search terms are part of the URL of the query, and no vendor documents the maximum length of a URL. */
const MAX_TEXT_BYTES = 6_000;
/** The quotes, the sign and the separator of a term. */
const BYTES_BESIDE_WORDS = 15;

/** Throws BAD_USER_INPUT, with the numbers, for a filter that is too large for any provider. */
export function requireReasonable(condition: UserCondition): UserCondition {
  const { terms, depth } = extent(condition);
  requireAtMost('filter', terms, MAX_FILTER_TERMS);
  requireShallow('filter', depth);
  return condition;
}

/** The same for a search. A repeated word counts once. */
export function requireReasonableSearch(condition: UserCondition): UserCondition {
  requireShallow('search', extent(condition).depth);
  const distinct = ordered(condition);
  requireAtMost('search', extent(distinct).terms, MAX_SEARCH_TERMS, 'different conditions');
  return condition;
}

/**
 * The same for the words of search and filter together. It is checked before any account is read, because one account would
 * refuse what another accepts. Alternatives that share words can still be too long for a provider, which then refuses them.
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
