import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** One mail of an mbox file: [start, stop) without its From_ line. */
interface MboxEntry {
  readonly start: number;
  readonly stop: number;
  /** The From_ line, for its date. */
  readonly fromLine: string;
}

const CHUNK = 1 << 20;
const FROM = Buffer.from('From ');
const LF = 10;
/** asctime, as From_ lines end: "Tue May 10 11:28:07 2005", with or without a zone before or after the year. */
const DATED = /^From .*[A-Za-z]{3}\s+\d{1,2}\s+\d{1,2}:\d{2}(?::\d{2})?\s.*\d{4}\b/;
const FIELD = /^[\x21-\x39\x3b-\x7e]+[ \t]*:/;

/** Finds the mails of an mbox of any size, and reads it in pieces. Throws when the file cannot be read. */
export function scanMbox(path: string): MboxEntry[] {
  const file = openSync(path, 'r');
  try {
    const size = fstatSync(file).size;
    const entries: MboxEntry[] = [];
    let open: { start: number; fromLine: string } | null = null;
    for (const at of lineStarts(file, size)) {
      const line = separatorAt(file, at, size);
      if (!line) continue;
      if (open) entries.push({ ...open, stop: trimBlank(file, open.start, at) });
      open = { start: line.next, fromLine: line.text };
    }
    if (open) entries.push({ ...open, stop: size });
    return entries;
  } finally {
    closeSync(file);
  }
}

/** Returns the bytes of one mail with its quoted ">From " lines restored. */
export function readMboxEntry(path: string, entry: MboxEntry): Buffer {
  const file = openSync(path, 'r');
  try {
    return unquote(readAt(file, entry.start, entry.stop - entry.start));
  } finally {
    closeSync(file);
  }
}

/** mboxrd puts one > before every line of >*From; mboxo only before the bare one. Taking one away serves both. */
function unquote(bytes: Buffer): Buffer {
  if (!bytes.includes('>From ')) return bytes;
  return Buffer.from(bytes.toString('latin1').replace(/^>(>*From )/gm, '$1'), 'latin1');
}

/** Finds "From " at the beginning of a line. */
function* lineStarts(file: number, size: number): Generator<number> {
  for (let base = 0; base < size; base += CHUNK) {
    // One byte before, to see the line break; four behind, for a "From " across the edge.
    const from = Math.max(0, base - 1);
    const bytes = readAt(file, from, base - from + CHUNK + FROM.length - 1);
    for (let i = bytes.indexOf(FROM); i >= 0; i = bytes.indexOf(FROM, i + 1)) {
      const at = from + i;
      if (at >= base && at < base + CHUNK && (at === 0 || bytes[i - 1] === LF)) yield at;
    }
  }
}

/**
 * A From_ line proper follows a blank line (or begins the file) and either bears a date or is followed by a header
 * field; a file without blank lines between its mails needs both. A body's own "From the start, …" has neither.
 */
function separatorAt(file: number, at: number, size: number): { text: string; next: number } | null {
  const window = readAt(file, at, Math.min(2000, size - at));
  const newline = window.indexOf(LF);
  if (newline < 0) return null;
  const text = window.subarray(0, newline).toString('latin1').trimEnd();
  const following = window.subarray(newline + 1).toString('latin1');
  const before = readAt(file, Math.max(0, at - 4), Math.min(4, at))
    .toString('latin1')
    .replaceAll('\r', '');
  const signs = [at === 0 || before.endsWith('\n\n'), DATED.test(text), FIELD.test(following)].filter(Boolean);
  return signs.length >= 2 ? { text, next: at + newline + 1 } : null;
}

/** The blank line before the next From_ line belongs to the file, not to the mail. */
function trimBlank(file: number, start: number, stop: number): number {
  const tail = readAt(file, Math.max(start, stop - 4), Math.min(4, stop - start)).toString('latin1');
  if (tail.endsWith('\r\n\r\n')) return stop - 2;
  return tail.endsWith('\n\n') ? stop - 1 : stop;
}

function readAt(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let read = 0;
  while (read < length) {
    const got = readSync(file, bytes, read, length - read, position + read);
    if (got === 0) break;
    read += got;
  }
  return bytes.subarray(0, read);
}
