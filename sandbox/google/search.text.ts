import { htmlToText } from '../mail/html-text.ts';
import type { Mail, MimePart } from '../mail/mail.ts';
import type { StoredMessage } from './mailbox/message.ts';
import { contains, searchText } from './mailbox/search.entry.ts';

/** How many bodies one search looks into; behind that it goes by headers and first words. */
const BODIES_PER_SEARCH = 2000;
const TEXT_LIMIT = 50_000;
const previews = new WeakMap<Mail, string>();
const bodies = new WeakMap<Mail, string>();

export function filenames({ entry, mail }: StoredMessage): readonly string[] {
  return entry.hasAttachment ? leaves(mail.mime()).flatMap(({ filename }) => filename ?? []) : [];
}

/** Looks for words in whole mails, the cheap places first. One for each search. */
export class TextReader {
  #left = BODIES_PER_SEARCH;

  has({ entry, mail }: StoredMessage, words: string): boolean {
    const { subject, from, recipients } = entry;
    if ([subject, from, recipients].some((text) => contains(text, words))) return true;
    if (contains(kept(previews, mail, previewOf), words)) return true;
    if (this.#left === 0) return false;
    this.#left -= 1;
    return contains(kept(bodies, mail, bodyOf), words);
  }
}

function kept(texts: WeakMap<Mail, string>, mail: Mail, make: (mail: Mail) => string): string {
  let text = texts.get(mail);
  if (text === undefined) {
    text = searchText(make(mail));
    texts.set(mail, text);
  }
  return text;
}

const previewOf = (mail: Mail) => mail.envelope.preview;

function bodyOf(mail: Mail): string {
  const shown = leaves(mail.mime()).map((part) =>
    part.filename === null && part.mimeType.startsWith('text/') ? withoutTags(part) : (part.filename ?? ''),
  );
  return shown.join(' ').slice(0, TEXT_LIMIT);
}

function withoutTags(part: MimePart): string {
  const text = part.text().slice(0, TEXT_LIMIT);
  return part.mimeType === 'text/html' ? htmlToText(text) : text;
}

function leaves(part: MimePart): readonly MimePart[] {
  return part.children.length > 0 ? part.children.flatMap(leaves) : [part];
}
