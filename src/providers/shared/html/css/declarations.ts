import { tokenTypes as T } from 'css-tree/tokenizer';
import { CssTokens } from './tokens.ts';

export interface Declaration {
  /** In lower case. */
  readonly name: string;
  /**
   * Rebuilt from its tokens, so that every reader interprets it the same way: without comments and escapes, with runs
   * of blanks reduced to one, quotes and brackets closed, and each address reduced to "url()".
   */
  readonly value: string;
  readonly isImportant: boolean;
}

/**
 * Returns the declarations of a style attribute. An invalid declaration is dropped without affecting the others (CSS
 * Syntax 3, section 5.4.4).
 */
export function declarationsOf(style: string): readonly Declaration[] {
  const tokens = new CssTokens(style);
  return declarationsIn(tokens, 0, tokens.length);
}

/** Formats declarations for a style attribute. */
export const writtenDeclarations = (declarations: readonly Declaration[]): string =>
  declarations.map(({ name, value, isImportant }) => `${name}:${value}${isImportant ? ' !important' : ''}`).join(';');

export function declarationsIn(tokens: CssTokens, from: number, to: number): Declaration[] {
  const found: Declaration[] = [];
  let at = from;
  while (at < to) {
    if (tokens.isBlank(at) || tokens.is(at, T.Semicolon)) {
      at++;
      continue;
    }
    const start = at;
    let hasBlock = false;
    while (at < to && !tokens.is(at, T.Semicolon) && !hasBlock) {
      // A block in place of a declaration is a nested rule, and ends by itself.
      hasBlock = tokens.is(at, T.LeftCurlyBracket);
      at = tokens.after(at);
    }
    const declaration = hasBlock || at > to ? null : declarationIn(tokens, start, at);
    if (declaration !== null) found.push(declaration);
  }
  return found;
}

function declarationIn(tokens: CssTokens, from: number, end: number): Declaration | null {
  const name = tokens.is(from, T.Ident) ? tokens.name(from)?.toLowerCase() : null;
  const colon = tokens.skipBlanks(from + 1, end);
  if (!name || colon >= end || !tokens.is(colon, T.Colon)) return null;
  let to = withoutBlanks(tokens, colon, end);
  let isImportant = false;
  if (tokens.is(to - 1, T.Ident) && tokens.name(to - 1)?.toLowerCase() === 'important') {
    const mark = withoutBlanks(tokens, colon, to - 1) - 1;
    isImportant = mark > colon && tokens.isDelim(mark, '!');
    if (isImportant) to = withoutBlanks(tokens, colon, mark);
  }
  // The brace closes nothing. Browsers drop the declaration, but here the brace ends the intended value.
  if (to - 1 > colon && tokens.is(to - 1, T.RightCurlyBracket)) to = withoutBlanks(tokens, colon, to - 1);
  const value = valueIn(tokens, tokens.skipBlanks(colon + 1, to), to);
  return value === null || value === '' ? null : { name, value, isImportant };
}

function withoutBlanks(tokens: CssTokens, from: number, to: number): number {
  let end = to;
  while (end > from + 1 && tokens.isBlank(end - 1)) end--;
  return end;
}

/** Returns null when a part is malformed or cannot be part of a value. */
function valueIn(tokens: CssTokens, from: number, to: number): string | null {
  let value = '';
  for (let at = from; at < to; at++) {
    if (isUrl(tokens, at)) {
      const end = tokens.is(at, T.Url) ? at : tokens.closer(at);
      if (end === null) return null;
      value += 'url()';
      at = end;
      continue;
    }
    const piece = pieceOf(tokens, at);
    if (piece === null) return null;
    value += piece;
  }
  return value.trim();
}

function isUrl(tokens: CssTokens, at: number): boolean {
  return tokens.is(at, T.Url) || (tokens.is(at, T.Function) && tokens.name(at)?.toLowerCase() === 'url');
}

const PUNCTUATION = new Map([
  [T.Comma, ','],
  [T.Colon, ':'],
  [T.RightParenthesis, ')'],
  [T.RightSquareBracket, ']'],
]);

/**
 * Characters that no string in a style needs. A string with the other kind of quote, or with an escape, is not worth a
 * risk.
 */
const UNWANTED = /["'\\<>\p{Cc}]/u;

function pieceOf(tokens: CssTokens, at: number): string | null {
  switch (tokens.types[at]) {
    case T.WhiteSpace:
      return ' ';
    case T.Comment:
      return '';
    case T.Ident:
      return tokens.name(at);
    case T.Hash: {
      const name = tokens.name(at);
      return name && `#${name}`;
    }
    case T.Function: {
      const name = tokens.closer(at) === null ? null : tokens.name(at);
      return name && `${name.toLowerCase()}(`;
    }
    case T.LeftParenthesis:
    case T.LeftSquareBracket:
      // Without its comment, "url/**/(" would become a function.
      if (tokens.is(at - 1, T.Comment)) return null;
      return tokens.closer(at) === null ? null : tokens.written(at);
    case T.String: {
      const content = tokens.content(at);
      const quote = tokens.written(at)[0];
      return content === null || UNWANTED.test(content) ? null : `${quote}${content}${quote}`;
    }
    case T.Number:
    case T.Percentage:
    case T.Dimension: {
      const written = tokens.written(at);
      return written.includes('\\') ? null : written;
    }
    case T.Delim: {
      const written = tokens.written(at);
      return /^[-+*/.]$/.test(written) ? written : null;
    }
    default:
      return PUNCTUATION.get(tokens.types[at] ?? -1) ?? null;
  }
}
