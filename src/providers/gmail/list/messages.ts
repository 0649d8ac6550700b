import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import { isMailError, isNotFound, MailError } from '../../../domain/error.ts';
import type { Message } from '../../../domain/message.ts';
import { EVERYTHING } from '../../../domain/search/algebra.ts';
import type { Condition } from '../../../domain/search/condition.ts';
import { matches } from '../../../domain/search/matches.ts';
import type { Call } from '../../contract/call.ts';
import {
  type Batch,
  isUnreadable,
  type ListQuery,
  type Page,
  type PageRequest,
  type Unreadable,
} from '../../contract/list.ts';
import type { Draft } from '../../contract/mail-session.ts';
import { markOf } from '../../shared/threads/thread-cursor.ts';
import { getMessages } from '../read/read.ts';
import type { GmailClient } from '../wire/client.ts';
import { hasStatus } from '../wire/errors.ts';
import { fingerprint, type Listed, type ListPosition, openPosition, sealPosition } from './cursor.ts';
import { before, compileQuery, type GmailQuery } from './search.ts';
import { completed, mayMiss, PROBE_COST, type Probe, probeIndex } from './unindexed.ts';

/** The ids of one page cost as much as one message: so many are asked for where not all of them will be listed. */
const CANDIDATES_PER_PAGE = 100;
/** Of so many messages of Gmail's page it is known that they were read: of more than it has, for some may have left it. */
const MAX_SHOWN = 400;
/** How many candidates are read for a page where the caller names no budget. */
const DEFAULT_BUDGET = 100;

/**
 * One request for the ids, then one batch for what is shown of them. Where Gmail's answer is only a set of candidates, they
 * are read on, in larger steps the fewer of them meet the condition, until the page is full or the budget is spent.
 */
export async function listMessages(
  client: GmailClient,
  query: ListQuery,
  page: PageRequest,
  call: Call,
): Promise<Page<Message>> {
  const list = compileQuery(query);
  if (!list) return NOTHING;
  const print = fingerprint(['messages', list.q, list.labelIds, list.includeSpamTrash]);
  const isThin = list.evaluation === 'FILTERED' || list.evaluation === 'INDEXED';
  const first = openPosition(isThin ? { ...page, size: CANDIDATES_PER_PAGE } : page, print);
  const search = before(list, first.before);
  const exact = page.before === undefined ? search : before(search, page.before);
  const probes = page.after === null && mayMiss(search);
  // A page of ids costs as much as one message, and of each at least one is read.
  const least = probes ? 2 + PROBE_COST : 2;
  const budget = Math.max(least, page.budget ?? Math.max(DEFAULT_BUDGET, page.size) + 1);
  const found: (Message | Unreadable)[] = [];
  let place: ListPosition | null = first;
  let { start, newest } = first;
  let spent = 0;
  let tried = 0;
  const isThinned = () => isThin || newest.length > 0;
  while (place !== null && found.length < page.size && (spent === 0 || (isThinned() && spent + 1 < budget))) {
    const asked: [Promise<Ids>, Promise<Probe> | null] = [
      listIds(client, search, place, call),
      probes && spent === 0 ? probeIndex(client, search, call) : null,
    ];
    const [{ heads, nextToken }, probe] = await Promise.all(asked);
    newest = probe?.newest ?? newest;
    const { listed, isUnindexed, rest } = completed(heads, newest, nextToken !== null);
    const ids = listed.map(({ id }) => id);
    const open = unread(ids, place, page);
    spent += 1 + (probe?.spent ?? 0);
    const insideOf = (here: ListPosition, left: readonly string[]): ListPosition =>
      within({ ...here, start, newest: rest((id) => left.includes(id)) }, ids, left);
    let at = 0;
    while (at < open.length && found.length < page.size && spent < budget) {
      const missing = page.size - found.length;
      // As many as should suffice, going by those that met the condition so far.
      const step = Math.min(Math.ceil((missing * (tried + 1)) / (found.length + 1)), CANDIDATES_PER_PAGE);
      const candidates = open.slice(at, at + Math.min(step, budget - spent));
      const read = await readOrStop(client, candidates, page, call, found.length > 0);
      if (read === null) return pageOf(found, insideOf(place, open.slice(at)), print, search, spent);
      spent += candidates.length;
      start ??= newestOf(read);
      const isKnown = (item: Message | Unreadable) =>
        start === null || isUnreadable(item) || item.receivedAt.getTime() <= start;
      const checkOf = (id: string) => (isUnindexed(id) ? exact.unindexed : exact.check) ?? EVERYTHING;
      tried += candidates.length;
      const met = read.flatMap((item, index) =>
        item !== null && isKnown(item) && isMet(item, checkOf(item.id)) ? [{ item, index }] : [],
      );
      const last = met[missing - 1];
      found.push(...met.slice(0, missing).map(({ item }) => item));
      at += last && met.length >= missing ? last.index + 1 : candidates.length;
      if (!isThinned()) break;
    }
    if (at < open.length) place = insideOf(place, open.slice(at));
    else if (nextToken === null) place = null;
    else place = { ...first, start, token: nextToken, shown: moved(place, ids, heads), newest: rest(() => false) };
    newest = place?.newest ?? [];
  }
  return pageOf(found, place, print, search, spent);
}

