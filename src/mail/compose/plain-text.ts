import { convert } from 'html-to-text';

/** Deeper than any mail is written; the walk is recursive, and ten thousand open tags would end the stack. */
const DEEPEST = 200;

/** The text part of a message of which only the HTML is given, and what a reader without HTML then sees. */
export const textOfHtml = (html: string): string =>
  convert(html, {
    wordwrap: false,
    limits: { maxInputLength: 5_000_000, maxDepth: DEEPEST },
    selectors: [
      { selector: 'a', options: { hideLinkHrefIfSameAsText: true } },
      { selector: 'img', format: 'skip' },
    ],
  });

export const escapeHtml = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');

/** Plain text as HTML, its lines and spaces kept; the lines also where styles are not heeded, as by whoever makes text of it again. */
export const htmlOfText = (text: string): string =>
  text === '' ? '' : `<div style="white-space:pre-wrap">${escapeHtml(text).replace(/\r\n?|\n/g, '<br>')}</div>`;
