import { htmlToText } from '../../mail/html-text.ts';
import type { Person } from '../../mail/mail.ts';
import type { SearchIndex } from '../../world.ts';
import type { Content } from './content.ts';
import type { Item } from './item.ts';

/** How the index treats accents, ligatures and full-width letters. */
type Accents = SearchIndex['accents'];
/** The properties of a message that the index reads. */
export type WordPlace = 'from' | 'to' | 'cc' | 'bcc' | 'subject' | 'body' | 'attachment';

/** Scripts without spaces between words, and Korean. The index stores each of their characters as a word. */
const UNSPACED = ['scx=Han', 'scx=Hira', 'sc=Kana', 'sc=Hang', 'sc=Thai', 'sc=Laoo', 'sc=Khmr', 'sc=Mymr']
  .map((script) => `\\p{${script}}`)
  .join('');
const WORD = new RegExp(`(?=[${UNSPACED}])[\\p{L}\\p{N}]\\p{M}*|(?:(?![${UNSPACED}])[\\p{L}\\p{M}\\p{N}_])+`, 'gu');
const UNSEEN = /\p{Default_Ignorable_Code_Point}/gu;

/** Separates two texts of a property, so that no phrase can continue from one into the next. */
const ENDS = ' | ';

/** Returns a text as the index compares it. How it treats accents, ligatures and full-width letters is not documented. */
function spelled(text: string, accents: Accents): string {
  if (accents === 'kept') return text.normalize('NFC').toLowerCase();
  const bare = text
    .replace(/\p{S}+/gu, ' $& ')
    .replace(UNSEEN, '')
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '');
  return bare
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '');
}

export const splitWords = (text: string, accents: Accents): readonly string[] =>
  spelled(text, accents).normalize('NFC').match(WORD) ?? [];

type Known = Partial<Record<WordPlace, string>>;
/** The words of received mail that were already read. Reading the MIME of 50,000 messages again for each search would take too long. */
const known: Readonly<Record<Accents, WeakMap<Content, Known>>> = {
  folded: new WeakMap(),
  kept: new WeakMap(),
};

/** Returns the words that the index reads in one property of a message, with ENDS around each of its texts. */
export function wordsIn({ content, isDraft }: Item, place: WordPlace, accents: Accents): string {
  if (isDraft) return indexOf(content, place, accents);
  const found = known[accents].get(content) ?? {};
  if (found[place] === undefined) {
    found[place] = indexOf(content, place, accents);
    known[accents].set(content, found);
  }
  return found[place];
}

const indexOf = (content: Content, place: WordPlace, accents: Accents): string =>
  `${ENDS}${textsIn(content, place)
    .map((text) => splitWords(text, accents).join(' '))
    .join(ENDS)}${ENDS}`;

function textsIn(content: Content, place: WordPlace): readonly string[] {
  const { envelope } = content;
  if (place === 'subject') return [envelope.subject];
  if (place === 'body') {
    const { type, content: text } = content.body();
    return [type === 'html' ? htmlToText(text) : text];
  }
  if (place === 'attachment') return envelope.hasAttachment ? content.attachments().map(({ name }) => name) : [];
  const people: readonly (Person | null)[] = place === 'from' ? [envelope.from, envelope.sender] : envelope[place];
  return people.flatMap((person) => (person ? [person.name, person.address] : []));
}
