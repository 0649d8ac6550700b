import { boundedHtml, type HtmlBounds, MAX_HTML_LENGTH } from './bounded-html.ts';
import { writeText } from './text-writer.ts';

const SCRIPTS = new Set(['script', 'style']);
/** Each that is open sets every line in it further in. */
const INDENTING = new Set(['blockquote', 'ul', 'ol']);
/** Each that is open is handed every word in it. */
const REWRITING = new Set(['a', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6']);

type Headings = 'capitals' | 'asWritten';

/** What a reader of plain text sees of HTML; of a long one, of its beginning. Linear in its length. */
export const textOfHtml = (html: string, headings: Headings = 'capitals', maxLength = MAX_HTML_LENGTH): string =>
  writeText(boundedHtml(html, { ...boundsFor(Math.min(html.length, maxLength)), maxLength }), headings === 'capitals');

/** 125,000 short lines in 200 quotes would be 50 MB of ">", and take many times as long as flat ones: the longer the mail, the fewer of them are shown within each other. */
function boundsFor(length: number): HtmlBounds {
  const indents = Math.max(3, Math.min(24, Math.floor(500_000 / Math.max(length, 1))));
  return {
    without: SCRIPTS,
    atMost: [
      { names: INDENTING, open: indents },
      { names: REWRITING, open: 12 },
    ],
  };
}

/** With LF alone. By splitting, since a pattern takes five times as long for a text of empty lines. */
export function evenLines(text: string): string {
  if (!text.includes('\r')) return text;
  return text.split('\r\n').join('\n').split('\r').join('\n');
}

/** One stretch of a message: as plain text, or as HTML of which text is to be made. */
export type Stretch = { readonly text: string } | { readonly html: string };

export interface LazyText {
  /** Whether some of the HTML is not read: all of its stretches together have MAX_HTML_LENGTH. */
  readonly isTruncated: boolean;
  /** Made at the first call: a list that asks for attachments alone makes no text. */
  read(): string;
}

export function lazyText(stretches: readonly Stretch[], headings: Headings = 'capitals'): LazyText {
  const htmlLength = stretches.reduce((sum, stretch) => sum + ('html' in stretch ? stretch.html.length : 0), 0);
  let known: string | null = null;
  const make = () => {
    let left = MAX_HTML_LENGTH;
    const texts = stretches.map((stretch) => {
      if ('text' in stretch) return stretch.text;
      const read = textOfHtml(stretch.html, headings, left);
      left = Math.max(0, left - stretch.html.length);
      return read;
    });
    return texts.join('\n');
  };
  return { isTruncated: htmlLength > MAX_HTML_LENGTH, read: () => (known ??= make()) };
}
