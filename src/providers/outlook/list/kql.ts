import type { Condition } from '../../../domain/search/condition.ts';
import { addressIn, spellingsOf } from '../../../domain/search/words.ts';

/**
 * Conditions in the Keyword Query Language, as it stands inside the quotes of `$search`. A value becomes words in quotes
 * and nothing else, so that none of it can be an operator, a property or a wildcard; in quotes a word is meant whole.
 */

/** What the index is to decide: `text`, `and` and `or`. Null: no word is in it. */
export function toKql(condition: Condition): string | null {
  if (condition.kind === 'text') return text(condition.value);
  if (condition.kind !== 'and' && condition.kind !== 'or') return null;
  const parts = condition.of.map(toKql);
  return parts.length === 0 || parts.includes(null) ? null : joined(condition.kind, parts as string[]);
}

/**
 * Candidates for what envelopes decide: everything that meets the condition is among them, as far as the index knows it. Null:
 * there are no words that narrow it down.
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
 * The same as searches that find it all together, none of them longer than `longest`: alternatives that do not fit into one
 * are asked for apart. Null: it is not narrowed down so.
 */
export function candidateSearches(condition: Condition, longest: number): readonly string[] | null {
  const whole = candidates(condition);
  if (whole === null || whole.length <= longest) return whole === null ? null : [whole];
  if (condition.kind === 'or') return inSearches(condition.of.map(candidates), longest);
  if (condition.kind !== 'and') return null;
  // One of its parts is enough, and that which takes the fewest searches the best.
  const parts = condition.of.map((part) => candidateSearches(part, longest)).filter((part) => part !== null);
  return parts.reduce<readonly string[] | null>(
    (best, part) => (best && best.length <= part.length ? best : part),
    null,
  );
}

const MAX_SEARCHES = 6;

function inSearches(alternatives: readonly (string | null)[], longest: number): readonly string[] | null {
  const searches: string[][] = [];
  let room = 0;
  for (const one of alternatives) {
    if (one === null || one.length > longest) return null;
    room -= one.length + OR_LENGTH;
    if (room < 0) {
      searches.push([]);
      room = longest - one.length - OR_LENGTH;
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

/** Narrows to days of receipt, a day wider on either side: in whose time zone a day is meant is not said. */
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

/** Words without a property are looked for in from, subject and body alone. */
function text(value: string): string | null {
  const phrases = phrasesOf(value);
  const places = phrases.flatMap((phrase) => [phrase, `recipients:${phrase}`, `attachment:${phrase}`]);
  return places.length === 0 ? null : joined('or', places);
}

function inProperty(name: string, value: string): string | null {
  const address = addressIn(value);
  const whole = address !== null && PLAIN_ADDRESS.test(address) ? [quoted(address.toLowerCase())] : [];
  // Of what is written around an address none is meant.
  const phrases = [...whole, ...phrasesOf(address ?? value)].map((phrase) => `${name}:${phrase}`);
  return phrases.length === 0 ? null : joined('or', phrases);
}

const PLAIN_ADDRESS = /^[\w.+-]+@[\w.-]+$/;

const phrasesOf = (value: string): string[] => spellingsOf(value).map(quoted);

const quoted = (words: string): string => `\\"${words}\\"`;
