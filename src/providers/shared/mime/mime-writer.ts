import type { Readable } from 'node:stream';
import MailComposer from 'nodemailer/lib/mail-composer';
import { encodeWord } from 'nodemailer/lib/mime-funcs';
import type MimeNode from 'nodemailer/lib/mime-node';
import type { Address } from '../../../domain/address.ts';
import type { Compose, ComposeAttachment } from '../../../domain/compose.ts';
import { shownFiles } from '../html/inline-files.ts';

interface MimeOptions {
  /** Whose mail it is when `compose.from` is null. */
  readonly ownAddress: string;
  /** Null: no plain text part beside the HTML. */
  readonly text: string | null;
  /** Headers beside those of RFC 5322. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The bytes of a file; a stream is opened when its turn comes. */
  content(file: ComposeAttachment): Readable | Buffer;
}

/**
 * A message as RFC 5322 and MIME. Header values must have passed `refuseHeaderInjection`. Bcc stays in it: both vendors
 * read the recipients from the headers, and take Bcc out as they send.
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
    // Not as `text` and `html`, which are left out when they are empty: a file alone would then be the whole message.
    alternatives: [
      ...(text === null ? [] : [{ contentType: 'text/plain; charset=utf-8', content: lines(text) }]),
      ...(html === null ? [] : [{ contentType: 'text/html; charset=utf-8', content: lines(html) }]),
    ],
    attachments: compose.attachments.map((file) => ({
      filename: file.filename,
      contentType: contentTypeOf(file.mimeType),
      contentDisposition: shown.has(file) ? ('inline' as const) : ('attachment' as const),
      // An attached message too: base64 alone keeps every byte of it, and what parses mail takes it.
      contentTransferEncoding: 'base64' as const,
      content: content(file),
      // nodemailer puts what has one beside the HTML (multipart/related), where a file that is not shown would be hidden.
      ...(shown.has(file) && file.contentId !== null ? { cid: file.contentId } : {}),
    })),
    // Compose holds no attachments by path or URL; nothing is ever read from disk or fetched.
    disableFileAccess: true,
    disableUrlAccess: true,
  }).compile();
  node.keepBcc = true;
  return node;
}

/** What files come to on the wire at most, in bytes: base64 in lines of 76 characters (RFC 2045 6.8) and their headers. */
export const encodedSize = (files: readonly ComposeAttachment[]): number =>
  files.reduce((sum, { sizeBytes }) => sum + Math.ceil(sizeBytes / 57) * 78 + 2_048, 0);

/** A composite type would be taken for structure, and one that is none is of no use to a reader. */
export function contentTypeOf(mimeType: string): string {
  const isSound = /^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}$/.test(mimeType) && !/^multipart\//i.test(mimeType);
  return isSound ? mimeType.toLowerCase() : 'application/octet-stream';
}

/** What looks like an encoded word (RFC 2047) would be taken for one, and read as something else. */
const verbatim = (text: string): string => (text.includes('=?') ? encodeWord(text, 'B', 52) : text);

const person = ({ name, address }: Address) => ({ name: name ?? '', address });

/** As a header lists them (RFC 5322 3.6.4). What is no Message-ID names nothing, and is left out. */
export const bracketed = (ids: readonly string[]): string =>
  ids.flatMap((id) => (/^[^\s<>]+$/.test(id) ? [`<${id}>`] : [])).join(' ');

const lines = (text: string): string => text.replace(/\r\n|\r|\n/g, '\r\n');
