import type { Condition } from '../../domain/search/condition.ts';

/** A condition in the Keyword Query Language, as it stands inside the quotes of `$search`. */
export interface Kql {
  readonly text: string;
  /** False where the words had to be bent to the language: the caller evaluates the condition as well. */
  readonly exact: boolean;
}

/** Null when the index cannot answer the whole of it. */
export function toKql(condition: Condition): Kql | null {
  switch (condition.kind) {
    case 'from':
      return property('from', condition.value);
    case 'to':
      return property('recipients', condition.value);
    case 'subject':
      return property('subject', condition.value);
    case 'text':
      return text(condition.value);
    case 'and':
    case 'or':
      return joined(condition.kind, condition.of);
    default:
      return null;
  }
}

function joined(kind: 'and' | 'or', of: readonly Condition[]): Kql | null {
  const parts = of.map(toKql);
  if (parts.length === 0 || parts.includes(null)) return null;
  const known = parts.filter((part) => part !== null);
  return {
    text: `(${known.map((part) => part.text).join(` ${kind.toUpperCase()} `)})`,
    exact: known.every((part) => part.exact),
  };
}

function property(name: string, value: string): Kql | null {
  const words = phrase(value);
  return words && { text: `${name}:${words.text}`, exact: words.exact };
}

/** Words alone are looked for in from, subject and body; the other people need their own term. */
function text(value: string): Kql | null {
  const words = phrase(value);
  return words && { text: `(${words.text} OR recipients:${words.text})`, exact: words.exact };
}

const OUTSIDE_WORDS = /[^\p{L}\p{M}\p{N}@._'+ -]/gu;
const LOOSE_SIGNS = /(?<=^|\s)[-+'._@]+|[-+'.@]+(?=\s|$)/gu;

/**
 * A value as words of the language: quotation marks, operators and wildcards in it become spaces, and capitals small (only
 * AND, OR, NOT in capitals are operators), so that no value can say anything else than "these words". One word matches
 * by its beginning, several as a phrase. Null when no word is left.
 */
function phrase(value: string): Kql | null {
  const wanted = value.trim().replace(/\s+/gu, ' ').toLowerCase();
  const words = wanted.replace(OUTSIDE_WORDS, ' ').replace(LOOSE_SIGNS, ' ').replace(/\s+/gu, ' ').trim();
  if (words === '') return null;
  return { text: words.includes(' ') ? `\\"${words}\\"` : words, exact: words === wanted };
}
