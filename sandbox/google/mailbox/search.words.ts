import { DEFAULT_SEARCH_INDEX, type SearchIndex } from '../../world.ts';

/** Scripts without spaces between words, and Korean. */
const UNSPACED = ['scx=Han', 'scx=Hira', 'sc=Kana', 'sc=Hang', 'sc=Thai', 'sc=Laoo', 'sc=Khmr', 'sc=Mymr']
  .map((script) => `\\p{${script}}`)
  .join('');
const CHARACTERS = new RegExp(
  `(?=[${UNSPACED}])[\\p{L}\\p{N}]\\p{M}*|(?:(?![${UNSPACED}])[\\p{L}\\p{N}\\p{M}_])+`,
  'gu',
);
const RUNS = /[\p{L}\p{N}\p{M}_]+/gu;

/** Returns the words of a text as the index stores them: separated by single spaces, with one at each end, so that only whole words match. */
export function searchText(text: string, index: SearchIndex = DEFAULT_SEARCH_INDEX): string {
  // ASCII is handled separately, because most texts of a large mailbox are ASCII.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII, control characters and all
  if (index === DEFAULT_SEARCH_INDEX && /^[\x00-\x7f]*$/.test(text))
    return padded(text.toLowerCase().replace(/[^a-z0-9_]+/g, ' '));
  const seen = text
    // Words are split at symbols before those are normalised to letters: ™ is not part of the word before it.
    .replace(/\p{S}+/gu, ' $& ')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .normalize('NFKC')
    .toLowerCase();
  const spelled = index.accents === 'folded' ? withoutAccents(seen) : seen;
  const parted = index.underscore === 'separates' ? spelled.replaceAll('_', ' ') : spelled;
  const words = parted.match(index.unspaced === 'runs' ? RUNS : CHARACTERS) ?? [];
  return padded((index.forms === 'stems' ? words.map(stem) : words).join(' '));
}

/** Returns whether the words occur adjacent and in this order. A query of punctuation alone matches everything. */
export const contains = (text: string, words: string): boolean => words === '' || text.includes(words);

function withoutAccents(text: string): string {
  const bare = text.normalize('NFKD').replace(/[\u0300-\u036f]/g, '');
  // Lower case, then upper case is full case folding, which makes ß and ẞ both ss.
  return bare
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFC');
}

/** A simple English stemmer, which finds "starting" for "starts". */
const stem = (word: string): string => (word.length > 4 ? word.replace(/(?:ing|ed|es|s)$/, '') : word);

function padded(words: string): string {
  const trimmed = words.trim();
  return trimmed === '' ? '' : ` ${trimmed} `;
}
