import { decodeText, isUtf8 } from './charset.ts';
import { decodeWords } from './encoded-words.ts';
import type { MimePart } from './mail.ts';

export type Header = MimePart['headers'][number];
const LF = 10;
const CR = 13;
const COLON = 58;
const ASCII = Buffer.from('plain words.');

/** Reads the header block at `start`. `end` is where the body begins. */
export function parseHeaders(bytes: Buffer, start: number, stop: number): { headers: Header[]; end: number } {
  const fields: Buffer[][] = [];
  let at = start;
  while (at < stop) {
    const newline = bytes.indexOf(LF, at);
    const next = newline < 0 || newline >= stop ? stop : newline + 1;
    const line = trimEol(bytes.subarray(at, next));
    at = next;
    if (line.length === 0) break;
    const continues = line[0] === 32 || line[0] === 9;
    if (continues && fields.length > 0) fields.at(-1)?.push(line);
    // A line "From someone Tue May 10 …" of an mbox and lines that are no field are skipped.
    else if (!continues && nameLength(line) > 0) fields.push([line]);
  }
  const lines = fields.map((field) => Buffer.concat(field));
  const charset = lines.every(isUtf8) ? null : declaredCharset(lines);
  return { headers: lines.map((line) => toHeader(line, charset)), end: at };
}

export function findHeader(headers: readonly Header[], name: string): Header | undefined {
  const wanted = name.toLowerCase();
  return headers.find((header) => header.name.toLowerCase() === wanted);
}

export function findHeaders(headers: readonly Header[], name: string): readonly Header[] {
  const wanted = name.toLowerCase();
  return headers.filter((header) => header.name.toLowerCase() === wanted);
}

/** 8-bit headers carry no charset of their own: UTF-8 if they are, else the body's charset if it has ASCII, else windows-1252. */
function toHeader(line: Buffer, charset: string | null): Header {
  const colon = line.indexOf(COLON);
  const name = line.subarray(0, colon).toString('latin1').trim();
  const rawValue = decodeText(line.subarray(colon + 1), isUtf8(line) ? 'utf-8' : charset).trim();
  return { name, value: decodeWords(rawValue).replace(/[\r\n]+/g, ' '), rawValue };
}

function declaredCharset(lines: readonly Buffer[]): string | null {
  const type = lines.find((line) => /^content-type[ \t]*:/i.test(line.subarray(0, 40).toString('latin1')));
  const charset = type && /charset\s*=\s*"?([\w.:-]+)/i.exec(type.toString('latin1'))?.[1];
  const isOther = charset && !/^utf-?8$/i.test(charset) && decodeText(ASCII, charset) === ASCII.toString();
  return isOther ? charset : null;
}

function nameLength(line: Buffer): number {
  const colon = line.indexOf(COLON);
  if (colon <= 0) return 0;
  const name = line.subarray(0, colon).toString('latin1');
  return /^[\x21-\x39\x3b-\x7e]+[ \t]*$/.test(name) ? name.length : 0;
}

function trimEol(line: Buffer): Buffer {
  let end = line.length;
  if (line[end - 1] === LF) end--;
  if (line[end - 1] === CR) end--;
  return line.subarray(0, end);
}