function newestOf(read: readonly (Message | Unreadable | null)[]): number | null {
  const times = read.flatMap((item) => (item === null || isUnreadable(item) ? [] : [item.receivedAt.getTime()]));
  return times.length > 0 ? Math.max(...times) : null;
}

const isMet = (item: Message | Unreadable, check: Condition): boolean => isUnreadable(item) || matches(item, check);

function pageOf(
  found: (Message | Unreadable)[],
  place: ListPosition | null,
  print: string,
  { evaluation }: GmailQuery,
  spent: number,
): Page<Message> {
  return {
    items: found.sort(newestFirst((message) => message.receivedAt)),
    next: place && sealPosition(place, print),
    ...(evaluation && { evaluation }),
    spent,
  };
}

interface Ids {
  readonly heads: readonly Listed[];
  readonly nextToken: string | null;
}

async function listIds(client: GmailClient, search: GmailQuery, place: ListPosition, call: Call): Promise<Ids> {
  const fields = 'messages/id,nextPageToken,resultSizeEstimate';
  const { messages, nextPageToken } = await refusals(place, search, () =>
    client.request('messages.list', call, (users, options) =>
      users.messages.list({ ...params(search, place), fields }, options),
    ),
  );
  return { heads: [...new Set(idsOf(messages))].map((id) => ({ id })), nextToken: nextPageToken ?? null };
}

/** A slot for each, null for what went away since it was listed. Null: the first of a page can be shown, and these not be read now. */
async function readOrStop(
  client: GmailClient,
  ids: readonly string[],
  { detail = 'envelope' }: PageRequest,
  call: Call,
  canStop: boolean,
): Promise<(Message | Unreadable | null)[] | null> {
  const batch = await getMessages(client, ids, detail, call);
  const items = ids.map((id, index) => slot(id, batch[index]));
  const error = failure(items);
  if (error && !canStop) throw error;
  return error ? null : items;
}

