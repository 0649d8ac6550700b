import { isBlank } from '../../domain/blank.ts';
import { textOfHtml } from '../../providers/shared/html/html-text.ts';
import { type FieldPath, invalid } from '../account/input-error.ts';
import { htmlBlockOfText, type Quote } from './quote.ts';

/** The maximum length of text and HTML together, in characters. */
const MAX_CHARACTERS = 2_000_000;

export interface Body {
  readonly text: string | null;
  readonly html: string | null;
}

/** Throws INVALID for a body that is too long or contains NUL characters. */
export function checkBody({ text, html }: Body): void {
  const length = (text?.length ?? 0) + (html?.length ?? 0);
  const field: FieldPath = [text === null ? 'html' : 'text'];
  if (length > MAX_CHARACTERS)
    throw invalid(`text and html may have at most ${MAX_CHARACTERS} characters together; these have ${length}.`, field);
  if (text?.includes('\0')) throw invalid('The text must not contain a NUL character.', ['text']);
  if (html?.includes('\0')) throw invalid('The HTML must not contain a NUL character.', ['html']);
}

/** Adds a text part to HTML. Some readers see only the text part, so it must not be blank. */
export const withText = ({ text, html }: Body): Body => ({ text: textBeside(html, text), html });

const textBeside = (html: string | null, text: string | null): string | null =>
  html === null || (text !== null && !isBlank(text)) ? text : textOfHtml(html);

/**
 * The written body above the quote. A reply in plain text stays plain text; a forward keeps the HTML of the original.
 * Without a written body the result has both parts, so that an editor can open the draft in either form.
 */
export function aboveQuote({ text, html }: Body, quote: Quote, keepsHtml: boolean): Body {
  const written = textBeside(html, text) ?? '';
  const rich = html ?? (keepsHtml ? htmlBlockOfText(written) : null);
  return { text: `${spaced(written, '\n')}${quote.text}\n`, html: rich === null ? null : insertHtml(rich, quote.html) };
}

const spaced = (text: string, space: string): string =>
  text === '' ? space : text.endsWith('\n') ? `${text}${space}` : `${text}\n${space}`;

/** Inserts the quote at the end of the body, also when the HTML is a whole document. */
function insertHtml(html: string, quote: string): string {
  let at = html.length;
  for (const { index } of html.matchAll(/<\/body\s*>/gi)) at = index;
  return `${html.slice(0, at)}<br>${quote}${html.slice(at)}`;
}
