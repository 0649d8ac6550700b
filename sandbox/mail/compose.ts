import iconv from 'iconv-lite';
import { buildHeaderValue, encodeWords, foldLines } from 'nodemailer/lib/mime-funcs';
import { encode as encodeQuotedPrintable, wrap as wrapQuotedPrintable } from 'nodemailer/lib/qp';
import type { Person } from './mail.ts';

/** A mail that is to be written as RFC 5322. */
export interface Letter {
  readonly from: Person;
  readonly to: readonly Person[];
  readonly cc?: readonly Person[];
  readonly replyTo?: readonly Person[];
  readonly subject: string;
  readonly date: Date;
  /** The Message-ID with angle brackets. */
  readonly messageId: string;
  readonly inReplyTo?: readonly string[];
  readonly references?: readonly string[];
  readonly text?: string | null;
  readonly html?: string | null;
  /** The charset of the text parts, for mail in older encodings. Default: utf-8. */
  readonly charset?: string;
  readonly files?: readonly Enclosed[];
  /** Further headers, which must be ASCII. */
  readonly headers?: Readonly<Record<string, string>>;
}
export interface Enclosed {
  readonly filename: string;
  readonly mimeType: string;
  readonly bytes: Buffer;
  /** The Content-ID without angle brackets. When it is set, the file is shown inside the HTML by cid: rather than attached. */
  readonly contentId?: string;
}

/** Writes the letter as RFC 5322 with the same bytes each time: boundaries are derived from the Message-ID. */
export function composeRaw(letter: Letter): Buffer {
  const seed = letter.messageId.replace(/[^A-Za-z0-9]/g, '').slice(0, 40);
  const inline = (letter.files ?? []).filter((file) => file.contentId !== undefined);
  const attached = (letter.files ?? []).filter((file) => file.contentId === undefined);
  let body = bodyPart(letter, seed);
  if (inline.length > 0) body = multipart('related', `rel_${seed}`, [body, ...inline.map(filePart)]);
  if (attached.length > 0) body = multipart('mixed', `mix_${seed}`, [body, ...attached.map(filePart)]);
  return Buffer.from(`${[...headerLines(letter), 'MIME-Version: 1.0'].join('\r\n')}\r\n${body}`, 'latin1');
}

/** Returns "Name <address>", quoted or encoded as necessary. */
export function formatPerson({ name, address }: Person): string {
  if (name === '') return address;
  if (!isAscii(name)) return `${encodeWords(name, 'B', 52, true)} <${address}>`;
  const phrase = /^[\w !#$%&'*+/=?^`{|}~-]*$/.test(name) ? name : `"${name.replace(/["\\]/g, '\\$&')}"`;
  return `${phrase} <${address}>`;
}

/** Returns RFC 5322's date-time in UTC. */
export function formatDate(date: Date): string {
  return date.toUTCString().replace('GMT', '+0000');
}

function headerLines(letter: Letter): string[] {
  const people = (list: readonly Person[] | undefined) => (list ?? []).map(formatPerson).join(', ');
  const fields: [string, string][] = [
    ['From', formatPerson(letter.from)],
    ['To', people(letter.to)],
    ['Cc', people(letter.cc)],
    ['Reply-To', people(letter.replyTo)],
    ['Subject', isAscii(letter.subject) ? letter.subject : encodeWords(letter.subject, 'B', 52, true)],
    ['Date', formatDate(letter.date)],
    ['Message-ID', letter.messageId],
    ['In-Reply-To', (letter.inReplyTo ?? []).join(' ')],
    ['References', (letter.references ?? []).join(' ')],
    ...Object.entries(letter.headers ?? {}),
  ];
  return fields
    .filter(([name, value]) => value !== '' || name === 'Subject')
    .map(([name, value]) => foldLines(`${name}: ${value.replace(/[\r\n]+/g, ' ')}`, 76));
}

function bodyPart(letter: Letter, seed: string): string {
  const parts: string[] = [];
  if (typeof letter.text === 'string') parts.push(textPart('text/plain', letter.text, letter.charset));
  if (typeof letter.html === 'string') parts.push(textPart('text/html', letter.html, letter.charset));
  if (parts.length === 0) return textPart('text/plain', '', undefined);
  return parts.length === 1 ? (parts[0] as string) : multipart('alternative', `alt_${seed}`, parts);
}

function textPart(mimeType: string, text: string, charset = 'utf-8'): string {
  const lines = text.replace(/\r\n|\r|\n/g, '\r\n');
  const type = `Content-Type: ${mimeType}; charset=${charset}`;
  if (isAscii(lines) && !/[^\r\n]{990}/.test(lines))
    return `${type}\r\nContent-Transfer-Encoding: 7bit\r\n\r\n${lines}`;
  const bytes = iconv.encode(lines, charset);
  // Mostly Latin letters stay legible; other scripts are shorter in base64.
  const high = bytes.reduce((count, byte) => count + (byte > 127 ? 1 : 0), 0);
  if (high * 4 > bytes.length) return `${type}\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64Lines(bytes)}`;
  const quoted = wrapQuotedPrintable(encodeQuotedPrintable(bytes));
  return `${type}\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${quoted}`;
}

function filePart(file: Enclosed): string {
  const disposition = file.contentId === undefined ? 'attachment' : 'inline';
  const lines = [
    foldLines(`Content-Type: ${buildHeaderValue({ value: file.mimeType, params: { name: file.filename } })}`, 76),
    foldLines(
      `Content-Disposition: ${buildHeaderValue({ value: disposition, params: { filename: file.filename } })}`,
      76,
    ),
    ...(file.contentId === undefined ? [] : [`Content-ID: <${file.contentId}>`]),
    'Content-Transfer-Encoding: base64',
  ];
  return `${lines.join('\r\n')}\r\n\r\n${base64Lines(file.bytes)}`;
}

function multipart(kind: string, boundary: string, parts: readonly string[]): string {
  const body = parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('');
  return `Content-Type: multipart/${kind}; boundary="${boundary}"\r\n\r\n${body}--${boundary}--\r\n`;
}

function base64Lines(bytes: Buffer): string {
  return bytes.toString('base64').replace(/.{76}(?=.)/g, '$&\r\n');
}

function isAscii(text: string): boolean {
  return /^[\t\r\n\x20-\x7e]*$/.test(text);
}