/** A draft's message id changes with each revision, and so is its version. */
export async function listDrafts(client: GmailClient, page: PageRequest, call: Call): Promise<Page<Draft>> {
  const print = fingerprint(['drafts']);
  const place = openPosition(page, print);
  const search = before(EVERY_DRAFT, place.before);
  const list = await refusals(place, search, () =>
    client.request('drafts.list', call, (users, options) =>
      users.drafts.list(
        { ...params(search, place), fields: 'drafts(id,message/id),nextPageToken,resultSizeEstimate' },
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
    items: readable(cut.ids, drafts)
      .filter((item) => isUnreadable(item) || matches(item.message, search.check))
      .sort(newestFirst((draft) => draft.message.receivedAt)),
    next: cut.next && sealPosition(cut.next, print),
    spent: 1 + cut.ids.length,
  };
}

const EVERY_DRAFT: GmailQuery = { q: null, labelIds: [], includeSpamTrash: false, check: EVERYTHING, unindexed: null };

const NOTHING = { items: [], next: null, evaluation: 'NATIVE', spent: 0 } as const;

export const params = (search: GmailQuery, place: ListPosition) => ({
  userId: 'me',
  maxResults: place.size,
  ...(place.token === null ? {} : { pageToken: place.token }),
  ...(search.q ? { q: search.q } : {}),
  ...(search.labelIds.length > 0 ? { labelIds: [...search.labelIds] } : {}),
  ...(search.includeSpamTrash ? { includeSpamTrash: true } : {}),
});

const idsOf = (items: readonly (gmail_v1.Schema$Message | gmail_v1.Schema$Thread)[] | undefined): string[] =>
  (items ?? []).flatMap(({ id }) => id ?? []);

/** What of Gmail's page is still to be read. */
const unread = (listed: readonly string[], { shown }: ListPosition, page: PageRequest): string[] =>
  listed.filter((id) => !(shown.size > 0 && shown.has(markOf(id))) && !page.skip?.(id));

/** Inside Gmail's page, with these of it still to be read. What was read and is not listed now may come back. */
function within(place: ListPosition, listed: readonly string[], open: readonly string[]): ListPosition {
  const left = new Set(open);
  const read = listed.filter((id) => !left.has(id)).map(markOf);
  return { ...place, shown: new Set([...new Set([...place.shown, ...read])].slice(-MAX_SHOWN)) };
}

/** What was read of Gmail's page and is not in it now: what came or was indexed meanwhile may have moved it to the next one. */
function moved({ shown }: ListPosition, read: readonly string[], heads: readonly Listed[]): ReadonlySet<string> {
  const all = new Set([...shown, ...read.map(markOf)]);
  for (const { id } of heads) all.delete(markOf(id));
  return new Set([...all].slice(-MAX_SHOWN));
}

/** What of Gmail's page is read now, and where the next page begins. */
function cutPage(
  listed: readonly string[],
  nextToken: string | null | undefined,
  place: ListPosition,
  page: PageRequest,
) {
  const ids = [...new Set(listed)];
  const open = unread(ids, place, page);
  const left = open.slice(page.size);
  let next: ListPosition | null = nextToken ? { ...place, token: nextToken, shown: new Set() } : null;
  if (left.length > 0) next = within(place, ids, left);
  return { ids: open.slice(0, page.size), next };
}

/** What went away between the list and the read is no item. */
function slot<T extends object>(id: string, item: T | MailError | undefined): T | Unreadable | null {
  if (item === undefined || isNotFound(item)) return null;
  return isMailError(item) ? { id, error: item } : item;
}

/** When nothing at all could be read, the page failed. */
function failure(items: readonly (object | null)[]): MailError | null {
  const read = items.filter((item) => item !== null);
  const [first] = read;
  return first && isUnreadable(first) && read.every(isUnreadable) ? first.error : null;
}

function readable<T extends object>(ids: readonly string[], batch: Batch<T>): (T | Unreadable)[] {
  const items = ids.map((id, index) => slot(id, batch[index])).filter((item) => item !== null);
  const error = failure(items);
  if (error) throw error;
  return items;
}

/** Unreadable items keep the place they were listed at: they have no date. */
function newestFirst<T extends object>(at: (item: T) => Date) {
  return (a: T | Unreadable, b: T | Unreadable): number =>
    isUnreadable(a) || isUnreadable(b) ? 0 : at(b).getTime() - at(a).getTime();
}

export async function refusals<T>(place: ListPosition, search: GmailQuery, list: () => Promise<T>): Promise<T> {
  try {
    return await list();
  } catch (error) {
    if (!hasStatus(error, 400)) throw error;
    if (place.token !== null) {
      throw new MailError(
        'CURSOR_EXPIRED',
        'This position in the list no longer exists. Read the list again from the start.',
        {
          cause: error,
        },
      );
    }
    if (search.labelIds.length > 0) throw new MailError('NOT_FOUND', 'There is no such mailbox.', { cause: error });
    throw error;
  }
}
