/**
 * What a word is, in every script: the one definition that a search is read by, that mail is compared by, and that every
 * provider is asked in. docs/search.md describes it.
 */

/**
 * Scripts that put no space between words, and Korean, whose particles stand at the word: each character is a word. Only
 * Hiragana and Han with what they share (ー, 〆): Thai shares the apostrophe of пʼять, and Katakana the dot of ẹ, with Latin.
 */
const UNSPACED = ['scx=Han', 'scx=Hira', 'sc=Kana', 'sc=Hang', 'sc=Thai', 'sc=Laoo', 'sc=Khmr', 'sc=Mymr']
  .map((script) => `\\p{${script}}`)
  .join('');
const WORD = new RegExp(`(?=[${UNSPACED}])[\\p{L}\\p{N}]\\p{M}*|(?:(?![${UNSPACED}])[\\p{L}\\p{M}\\p{N}_])+`, 'gu');
const STARTS_UNSPACED = new RegExp(`^[${UNSPACED}]`, 'u');
const ACCENTS = /[\u0300-\u036f]/g;
/** Signs, of which some are spelled with letters: ™, №, ₨, ㎏. Those of ASCII part words as they are. */
const SIGNS = /(?:(?![\u0020-\u007e])\p{S})+/gu;
const UNSEEN = /\p{Default_Ignorable_Code_Point}/gu;

/**
 * Text as it is compared: without case (full case folding: ß is ss), width, ligatures and other compatibility spellings
 * (Unicode NFKD), accents (U+0300 to U+036F, what is left of é or й) and characters that are not seen (soft hyphens, joiners).
 */
export function folded(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII, control characters and all
  if (/^[\x00-\x7f]*$/.test(text)) return text.toLowerCase();
  const bare = text.replace(UNSEEN, '').normalize('NFKD').replace(ACCENTS, '');
  // In lower case first: ẞ has no other upper case, and ß has SS.
  const cased = bare.toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ');
  return cased.normalize('NFKD').replace(ACCENTS, '').normalize('NFC');
}

/** Letters of a symbol are a separate word: Brand™ is found as brand, and №5 as 5. */
const parted = (text: string): string => text.replace(SIGNS, ' $& ');

const comparable = (text: string): string => folded(parted(text));
/** One plain spelling with accents: what a provider is asked in whose index may keep these apart. */
const spelled = (text: string): string => parted(text).replace(UNSEEN, '').normalize('NFKC').toLowerCase();

/** The words of a text, folded: the longest runs of letters, marks, digits and "_". Everything else only separates them. */
export const wordsOf = (text: string): readonly string[] => comparable(text).match(WORD) ?? [];

/**
 * The words of a text in each spelling that an index may have: with accents and without, and with the spaces that were typed
 * and without those between words of unspaced scripts, for neither is documented. 회의 일정 is two words to an index that goes
 * by spaces, 東京タワー one. `longest`: as many whole words as fit into so many characters.
 */
export function spellingsOf(text: string, longest = Number.POSITIVE_INFINITY): readonly string[] {
  const [accented, plain] = [spelled(text), comparable(text)];
  // An accent that stands by itself is a word in one of them only.
  const isSame = accented.match(WORD)?.length === plain.match(WORD)?.length;
  const spellings = isSame ? [accented, plain] : [plain];
  const lines = spellings.flatMap((spelling) => [written(spelling, longest, true), written(spelling, longest, false)]);
  return [...new Set(lines)].filter(Boolean);
}

const isUnspaced = (character: string | undefined): boolean =>
  character !== undefined && STARTS_UNSPACED.test(character);

function written(text: string, longest: number, keepsSpaces: boolean): string {
  let [line, last, end] = ['', undefined as string | undefined, 0];
  for (const { 0: word, index } of text.matchAll(WORD)) {
    const isJoined = last === undefined || index === end || (!keepsSpaces && isUnspaced(last) && isUnspaced(word));
    const longer = isJoined ? line + word : `${line} ${word}`;
    if (longer.length > longest) break;
    [line, last, end] = [longer, word, index + word.length];
  }
  return line;
}

/** Whether a value has a word: one of punctuation and symbols alone matches nothing. */
export const hasWord = (text: string): boolean => wordsOf(text).length > 0;

/** The words of a text, computed once for many comparisons. */
export const indexOf = (text: string): string => spaced(wordsOf(text));

/** Whether the words of `phrase` occur in the text as whole words, side by side and in this order. */
export function hasPhrase(index: string, phrase: string): boolean {
  const wanted = indexOf(phrase);
  return wanted !== '' && index.includes(wanted);
}

const spaced = (words: readonly string[]): string => (words.length === 0 ? '' : ` ${words.join(' ')} `);

/** What an address is made of (RFC 5322 dot-atoms, RFC 6532 letters). Any other sign stands beside it, as a comma in pasted text does. */
const LOCAL = String.raw`[\p{L}\p{M}\p{N}!#$%&'*+\-/=?^_\x60{|}~.]+`;
const LABEL = String.raw`[\p{L}\p{M}\p{N}_\-]+`;
const ADDRESS = new RegExp(`^${LOCAL}@(?:${LABEL}\\.)+${LABEL}$`, 'u');

/** What a keyboard that writes in full width makes of an address and its brackets. */
const FULL_WIDTH = /[＠．－＿＋＜＞０-９Ａ-Ｚａ-ｚ]/g;

/**
 * The whole address that a value is, bare, in angle brackets or behind a name, without what is not seen; null where it is
 * words, as without a dot behind the @. Signs in full width are read plainly where it is no address otherwise.
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
