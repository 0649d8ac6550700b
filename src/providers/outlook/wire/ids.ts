import { MailError } from '../../../domain/error.ts';

/**
 * Ids reach us from clients and become path segments, so only Exchange's own alphabet passes: no dot, slash or percent
 * sign can climb out of the segment. The bound functions of Graph are no ids.
 */
const ID = /^[\w=-]{1,512}$/;
const FUNCTIONS = new Set(['delta', 'count']);

export const isId = (id: string): boolean => ID.test(id) && !FUNCTIONS.has(id.toLowerCase());

/** A path segment of `id`. NOT_FOUND when it cannot be one. */
export function segment(id: string): string {
  if (!isId(id))
    throw new MailError('NOT_FOUND', 'There is no such message, folder or attachment in this Outlook account.');
  return encodeURIComponent(id);
}

const CATEGORY = 'category:';

/** Categories are known by their name, which Outlook never changes; the mailbox id of one says so. */
export const categoryId = (name: string): string => CATEGORY + name;

/** The category's name; null when the id is a folder's. */
export const categoryName = (mailboxId: string): string | null =>
  mailboxId.startsWith(CATEGORY) ? mailboxId.slice(CATEGORY.length) : null;
