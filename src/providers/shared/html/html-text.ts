import { type HtmlBounds, MAX_HTML_LENGTH } from './bounded-html.ts';
import { type WrittenText, writeText } from './text-writer.ts';

/** Each that is open sets every line in it further in. */
const INDENTING = new Set(['blockquote', 'ul', 'ol', 'menu', 'dir']);
const ITEM = new Set(['li']);
/** Each that is open is handed every word in it. */
const LINK = new Set(['a']);
/** As much of an HTML as a preview is made of: the words of a newsletter stand behind a long head. */
const MAX_PREVIEW_HTML_LENGTH = 200_000;

/** What a browser shows of HTML, as text (its innerText), with marks; of a long one, of its beginning. Linear in its length. */
export const textOfHtml = (html: string, maxLength = MAX_HTML_LENGTH): string =>
  writeText(html, boundsFor(html, maxLength), { marks: true }).text;

/** The words alone, for a preview, and the beginning of what is hidden. */
export const previewOfHtml = (html: string): WrittenText =>
  writeText(html, boundsFor(html, MAX_PREVIEW_HTML_LENGTH), { marks: false });

/** 125,000 short lines in 200 quotes would be 50 MB of ">", and take many times as long as flat ones: the longer the mail, the fewer of them are shown within each other. */
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

/** With LF alone. By splitting, since a pattern takes five times as long for a text of empty lines. */
export function evenLines(text: string): string {
  if (!text.includes('\r')) return text;
  return text.split('\r\n').join('\n').split('\r').join('\n');
}

/** One stretch of a message: as plain text, or as HTML of which text is to be made. */
type Stretch = { readonly text: string } | { readonly html: string };

export interface LazyText {
  /** Whether some of the HTML is not read: all of its stretches together have MAX_HTML_LENGTH. */
  readonly isTruncated: boolean;
  /** Made at the first call: a list that asks for attachments alone makes no text. */
  read(): string;
}

export function lazyText(stretches: readonly Stretch[]): LazyText {
  const htmlLength = stretches.reduce((sum, stretch) => sum + ('html' in stretch ? stretch.html.length : 0), 0);
  let known: string | null = null;
  const make = () => {
    let left = MAX_HTML_LENGTH;
    const texts = stretches.map((stretch) => {
      if ('text' in stretch) return stretch.text;
      const read = textOfHtml(stretch.html, left);
      left = Math.max(0, left - stretch.html.length);
      return read;
    });
    return texts.join('\n');
  };
  return { isTruncated: htmlLength > MAX_HTML_LENGTH, read: () => (known ??= make()) };
}
