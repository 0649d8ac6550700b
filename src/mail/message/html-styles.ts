import { declarationsOf } from '../../providers/shared/html/css/declarations.ts';
import { readerOf } from './html-properties.ts';

/** Longer than any value that is let through. */
const MAX_VALUE_LENGTH = 400;

/**
 * What of a style attribute may stand in a page: what stays in its box. No url(), no position, no negative margin, nothing that
 * reads from elsewhere. Built of nothing but what is allowed, so that no misreading lets more through; of a property that is
 * said twice, the one that counts.
 */
export function safeStyle(style: string): string {
  const kept = new Map<string, { readonly value: string; readonly isImportant: boolean }>();
  let hanging: string | null = null;
  for (const { name, value, isImportant } of declarationsOf(style)) {
    if (value.length > MAX_VALUE_LENGTH) continue;
    if (name === 'text-indent' && value.startsWith('-')) hanging = value;
    const read = readerOf(name)?.(value) ?? null;
    if (read === null || (kept.get(name)?.isImportant && !isImportant)) continue;
    // Behind what came between, as a shorthand of it would be.
    kept.delete(name);
    kept.set(name, { value: read, isImportant });
    if (name === 'text-indent') hanging = null;
  }
  const written = [...kept].map(
    ([name, { value, isImportant }]) => `${name}:${value}${isImportant ? ' !important' : ''}`,
  );
  if (hanging !== null && !kept.has('text-indent') && hangsWithin(hanging, kept))
    written.push(`text-indent:${hanging}`);
  return written.join(';');
}

/** A first line that begins before the others and still in its box, as Outlook writes the items of its lists. */
function hangsWithin(indent: string, kept: ReadonlyMap<string, { readonly value: string }>): boolean {
  const [, wanted = '', unit = ''] = LENGTH.exec(indent.slice(1)) ?? [];
  if (wanted === '') return false;
  return ['margin', 'padding'].some((name) => {
    const sides = kept.get(name)?.value.split(' ') ?? [];
    const room = LENGTH.exec(kept.get(`${name}-left`)?.value ?? sides[3] ?? sides[1] ?? sides[0] ?? '');
    return room?.[2] === unit && Number(room[1]) >= Number(wanted);
  });
}

const LENGTH = /^\+?(\d{1,4}(?:\.\d{1,20})?|\.\d{1,20})(px|pt|r?em|in|cm|mm)$/;

/** The same without what hides the element. */
export const uncoveredStyle = (safe: string): string =>
  safe
    .split(';')
    .filter((one) => !/^(?:display|opacity|overflow(?:-[xy])?|text-indent):/.test(one))
    .join(';');

/** The same with the element taken off the page. */
export const hiddenStyle = (safe: string): string =>
  [...safe.split(';').filter((one) => one !== '' && !one.startsWith('display:')), 'display:none'].join(';');
