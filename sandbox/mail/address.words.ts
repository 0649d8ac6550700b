/** A piece of an address field (RFC 5322 3.2 to 3.4), encoded words still encoded: they are decoded when its structure is known. */
export interface Word {
  readonly kind: 'atom' | 'quoted' | 'comment' | 'mark';
  /** As written; of a quoted string and a comment with their delimiters. */
  readonly text: string;
  /** Blanks stood before it. */
  readonly spaced: boolean;
}

const ENCODED = /^=\?[^\s?]+\?[bq]\?[^\s?]*\?=/i;

/** Splits a field at its blanks, quoted strings, comments and the marks <>,;:. A quote or a comment without end is text. */
export function wordsOf(field: string): Word[] {
  const ends = closings(field);
  const words: Word[] = [];
  let spaced = false;
  let at = 0;
  const push = (kind: Word['kind'], end: number) => {
    words.push({ kind, text: field.slice(at, end), spaced });
    spaced = false;
    at = end;
  };
  while (at < field.length) {
    const char = field[at] as string;
    const end = ends.get(at);
    if (/\s/.test(char)) {
      spaced = true;
      at++;
    } else if (end !== undefined) push(char === '"' ? 'quoted' : 'comment', end);
    else if ('<>,;:'.includes(char)) push('mark', at + 1);
    else push('atom', endOfAtom(field, at, ends));
  }
  return words;
}

function endOfAtom(field: string, start: number, ends: ReadonlyMap<number, number>): number {
  const encoded = field.startsWith('=?', start) ? ENCODED.exec(field.slice(start, start + 2_000)) : null;
  if (encoded) return start + encoded[0].length;
  // A domain literal holds colons: [IPv6:2001:db8::1].
  const literal = field[start] === '[' ? /^\[[^\s[\]<>,;"()]*\]/.exec(field.slice(start, start + 300)) : null;
  if (literal) return start + literal[0].length;
  let at = start + 1;
  while (at < field.length && !ends.has(at) && !/[\s<>,;:[]/.test(field[at] as string) && !field.startsWith('=?', at))
    at++;
  return at;
}

/** Where each quoted string and each outermost comment ends. */
function closings(field: string): Map<number, number> {
  const ends = new Map<number, number>();
  const lastQuote = field.lastIndexOf('"');
  const open: number[] = [];
  let quote = -1;
  for (let at = 0; at < field.length; at++) {
    const char = field[at];
    if (char === '\\') at++;
    else if (char === '"' && open.length === 0 && (quote >= 0 || at < lastQuote)) {
      if (quote >= 0) ends.set(quote, at + 1);
      quote = quote >= 0 ? -1 : at;
    } else if (quote < 0 && char === '(') open.push(at);
    else if (quote < 0 && char === ')' && open.length > 0) {
      const start = open.pop() as number;
      if (open.length === 0) ends.set(start, at + 1);
    }
  }
  return ends;
}
