import { MailError } from '../../../domain/error.ts';
import { hasStatus } from '../wire/errors.ts';
import type { ListPosition } from './cursor.ts';
import type { GmailQuery } from './search.ts';

/** The parameters of messages.list and drafts.list. */
export const listParams = (query: GmailQuery, position: ListPosition) => ({
  userId: 'me',
  maxResults: position.size,
  ...(position.token === null ? {} : { pageToken: position.token }),
  ...(query.q ? { q: query.q } : {}),
  ...(query.labelIds.length > 0 ? { labelIds: [...query.labelIds] } : {}),
  ...(query.includeSpamTrash ? { includeSpamTrash: true } : {}),
});

/** Runs a list request and explains Gmail's 400: the page token has expired, or a label does not exist. */
export async function withListErrors<T>(position: ListPosition, query: GmailQuery, list: () => Promise<T>): Promise<T> {
  try {
    return await list();
  } catch (error) {
    if (!hasStatus(error, 400)) throw error;
    if (position.token !== null) {
      const message = 'This position in the list no longer exists. Read the list again from the start.';
      throw new MailError('CURSOR_EXPIRED', message, { cause: error });
    }
    if (query.labelIds.length > 0) throw new MailError('NOT_FOUND', 'There is no such mailbox.', { cause: error });
    throw error;
  }
}
