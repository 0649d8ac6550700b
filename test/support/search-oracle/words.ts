/**
 * The definition of words, written from its prose only and without any code of src/: the oracle that judges searches
 * must not share a mistake with them.
 */

/**
 * Scripts in which each character is a word of its own. Unicode gives the mark ー to no script of its own; here it
 * counts as Japanese.
 */
const ALONE =
  '\\p{sc=Han}〆〡-〩\\p{sc=Hiragana}\\p{sc=Katakana}ー〱-〵\\p{sc=Hangul}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}';
const WORD = new RegExp(
  `(?=[\\p{L}\\p{N}])[${ALONE}]\\p{M}*|(?:(?!(?=[\\p{L}\\p{N}])[${ALONE}])[\\p{L}\\p{M}\\p{N}_])+`,
  'gu',
);

/** Removes differences of case, width, ligatures and accents, and invisible characters. */
function fold(text: string): string {
  const bare = text.normalize('NFKD').replace(/[\u0300-\u036f]|\p{Default_Ignorable_Code_Point}/gu, '');
  // Converting to lower case, upper case and lower case again is full case folding (ß and ẞ become ss), except for the
  // final sigma. It turns the Turkish ı into i.
  const caseless = bare.toLowerCase().toUpperCase().toLowerCase();
  return caseless.replaceAll('ς', 'σ').normalize('NFC');
}

/** Returns the words of the text. A symbol that folds to letters is not part of the word beside it. */
export const words = (text: string): string[] => fold(text.replace(/\p{S}/gu, ' $& ')).match(WORD) ?? [];

/**
 * Returns whether the text contains these words complete, adjacent and in this order. A value without words is found
 * nowhere.
 */
export function hasPhrase(text: string, value: string): boolean {
  const wanted = words(value);
  if (wanted.length === 0) return false;
  const own = words(text);
  return own.some((_, start) => wanted.every((word, at) => own[start + at] === word));
}

/**
 * Returns the address that `ada@example.org`, `<ada@example.org>` or `Ada <ada@example.org>` means, or null for other
 * words.
 */
export function fullAddress(value: string): string | null {
  const trimmed = value.trim().replace(/[＠．－＿＋＜＞０-９Ａ-Ｚａ-ｚ]/g, (sign) => sign.normalize('NFKC'));
  const inner = /^[^<>]*<([^<>]*)>$/.exec(trimmed)?.[1]?.trim() ?? trimmed;
  return /^[^\s@<>"(),;:]+@[^\s@<>"(),;:]*[\p{L}\p{N}]$/u.test(inner) ? inner.toLowerCase() : null;
}
