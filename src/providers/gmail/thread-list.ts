import { matches } from '../../domain/search/matches.ts';
import type { Thread } from '../../domain/thread.ts';
import type { Call } from '../call.ts';
import { isUnreadable, type ListQuery, type Page, type PageRequest } from '../provider.ts';
import type { GmailClient } from './client.ts';
import { fingerprint, openPlace, sealPlace } from './cursor.ts';
import { cutPage, idsOf, NOTHING, newestFirst, params, readable, refusals } from './list.ts';
import { getThreads } from './read.ts';
import { compileQuery } from './search.ts';

/** A thread matches when any of its messages does. */
export async function listThreads(
  client: GmailClient,
  query: ListQuery,
  page: PageRequest,
  call: Call,
): Promise<Page<Thread>> {
  const search = compileQuery(query);
  if (!search) return NOTHING;
  const print = fingerprint(['threads', search.q, search.labelIds, search.includeSpamTrash]);
  const place = openPlace(page, print);
  const list = await refusals(place, search, () =>
    client.request('threads.list', call, (users, options) =>
      users.threads.list({ ...params(search, place), fields: 'threads/id,nextPageToken,resultSizeEstimate' }, options),
    ),
  );
  const cut = cutPage(idsOf(list.threads), list.nextPageToken, place, page);
  const items = readable(cut.ids, await getThreads(client, cut.ids, call));
  return {
    items: items
      .filter((item) => isUnreadable(item) || item.messages.some((message) => matches(message, search.check)))
      .sort(newestFirst((thread) => thread.lastMessageAt)),
    next: cut.next && sealPlace(cut.next, print),
    ...(search.evaluation && { evaluation: search.evaluation }),
  };
}
