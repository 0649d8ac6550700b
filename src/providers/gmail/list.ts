import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import { isMailError, isNotFound, MailError } from '../../domain/error.ts';
import type { Message } from '../../domain/message.ts';
import type { Call } from '../call.ts';
import {
  type Batch,
  type Draft,
  isUnreadable,
  type ListQuery,
  type Page,
  type PageRequest,
  type Unreadable,
} from '../provider.ts';
import type { GmailClient } from './client.ts';
import { fingerprint, mark, openPlace, type Place, sealPlace } from './cursor.ts';
import { hasStatus } from './errors.ts';
import { getMessages } from './read.ts';
import { compileQuery, type GmailQuery } from './search.ts';

/** One request for the ids, then one batch for what is shown of them. */
export async function listMessages(
  client: GmailClient,
  query: ListQuery,
  page: PageRequest,
  call: Call,
): Promise<Page<Message>> {
  const search = compileQuery(query);
  if (!search) return NOTHING;
  const print = fingerprint(['messages', search.q, search.labelIds, search.includeSpamTrash]);
  const place = openPlace(page, print);
  const list = await refusals(place, search, () =>
    client.request('messages.list', call, (users, options) =>
      users.messages.list(
        { ...params(search, place), fields: 'messages/id,nextPageToken,resultSizeEstimate' },
        options,
      ),
    ),
  );
  const cut = cutPage(idsOf(list.messages), list.nextPageToken, place, page);
  const items = readable(cut.ids, await getMessages(client, cut.ids, page.detail ?? 'envelope', call));
  return {
    items: items
      .filter((item) => isUnreadable(item) || search.inTime(item))
      .sort(newestFirst((message) => message.receivedAt)),
    next: cut.next && sealPlace(cut.next, print),
    rest: search.rest,
  };
}

/** A draft's message id changes with each revision, and so is its version. */
export async function listDrafts(client: GmailClient, page: PageRequest, call: Call): Promise<Page<Draft>> {
  const print = fingerprint(['drafts']);
  const place = openPlace(page, print);
  const list = await refusals(place, null, () =>
    client.request('drafts.list', call, (users, options) =>
      users.drafts.list(
        { ...params(null, place), fields: 'drafts(id,message/id),nextPageToken,resultSizeEstimate' },
        options,
      ),
    ),
  );
  const versions = new Map(
    (list.drafts ?? []).flatMap(({ id, message }) => (id && message?.id ? [[id, message.id]] : [])),
  );
  const cut = cutPage([...versions.keys()], list.nextPageToken, place, page);
  const messages = await getMessages(
    client,
    cut.ids.map((id) => versions.get(id) ?? ''),
    'envelope',
    call,
  );
  const drafts = cut.ids.map((id, index): Draft | MailError => {
    const message = messages[index];
    if (!message || isMailError(message)) return message ?? new MailError('NOT_FOUND', 'There is no such draft.');
    return { id, version: message.id, message };
  });
  return {
    items: readable(cut.ids, drafts).sort(newestFirst((draft) => draft.message.receivedAt)),
    next: cut.next && sealPlace(cut.next, print),
    rest: null,
  };
}

export const NOTHING = { items: [], next: null, rest: null };

export const params = (search: GmailQuery | null, place: Place) => ({
  userId: 'me',
  maxResults: place.size,
  ...(place.token === null ? {} : { pageToken: place.token }),
  ...(search?.q ? { q: search.q } : {}),
  ...(search && search.labelIds.length > 0 ? { labelIds: [...search.labelIds] } : {}),
  ...(search?.includeSpamTrash ? { includeSpamTrash: true } : {}),
});

export const idsOf = (items: readonly (gmail_v1.Schema$Message | gmail_v1.Schema$Thread)[] | undefined): string[] =>
  (items ?? []).flatMap(({ id }) => id ?? []);

/** What of Gmail's page is read now, and where the next page begins. */
export function cutPage(
  listed: readonly string[],
  nextToken: string | null | undefined,
  place: Place,
  page: PageRequest,
) {
  const { shown } = place;
  const open = [...new Set(listed)].filter((id) => !(shown.size > 0 && shown.has(mark(id))) && !page.skip?.(id));
  const ids = open.slice(0, page.size);
  const left = new Set(open.slice(page.size));
  let next: Place | null = nextToken ? { token: nextToken, size: place.size, shown: new Set() } : null;
  if (left.size > 0) next = { ...place, shown: new Set(listed.filter((id) => !left.has(id)).map(mark)) };
  return { ids, next };
}

/** What went away between the list and the read is no item. When nothing at all could be read, the page failed. */
export function readable<T extends object>(ids: readonly string[], batch: Batch<T>): (T | Unreadable)[] {
  const items = ids.flatMap((id, index): (T | Unreadable)[] => {
    const item = batch[index];
    if (item === undefined || isNotFound(item)) return [];
    return [isMailError(item) ? { id, error: item } : item];
  });
  const [first] = items;
  if (first && isUnreadable(first) && items.every(isUnreadable)) throw first.error;
  return items;
}

/** Unreadable items keep the place they were listed at: they have no date. */
export function newestFirst<T extends object>(at: (item: T) => Date) {
  return (a: T | Unreadable, b: T | Unreadable): number =>
    isUnreadable(a) || isUnreadable(b) ? 0 : at(b).getTime() - at(a).getTime();
}

export async function refusals<T>(place: Place, search: GmailQuery | null, list: () => Promise<T>): Promise<T> {
  try {
    return await list();
  } catch (error) {
    if (!hasStatus(error, 400)) throw error;
    if (place.token !== null) {
      throw new MailError('CURSOR_EXPIRED', 'This place in the list is gone. Read it again from the top.', {
        cause: error,
      });
    }
    if (search && search.labelIds.length > 0)
      throw new MailError('NOT_FOUND', 'There is no such mailbox.', { cause: error });
    throw error;
  }
}
