/** A token of an address list (RFC 5322 3.2 and 3.4). Encoded words are decoded after the list was split (RFC 2047 6.2). */
export interface Token {
  /** `special` is one of <>,;: and `text` is everything that is none of the other kinds. */
  readonly kind: 'text' | 'word' | 'quoted' | 'comment' | 'special';
  readonly raw: string;
  readonly start: number;
  readonly end: number;
}

/**
 * An encoded word, also with a charset that is registered with a year, such as ISO_8859-5:1988. Senders write blanks and commas
 * into encoded words, which RFC 2047 5 (3) forbids. They are accepted where they cannot hide an address.
 */
const ENCODED_WORD = /=\?[^\s?"<>,;:()@]{1,80}(?::\d{4})?\?[bq]\?(?:[^\s?]*|[^?<>@]*)\?=/iy;
/** A domain literal (RFC 5322 3.4.1). Its colons are not separators. */
const LITERAL = /\[[^[\]<>,;"()\s]*\]/y;
const SPECIALS = '<>,;:';

/** Splits a list in one pass, in time linear in its length. Quotes and comments that do not end are text. */
export function tokensOf(list: string): Token[] {
  return tokenise(list, true) ?? tokenise(list, false) ?? [];
}

/** Null: a comment does not end. The list is then split again with parentheses as text, since searching each one's end would be quadratic. */
function tokenise(list: string, withComments: boolean): Token[] | null {
  const tokens: Token[] = [];
  const lastQuote = list.lastIndexOf('"');
  let text = 0;
  let at = 0;
  const push = (kind: Token['kind'], end: number) => {
    if (text < at) tokens.push({ kind: 'text', raw: list.slice(text, at), start: text, end: at });
    tokens.push({ kind, raw: list.slice(at, end), start: at, end });
    at = end;
    text = end;
  };
  let quotes = true;
  while (at < list.length) {
    const character = list[at] ?? '';
    if (character === '"' && quotes && at < lastQuote) {
      const end = endOfQuoted(list, at);
      if (end > 0) push('quoted', end);
      else {
        quotes = false;
        at++;
      }
    } else if (character === '(' && withComments) {
      const end = endOfComment(list, at);
      if (end < 0) return null;
      push('comment', end);
    } else if (SPECIALS.includes(character)) {
      push('special', at + 1);
    } else if (character === '=') {
      const word = matchAt(ENCODED_WORD, list, at);
      if (word > 0) push('word', word);
      else at++;
    } else if (character === '[') {
      const end = matchAt(LITERAL, list, at);
      at = end > 0 ? end : at + 1;
    } else at += character === '\\' ? 2 : 1;
  }
  at = list.length;
  if (text < at) tokens.push({ kind: 'text', raw: list.slice(text, at), start: text, end: at });
  return tokens;
}

function endOfQuoted(list: string, start: number): number {
  for (let at = start + 1; at < list.length; at++) {
    if (list[at] === '\\') at++;
    else if (list[at] === '"') return at + 1;
  }
  return -1;
}

/** Comments nest (RFC 5322 3.2.2). */
function endOfComment(list: string, start: number): number {
  let depth = 0;
  for (let at = start; at < list.length; at++) {
    if (list[at] === '\\') at++;
    else if (list[at] === '(') depth++;
    else if (list[at] === ')' && --depth === 0) return at + 1;
  }
  return -1;
}

function matchAt(pattern: RegExp, list: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(list) ? pattern.lastIndex : -1;
}

/** The index of the closing ">" for each "<". It is the innermost pair, so that "<<a@b.example>>" is one address. */
export function anglePairs(tokens: readonly Token[]): Map<number, number> {
  const pairs = new Map<number, number>();
  let close = -1;
  for (let index = tokens.length - 1; index >= 0; index--) {
    const { kind, raw } = tokens[index] as Token;
    if (kind !== 'special') continue;
    if (raw === '>') close = index;
    if (raw !== '<') continue;
    if (close >= 0 && isAngle(tokens, index, close)) pairs.set(index, close);
    close = -1;
  }
  return pairs;
}

/** Angle brackets contain a comma only in a route, such as "<@relay.example,@other.example:ada@example.org>" (RFC 5322 4.4). */
function isAngle(tokens: readonly Token[], open: number, close: number): boolean {
  const inside = tokens.slice(open + 1, close);
  if (!inside.some(({ kind, raw }) => kind === 'special' && raw === ',')) return true;
  return inside[0]?.raw.trimStart().startsWith('@') === true && inside.some(({ raw }) => raw === ':');
}
