/** Control characters (C0, DEL and C1) and Unicode's line and paragraph separators. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;
const RUNS = /[\p{Cc}\p{Zl}\p{Zp} ]+/gu;
/**
 * Embeddings, overrides and isolates of text direction, which reorder the text beside a name and show
 * "exe.fdp" for a name that ends in .exe (Unicode Technical Report 36, 2.9). The marks of left and right are not among
 * them: they do not affect the text around them, and Hebrew and Arabic need them.
 */
const DIRECTION = /[\u202a-\u202e\u2066-\u2069]/;
const DIRECTIONS = new RegExp(DIRECTION, 'g');

export const isOneLine = (text: string): boolean => !CONTROL.test(text);
export const steersDirection = (text: string): boolean => DIRECTION.test(text);

/**
 * A name, a subject or a file name from a sender, made safe to show beside other text: control characters become
 * spaces, characters that change the direction of text are removed, unpaired surrogates are replaced.
 */
export function toOneLine(text: string): string {
  // Most texts have only plain letters and need no change.
  if (/^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/.test(text)) return text;
  return text
    .replace(DIRECTIONS, '')
    .replace(RUNS, (run) => (CONTROL.test(run) ? ' ' : run))
    .replace(/\p{Cs}/gu, '\ufffd')
    .trim();
}
