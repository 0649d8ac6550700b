/**
 * The definition of words, written from its prose alone and kept apart from src/: the oracle that searches are held against
 * must not share a mistake with what it judges.
 */

/** Scripts in which each character is a word of its own; ー is no script's own, and Japanese. */
const ALONE =
  '\\p{sc=Han}〆〡-〩\\p{sc=Hiragana}\\p{sc=Katakana}ー〱-〵\\p{sc=Hangul}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}';
const WORD = new RegExp(
  `(?=[\\p{L}\\p{N}])[${ALONE}]\\p{M}*|(?:(?!(?=[\\p{L}\\p{N}])[${ALONE}])[\\p{L}\\p{M}\\p{N}_])+`,
  'gu',
);

/** Without case, width, ligatures, accents and what is not seen. */
function fold(text: string): string {
  const bare = text.normalize('NFKD').replace(/[\u0300-\u036f]|\p{Default_Ignorable_Code_Point}/gu, '');
  // From lower case to upper and back is full case folding (ß and ẞ are ss), but for the final sigma. The Turkish ı is an i so.
  const caseless = bare.toLowerCase().toUpperCase().toLowerCase();
  return caseless.replaceAll('ς', 'σ').normalize('NFC');
}

/** A sign that is spelled with letters is no part of the word beside it. */
export const words = (text: string): string[] => fold(text.replace(/\p{S}/gu, ' $& ')).match(WORD) ?? [];

/** Whether these words stand in the text, whole, adjacent and in this order. No words stand nowhere. */
export function hasPhrase(text: string, value: string): boolean {
  const wanted = words(value);
  if (wanted.length === 0) return false;
  const own = words(text);
  return own.some((_, start) => wanted.every((word, at) => own[start + at] === word));
}

/** `ada@example.org`, `<…>` and `Ada <…>` mean that address as a whole; null: words. */
export function fullAddress(value: string): string | null {
  const trimmed = value.trim().replace(/[＠．－＿＋＜＞０-９Ａ-Ｚａ-ｚ]/g, (sign) => sign.normalize('NFKC'));
  const inner = /^[^<>]*<([^<>]*)>$/.exec(trimmed)?.[1]?.trim() ?? trimmed;
  return /^[^\s@<>"(),;:]+@[^\s@<>"(),;:]*[\p{L}\p{N}]$/u.test(inner) ? inner.toLowerCase() : null;
}
