import { tokenTypes as T, tokenize } from 'css-tree/tokenizer';
import { ident, string } from 'css-tree/utils';

/** The token type that closes each opening token type, or 0 for other types. */
const CLOSED_BY = new Uint8Array(64);
CLOSED_BY[T.LeftCurlyBracket] = T.RightCurlyBracket;
CLOSED_BY[T.LeftParenthesis] = T.RightParenthesis;
CLOSED_BY[T.LeftSquareBracket] = T.RightSquareBracket;
CLOSED_BY[T.Function] = T.RightParenthesis;

/** The characters of a name that need no escape (CSS Syntax 3, section 4.3.11). */
const PLAIN_NAME = /^[-\w\u0080-\uffff]+$/;

/** The tokens of a style sheet, with the closing token of each bracket. Linear in its length, whatever is left open. */
export class CssTokens {
  readonly types: number[] = [];
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  /**
   * For each opening bracket, the index of the token that closes it, or `length` when nothing does. 0 for other tokens.
   */
  private readonly closers: Uint32Array;

  constructor(private readonly css: string) {
    tokenize(css, (type, start, end) => {
      this.types.push(type);
      this.starts.push(start);
      this.ends.push(end);
    });
    this.closers = closersOf(this.types);
  }

  get length(): number {
    return this.types.length;
  }

  is(at: number, type: number): boolean {
    return this.types[at] === type;
  }

  isDelim(at: number, character: string): boolean {
    return this.types[at] === T.Delim && this.css[this.starts[at] as number] === character;
  }

  /** Returns a token as written, with its escapes. */
  written(at: number): string {
    return this.css.slice(this.starts[at], this.ends[at]);
  }

  /**
   * Returns the name of an identifier, function, hash or at-keyword, or null when it contains characters that no name
   * needs.
   */
  name(at: number): string | null {
    const type = this.types[at];
    const written = this.written(at);
    const bare = type === T.Hash || type === T.AtKeyword ? written.slice(1) : written;
    const name = type === T.Function ? bare.slice(0, -1) : bare;
    const decoded = name.includes('\\') ? ident.decode(name) : name;
    return PLAIN_NAME.test(decoded) ? decoded : null;
  }

  /**
   * Returns the content of a string, or null when its quotes are not closed (a string may end with the style sheet).
   */
  content(at: number): string | null {
    const written = this.written(at);
    if (written.length < 2 || written.at(-1) !== written[0]) return null;
    const inside = written.slice(1, -1);
    // An odd number of backslashes escapes the quote that seems to close the string.
    const escapes = /\\*$/.exec(inside.slice(-400))?.[0].length ?? 0;
    if (escapes % 2 === 1) return null;
    return inside.includes('\\') ? string.decode(written) : inside;
  }

  /** Returns the index after the token, or after the brackets that the token opens. */
  after(at: number): number {
    return (this.closers[at] || at) + 1;
  }

  /** Returns the index of the token that closes this bracket, or null. */
  closer(at: number): number | null {
    const closer = this.closers[at] ?? 0;
    return closer === 0 || closer >= this.length ? null : closer;
  }

  isBlank(at: number): boolean {
    return this.types[at] === T.WhiteSpace || this.types[at] === T.Comment;
  }

  /** Returns the number of commas in a range, including those in brackets. */
  commas(from: number, to: number): number {
    let count = 0;
    for (let at = from; at < to; at++) if (this.types[at] === T.Comma) count++;
    return count;
  }

  skipBlanks(from: number, to: number): number {
    let at = from;
    while (at < to && this.isBlank(at)) at++;
    return at;
  }
}

/** Finds the closing tokens. A bracket of another kind closes nothing (CSS Syntax 3, section 5.4.8). */
function closersOf(types: readonly number[]): Uint32Array {
  const closers = new Uint32Array(types.length);
  const open: number[] = [];
  let awaited = 0;
  for (let at = 0; at < types.length; at++) {
    const type = types[at] as number;
    const closedBy = CLOSED_BY[type] ?? 0;
    if (closedBy !== 0) {
      open.push(at);
      awaited = closedBy;
    } else if (type === awaited && awaited !== 0) {
      closers[open.pop() as number] = at;
      awaited = CLOSED_BY[types[open.at(-1) ?? -1] ?? 0] ?? 0;
    }
  }
  for (const at of open) closers[at] = types.length;
  return closers;
}
