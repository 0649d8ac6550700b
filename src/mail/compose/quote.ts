import type { Address } from '../../domain/address.ts';
import type { Message } from '../../domain/message.ts';
import { safeHtml } from '../message/html.ts';
import { escapeHtml, htmlOfText } from './plain-text.ts';

/** Characters of somebody else's text that are quoted: an answer to a log file must not become one. */
const LONGEST_QUOTE = 500_000;
const STYLE = 'margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex';

/** A message as it stands below an answer, or inside what passes it on. */
export interface Quote {
  readonly text: string;
  readonly html: string;
}

/** What the quoting needs to know of inline files: the Content-ID that one has in the new message; null: it is not there. */
export type NewContentId = (contentId: string) => string | null;

/** "On DATE, NAME wrote:" and the original, marked line by line. */
export function replyQuote(original: Message, contentId: NewContentId): Quote {
  const wrote = `On ${dateOf(original)}, ${original.from ? person(original.from) : 'somebody'} wrote:`;
  const lines = textOf(original).split('\n');
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
    text: [...top, '', textOf(original)].join('\n'),
    html: `<div>${top.map(escapeHtml).join('<br>')}</div><br>${htmlOf(original, contentId)}`,
  };
}

/** Sanitised: the sender of the original has no say in what is sent in our user's name. */
function htmlOf(original: Message, contentId: NewContentId): string {
  const html = original.content?.html ?? null;
  if (html === null) return htmlOfText(textOf(original));
  const inlineUrl = (id: string) => {
    const kept = contentId(id);
    return kept === null ? null : `cid:${kept}`;
  };
  return safeHtml(html, { remoteImages: true, inlineUrl });
}

const textOf = (original: Message): string =>
  (original.content?.text ?? '').replace(/\r\n?/g, '\n').slice(0, LONGEST_QUOTE).trimEnd();

const person = ({ name, address }: Address): string => line(name ? `${name} <${address}>` : address);
const line = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** "Fri, 20 Nov 2026 13:46 UTC": we do not know where our user is. */
const dateOf = ({ sentAt, receivedAt }: Message): string =>
  (sentAt ?? receivedAt).toUTCString().replace(/:\d\d GMT$/, ' UTC');
