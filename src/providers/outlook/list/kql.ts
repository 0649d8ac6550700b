import type { Condition } from '../../../domain/search/condition.ts';
import { addressIn, spellingsOf } from '../../../domain/search/words.ts';

/**
 * Conditions in the Keyword Query Language, for use inside the quotes of `$search`. Every value becomes quoted words,
 * so that no part of it can be an operator, a property or a wildcard. A quoted word matches whole words only.
 */

/**
 * Returns the search for a condition of `text`, `and` and `or`, which the index decides. Returns null when it contains
 * no word.
 */
export function toKql(condition: Condition): string | null {
  if (condition.kind === 'text') return text(condition.value);
  if (condition.kind !== 'and' && condition.kind !== 'or') return null;
  const parts = condition.of.map(toKql);
  return parts.length === 0 || parts.includes(null) ? null : joined(condition.kind, parts as string[]);
}

/**
 * Returns a search for candidates of a condition that envelopes decide. It finds every message that meets the
 * condition, as far as the index has it. Returns null when no words narrow the list.
 */
export function candidates(condition: Condition): string | null {
  switch (condition.kind) {
    case 'from':
      return inProperty('from', condition.value);
    case 'to':
      return inProperty('recipients', condition.value);
    case 'subject':
      return inProperty('subject', condition.value);
    case 'and': {
      const parts = condition.of.map(candidates).filter((part) => part !== null);
      return parts.length === 0 ? null : joined('and', parts);
    }
    case 'or': {
      const parts = condition.of.map(candidates);
      return parts.length === 0 || parts.includes(null) ? null : joined('or', parts as string[]);
    }
    default:
      return null;
  }
}

/**
 * Returns `candidates` as several searches of at most `maxLength` characters: alternatives that do not fit into one
 * search are divided. Returns null when that is impossible.
 */
export function candidateSearches(condition: Condition, maxLength: number): readonly string[] | null {
  const single = candidates(condition);
  if (single === null || single.length <= maxLength) return single === null ? null : [single];
  if (condition.kind === 'or') return dividedSearches(condition.of.map(candidates), maxLength);
  if (condition.kind !== 'and') return null;
  // One part of a conjunction suffices, and the one with the fewest searches is the best.
  const parts = condition.of.map((part) => candidateSearches(part, maxLength)).filter((part) => part !== null);
  return parts.reduce<readonly string[] | null>(
    (best, part) => (best && best.length <= part.length ? best : part),
    null,
  );
}

const MAX_SEARCHES = 6;

function dividedSearches(alternatives: readonly (string | null)[], maxLength: number): readonly string[] | null {
  const searches: string[][] = [];
  let remaining = 0;
  for (const one of alternatives) {
    if (one === null || one.length > maxLength) return null;
    remaining -= one.length + OR_LENGTH;
    if (remaining < 0) {
      searches.push([]);
      remaining = maxLength - one.length - OR_LENGTH;
    }
    searches.at(-1)?.push(one);
  }
  return searches.length <= MAX_SEARCHES ? searches.map((some) => joined('or', some)) : null;
}

const OR_LENGTH = ' OR '.length;

export function joined(kind: 'and' | 'or', parts: readonly string[]): string {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : `(${parts.join(` ${kind.toUpperCase()} `)})`;
}

const DAY_MS = 86_400_000;

/**
 * Returns terms that limit the days of receipt. They are a day wider on either side, because Graph does not document
 * the time zone of a day.
 */
export function receivedWithin(from: number | null, to: number | null): string[] {
  const day = (at: number): string =>
    new Date(Math.min(Math.max(at, MIN_TIME_MS), MAX_TIME_MS)).toISOString().slice(0, 10);
  return [
    ...(from === null ? [] : [`received>=${day(from - DAY_MS)}`]),
    ...(to === null ? [] : [`received<=${day(to + DAY_MS)}`]),
  ];
}

const MIN_TIME_MS = Date.UTC(1900, 0, 1);
const MAX_TIME_MS = Date.UTC(2999, 11, 31);

/** Graph looks for words without a property only in from, subject and body. */
function text(value: string): string | null {
  const phrases = phrasesOf(value);
  const clauses = phrases.flatMap((phrase) => [phrase, `recipients:${phrase}`, `attachment:${phrase}`]);
  return clauses.length === 0 ? null : joined('or', clauses);
}

function inProperty(name: string, value: string): string | null {
  const address = addressIn(value);
  const exact = address !== null && PLAIN_ADDRESS.test(address) ? [quoted(address.toLowerCase())] : [];
  // Text around an address, such as a name, is not part of the condition.
  const phrases = [...exact, ...phrasesOf(address ?? value)].map((phrase) => `${name}:${phrase}`);
  return phrases.length === 0 ? null : joined('or', phrases);
}

const PLAIN_ADDRESS = /^[\w.+-]+@[\w.-]+$/;

const phrasesOf = (value: string): string[] => spellingsOf(value).map(quoted);

const quoted = (words: string): string => `\\"${words}\\"`;
