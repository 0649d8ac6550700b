import { htmlToText } from '../../mail/html-text.ts';
import type { Mail, MimePart } from '../../mail/mail.ts';
import type { SearchIndex } from '../../world.ts';
import type { StoredMessage } from '../mailbox/message.ts';
import { entryOf } from '../mailbox/search.entry.ts';
import { contains, searchText } from '../mailbox/search.words.ts';

/** The most bodies that one search reads. Beyond that it searches headers and first words. */
const MAX_BODIES = 2000;
const MAX_TEXT_LENGTH = 50_000;

/** The texts of messages as one index stores them. */
interface Texts {
  readonly previews: WeakMap<Mail, string>;
  readonly bodies: WeakMap<Mail, string>;
}
const kept = new WeakMap<SearchIndex, Texts>();

export function filenames({ entry, mail }: StoredMessage): readonly string[] {
  return entry.hasAttachment ? leaves(mail.mime()).flatMap(({ filename }) => filename ?? []) : [];
}

/** Searches whole messages for words, the cheap fields first. Each search has its own. */
export class TextReader {
  #left = MAX_BODIES;
  readonly #index: SearchIndex;
  readonly #texts: Texts;

  constructor(index: SearchIndex) {
    this.#index = index;
    this.#texts = kept.get(index) ?? { previews: new WeakMap(), bodies: new WeakMap() };
    kept.set(index, this.#texts);
  }

  has(message: StoredMessage, words: string): boolean {
    const { mail } = message;
    const { subject, from, recipients } = entryOf(message, this.#index);
    if ([subject, from, recipients].some((text) => contains(text, words))) return true;
    if (contains(this.#read(this.#texts.previews, mail, previewOf), words)) return true;
    if (this.#left === 0) return false;
    this.#left -= 1;
    return contains(this.#read(this.#texts.bodies, mail, bodyOf), words);
  }

  #read(texts: WeakMap<Mail, string>, mail: Mail, make: (mail: Mail) => readonly string[]): string {
    let text = texts.get(mail);
    if (text === undefined) {
      text = make(mail)
        .map((part) => searchText(part, this.#index))
        .join('\n');
      texts.set(mail, text);
    }
    return text;
  }
}

const previewOf = (mail: Mail) => [mail.envelope.preview];

/** Returns the texts and the file names separately, so that no phrase matches across two of them. */
const bodyOf = (mail: Mail): readonly string[] =>
  leaves(mail.mime()).flatMap((part) =>
    part.filename === null && part.mimeType.startsWith('text/') ? [withoutTags(part)] : (part.filename ?? []),
  );

function withoutTags(part: MimePart): string {
  const text = part.text().slice(0, MAX_TEXT_LENGTH);
  return part.mimeType === 'text/html' ? htmlToText(text) : text;
}

function leaves(part: MimePart): readonly MimePart[] {
  return part.children.length > 0 ? part.children.flatMap(leaves) : [part];
}
