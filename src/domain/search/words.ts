/*
 * The definition of a word in every script. Searches are parsed with it, mail is compared with it, and providers are queried with
 * it. docs/search.md describes it in prose.
 */

/**
 * Scripts without spaces between words, and Korean, whose particles are attached to words. Each character of these is a word.
 * Only Hiragana and Han include the characters that they share with other scripts (ー, 〆), because Thai shares the apostrophe of
 * пʼять, and Katakana the dot of ẹ, with Latin.
 */
const UNSPACED = ['scx=Han', 'scx=Hira', 'sc=Kana', 'sc=Hang', 'sc=Thai', 'sc=Laoo', 'sc=Khmr', 'sc=Mymr']
  .map((script) => `\\p{${script}}`)
  .join('');
const WORD = new RegExp(`(?=[${UNSPACED}])[\\p{L}\\p{N}]\\p{M}*|(?:(?![${UNSPACED}])[\\p{L}\\p{M}\\p{N}_])+`, 'gu');
const STARTS_UNSPACED = new RegExp(`^[${UNSPACED}]`, 'u');
const ACCENTS = /[\u0300-\u036f]/g;
/** Symbols, of which some decompose to letters: ™, №, ₨, ㎏. ASCII symbols are left out, because they separate words anyway. */
const SIGNS = /(?:(?![\u0020-\u007e])\p{S})+/gu;
const UNSEEN = /\p{Default_Ignorable_Code_Point}/gu;

/**
 * Text in the form in which it is compared: without case (full case folding, ß is ss), width, ligatures and other compatibility
 * forms (Unicode NFKD), accents (U+0300 to U+036F, as in decomposed é and й) and invisible characters (soft hyphens, joiners).
 */
export function folded(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII includes control characters
  if (/^[\x00-\x7f]*$/.test(text)) return text.toLowerCase();
  const bare = text.replace(UNSEEN, '').normalize('NFKD').replace(ACCENTS, '');
  // Lower case comes first, because ẞ is its own upper case, while that of ß is SS.
  const cased = bare.toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ');
  return cased.normalize('NFKD').replace(ACCENTS, '').normalize('NFC');
}

/** Separates symbols from words, so that Brand™ is found as brand and №5 as 5. */
const separated = (text: string): string => text.replace(SIGNS, ' $& ');

const comparable = (text: string): string => folded(separated(text));
/** A plain spelling with accents, for providers whose index may distinguish them. */
const spelled = (text: string): string => separated(text).replace(UNSEEN, '').normalize('NFKC').toLowerCase();

/** The folded words of a text: the longest runs of letters, marks, digits and "_". All other characters are separators. */
export const wordsOf = (text: string): readonly string[] => comparable(text).match(WORD) ?? [];

/**
 * The words of a text in each spelling that an index may have: with and without accents, and with and without the typed spaces
 * between words of unspaced scripts, because providers document neither. An index that splits at spaces has two words for 회의 일정
 * and one for 東京タワー. `maxLength` limits each spelling to the whole words that fit into so many characters.
 */
export function spellingsOf(text: string, maxLength = Number.POSITIVE_INFINITY): readonly string[] {
  const [accented, plain] = [spelled(text), comparable(text)];
  // A separate accent is a word in one of the two spellings only.
  const isSame = accented.match(WORD)?.length === plain.match(WORD)?.length;
  const spellings = isSame ? [accented, plain] : [plain];
  const lines = spellings.flatMap((spelling) => [
    joinedWords(spelling, maxLength, true),
    joinedWords(spelling, maxLength, false),
  ]);
  return [...new Set(lines)].filter(Boolean);
}

const isUnspaced = (character: string | undefined): boolean =>
  character !== undefined && STARTS_UNSPACED.test(character);

function joinedWords(text: string, maxLength: number, keepsSpaces: boolean): string {
  let [line, last, end] = ['', undefined as string | undefined, 0];
  for (const { 0: word, index } of text.matchAll(WORD)) {
    const isJoined = last === undefined || index === end || (!keepsSpaces && isUnspaced(last) && isUnspaced(word));
    const longer = isJoined ? line + word : `${line} ${word}`;
    if (longer.length > maxLength) break;
    [line, last, end] = [longer, word, index + word.length];
  }
  return line;
}

/** Whether a value has a word. A value of punctuation and symbols alone matches nothing. */
export const hasWord = (text: string): boolean => wordsOf(text).length > 0;

/** The words of a text, computed once for many comparisons. */
export const indexOf = (text: string): string => spaced(wordsOf(text));

/** Whether the words of `phrase` occur in the text as whole words, side by side and in this order. */
export function hasPhrase(index: string, phrase: string): boolean {
  const words = indexOf(phrase);
  return words !== '' && index.includes(words);
}

const spaced = (words: readonly string[]): string => (words.length === 0 ? '' : ` ${words.join(' ')} `);

/** The characters of an address (RFC 5322 dot-atoms, RFC 6532 letters). Any other character, such as a comma in pasted text, is not part of it. */
const LOCAL = String.raw`[\p{L}\p{M}\p{N}!#$%&'*+\-/=?^_\x60{|}~.]+`;
const LABEL = String.raw`[\p{L}\p{M}\p{N}_\-]+`;
const ADDRESS = new RegExp(`^${LOCAL}@(?:${LABEL}\\.)+${LABEL}$`, 'u');

/** Characters of an address and its brackets as a full-width keyboard writes them. */
const FULL_WIDTH = /[＠．－＿＋＜＞０-９Ａ-Ｚａ-ｚ]/g;

/**
 * The address in a value that is bare, in angle brackets, or after a name. Invisible characters are removed. Null: the value is
 * words, for example because there is no dot after the @. Full-width characters are read as plain ones where the value is not an
 * address otherwise.
 */
export function addressIn(value: string): string | null {
  const plain = value.replace(FULL_WIDTH, (sign) => sign.normalize('NFKC'));
  return wholeAddress(value) ?? wholeAddress(plain);
}

function wholeAddress(value: string): string | null {
  const inside = /<([^<>]*)>\s*$/.exec(value)?.[1] ?? value;
  const address = inside.replace(UNSEEN, '').trim();
  return ADDRESS.test(address) ? address : null;
}
