import { isBlank } from '../../../domain/blank.ts';
import type { MessageContent } from '../../../domain/message.ts';
import { previewOfHtml } from './html-text.ts';

const MAX_LENGTH = 255;
/** Blanks, and what has no ink and joins or pads: soft hyphens, joiners, fillers. Marks of direction and variation are none of it. */
const PADDING = new RegExp(
  `[${'\\s\\u00ad\\u034f\\u115f\\u1160\\u180e\\u200b-\\u200d\\u2060-\\u2064\\u2800\\u3164\\ufeff\\uffa0'}]+`,
  'g',
);
/** They change how the letters beside them look: Persian, Sinhala and emoji are spelt with them (Unicode, section 23.2). */
const JOINERS = new Set(['\u034f', '\u200c', '\u200d', '\u2060']);
/** A run of padding has hundreds of them, a word one at a time. */
const MAX_JOINERS = 2;
/** Letters of a hidden text by which it is known in a preview. */
const HIDDEN_LETTERS = { min: 3, max: 24 };

/** One line of plain text, without what newsletters pad theirs with. */
export function snippetLine(text: string): string {
  const beginning = text.slice(0, 16 * MAX_LENGTH);
  const line = beginning.replace(PADDING, (run, at: number) => {
    const isAtEnd = at === 0 || at + run.length === beginning.length;
    const letters = [...run].filter((one) => JOINERS.has(one));
    const hasBlank = /[^\S\ufeff]/.test(run);
    if (isAtEnd || letters.length > (hasBlank ? 1 : MAX_JOINERS)) return hasBlank ? ' ' : '';
    if (!hasBlank) return letters.join('');
    // It belongs to the letter that it stands right behind or right before.
    const [first = '', last = ''] = [run[0], run.at(-1)];
    return `${JOINERS.has(first) ? first : ''} ${JOINERS.has(last) ? last : ''}`;
  });
  // Not with half of a character at its end, which a provider may have left there too.
  return line
    .trim()
    .slice(0, MAX_LENGTH)
    .replace(/[\uD800-\uDBFF]$/, '')
    .trimEnd();
}

/**
 * The provider's own preview where it shows what a reader sees. Where the body is known and the preview is empty, or has words
 * of it that are hidden, the beginning of the text.
 */
export function snippetOf(preview: string, content: Pick<MessageContent, 'html' | 'text'> | null): string {
  const given = snippetLine(preview);
  if (content === null) return given;
  const { html } = content;
  if (html === null) return given === '' ? snippetLine(content.text ?? '') : given;
  const read = previewOfHtml(html);
  if (given !== '' && !shows(given, read.hidden)) return given;
  const line = snippetLine(read.text);
  return line === '' && !isBlank(content.text ?? '') ? snippetLine(content.text ?? '') : line;
}

/** Made at the first call: a list that asks for attachments alone reads no body. */
export function lazySnippet(preview: string, content: Pick<MessageContent, 'html' | 'text'> | null): () => string {
  let known: string | null = null;
  return () => (known ??= snippetOf(preview, content));
}

function shows(preview: string, hidden: string): boolean {
  const key = lettersOf(hidden).slice(0, HIDDEN_LETTERS.max);
  return key.length >= HIDDEN_LETTERS.min && lettersOf(preview).includes(key);
}

const lettersOf = (text: string): string => text.replace(/[^\p{L}\p{N}]+/gu, '').toLowerCase();
