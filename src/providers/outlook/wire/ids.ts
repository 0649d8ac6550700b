import { MailError } from '../../../domain/error.ts';

/**
 * Ids come from clients and become path segments, so only Exchange's own alphabet is accepted. Without a dot, a slash
 * or a percent sign no id can leave its segment. Graph's bound functions are not ids either.
 */
const ID = /^[\w=-]{1,512}$/;
const FUNCTIONS = new Set(['delta', 'count']);

export const isId = (id: string): boolean => ID.test(id) && !FUNCTIONS.has(id.toLowerCase());

/** Returns the path segment for `id`. Throws NOT_FOUND when it cannot be an id. */
export function segment(id: string): string {
  if (!isId(id))
    throw new MailError('NOT_FOUND', 'There is no such message, folder or attachment in this Outlook account.');
  return encodeURIComponent(id);
}

const CATEGORY = 'category:';

/**
 * Outlook identifies a category by its name, which never changes. The prefix distinguishes its mailbox id from a
 * folder's.
 */
export const categoryId = (name: string): string => CATEGORY + name;

/** Returns the category's name, or null when the id is a folder's. */
export const categoryName = (mailboxId: string): string | null =>
  mailboxId.startsWith(CATEGORY) ? mailboxId.slice(CATEGORY.length) : null;
