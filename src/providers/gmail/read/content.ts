import { isBlank } from '../../../domain/blank.ts';
import type { Attachment, MessageContent } from '../../../domain/message.ts';
import { toOneLine } from '../../../domain/one-line.ts';
import { evenLines, lazyText } from '../../shared/html/html-text.ts';
import { contentIdOf, shownFiles } from '../../shared/html/inline-files.ts';
import { decodeTextOrUtf8 } from '../../shared/mime/charset.ts';
import { decodeWords } from '../../shared/mime/encoded-words.ts';
import { textOfEnriched, textOfRichtext } from '../../shared/mime/enriched-text.ts';
import { ALMOST_PLAIN, attachmentParts, bodyParts, isMultipart, type MimePart, typeOf } from './body-parts.ts';
import { HeaderFields } from './headers.ts';
import { htmlParagraphOfText, unflow } from './text.ts';

/** One section of the body: a text, an HTML, or both where they are alternatives. */
interface BodySection {
  readonly text: string | null;
  readonly html: string | null;
}

export function contentOf(payload: MimePart): MessageContent {
  const headers = new HeaderFields(payload.headers ?? []);
  const slots = withText(slotsOf(payload));
  const html = slots.some((slot) => slot.html !== null)
    ? slots.map((slot) => slot.html ?? htmlParagraphOfText(slot.text ?? '')).join('<br/>\n')
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

/** The attachment id that clients see: the number of the part, because Gmail's attachmentId changes with each read. A message of one part has no number. */
export const partIdOf = (part: MimePart): string => part.partId || '0';

function slotsOf(part: MimePart, bodies: ReadonlySet<MimePart> = new Set(bodyParts(part))): BodySection[] {
  const parts = part.parts ?? [];
  if (typeOf(part) === 'multipart/alternative') return alternatives(parts, bodies);
  if (isMultipart(part)) return parts.flatMap((child) => slotsOf(child, bodies));
  if (!bodies.has(part)) return [];
  const content = textContent(part);
  return [typeOf(part) === 'text/html' ? { text: null, html: content } : { text: content, html: null }];
}

/** Alternatives are joined into one section: the plain texts as its text, and everything with HTML as its HTML. */
function alternatives(parts: readonly MimePart[], bodies: ReadonlySet<MimePart>): BodySection[] {
  const branches = parts
    .map((part) => ({ type: typeOf(part), slots: slotsOf(part, bodies) }))
    .filter(({ slots }) => slots.length > 0);
  const rich = branches.filter(({ slots }) => slots.some(({ html }) => html !== null));
  const plain = branches.filter((branch) => !rich.includes(branch));
  if (branches.length < 2 || (plain.length === 0 && rich.length < 2)) return branches.flatMap(({ slots }) => slots);
  const exact = plain.filter(({ type }) => !ALMOST_PLAIN.has(type));
  const texts = (exact.length > 0 ? exact : plain.length > 0 ? plain : rich).flatMap(({ slots }) => slots);
  const htmls = rich.flatMap(({ slots }) => slots.map((slot) => slot.html ?? htmlParagraphOfText(slot.text ?? '')));
  return [
    {
      text: wholeText(texts, htmls.length > 0),
      html: htmls.length > 0 ? htmls.join('<br/>\n') : null,
    },
  ];
}

/** The joined text. A blank text beside HTML counts as none, because programs that write only HTML send one. */
function wholeText(slots: readonly BodySection[], isBesideHtml: boolean): string | null {
  if (slots.some(({ text }) => text === null)) return null;
  const text = slots.map((slot) => slot.text).join('\n');
  return isBesideHtml && isBlank(text) ? null : text;
}

/** The sections without blank texts, unless all of them are blank. */
function withText(slots: readonly BodySection[]): readonly BodySection[] {
  const others = slots.filter(({ text, html }) => html !== null || !isBlank(text ?? ''));
  return others.length > 0 ? others : slots;
}

/** The text of a part. Gmail decodes the charset of texts in its answer, but not of texts that attachments.get returns. */
function textContent(part: MimePart): string {
  const bytes = Buffer.from(part.body?.data ?? '', 'base64url');
  const type = new HeaderFields(part.headers ?? []).raw('content-type') ?? '';
  const isHtml = typeOf(part) === 'text/html';
  const text = decodeTextOrUtf8(bytes, charsetOf(type) ?? (isHtml ? metaCharsetOf(bytes) : null));
  if (isHtml) return text;
  const lines = evenLines(text);
  if (typeOf(part) === 'text/enriched') return textOfEnriched(lines);
  if (typeOf(part) === 'text/richtext') return textOfRichtext(lines);
  return /format\s*=\s*"?flowed/i.test(type) ? unflow(lines, /delsp\s*=\s*"?yes/i.test(type)) : lines;
}

/** The charset of a Content-Type, also in the form of RFC 2231: charset*=us-ascii'en'utf-8. */
function charsetOf(contentType: string): string | null {
  const written = /;\s*charset\*?\s*=\s*["']?([^";\s]+)/i.exec(contentType)?.[1];
  return written?.replace(/'+$/, '').split("'").at(-1) || null;
}

/** The charset of an HTML's meta element. Like a browser, this searches the first kilobyte only. */
const metaCharsetOf = (bytes: Buffer): string | null =>
  /<meta[^>]+charset\s*=\s*["']?\s*([\w.:-]+)/i.exec(bytes.subarray(0, 1024).toString('latin1'))?.[1] ?? null;

function toFile(part: MimePart): Omit<Attachment, 'isInline'> {
  const headers = new HeaderFields(part.headers ?? []);
  const size = part.body?.size ?? null;
  return {
    id: partIdOf(part),
    filename: toOneLine(decodeWords(part.filename ?? '')) || null,
    mimeType: typeOf(part),
    // Gmail reports size 0 for an attached message whose parts it lists.
    sizeBytes: size === 0 && part.parts?.length ? null : size,
    contentId: contentIdOf(headers.raw('content-id')),
  };
}
