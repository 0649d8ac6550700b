import { badUserInput } from '../../graphql/bad-user-input.ts';
import { LONGEST_VALUE } from './search-limits.ts';

/** A word, a quoted phrase, or operator:value; `quoted` words are never operators. */
export interface Term {
  readonly kind: 'term';
  /** Lower case; null for plain text. */
  readonly operator: string | null;
  readonly value: string;
  readonly quoted: boolean;
}
export type Token = Term | { readonly kind: '-' | '(' | ')' | 'or' };

const LONGEST_SEARCH = 2_000;
const OPERATOR = /^([a-z][a-z_-]*):/i;

/** Splits a search into its tokens. Throws BAD_USER_INPUT for a quote that is not closed. */
export function tokenize(search: string): Token[] {
  if (search.length > LONGEST_SEARCH) {
    throw badUserInput(`search may be at most ${LONGEST_SEARCH} characters; this one is ${search.length}.`);
  }
  const tokens: Token[] = [];
  let rest = search.trimStart();
  while (rest !== '') {
    const { token, length } = nextToken(rest);
    tokens.push(token);
    rest = rest.slice(length).trimStart();
  }
  return tokens;
}

function nextToken(text: string): { token: Token; length: number } {
  const first = text[0] as string;
  if (first === '(' || first === ')') return { token: { kind: first }, length: 1 };
  if (first === '-' && /^-[^\s)]/.test(text)) return { token: { kind: '-' }, length: 1 };
  if (/^OR(?=[\s()]|$)/.test(text)) return { token: { kind: 'or' }, length: 2 };
  const prefix = OPERATOR.exec(text);
  const start = prefix ? prefix[0].length : 0;
  const { value, quoted, length } = readValue(text.slice(start));
  return {
    token: { kind: 'term', operator: prefix?.[1]?.toLowerCase() ?? null, value, quoted },
    length: start + length,
  };
}

function readValue(text: string): { value: string; quoted: boolean; length: number } {
  if (text.startsWith('"')) {
    const end = text.indexOf('"', 1);
    if (end < 0) throw badUserInput('search has a quote " that is not closed.');
    return { value: checked(text.slice(1, end)), quoted: true, length: end + 1 };
  }
  const value = /^[^\s()"]*/.exec(text)?.[0] ?? '';
  return { value: checked(value), quoted: false, length: Math.max(value.length, 0) };
}

function checked(value: string): string {
  if (value.length <= LONGEST_VALUE) return value.trim();
  throw badUserInput(`A word or phrase in search may be at most ${LONGEST_VALUE} characters; one has ${value.length}.`);
}
