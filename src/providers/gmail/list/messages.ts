import type { Message } from '../../../domain/message.ts';
import { EVERYTHING } from '../../../domain/search/algebra.ts';
import type { Condition } from '../../../domain/search/condition.ts';
import { matches } from '../../../domain/search/matches.ts';
import type { Call } from '../../contract/call.ts';
import { isUnreadable, type ListQuery, type Page, type PageRequest, type Unreadable } from '../../contract/list.ts';
import { getMessages } from '../read/messages.ts';
import type { GmailClient } from '../wire/client.ts';
import {
  fingerprintOf,
  insidePage,
  type ListedIds,
  type ListPosition,
  marksOutsidePage,
  notYetShown,
  openPosition,
  sealPosition,
} from './cursor.ts';
import { itemOf, newestFirst, pageError } from './items.ts';
import { listParams, withListErrors } from './request.ts';
import { before, compileQuery, type GmailQuery } from './search.ts';
import { findIndexGap, GAP_COST, type IndexGap, mayMiss, withUnindexed } from './unindexed.ts';

/** The page size for candidates, of which not all will be listed. A page of ids costs as much as one message, whatever its size. */
const CANDIDATES_PER_PAGE = 100;
/** The number of candidates to read for a page when the caller sets no budget. */
const DEFAULT_BUDGET = 100;

/**
 * Lists messages with one request for the ids and one batch for their content. Where Gmail returns only candidates, this reads
 * on until the page is full or the budget is spent, in larger steps the fewer candidates match.
 */
export async function listMessages(
  client: GmailClient,
  query: ListQuery,
  page: PageRequest,
  call: Call,
): Promise<Page<Message>> {
  const list = compileQuery(query);
  if (!list) return EMPTY_PAGE;
  const fingerprint = fingerprintOf(['messages', list.q, list.labelIds, list.includeSpamTrash]);
  const hasCandidates = list.evaluation === 'FILTERED' || list.evaluation === 'INDEXED';
  const first = openPosition(hasCandidates ? { ...page, size: CANDIDATES_PER_PAGE } : page, fingerprint);
  const search = before(list, first.before);
  const exact = page.before === undefined ? search : before(search, page.before);
  const checksIndex = page.after === null && mayMiss(search);
  // A page of ids costs as much as one message, and at least one message is read.
  const minBudget = checksIndex ? 2 + GAP_COST : 2;
  const budget = Math.max(minBudget, page.budget ?? Math.max(DEFAULT_BUDGET, page.size) + 1);
  const found: (Message | Unreadable)[] = [];
  let position: ListPosition | null = first;
  let { start, newest } = first;
  let spent = 0;
  let tried = 0;
  // What the caller has already shown counts, so that the page ends where it ended when it was first read.
  const skipped = new Set<string>();
  const room = () => page.size - found.length - skipped.size;
  const isFiltered = () => hasCandidates || newest.length > 0;
  while (position !== null && room() > 0 && (spent === 0 || (isFiltered() && spent + 1 < budget))) {
    const requests: [Promise<IdPage>, Promise<IndexGap> | null] = [
      listIds(client, search, position, call),
      checksIndex && spent === 0 ? findIndexGap(client, search, call) : null,
    ];
    const [{ heads, nextToken }, gap] = await Promise.all(requests);
    newest = gap?.newest ?? newest;
    const { listed, isUnindexed, rest } = withUnindexed(heads, newest, nextToken !== null);
    const ids = listed.map(({ id }) => id);
    const open = notYetShown(ids, position, page);
    for (const id of ids) if (page.skip?.(id)) skipped.add(id);
    spent += 1 + (gap?.spent ?? 0);
    const positionWith = (here: ListPosition, left: readonly string[]): ListPosition =>
      insidePage({ ...here, start, newest: rest((id) => left.includes(id)) }, ids, left);
    let at = 0;
    while (at < open.length && room() > 0 && spent < budget) {
      const missing = room();
      // The number of candidates that should suffice, estimated from the share that has matched so far.
      const step = Math.min(Math.ceil((missing * (tried + 1)) / (found.length + 1)), CANDIDATES_PER_PAGE);
      const candidates = open.slice(at, at + Math.min(step, budget - spent));
      const read = await readOrStop(client, candidates, page, call, found.length > 0);
      if (read === null) return pageOf(found, positionWith(position, open.slice(at)), fingerprint, search, spent);
      spent += candidates.length;
      const existedAtStart = (item: Message | Unreadable) =>
        start === null || isUnreadable(item) || item.receivedAt.getTime() <= start;
      const checkOf = (id: string) => (isUnindexed(id) ? exact.unindexed : exact.check) ?? EVERYTHING;
      tried += candidates.length;
      const met = read.flatMap((item, index) =>
        item !== null && existedAtStart(item) && isMet(item, checkOf(item.id)) ? [{ item, index }] : [],
      );
      start ??= newestOf(met.map(({ item }) => item));
      const last = met[missing - 1];
      found.push(...met.slice(0, missing).map(({ item }) => item));
      at += last && met.length >= missing ? last.index + 1 : candidates.length;
      if (!isFiltered()) break;
    }
    if (at < open.length) position = positionWith(position, open.slice(at));
    else if (nextToken === null) position = null;
    else
      position = {
        ...first,
        start,
        token: nextToken,
        shown: marksOutsidePage(position, ids, heads),
        newest: rest(() => false),
      };
    newest = position?.newest ?? [];
  }
  return pageOf(found, position, fingerprint, search, spent);
}

