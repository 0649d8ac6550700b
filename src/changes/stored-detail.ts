import { ChangeDetail, MAX_DETAIL_LENGTH } from '../providers/contract/change-detail.ts';

/**
 * PostgreSQL's JSON accepts neither NUL nor half a surrogate pair, which JSON.stringify escapes. An entry that cannot be
 * stored would block the sync of its account.
 */
export function isStorable(detail: ChangeDetail): boolean {
  const text = JSON.stringify(detail);
  return text.length <= MAX_DETAIL_LENGTH && !text.includes('\\u');
}

/**
 * Reads a stored detail. A newer instance may have written one with more fields, which are dropped, or of another kind, which
 * is null here.
 */
export const detailOf = (stored: unknown): ChangeDetail | null =>
  stored === null ? null : ChangeDetail.nullable().catch(null).parse(stored);
