import { parseAddresses } from './address.ts';
import { inlineIn, readBody } from './body.ts';
import { parseDate } from './date.ts';
import { findHeader, findHeaders, type Header } from './header.ts';
import { htmlToText } from './html-text.ts';
import type { Envelope, MimePart } from './mail.ts';
import { messageIdsOf } from './message-ids.ts';

const PREVIEW_LENGTH = 255;

/** Returns the fields of a parsed mail that a list shows. `size` is the length of its RFC 5322 bytes. Never throws. */
export function envelopeOf(root: MimePart, size: number): Envelope {
  const { headers } = root;
  const body = readBody(root);
  const { html } = body;
  const isInline = inlineIn(html);
  const bodyPreview = previewOf(html === null ? (body.text ?? '') : previewText(html));
  const date = findHeader(headers, 'date');
  const from = parseAddresses(headers, 'from');
  return {
    subject: (findHeader(headers, 'subject')?.value ?? '').trim(),
    from: from[0] ?? null,
    sender: parseAddresses(headers, 'sender')[0] ?? from[0] ?? null,
    to: parseAddresses(headers, 'to'),
    cc: parseAddresses(headers, 'cc'),
    bcc: parseAddresses(headers, 'bcc'),
    replyTo: parseAddresses(headers, 'reply-to'),
    date: date ? parseDate(date.rawValue) : null,
    messageId: messageIds(headers, 'message-id')[0] ?? bareMessageId(headers),
    inReplyTo: messageIds(headers, 'in-reply-to'),
    references: messageIds(headers, 'references'),
    preview: isBlank(body.text ?? '') ? bodyPreview : previewOf(body.text ?? ''),
    bodyPreview,
    hasAttachment: body.attachments.some((part) => !isInline(part)),
    size,
  };
}

/** Of nothing but blanks and what has no width, as the plain part beside some HTML is. */
const isBlank = (text: string): boolean => /^[\s\u200b-\u200f\u2060]*$/.test(text);

/** Returns the beginning of an HTML's words, which is enough for a preview. */
export const previewText = (html: string): string => htmlToText(html, { enough: 4 * PREVIEW_LENGTH });

/** Returns the first words on one line, as lists show them. */
export function previewOf(text: string): string {
  return text
    .slice(0, 4 * PREVIEW_LENGTH)
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, PREVIEW_LENGTH);
}

function messageIds(headers: readonly Header[], name: string): string[] {
  return findHeaders(headers, name).flatMap(({ rawValue }) => messageIdsOf(rawValue).map((id) => `<${id}>`));
}

/** Some mailers omit the angle brackets. */
function bareMessageId(headers: readonly Header[]): string | null {
  return findHeader(headers, 'message-id')?.rawValue.trim() || null;
}
