import { declarationsOf } from '../../providers/shared/html/css/declarations.ts';
import { readerOf } from './html-properties.ts';

/** Longer than any allowed value. */
const MAX_VALUE_LENGTH = 400;

/**
 * The declarations of a style attribute that are safe in a page, because they affect only their own box: no url(), no
 * position, no negative margin, and nothing that loads content. The result contains only allowed declarations, so a parsing
 * error cannot let more through. Of repeated declarations, the one that takes effect is kept.
 */
export function safeStyle(style: string): string {
  const kept = new Map<string, { readonly value: string; readonly isImportant: boolean }>();
  let hanging: string | null = null;
  for (const { name, value, isImportant } of declarationsOf(style)) {
    if (value.length > MAX_VALUE_LENGTH) continue;
    if (name === 'text-indent' && value.startsWith('-')) hanging = value;
    const read = readerOf(name)?.(value) ?? null;
    if (read === null || (kept.get(name)?.isImportant && !isImportant)) continue;
    // The position in the order matters, because a later shorthand overrides earlier declarations.
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

/** A first line that is indented to the left but stays inside its box, as Outlook writes list items. */
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

/** The style without the declarations that hide the element. */
export const uncoveredStyle = (safe: string): string =>
  safe
    .split(';')
    .filter((one) => !/^(?:display|opacity|overflow(?:-[xy])?|text-indent):/.test(one))
    .join(';');

/** The style with the element hidden. */
export const hiddenStyle = (safe: string): string =>
  [...safe.split(';').filter((one) => one !== '' && !one.startsWith('display:')), 'display:none'].join(';');
