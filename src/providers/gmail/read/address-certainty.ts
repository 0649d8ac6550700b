import { displayName } from '../../../domain/display-name.ts';
import { type Entry, parseList, parseOne } from './addresses.ts';

/**
 * How certain the addresses of a listed header are. Gmail does not document whether it lists a header as it was written, or with
 * names decoded and their quotes removed. A decoded name can contain commas, angle brackets and whole addresses, so a list is
 * read both ways. certain: both ways have the same result. list: an ordinary list, of which an entry could be a part of the next
 * entry's name. odd: the results differ.
 */
export type Certainty = 'certain' | 'list' | 'odd';

/** The maximum number of addresses to compare. No person writes longer lists. */
const MAX_COMPARED = 500;

export function certaintyOf(list: string, parsed?: readonly Entry[]): Certainty {
  const hasAddress = list.includes('@');
  const hasNames = list.includes('<');
  // A list without angle brackets can only have a decoded comment or group name.
  if (!hasNames && !hasAddress) return /[,;"()\\]/.test(list.slice(0, list.lastIndexOf(':') + 1)) ? 'odd' : 'certain';
  if (!hasNames) return /:/.test(list) || (/[()]/.test(list) && hasSeveral(list)) ? 'odd' : 'certain';
  if (!parsed && atSigns(list, MAX_COMPARED) > MAX_COMPARED) return 'odd';
  const entries = parsed ?? parseList(list);
  if (entries.length > MAX_COMPARED) return 'odd';
  let listed: Certainty = 'certain';
  let reached = 0;
  for (const [index, entry] of entries.entries()) {
    const { start, end } = entry;
    // The text between two entries is a group's name, or it was skipped.
    if (/[^\s,;]/.test(list.slice(reached, start))) return 'odd';
    const written = list.slice(start, end);
    if (!written.includes('<')) {
      // This is not just an address. It could be the rest of a name or of a comment.
      if (/[()"]/.test(written) || !written.includes('@')) return 'odd';
      reached = end;
      continue;
    }
    const one = parseOne(written);
    if (one.address !== entry.address || displayName(one.name ?? '') !== entry.name) return 'odd';
    // The quotes at the beginning and the end of a name could belong to two names.
    const before = written.slice(0, written.lastIndexOf('<'));
    if (before.includes('@') && /[,;]/.test(before)) return 'odd';
    if (index > 0) listed = 'list';
    reached = end;
  }
  return /[^\s,;]/.test(list.slice(reached)) ? 'odd' : listed;
}

/** The number of at signs. Counting stops at one more than `max`. */
function atSigns(list: string, max: number): number {
  let count = 0;
  for (let at = list.indexOf('@'); at >= 0 && count <= max; at = list.indexOf('@', at + 1)) count++;
  return count;
}

const hasSeveral = (list: string): boolean => list.indexOf('@') !== list.lastIndexOf('@');
