import { displayName } from '../../../domain/display-name.ts';
import { type Entry, parseList, parseOne } from './addresses.ts';

/**
 * Gmail does not say whether it lists a header as it was written or with its names decoded and without their quotes, and a
 * decoded name may hold anything: commas, angle brackets, whole addresses. So a list is read both ways.
 * certain: both say the same. list: an ordinary list; what looks like one of its entries could be a part of the next one's
 * name. odd: the readings differ.
 */
export type Certainty = 'certain' | 'list' | 'odd';

/** Not compared, nor parsed for it, beyond this many addresses, which no person wrote. */
const MAX_COMPARED = 500;

export function certaintyOf(list: string, given?: readonly Entry[]): Certainty {
  const hasAddress = list.includes('@');
  const hasNames = list.includes('<');
  // Without angle brackets only a comment or the name of a group could have been decoded.
  if (!hasNames && !hasAddress) return /[,;"()\\]/.test(list.slice(0, list.lastIndexOf(':') + 1)) ? 'odd' : 'certain';
  if (!hasNames) return /:/.test(list) || (/[()]/.test(list) && hasSeveral(list)) ? 'odd' : 'certain';
  if (!given && atSigns(list, MAX_COMPARED) > MAX_COMPARED) return 'odd';
  const entries = given ?? parseList(list);
  if (entries.length > MAX_COMPARED) return 'odd';
  let listed: Certainty = 'certain';
  let reached = 0;
  for (const [index, entry] of entries.entries()) {
    const { start, end } = entry;
    // A group's name, or what was passed over.
    if (/[^\s,;]/.test(list.slice(reached, start))) return 'odd';
    const written = list.slice(start, end);
    if (!written.includes('<')) {
      // Not an address that stands alone: it could be what is left of a name or a comment.
      if (/[()"]/.test(written) || !written.includes('@')) return 'odd';
      reached = end;
      continue;
    }
    const one = parseOne(written);
    if (one.address !== entry.address || displayName(one.name ?? '') !== entry.name) return 'odd';
    // Quotes that a name begins and ends with could as well belong to two names.
    const before = written.slice(0, written.lastIndexOf('<'));
    if (before.includes('@') && /[,;]/.test(before)) return 'odd';
    if (index > 0) listed = 'list';
    reached = end;
  }
  return /[^\s,;]/.test(list.slice(reached)) ? 'odd' : listed;
}

/** How many there are, up to one more than `most`. */
function atSigns(list: string, most: number): number {
  let count = 0;
  for (let at = list.indexOf('@'); at >= 0 && count <= most; at = list.indexOf('@', at + 1)) count++;
  return count;
}

const hasSeveral = (list: string): boolean => list.indexOf('@') !== list.lastIndexOf('@');
