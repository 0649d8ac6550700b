import { isBlank } from '../../domain/blank.ts';
import { textOfHtml } from '../../providers/shared/html/html-text.ts';
import { type FieldPath, invalid } from '../account/input-error.ts';
import { htmlOfText, type Quote } from './quote.ts';

/** Characters of text and HTML together. */
const MAX_CHARACTERS = 2_000_000;

export interface Body {
  readonly text: string | null;
  readonly html: string | null;
}

/** Throws INVALID for what is too long or cannot be written. */
export function checkBody({ text, html }: Body): void {
  const length = (text?.length ?? 0) + (html?.length ?? 0);
  const field: FieldPath = [text === null ? 'html' : 'text'];
  if (length > MAX_CHARACTERS)
    throw invalid(`text and html may have at most ${MAX_CHARACTERS} characters together; these have ${length}.`, field);
  if (text?.includes('\0')) throw invalid('The text must not contain a NUL character.', ['text']);
  if (html?.includes('\0')) throw invalid('The HTML must not contain a NUL character.', ['html']);
}

/** A text part comes with every HTML; a blank one would be all that some readers see. */
export const withText = ({ text, html }: Body): Body => ({ text: textBeside(html, text), html });

const textBeside = (html: string | null, text: string | null): string | null =>
  html === null || (text !== null && !isBlank(text)) ? text : textOfHtml(html);

/**
 * What is written, above the quote. An answer in plain text stays plain; what is passed on keeps the look of the original.
 * Nothing written yet: a draft that an editor can open, in both forms.
 */
export function aboveQuote({ text, html }: Body, quote: Quote, keepsHtml: boolean): Body {
  const written = textBeside(html, text) ?? '';
  const rich = html ?? (keepsHtml ? htmlOfText(written) : null);
  return { text: `${spaced(written, '\n')}${quote.text}\n`, html: rich === null ? null : insertHtml(rich, quote.html) };
}

const spaced = (text: string, space: string): string =>
  text === '' ? space : text.endsWith('\n') ? `${text}${space}` : `${text}\n${space}`;

/** At the end of the body, also where the HTML is a whole document. */
function insertHtml(html: string, quote: string): string {
  let at = html.length;
  for (const { index } of html.matchAll(/<\/body\s*>/gi)) at = index;
  return `${html.slice(0, at)}<br>${quote}${html.slice(at)}`;
}
