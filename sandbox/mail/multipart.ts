/** Where a part lies in the message: [start, stop). */
interface Range {
  readonly start: number;
  readonly stop: number;
}

const LF = 10;
const CR = 13;
const DASH = 45;

/**
 * The parts between a multipart's delimiter lines. A missing closing delimiter ends with the body. A boundary that is
 * not declared, or occurs nowhere, is guessed from the first line that looks like one and comes again.
 */
export function splitMultipart(bytes: Buffer, start: number, stop: number, boundary: string | null): Range[] {
  const lines = delimiterLines(bytes, start, stop);
  const declared = boundary?.trimEnd() || null;
  const found = declared === null ? [] : between(lines, declared, stop);
  if (found.length > 0) return found;
  const closed = lines.find((line) => line.text.endsWith('--') && line.text.length > 4);
  const guess = closed && lines.find((line) => `${line.text}--` === closed.text)?.text.slice(2);
  return guess === undefined ? [] : between(lines, guess, stop);
}

interface Line {
  readonly start: number;
  /** Where the part before it ends: without the line break that belongs to the delimiter. */
  readonly before: number;
  readonly after: number;
  readonly text: string;
}

function between(lines: readonly Line[], boundary: string, stop: number): Range[] {
  const ranges: Range[] = [];
  let open: Line | null = null;
  for (const line of lines) {
    const closes = line.text === `--${boundary}--`;
    if (!closes && line.text !== `--${boundary}`) continue;
    if (open) ranges.push({ start: open.after, stop: Math.max(open.after, line.before) });
    open = closes ? null : line;
    if (closes) break;
  }
  // A delimiter with nothing after it opens no part: the closing one was written without its dashes.
  if (open && open.after < stop) ranges.push({ start: open.after, stop });
  return ranges;
}

/** Every line that begins with two dashes and could be a delimiter (they are at most 70 characters; mailers overdo it). */
function delimiterLines(bytes: Buffer, start: number, stop: number): Line[] {
  const lines: Line[] = [];
  let at = start;
  while (at < stop) {
    const newline = bytes.indexOf(LF, at);
    const after = newline < 0 || newline >= stop ? stop : newline + 1;
    if (bytes[at] === DASH && bytes[at + 1] === DASH && after - at < 1000) {
      const text = bytes.subarray(at, after).toString('utf8').trimEnd();
      const crlf = bytes[at - 1] === LF && bytes[at - 2] === CR ? 2 : bytes[at - 1] === LF ? 1 : 0;
      lines.push({ start: at, before: Math.max(start, at - crlf), after, text });
    }
    at = after;
  }
  return lines;
}
