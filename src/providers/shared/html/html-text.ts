import { type HtmlBounds, MAX_HTML_LENGTH } from './bounded-html.ts';
import { type WrittenText, writeText } from './text-writer.ts';

/** Elements that indent every line in them. */
const INDENTING = new Set(['blockquote', 'ul', 'ol', 'menu', 'dir']);
const ITEM = new Set(['li']);
/** Elements that collect every word in them. */
const LINK = new Set(['a']);
/** The length of HTML from which a preview is made. The words of a newsletter follow a long head. */
const MAX_PREVIEW_HTML_LENGTH = 200_000;

/**
 * Returns what a browser shows of HTML as text (its innerText), with quote marks, item marks and link addresses. Of a
 * long HTML only the beginning is read. Linear in its length.
 */
export const textOfHtml = (html: string, maxLength = MAX_HTML_LENGTH): string =>
  writeText(html, boundsFor(html, maxLength), { marks: true }).text;

/** Returns the words alone, for a preview, and the beginning of the hidden words. */
export const previewOfHtml = (html: string): WrittenText =>
  writeText(html, boundsFor(html, MAX_PREVIEW_HTML_LENGTH), { marks: false });

/**
 * The longer the mail, the fewer nested indents are shown: 125,000 short lines in 200 quotes would produce 50 MB of ">"
 * and take many times as long as flat lines.
 */
function boundsFor(html: string, maxLength: number): HtmlBounds {
  const indents = Math.max(3, Math.min(24, Math.floor(500_000 / Math.max(Math.min(html.length, maxLength), 1))));
  return {
    maxLength,
    atMost: [
      { names: INDENTING, open: indents },
      { names: ITEM, open: indents },
      { names: LINK, open: 12 },
    ],
  };
}

/** Converts line ends to LF. Splitting is used because a pattern takes five times as long for a text of empty lines. */
export function evenLines(text: string): string {
  if (!text.includes('\r')) return text;
  return text.split('\r\n').join('\n').split('\r').join('\n');
}

/** A part of a message: plain text, or HTML to be converted to text. */
type BodyPart = { readonly text: string } | { readonly html: string };

export interface LazyText {
  /** True when some of the HTML is not read, because all parts together may have MAX_HTML_LENGTH. */
  readonly isTruncated: boolean;
  /** The text is made at the first call, because a list that needs only attachments needs no text. */
  read(): string;
}

export function lazyText(parts: readonly BodyPart[]): LazyText {
  const htmlLength = parts.reduce((sum, part) => sum + ('html' in part ? part.html.length : 0), 0);
  let known: string | null = null;
  const make = () => {
    let left = MAX_HTML_LENGTH;
    const texts = parts.map((part) => {
      if ('text' in part) return part.text;
      const read = textOfHtml(part.html, left);
      left = Math.max(0, left - part.html.length);
      return read;
    });
    return texts.join('\n');
  };
  return { isTruncated: htmlLength > MAX_HTML_LENGTH, read: () => (known ??= make()) };
}
