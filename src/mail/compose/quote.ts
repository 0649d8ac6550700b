import type { Address } from '../../domain/address.ts';
import type { Message } from '../../domain/message.ts';
import { MAX_HTML_LENGTH } from '../../providers/shared/html/bounded-html.ts';
import { evenLines } from '../../providers/shared/html/html-text.ts';
import { safeHtml } from '../message/html.ts';

/** Characters of somebody else's text that are quoted: an answer to a log file must not become one. */
const MAX_QUOTE_LENGTH = 500_000;
/** What stands below a quote that is not the whole: who reads it must not take it for that. */
const CUT = '[The original message is longer. The rest of it is not quoted here.]';
const STYLE = 'margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex';

/** A message as it stands below an answer, or inside what passes it on. */
export interface Quote {
  readonly text: string;
  readonly html: string;
}

/** What the quoting needs to know of inline files: the Content-ID that one has in the new message; null: it is not there. */
type NewContentId = (contentId: string) => string | null;

/** "On DATE, NAME wrote:" and the original, marked line by line. */
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

/** The original as a whole, below the headers that a reader wants to see. */
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

/** Sanitised: the sender of the original has no say in what is sent in our user's name. */
function htmlOf(original: Message, contentId: NewContentId): string {
  const html = original.content?.html ?? null;
  if (html === null) return htmlOfText(quotedText(original));
  const inlineUrl = (id: string) => {
    const kept = contentId(id);
    return kept === null ? null : `cid:${kept}`;
  };
  const safe = safeHtml(html, { remoteImages: true, inlineUrl });
  return html.length > MAX_HTML_LENGTH ? `${safe}<div>${escapeHtml(CUT)}</div>` : safe;
}

/** With a line that says so where the original has more. */
function quotedText({ content }: Message): string {
  const text = evenLines(content?.text ?? '');
  const isCut = text.length > MAX_QUOTE_LENGTH || content?.isTextTruncated === true;
  // Not with half of a character at its end.
  const shown = text
    .slice(0, MAX_QUOTE_LENGTH)
    .replace(/[\uD800-\uDBFF]$/, '')
    .trimEnd();
  return isCut ? `${shown}\n\n${CUT}` : shown;
}

const person = ({ name, address }: Address): string => line(name ? `${name} <${address}>` : address);
const line = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** "Fri, 20 Nov 2026 13:46 UTC": we do not know where our user is. */
const dateOf = ({ sentAt, receivedAt }: Message): string =>
  (sentAt ?? receivedAt).toUTCString().replace(/:\d\d GMT$/, ' UTC');

const escapeHtml = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');

/** Plain text as HTML, its lines and spaces kept; the lines also where styles are not heeded, as by a program that makes text of it again. */
export const htmlOfText = (text: string): string =>
  text === '' ? '' : `<div style="white-space:pre-wrap">${escapeHtml(text).replace(/\r\n?|\n/g, '<br>')}</div>`;
