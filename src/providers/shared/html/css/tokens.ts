import { tokenTypes as T, tokenize } from 'css-tree/tokenizer';
import { ident, string } from 'css-tree/utils';

/** Of each type of token that opens something, the type that closes it; 0: it opens nothing. */
const CLOSED_BY = new Uint8Array(64);
CLOSED_BY[T.LeftCurlyBracket] = T.RightCurlyBracket;
CLOSED_BY[T.LeftParenthesis] = T.RightParenthesis;
CLOSED_BY[T.LeftSquareBracket] = T.RightSquareBracket;
CLOSED_BY[T.Function] = T.RightParenthesis;

/** What may stand in a name; another character would have to be escaped again (CSS Syntax 3, section 4.3.11). */
const PLAIN_NAME = /^[-\w\u0080-\uffff]+$/;

/** A CSS cut into tokens, with the place where each bracket is closed. Linear in its length, whatever is left open. */
export class CssTokens {
  readonly types: number[] = [];
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  /** Of each opening bracket the place of what closes it, `length` where nothing does; 0 of all else. */
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

  /** As it is written, escapes and all. */
  written(at: number): string {
    return this.css.slice(this.starts[at], this.ends[at]);
  }

  /** The name that an identifier, a function, a hash or an at-keyword has; null where it holds what no name needs. */
  name(at: number): string | null {
    const type = this.types[at];
    const written = this.written(at);
    const bare = type === T.Hash || type === T.AtKeyword ? written.slice(1) : written;
    const name = type === T.Function ? bare.slice(0, -1) : bare;
    const decoded = name.includes('\\') ? ident.decode(name) : name;
    return PLAIN_NAME.test(decoded) ? decoded : null;
  }

  /** What stands in the quotes of a string; null where they are not closed (a string may end with the CSS). */
  content(at: number): string | null {
    const written = this.written(at);
    if (written.length < 2 || written.at(-1) !== written[0]) return null;
    const inside = written.slice(1, -1);
    // An odd number of them escapes the quote that seems to close it.
    const escapes = /\\*$/.exec(inside.slice(-400))?.[0].length ?? 0;
    if (escapes % 2 === 1) return null;
    return inside.includes('\\') ? string.decode(written) : inside;
  }

  /** Behind the token at this place, or behind all that is in the brackets which it opens. */
  after(at: number): number {
    return (this.closers[at] || at) + 1;
  }

  /** Where the bracket that is opened here is closed; null: nowhere. */
  closer(at: number): number | null {
    const closer = this.closers[at] ?? 0;
    return closer === 0 || closer >= this.length ? null : closer;
  }

  isBlank(at: number): boolean {
    return this.types[at] === T.WhiteSpace || this.types[at] === T.Comment;
  }

  /** How many stand there, those in brackets too. */
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

/** A bracket of another kind closes nothing (CSS Syntax 3, section 5.4.8). */
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
