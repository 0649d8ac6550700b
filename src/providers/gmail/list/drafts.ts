import { isMailError, MailError } from '../../../domain/error.ts';
import { EVERYTHING } from '../../../domain/search/algebra.ts';
import { matches } from '../../../domain/search/matches.ts';
import type { Call } from '../../contract/call.ts';
import { isUnreadable, type Page, type PageRequest } from '../../contract/list.ts';
import type { Draft } from '../../contract/mail-session.ts';
import { getMessages } from '../read/messages.ts';
import type { GmailClient } from '../wire/client.ts';
import { fingerprintOf, insidePage, type ListPosition, notYetShown, openPosition, sealPosition } from './cursor.ts';
import { itemsOf, newestFirst } from './items.ts';
import { listParams, withListErrors } from './request.ts';
import { before, type GmailQuery } from './search.ts';

const EVERY_DRAFT: GmailQuery = { q: null, labelIds: [], includeSpamTrash: false, check: EVERYTHING, unindexed: null };

/** Lists drafts. A draft's version is the id of its message, which changes with each revision. */
export async function listDrafts(client: GmailClient, page: PageRequest, call: Call): Promise<Page<Draft>> {
  const fingerprint = fingerprintOf(['drafts']);
  const position = openPosition(page, fingerprint);
  const query = before(EVERY_DRAFT, position.before);
  const list = await withListErrors(position, query, () =>
    client.request('drafts.list', call, (users, options) =>
      users.drafts.list(
        { ...listParams(query, position), fields: 'drafts(id,message/id),nextPageToken,resultSizeEstimate' },
        options,
      ),
    ),
  );
  const versions = new Map(
    (list.drafts ?? []).flatMap(({ id, message }) => (id && message?.id ? [[id, message.id]] : [])),
  );
  const { ids, next } = cutPage([...versions.keys()], list.nextPageToken, position, page);
  const messages = await getMessages(
    client,
    ids.map((id) => versions.get(id) ?? ''),
    'envelope',
    call,
  );
  const drafts = ids.map((id, index): Draft | MailError => {
    const message = messages[index];
    if (!message || isMailError(message)) return message ?? new MailError('NOT_FOUND', 'There is no such draft.');
    return { id, version: message.id, message };
  });
  return {
    items: itemsOf(ids, drafts)
      .filter((item) => isUnreadable(item) || matches(item.message, query.check))
      .sort(newestFirst((draft) => draft.message.receivedAt)),
    next: next && sealPosition(next, fingerprint),
    spent: 1 + ids.length,
  };
}

/** The ids of Gmail's page that are read now, and the position where the next page begins. */
function cutPage(
  listed: readonly string[],
  nextToken: string | null | undefined,
  position: ListPosition,
  page: PageRequest,
) {
  const ids = [...new Set(listed)];
  const open = notYetShown(ids, position, page);
  const rest = open.slice(page.size);
  let next: ListPosition | null = nextToken ? { ...position, token: nextToken, shown: new Set() } : null;
  if (rest.length > 0) next = insidePage(position, ids, rest);
  return { ids: open.slice(0, page.size), next };
}
