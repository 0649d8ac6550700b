import type { Address } from '../../domain/address.ts';
import type { Message } from '../../domain/message.ts';
import { MAX_HTML_LENGTH } from '../../providers/shared/html/bounded-html.ts';
import { evenLines } from '../../providers/shared/html/html-text.ts';
import { safeHtml } from '../message/html.ts';

/** The maximum length of quoted text, so that a reply to a log file does not contain it. */
const MAX_QUOTE_LENGTH = 500_000;
/** The line below a truncated quote, so that readers do not take it for the whole original. */
const TRUNCATION_NOTE = '[The original message is longer. The rest of it is not quoted here.]';
const STYLE = 'margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex';

/** An original as it is quoted in a reply or a forwarded message. */
export interface Quote {
  readonly text: string;
  readonly html: string;
}

/** The Content-ID of an inline file in the new message; null when the file is not in it. */
type NewContentId = (contentId: string) => string | null;

/** "On DATE, NAME wrote:" and the original, with each line marked. */
export function replyQuote(original: Message, contentId: NewContentId): Quote {
  const wrote = `On ${dateOf(original)}, ${original.from ? person(original.from) : 'somebody'} wrote:`;
  const lines = quotedText(original).split('\n');
  return {
    text: [wrote, ...lines.map((line) => (line === '' ? '>' : line.startsWith('>') ? `>${line}` : `> ${line}`))].join(
      '\n',
    ),
    html: `<div>${escapeHtml(wrote)}</div><blockquote type="cite" style="${STYLE}">${htmlOf(original, contentId)}</blockquote>`,
  };
}

/** The whole original, below its most important headers. */
export function forwardQuote(original: Message, contentId: NewContentId): Quote {
  const people = (addresses: readonly Address[]) => addresses.map(person).join(', ');
  const headers = [
    ['From', original.from ? person(original.from) : ''],
    ['Date', dateOf(original)],
    ['Subject', line(original.subject)],
    ['To', people(original.to)],
    ['Cc', people(original.cc)],
  ].filter(([, value]) => value !== '');
  const title = '---------- Forwarded message ----------';
  const top = [title, ...headers.map(([name, value]) => `${name}: ${value}`)];
  return {
    text: [...top, '', quotedText(original)].join('\n'),
    html: `<div>${top.map(escapeHtml).join('<br>')}</div><br>${htmlOf(original, contentId)}`,
  };
}

/** The HTML is sanitised, because the sender of the original must not control what is sent in the user's name. */
function htmlOf(original: Message, contentId: NewContentId): string {
  const html = original.content?.html ?? null;
  if (html === null) return htmlBlockOfText(quotedText(original));
  const inlineUrl = (id: string) => {
    const kept = contentId(id);
    return kept === null ? null : `cid:${kept}`;
  };
  const safe = safeHtml(html, { remoteImages: true, inlineUrl });
  return html.length > MAX_HTML_LENGTH ? `${safe}<div>${escapeHtml(TRUNCATION_NOTE)}</div>` : safe;
}

/** The text of the original, with a note when it is truncated. */
function quotedText({ content }: Message): string {
  const text = evenLines(content?.text ?? '');
  const isCut = text.length > MAX_QUOTE_LENGTH || content?.isTextTruncated === true;
  // A surrogate pair is not split.
  const shown = text
    .slice(0, MAX_QUOTE_LENGTH)
    .replace(/[\uD800-\uDBFF]$/, '')
    .trimEnd();
  return isCut ? `${shown}\n\n${TRUNCATION_NOTE}` : shown;
}

const person = ({ name, address }: Address): string => line(name ? `${name} <${address}>` : address);
const line = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** "Fri, 20 Nov 2026 13:46 UTC". The time zone of the user is not known. */
const dateOf = ({ sentAt, receivedAt }: Message): string =>
  (sentAt ?? receivedAt).toUTCString().replace(/:\d\d GMT$/, ' UTC');

const escapeHtml = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');

/** Plain text as HTML that keeps its lines and spaces. The <br> elements keep the lines also where styles are ignored. */
export const htmlBlockOfText = (text: string): string =>
  text === '' ? '' : `<div style="white-space:pre-wrap">${escapeHtml(text).replace(/\r\n?|\n/g, '<br>')}</div>`;
