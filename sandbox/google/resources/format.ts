import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import { decodeAddressField } from '../../mail/address.ts';
import { findHeader, type Header, parseHeaders } from '../../mail/header.ts';
import type { Mail, MimePart } from '../../mail/mail.ts';
import { parseMime } from '../../mail/mime.ts';
import { parseStructured } from '../../mail/parameters.ts';
import type { HeaderSpelling } from '../../world.ts';
import { attachmentIdOf } from '../attachment.id.ts';
import type { StoredMessage } from '../mailbox/message.ts';

/** The values of `format` that the get methods accept. */
export const FORMATS = ['minimal', 'full', 'raw', 'metadata'] as const;
export type Format = (typeof FORMATS)[number];

/** Larger bodies are returned as an attachmentId, in bytes. Google does not document the limit. */
const MAX_INLINE_BYTES = 256 * 1024;
const SNIPPET_LENGTH = 200;
/** The maximum depth of messages inside messages. Hostile mail nests without end. */
const MAX_DEPTH = 50;

/** Returns a message as users.messages.get does in this format. `only` is metadataHeaders; an empty list means all. */
export function messageResource(
  message: StoredMessage,
  format: Format,
  spelling: HeaderSpelling,
  only: readonly string[] = [],
): gmail_v1.Schema$Message {
  const { mail } = message;
  return {
    ...reference(message),
    ...labelIds(message.labels),
    snippet: snippet(mail.envelope.preview),
    historyId: String(message.historyId),
    internalDate: String(message.receivedAt),
    sizeEstimate: mail.envelope.size,
    ...(format === 'full' ? { payload: payload(message.id, mail.mime(), '', spelling) } : {}),
    ...(format === 'metadata' ? { payload: metadata(mail, only, spelling) } : {}),
    ...(format === 'raw' ? { raw: base64url(mail.raw()) } : {}),
  };
}

/** Returns the fields of a message in a list. */
export function reference({ id, threadId }: Pick<StoredMessage, 'id' | 'threadId'>) {
  return { id, threadId };
}

/** Google's JSON omits empty lists. */
export function labelIds(labels: Iterable<string>): { labelIds?: string[] } {
  const list = [...labels];
  return list.length > 0 ? { labelIds: list } : {};
}

export function snippet(preview: string): string {
  return preview
    .slice(0, SNIPPET_LENGTH)
    .trim()
    .replace(/[&<>"']/g, (character) => ESCAPED[character] ?? character);
}

/** Encodes bytes as Google's byte fields are, with padding and the URL-safe alphabet. */
export function base64url(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

/** Returns the part with this partId. The only child of a message/rfc822 part is the message in it. */
export function partAt(root: MimePart, partId: string): MimePart | undefined {
  if (partId === '') return root;
  return partId.split('.').reduce<MimePart | undefined>((part, index) => part && childrenOf(part)[Number(index)], root);
}

/** Returns whether the part is returned as text in UTF-8, whatever its charset is. Files keep their bytes. */
export function isText(part: MimePart): boolean {
  return part.mimeType.startsWith('text/') && part.filename === null && part.disposition !== 'attachment';
}

const ESCAPED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function childrenOf(part: MimePart): readonly MimePart[] {
  return part.mimeType === 'message/rfc822' ? [parseMime(part.content())] : part.children;
}

function payload(
  messageId: string,
  part: MimePart,
  partId: string,
  spelling: HeaderSpelling,
): gmail_v1.Schema$MessagePart {
  const children = partId.split('.').length > MAX_DEPTH ? [] : childrenOf(part);
  return {
    partId,
    mimeType: part.mimeType,
    filename: part.filename ?? '',
    headers: part.headers.map((header) => listed(header, spelling)),
    body: body(messageId, part, partId),
    ...(children.length > 0
      ? {
          parts: children.map((child, index) =>
            payload(messageId, child, partId === '' ? `${index}` : `${partId}.${index}`, spelling),
          ),
        }
      : {}),
  };
}

function body(messageId: string, part: MimePart, partId: string): gmail_v1.Schema$MessagePartBody {
  if (part.mimeType.startsWith('multipart/')) return { size: 0 };
  const text = isText(part);
  const bytes = text ? Buffer.from(part.text(), 'utf8') : part.content();
  if (text && bytes.length === 0) return { size: 0 };
  if (text && bytes.length <= MAX_INLINE_BYTES) return { size: bytes.length, data: base64url(bytes) };
  return { attachmentId: attachmentIdOf(messageId, partId), size: bytes.length };
}

const ADDRESS_FIELDS = /^(?:resent-)?(?:from|sender|reply-to|to|cc|bcc)$/i;

function listed({ name, value, rawValue }: Header, spelling: HeaderSpelling): gmail_v1.Schema$MessagePartHeader {
  if (spelling === 'written') return { name, value: rawValue };
  return { name, value: ADDRESS_FIELDS.test(name) ? decodeAddressField(rawValue) : value };
}

/** The headers of recently read mails. A generated mail must be built completely, with its files, to read them. */
const recentHeaders = new Map<Mail, MimePart['headers']>();
const MAX_RECENT_HEADERS = 500;

/** Parses the header block alone, because a list of fifty must not parse fifty bodies. */
function headersOf(mail: Mail): MimePart['headers'] {
  const known = recentHeaders.get(mail);
  if (known) return known;
  const raw = mail.raw();
  const { headers } = parseHeaders(raw, 0, raw.length);
  if (recentHeaders.size >= MAX_RECENT_HEADERS) recentHeaders.clear();
  recentHeaders.set(mail, headers);
  return headers;
}

function metadata(mail: Mail, only: readonly string[], spelling: HeaderSpelling): gmail_v1.Schema$MessagePart {
  const headers = headersOf(mail);
  const wanted = new Set(only.map((name) => name.toLowerCase()));
  const shown = headers.filter(({ name }) => wanted.size === 0 || wanted.has(name.toLowerCase()));
  return {
    mimeType: parseStructured(findHeader(headers, 'content-type')?.rawValue ?? '').value || 'text/plain',
    ...(shown.length > 0 ? { headers: shown.map((header) => listed(header, spelling)) } : {}),
  };
}
