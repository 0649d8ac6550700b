import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import iconv from 'iconv-lite';
import { decodeWords } from 'postal-mime';
import type { Attachment, MessageContent } from '../../domain/message.ts';
import { isBlank } from '../shared/blank.ts';
import { evenLines, lazyText } from '../shared/html-text.ts';
import { contentIdOf, shownFiles } from '../shared/inline-files.ts';
import { HeaderFields } from './headers.ts';
import { htmlOfText, unflow } from './text.ts';

export type Part = gmail_v1.Schema$MessagePart;

/** What a reader sees in one place: a text, an HTML, or both where they are alternatives of each other. */
interface Slot {
  readonly text: string | null;
  readonly html: string | null;
}

export function contentOf(payload: Part): MessageContent {
  const headers = new HeaderFields(payload.headers ?? []);
  const slots = withWords(slotsOf(payload));
  const html = slots.some((slot) => slot.html !== null)
    ? slots.map((slot) => slot.html ?? htmlOfText(slot.text ?? '')).join('<br/>\n')
    : null;
  const text = lazyText(slots.map((slot) => (slot.text === null ? { html: slot.html ?? '' } : { text: slot.text })));
  const files = attachmentParts(payload).map(toFile);
  const shown = shownFiles(html, files);
  return {
    get text() {
      return slots.length > 0 ? text.read() : null;
    },
    isTextTruncated: text.isTruncated,
    html,
    attachments: files.map((file) => ({ ...file, isInline: shown.has(file) })),
    headers: headers.all(),
    inReplyTo: headers.ids('in-reply-to'),
    references: headers.ids('references'),
  };
}

/** Gmail's attachmentId changes with each read; the part's place does not. A message that is one part has no number. */
export const partIdOf = (part: Part): string => part.partId || '0';

/** Every part that is listed beside the body, in order. An attached message counts as one: its own parts do not. */
export function attachmentParts(part: Part): Part[] {
  if (isMultipart(part)) return (part.parts ?? []).flatMap(attachmentParts);
  return isBodyText(part) ? [] : [part];
}

/** The parts that the body is made of. */
export function bodyParts(part: Part): Part[] {
  if (isMultipart(part)) return (part.parts ?? []).flatMap(bodyParts);
  return isBodyText(part) ? [part] : [];
}

const typeOf = (part: Part): string => (part.mimeType ?? 'text/plain').toLowerCase();
const isMultipart = (part: Part): boolean => typeOf(part).startsWith('multipart/');

/** A text with a name of its own is a file, also where its disposition is "inline": Apple's Mail sends notes.txt so. */
function isBodyText(part: Part): boolean {
  if (typeOf(part) !== 'text/plain' && typeOf(part) !== 'text/html') return false;
  if (part.filename) return false;
  return !/^\s*attachment\b/i.test(new HeaderFields(part.headers ?? []).raw('content-disposition') ?? '');
}

function slotsOf(part: Part): Slot[] {
  if (isMultipart(part)) {
    const slots = (part.parts ?? []).flatMap(slotsOf);
    return typeOf(part) === 'multipart/alternative' && slots.length > 1 ? [merged(slots)] : slots;
  }
  if (!isBodyText(part)) return [];
  const content = textContent(part);
  return [typeOf(part) === 'text/html' ? { text: null, html: content } : { text: content, html: null }];
}

function merged(slots: readonly Slot[]): Slot {
  const texts = slots.flatMap((slot) => slot.text ?? []);
  const htmls = slots.flatMap((slot) => slot.html ?? []);
  const text = texts.length > 0 ? texts.join('\n') : null;
  // A blank text beside HTML is none: it is sent by those who write HTML alone.
  if (htmls.length > 0) return { text: text === null || isBlank(text) ? null : text, html: htmls.join('<br/>\n') };
  return { text, html: null };
}

/** Without blank texts, where anything else is to be read. */
function withWords(slots: readonly Slot[]): readonly Slot[] {
  const others = slots.filter(({ text, html }) => html !== null || !isBlank(text ?? ''));
  return others.length > 0 ? others : slots;
}

/** Gmail has already decoded the charset of what it inlines; what it leaves to attachments.get is as it was sent. */
function textContent(part: Part): string {
  const bytes = Buffer.from(part.body?.data ?? '', 'base64url');
  const type = new HeaderFields(part.headers ?? []).raw('content-type') ?? '';
  const text = decodeText(bytes, /charset\s*=\s*"?([^";\s]+)/i.exec(type)?.[1] ?? null);
  if (typeOf(part) === 'text/html') return text;
  const lines = evenLines(text);
  return /format\s*=\s*"?flowed/i.test(type) ? unflow(lines, /delsp\s*=\s*"?yes/i.test(type)) : lines;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decodeText(bytes: Buffer, charset: string | null): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return iconv.decode(bytes, charset && iconv.encodingExists(charset) ? charset : 'windows-1252');
  }
}

function toFile(part: Part): Omit<Attachment, 'isInline'> {
  const headers = new HeaderFields(part.headers ?? []);
  const size = part.body?.size ?? null;
  return {
    id: partIdOf(part),
    filename: decodeWords(part.filename ?? '').trim() || null,
    mimeType: typeOf(part),
    // Gmail gives an attached message no size of its own where it lists its parts instead.
    sizeBytes: size === 0 && part.parts?.length ? null : size,
    contentId: contentIdOf(headers.raw('content-id')),
  };
}