/** A page of a condition that nothing can match. */
const EMPTY_PAGE = { items: [], next: null, evaluation: 'NATIVE', spent: 0 } as const;

function newestOf(items: readonly (Message | Unreadable)[]): number | null {
  const times = items.flatMap((item) => (isUnreadable(item) ? [] : [item.receivedAt.getTime()]));
  return times.length > 0 ? Math.max(...times) : null;
}

const isMet = (item: Message | Unreadable, check: Condition): boolean => isUnreadable(item) || matches(item, check);

function pageOf(
  found: (Message | Unreadable)[],
  position: ListPosition | null,
  fingerprint: string,
  { evaluation }: GmailQuery,
  spent: number,
): Page<Message> {
  return {
    items: found.sort(newestFirst((message) => message.receivedAt)),
    next: position && sealPosition(position, fingerprint),
    ...(evaluation && { evaluation }),
    spent,
  };
}

interface IdPage {
  readonly heads: readonly ListedIds[];
  readonly nextToken: string | null;
}

async function listIds(client: GmailClient, query: GmailQuery, position: ListPosition, call: Call): Promise<IdPage> {
  const fields = 'messages/id,nextPageToken,resultSizeEstimate';
  const { messages, nextPageToken } = await withListErrors(position, query, () =>
    client.request('messages.list', call, (users, options) =>
      users.messages.list({ ...listParams(query, position), fields }, options),
    ),
  );
  const ids = (messages ?? []).flatMap(({ id }) => id ?? []);
  return { heads: [...new Set(ids)].map((id) => ({ id })), nextToken: nextPageToken ?? null };
}

/**
 * Reads the messages. A slot is null where the message was deleted since it was listed. Returns null when none could be read
 * and `canStop` says that the page has other items to show.
 */
async function readOrStop(
  client: GmailClient,
  ids: readonly string[],
  { detail = 'envelope' }: PageRequest,
  call: Call,
  canStop: boolean,
): Promise<(Message | Unreadable | null)[] | null> {
  const batch = await getMessages(client, ids, detail, call);
  const items = ids.map((id, index) => itemOf(id, batch[index]));
  const error = pageError(items);
  if (error && !canStop) throw error;
  return error ? null : items;
}
