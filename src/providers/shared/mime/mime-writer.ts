import type { Readable } from 'node:stream';
import MailComposer from 'nodemailer/lib/mail-composer';
import { encodeWord } from 'nodemailer/lib/mime-funcs';
import type MimeNode from 'nodemailer/lib/mime-node';
import type { Address } from '../../../domain/address.ts';
import type { Compose, ComposeAttachment } from '../../../domain/compose.ts';
import { shownFiles } from '../html/inline-files.ts';

interface MimeOptions {
  /** The sender's address when `compose.from` is null. */
  readonly ownAddress: string;
  /** Null means that the HTML has no plain text part beside it. */
  readonly text: string | null;
  /** Additional headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Returns the bytes of a file. A stream is opened only when its turn comes. */
  content(file: ComposeAttachment): Readable | Buffer;
}

/**
 * Writes a message as RFC 5322 and MIME. Header values must have passed `refuseHeaderInjection`. The Bcc header is
 * kept, because both vendors read the recipients from the headers and remove Bcc when they send.
 */
export function writeMime(compose: Compose, { ownAddress, text, headers, content }: MimeOptions): MimeNode {
  const { html } = compose;
  const shown = shownFiles(html, compose.attachments);
  const node = new MailComposer({
    from: person(compose.from ?? { name: null, address: ownAddress }),
    to: compose.to.map(person),
    cc: compose.cc.map(person),
    bcc: compose.bcc.map(person),
    replyTo: compose.replyTo.map(person),
    subject: verbatim(compose.subject),
    messageId: `<${compose.internetMessageId}>`,
    ...(headers && { headers: { ...headers } }),
    ...(compose.inReplyTo.length > 0 ? { inReplyTo: bracketed(compose.inReplyTo) } : {}),
    ...(compose.references.length > 0 ? { references: bracketed(compose.references) } : {}),
    // nodemailer drops an empty `text` or `html`, so that a single file would become the whole message. `alternatives`
    // keep empty bodies.
    alternatives: [
      ...(text === null ? [] : [{ contentType: 'text/plain; charset=utf-8', content: lines(text) }]),
      ...(html === null ? [] : [{ contentType: 'text/html; charset=utf-8', content: lines(html) }]),
    ],
    attachments: compose.attachments.map((file) => ({
      filename: file.filename,
      contentType: contentTypeOf(file.mimeType),
      contentDisposition: shown.has(file) ? ('inline' as const) : ('attachment' as const),
      // Attached messages are sent as base64 too, because only base64 keeps every byte, and mail parsers accept it.
      contentTransferEncoding: 'base64' as const,
      content: content(file),
      // nodemailer puts a file with a cid beside the HTML (multipart/related), where a file that the HTML does not show
      // would be hidden.
      ...(shown.has(file) && file.contentId !== null ? { cid: file.contentId } : {}),
    })),
    // Compose has no attachments by path or URL, so nothing may be read from disk or fetched.
    disableFileAccess: true,
    disableUrlAccess: true,
  }).compile();
  node.keepBcc = true;
  return node;
}

/**
 * Returns the maximum encoded size of files in bytes: base64 in lines of 76 characters (RFC 2045 6.8), and their
 * headers.
 */
export const encodedSize = (files: readonly ComposeAttachment[]): number =>
  files.reduce((sum, { sizeBytes }) => sum + Math.ceil(sizeBytes / 57) * 78 + 2_048, 0);

/**
 * Returns a safe content type. A multipart type would be read as structure, and an invalid one is of no use to a
 * reader.
 */
export function contentTypeOf(mimeType: string): string {
  const isSound = /^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}$/.test(mimeType) && !/^multipart\//i.test(mimeType);
  return isSound ? mimeType.toLowerCase() : 'application/octet-stream';
}

/** Encodes a text that looks like an encoded word (RFC 2047), because it would be decoded to something else. */
const verbatim = (text: string): string => (text.includes('=?') ? encodeWord(text, 'B', 52) : text);

const person = ({ name, address }: Address) => ({ name: name ?? '', address });

/** Formats ids as a header lists them (RFC 5322 3.6.4). Invalid Message-IDs are left out. */
export const bracketed = (ids: readonly string[]): string =>
  ids.flatMap((id) => (/^[^\s<>]+$/.test(id) ? [`<${id}>`] : [])).join(' ');

const lines = (text: string): string => text.replace(/\r\n|\r|\n/g, '\r\n');
