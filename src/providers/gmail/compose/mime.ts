import { Readable } from 'node:stream';
import MailComposer from 'nodemailer/lib/mail-composer';
import { encodeWord } from 'nodemailer/lib/mime-funcs';
import type { Address } from '../../../domain/address.ts';
import type { Compose, ComposeAttachment } from '../../../domain/compose.ts';
import { MailError } from '../../../domain/error.ts';
import { textOfHtml } from '../../shared/html/html-text.ts';
import { shownFiles } from '../../shared/html/inline-files.ts';

/** What Gmail takes as attachments of one message, decoded, in bytes. */
export const MAX_ATTACHED_BYTES = 25 * 1024 * 1024;
/** What Gmail takes as one message on the wire, in bytes. */
export const MAX_MESSAGE_BYTES = 35 * 1024 * 1024;

/** Holds the Message-ID as well: Gmail may replace that of what is sent by its API (FlowCrypt/flowcrypt-browser#4273). */
export const OWN_ID_HEADER = 'X-Postern-Message-ID';

/** A message as RFC 5322 that is written out while it is read: attachments are never held whole. */
export interface Mime {
  /** What it will come to, in bytes; a little more than it will be. */
  readonly estimate: number;
  /** Written anew each time, with the files opened when their turn comes. */
  open(signal: AbortSignal): Readable;
}

/** Throws BAD_USER_INPUT for a value that would begin another header, INVALID for more than Gmail takes. */
export function mimeOf(compose: Compose, ownAddress: string): Mime {
  refuseLineBreaks(compose);
  const attached = compose.attachments.reduce((sum, file) => sum + file.sizeBytes, 0);
  if (attached > MAX_ATTACHED_BYTES) throw tooLarge('attachments', attached, MAX_ATTACHED_BYTES);
  const bodies = Buffer.byteLength(compose.text ?? '') + Buffer.byteLength(compose.html ?? '') * 2;
  const files = compose.attachments.reduce((sum, file) => sum + Math.ceil(file.sizeBytes / 57) * 78 + 2_048, 0);
  const estimate = files + Math.ceil(bodies * 1.4) + 16_384;
  if (estimate > MAX_MESSAGE_BYTES) throw tooLarge('message', estimate, MAX_MESSAGE_BYTES);
  return { estimate, open: (signal) => write(compose, ownAddress, signal) };
}

/** Bcc stays in it: Gmail reads the recipients from the headers, and takes Bcc out as it sends. */
function write(compose: Compose, ownAddress: string, signal: AbortSignal): Readable {
  const { html } = compose;
  const text = compose.text ?? (html === null ? '' : textOfHtml(html));
  const shown = shownFiles(html, compose.attachments);
  const node = new MailComposer({
    from: person(compose.from ?? { name: null, address: ownAddress }),
    to: compose.to.map(person),
    cc: compose.cc.map(person),
    bcc: compose.bcc.map(person),
    replyTo: compose.replyTo.map(person),
    subject: verbatim(compose.subject),
    messageId: `<${compose.internetMessageId}>`,
    headers: { [OWN_ID_HEADER]: `<${compose.internetMessageId}>` },
    ...(compose.inReplyTo.length > 0 ? { inReplyTo: bracketed(compose.inReplyTo) } : {}),
    ...(compose.references.length > 0 ? { references: bracketed(compose.references) } : {}),
    // Not as `text`, which is left out when it is empty: a file alone would then be the whole message.
    alternatives: [
      { contentType: 'text/plain; charset=utf-8', content: lines(text) },
      ...(html === null ? [] : [{ contentType: 'text/html; charset=utf-8', content: lines(html) }]),
    ],
    attachments: compose.attachments.map((file) => part(file, shown.has(file), signal)),
    // Compose holds no attachments by path or URL; nothing is ever read from disk or fetched.
    disableFileAccess: true,
    disableUrlAccess: true,
  }).compile();
  node.keepBcc = true;
  return node.createReadStream();
}

function part(file: ComposeAttachment, isInline: boolean, signal: AbortSignal) {
  return {
    filename: file.filename,
    contentType: typeOf(file.mimeType),
    contentDisposition: isInline ? ('inline' as const) : ('attachment' as const),
    // An attached message too: base64 alone keeps every byte of it, and what parses mail takes it.
    contentTransferEncoding: 'base64' as const,
    content: Readable.from(bytesOf(file, signal), { objectMode: false }),
    ...(isInline && file.contentId !== null ? { cid: file.contentId } : {}),
  };
}

/** Opens the file when it is first read from, and holds it to the size that it was announced with. */
async function* bytesOf(file: ComposeAttachment, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let read = 0;
  for await (const chunk of (await file.open(signal)) as unknown as AsyncIterable<Uint8Array>) {
    read += chunk.byteLength;
    if (read > file.sizeBytes) break;
    yield chunk;
  }
  if (read !== file.sizeBytes) {
    throw new MailError('INVALID', `${file.filename} is not the ${file.sizeBytes} bytes long that it was said to be.`, {
      field: ['attachments'],
    });
  }
}

/** What looks like an encoded word would be taken for one, and read as something else. */
const verbatim = (text: string): string => (text.includes('=?') ? encodeWord(text, 'B', 52) : text);

const person = ({ name, address }: Address) => ({ name: name ?? '', address });

/** What is no Message-ID names nothing, and is left out. */
const bracketed = (ids: readonly string[]): string =>
  ids.flatMap((id) => (/^[^\s<>]+$/.test(id) ? [`<${id}>`] : [])).join(' ');

const lines = (text: string): string => text.replace(/\r\n|\r|\n/g, '\r\n');

/** A composite type would be taken for structure. */
function typeOf(mimeType: string): string {
  const sound = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/.test(mimeType) && !/^multipart\//i.test(mimeType);
  return sound ? mimeType.toLowerCase() : 'application/octet-stream';
}

function tooLarge(what: 'attachments' | 'message', is: number, most: number): MailError {
  const mb = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MB`;
  const subject = what === 'message' ? 'The message comes' : 'The attachments come';
  return new MailError('INVALID', `${subject} to ${mb(is)}; Gmail takes at most ${mb(most)}.`, {
    field: ['attachments'],
  });
}

/** A line break in a header would begin another header. */
function refuseLineBreaks(compose: Compose): void {
  const people = [compose.from, ...compose.to, ...compose.cc, ...compose.bcc, ...compose.replyTo];
  const values: readonly [field: string, value: string][] = [
    ['subject', compose.subject],
    ['internetMessageId', compose.internetMessageId],
    ...[...compose.inReplyTo, ...compose.references].map((id) => ['references', id] as [string, string]),
    ...people.flatMap((p) => (p ? [p.name ?? '', p.address] : [])).map((v) => ['recipients', v] as [string, string]),
    ...compose.attachments
      .flatMap((file) => [file.filename, file.mimeType, file.contentId ?? ''])
      .map((value) => ['attachments', value] as [string, string]),
  ];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those that end a line, or a string
  const bad = values.find(([, value]) => /[\r\n\x00]/.test(value));
  if (!bad) return;
  throw new MailError('BAD_USER_INPUT', 'A subject, name, address or file name must not hold a line break.', {
    field: [bad[0]],
  });
}
