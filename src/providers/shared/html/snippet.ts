import { isBlank } from '../../../domain/blank.ts';
import type { MessageContent } from '../../../domain/message.ts';
import { previewOfHtml } from './html-text.ts';

const MAX_LENGTH = 255;
/**
 * Matches blanks and invisible characters that join or pad: soft hyphens, joiners, fillers. Direction marks and
 * variation selectors are not included.
 */
const PADDING = new RegExp(
  `[${'\\s\\u00ad\\u034f\\u115f\\u1160\\u180e\\u200b-\\u200d\\u2060-\\u2064\\u2800\\u3164\\ufeff\\uffa0'}]+`,
  'g',
);
/** Joiners change how the letters beside them look: Persian, Sinhala and emoji need them (Unicode, section 23.2). */
const JOINERS = new Set(['\u034f', '\u200c', '\u200d', '\u2060']);
/** Maximum number of joiners in a run that belongs to words. Padding has hundreds of them, a word one at a time. */
const MAX_JOINERS = 2;
/** Number of letters of a hidden text by which a preview is searched for it. */
const HIDDEN_LETTERS = { min: 3, max: 24 };

/** Returns one line of plain text without the padding of newsletters. */
export function snippetLine(text: string): string {
  const beginning = text.slice(0, 16 * MAX_LENGTH);
  const line = beginning.replace(PADDING, (run, at: number) => {
    const isAtEnd = at === 0 || at + run.length === beginning.length;
    const letters = [...run].filter((one) => JOINERS.has(one));
    const hasBlank = /[^\S\ufeff]/.test(run);
    if (isAtEnd || letters.length > (hasBlank ? 1 : MAX_JOINERS)) return hasBlank ? ' ' : '';
    if (!hasBlank) return letters.join('');
    // A joiner belongs to the letter directly before or after it.
    const [first = '', last = ''] = [run[0], run.at(-1)];
    return `${JOINERS.has(first) ? first : ''} ${JOINERS.has(last) ? last : ''}`;
  });
  // Half a character may be left at the end, by this cut or by the provider's.
  return line
    .trim()
    .slice(0, MAX_LENGTH)
    .replace(/[\uD800-\uDBFF]$/, '')
    .trimEnd();
}

/**
 * Returns the provider's preview if it shows what a reader sees. If the body is known and the preview is empty or
 * contains hidden words, it returns the beginning of the text instead.
 */
export function snippetOf(preview: string, content: Pick<MessageContent, 'html' | 'text'> | null): string {
  const providerLine = snippetLine(preview);
  if (content === null) return providerLine;
  const { html } = content;
  if (html === null) return providerLine === '' ? snippetLine(content.text ?? '') : providerLine;
  const read = previewOfHtml(html);
  if (providerLine !== '' && !shows(providerLine, read.hidden)) return providerLine;
  const line = snippetLine(read.text);
  return line === '' && !isBlank(content.text ?? '') ? snippetLine(content.text ?? '') : line;
}

/** The snippet is made at the first call, because a list that needs only attachments reads no body. */
export function lazySnippet(preview: string, content: Pick<MessageContent, 'html' | 'text'> | null): () => string {
  let known: string | null = null;
  return () => (known ??= snippetOf(preview, content));
}

function shows(preview: string, hidden: string): boolean {
  const key = lettersOf(hidden).slice(0, HIDDEN_LETTERS.max);
  return key.length >= HIDDEN_LETTERS.min && lettersOf(preview).includes(key);
}

const lettersOf = (text: string): string => text.replace(/[^\p{L}\p{N}]+/gu, '').toLowerCase();
