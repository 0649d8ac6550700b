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

/** The words of a text as the index keeps them, between single spaces, with one at each end: whole words are found, not parts. */
export function searchText(text: string, index: SearchIndex = DEFAULT_SEARCH_INDEX): string {
  // The plain case is worth its own line: a large mailbox is made of it.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII, control characters and all
  if (index === DEFAULT_SEARCH_INDEX && /^[\x00-\x7f]*$/.test(text))
    return padded(text.toLowerCase().replace(/[^a-z0-9_]+/g, ' '));
  const seen = text
    // Word breakers part words at signs before these are spelled out: ™ is no letter of the word that it stands at.
    .replace(/\p{S}+/gu, ' $& ')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .normalize('NFKC')
    .toLowerCase();
  const spelled = index.accents === 'folded' ? withoutAccents(seen) : seen;
  const parted = index.underscore === 'separates' ? spelled.replaceAll('_', ' ') : spelled;
  const words = parted.match(index.unspaced === 'runs' ? RUNS : CHARACTERS) ?? [];
  return padded((index.forms === 'stems' ? words.map(stem) : words).join(' '));
}

/** Whether the words stand there, in that order. A query of signs only is no narrowing. */
export const contains = (text: string, words: string): boolean => words === '' || text.includes(words);

function withoutAccents(text: string): string {
  const bare = text.normalize('NFKD').replace(/[\u0300-\u036f]/g, '');
  // By way of upper case, from lower: full case folding, by which ß and ẞ are ss.
  return bare
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFC');
}

/** Enough of English to find "starting" for "starts". */
const stem = (word: string): string => (word.length > 4 ? word.replace(/(?:ing|ed|es|s)$/, '') : word);

function padded(words: string): string {
  const trimmed = words.trim();
  return trimmed === '' ? '' : ` ${trimmed} `;
}
