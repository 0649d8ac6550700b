/** Control characters (C0, DEL and C1), and what some programs break lines at. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;
const RUNS = /[\p{Cc}\p{Zl}\p{Zp} ]+/gu;
/**
 * Embeddings, overrides and isolates of text direction, which set what stands beside a name in another order and write
 * "exe.fdp" for a name that ends in .exe (Unicode Technical Report 36, 2.9). The marks of left and right are not among
 * them: they change nothing beyond themselves, and Hebrew and Arabic need them.
 */
const DIRECTION = /[\u202a-\u202e\u2066-\u2069]/;
const DIRECTIONS = new RegExp(DIRECTION, 'g');

export const isOneLine = (text: string): boolean => !CONTROL.test(text);
export const steersDirection = (text: string): boolean => DIRECTION.test(text);

/**
 * What somebody else wrote as a name, a subject or a file name, fit to be shown beside other text: control characters are
 * blanks, what steers the direction of text is left out, halves of letters are replaced.
 */
export function toOneLine(text: string): string {
  // Plain letters alone, as most are: nothing to look for.
  if (/^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/.test(text)) return text;
  return text
    .replace(DIRECTIONS, '')
    .replace(RUNS, (run) => (CONTROL.test(run) ? ' ' : run))
    .replace(/\p{Cs}/gu, '\ufffd')
    .trim();
}
