import MailComposer from 'nodemailer/lib/mail-composer';
import type { Address } from '../../../domain/address.ts';
import type { Compose, ComposeAttachment } from '../../../domain/compose.ts';
import { shownFiles } from '../../shared/html/inline-files.ts';
import { FileBytes } from './file-bytes.ts';

/** Graph takes 4 MB in one request, and MIME goes there as base64. */
export const MAX_MIME_BYTES = 3_000_000;

/** The message as RFC 5322; null when it is more than fits into one request, which is known before a file is opened. */
export async function mimeThatFits(
  compose: Compose,
  accountAddress: string,
  signal: AbortSignal,
): Promise<Buffer | null> {
  const files = compose.attachments.reduce((sum, { sizeBytes }) => sum + Math.ceil(sizeBytes / 57) * 78 + 1024, 0);
  const bodies = Buffer.byteLength(compose.text ?? '') + Buffer.byteLength(compose.html ?? '');
  if (files + bodies > MAX_MIME_BYTES) return null;
  const mime = await toMime(compose, accountAddress, signal);
  return mime.length > MAX_MIME_BYTES ? null : mime;
}

/** Bcc stays in: Exchange reads the recipients from here, and takes the header off as it sends. */
async function toMime(compose: Compose, accountAddress: string, signal: AbortSignal): Promise<Buffer> {
  const { html, text } = compose;
  const shown = shownFiles(html, compose.attachments);
  const message = new MailComposer({
    from: person(compose.from ?? { name: null, address: accountAddress }),
    to: compose.to.map(person),
    cc: compose.cc.map(person),
    bcc: compose.bcc.map(person),
    replyTo: compose.replyTo.map(person),
    subject: compose.subject,
    messageId: `<${compose.internetMessageId}>`,
    ...(compose.inReplyTo.length > 0 ? { inReplyTo: bracketed(compose.inReplyTo) } : {}),
    ...(compose.references.length > 0 ? { references: bracketed(compose.references) } : {}),
    // Not as `text` and `html`, which are left out when they are empty: a file alone would then be the whole message.
    alternatives: [
      ...(text === null && html !== null
        ? []
        : [{ contentType: 'text/plain; charset=utf-8', content: lines(text ?? '') }]),
      ...(html === null ? [] : [{ contentType: 'text/html; charset=utf-8', content: lines(html) }]),
    ],
    attachments: await Promise.all(compose.attachments.map((file) => part(file, shown.has(file), signal))),
    disableFileAccess: true,
    disableUrlAccess: true,
  }).compile();
  message.keepBcc = true;
  return message.build();
}

async function part(file: ComposeAttachment, isInline: boolean, signal: AbortSignal) {
  return {
    filename: file.filename,
    contentType: contentType(file.mimeType),
    contentDisposition: isInline ? ('inline' as const) : ('attachment' as const),
    // Of an attached message too: anything else could change its line ends.
    contentTransferEncoding: 'base64' as const,
    content: Buffer.from(await new FileBytes(file, signal).all()),
    ...(file.contentId === null ? {} : { cid: file.contentId }),
  };
}

const person = ({ name, address }: Address) => ({ name: name ?? '', address });

const bracketed = (ids: readonly string[]): string => ids.map((id) => `<${id}>`).join(' ');

const lines = (text: string): string => text.replace(/\r\n|\r|\n/g, '\r\n');

/** A type that is none, or would be read as structure, is of no use to a reader. */
export function contentType(mimeType: string): string {
  const sound = /^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}$/.test(mimeType) && !/^multipart\//i.test(mimeType);
  return sound ? mimeType.toLowerCase() : 'application/octet-stream';
}
