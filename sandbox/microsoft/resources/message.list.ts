import { hash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import type { Folder, Item } from '../mailbox/item.ts';
import { badRequest, GraphError } from '../wire/errors.ts';
import { type CompiledFilter, compileFilter, sortBy } from '../wire/filter.ts';
import { compileSearch } from '../wire/kql.ts';
import { contextOf, linkTo, packToken, unpackToken } from '../wire/links.ts';
import { type ListOptions, MAX_TOP, parseListOptions } from '../wire/odata.ts';
import { type Answer, type Call, ok, plain } from '../wire/request.ts';
import type { Route } from '../wire/router.ts';
import { formatMessage, MESSAGE, readProperty, type View } from './message.format.ts';
import { READ, viewOf } from './view.ts';

const DEFAULT_TOP = 10;
const MAX_FOUND = 1000;
/** Milliseconds after which a search yields to other requests. */
const MAX_SEARCH_TURN_MS = 10;

export const messageListRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/me/messages',
    scopes: READ,
    handle: (call) => list(call, null, 'messages'),
  },
  {
    method: 'GET',
    path: '/me/messages/$count',
    scopes: READ,
    handle: (call) => count(call, null),
  },
  {
    method: 'GET',
    path: '/me/mailFolders/{mailFolder-id}/messages',
    scopes: READ,
    handle: (call) => list(call, folderOf(call), `mailFolders('${encodeURIComponent(call.ids[0] ?? '')}')/messages`),
  },
  {
    method: 'GET',
    path: '/me/mailFolders/{mailFolder-id}/messages/$count',
    scopes: READ,
    handle: (call) => count(call, folderOf(call)),
  },
];

const folderOf = (call: Call): Folder => call.account.mailbox.folder(call.ids[0] ?? '');

/** Lists the messages of a folder, or of the mailbox when none is given. */
function itemsOf({ account: { mailbox } }: Call, folder: Folder | null): readonly Item[] {
  if (folder === null) return mailbox.items.all;
  return folder === mailbox.root ? [] : folder.items.all;
}

async function list(call: Call, folder: Folder | null, context: string): Promise<Answer> {
  const options = parseListOptions(call.query, MESSAGE);
  // A list by date continues by $skip, so a token in it belongs to another request.
  if (call.query.has('$deltatoken') || (options.search === null && call.query.has('$skiptoken')))
    throw badRequest('The skip token is not valid.', 'ErrorInvalidUrlQuery');
  const view = viewOf(call);
  const top = Math.min(options.top ?? call.prefer.pageSize ?? DEFAULT_TOP, call.maxPage ?? MAX_TOP);
  const whole =
    options.search === null
      ? plainPage(call, options, folder, top)
      : await foundPage(call, options, itemsOf(call, folder), top);
  const page = call.emptyPage ? { ...whole, items: [], next: sameAgain(call, options) } : whole;
  const next = page.next === null ? {} : { '@odata.nextLink': linkTo(call, page.next) };
  return ok({
    '@odata.context': contextOf(call, context),
    ...(options.count ? { '@odata.count': page.count } : {}),
    ...next,
    value: page.items.map((item) => formatMessage(item, options, view)),
  });
}

/** A page may have no items but a next link, which leads to the items that it could have shown (Graph's concepts/paging). */
const sameAgain = (call: Call, options: ListOptions): Page['next'] =>
  options.search === null ? { $skip: String(options.skip) } : { $skiptoken: searchToken(call, searchOffset(call)) };

interface Page {
  readonly items: readonly Item[];
  readonly count: number;
  readonly next: Readonly<Record<string, string | null>> | null;
}

/** Pages are counted by $skip, so they drift while mail arrives, as Graph's do. */
function plainPage(call: Call, options: ListOptions, folder: Folder | null, top: number): Page {
  const view = viewOf(call);
  const filter = filterOf(options, view);
  const ordered = sorted(candidates(call, folder, filter), filter, options, view);
  const found: Item[] = [];
  let count = 0;
  for (const item of ordered) {
    if (filter !== null && !filter.matches(item)) continue;
    if (count >= options.skip && found.length < top) found.push(item);
    count++;
    if (!options.count && count > options.skip + top) break;
  }
  const hasNext = count > options.skip + top;
  return { items: found, count, next: hasNext ? { $skip: String(options.skip + top) } : null };
}

/** Returns the messages that can match. A conversation is looked up in an index, so its cost does not depend on the mailbox. */
function candidates(call: Call, folder: Folder | null, filter: CompiledFilter<Item> | null): readonly Item[] {
  const conversation = filter?.textOf('conversationId') ?? null;
  if (conversation === null) return itemsOf(call, folder);
  const found = call.account.mailbox.inConversation(conversation);
  return folder === null ? found : found.filter((item) => item.folder === folder);
}

function filterOf(options: ListOptions, view: View): CompiledFilter<Item> | null {
  if (options.filter === null) return null;
  const filter = compileFilter<Item>(options.filter, MESSAGE, (item, name) => readProperty(item, name, view));
  const filtered = [...new Set(filter.paths)];
  if (!options.orderby.every(({ path }, index) => filtered[index] === path))
    throw badRequest('The restriction or sort order is too complex for this operation.', 'InefficientFilter');
  return filter;
}

function sorted(
  items: readonly Item[],
  filter: CompiledFilter<Item> | null,
  options: ListOptions,
  view: View,
): readonly Item[] {
  const [first] = options.orderby;
  if (first === undefined || (first.path === 'receivedDateTime' && first.descending)) return items;
  if (first.path === 'receivedDateTime' && options.orderby.length === 1) return items.toReversed();
  const matching = filter === null ? items : items.filter((item) => filter.matches(item));
  return sortBy(matching, options.orderby, (item, name) => readProperty(item, name, view));
}

/**
 * Returns what the search index finds: at most a thousand messages, sorted by when they were sent (Graph's
 * search-query-parameter), without those that it has not indexed yet. A token counts results, so pages drift while mail changes.
 */
async function foundPage(call: Call, options: ListOptions, items: readonly Item[], top: number): Promise<Page> {
  if (options.filter !== null)
    throw new GraphError(400, 'SearchWithFilter', "The query parameter '$filter' is not supported with '$search'.");
  if (options.orderby.length > 0)
    throw new GraphError(400, 'SearchWithOrderBy', "The query parameter '$orderBy' is not supported with '$search'.");
  if (call.query.has('$skip'))
    throw new GraphError(400, 'SearchWithSkip', "The query parameter '$skip' is not supported with '$search'.");
  const { mailbox } = call.account;
  const matches = compileSearch(options.search ?? '', mailbox.searchIndex);
  const start = searchOffset(call);
  const now = mailbox.time();
  const found: Item[] = [];
  let seen = 0;
  let turnEnds = performance.now() + MAX_SEARCH_TURN_MS;
  for (const item of mailbox.searchIndex.order === 'sent' ? latestSent(items) : items) {
    if (performance.now() > turnEnds) {
      await turn();
      turnEnds = performance.now() + MAX_SEARCH_TURN_MS;
    }
    if (item.searchableAt > now || !matches(item)) continue;
    if (seen >= start && found.length < top) found.push(item);
    seen++;
    if (seen >= MAX_FOUND || (seen > start + top && !options.count)) break;
  }
  const hasNext = seen > start + top;
  return {
    items: found,
    count: seen,
    next: hasNext ? { $skiptoken: searchToken(call, start + top) } : null,
  };
}

/** Equal messages stay newest first. */
function latestSent(items: readonly Item[]): readonly Item[] {
  const sent = ({ content: { envelope }, receivedAt }: Item): number => (envelope.date ?? receivedAt).getTime();
  return items
    .map((item) => ({ item, at: sent(item) }))
    .sort((a, b) => b.at - a.at)
    .map(({ item }) => item);
}

/** A token is valid only in its own link, whose other options it contains (Graph's concepts/paging). */
const searchToken = (call: Call, offset: number): string => packToken({ offset, of: requestMark(call) });

function requestMark({ path, query }: Call): string {
  const words = [...query].filter(([name]) => name !== '$skiptoken').map((pair) => pair.join('='));
  return hash('sha256', [path, ...words.toSorted()].join('\n'), 'base64url').slice(0, 16);
}

function searchOffset(call: Call): number {
  const token = call.query.get('$skiptoken');
  if (token === null) return 0;
  const state = unpackToken(token) as { readonly offset?: unknown; readonly of?: unknown } | null;
  if (Number.isInteger(state?.offset) && state?.of === requestMark(call)) return Number(state?.offset);
  throw badRequest('The skip token is not valid.', 'ErrorInvalidUrlQuery');
}

async function count(call: Call, folder: Folder | null): Promise<Answer> {
  const options = parseListOptions(call.query, MESSAGE);
  const all = { ...options, count: true, skip: 0 };
  const page =
    options.search === null ? plainPage(call, all, folder, 0) : await foundPage(call, all, itemsOf(call, folder), 0);
  return plain(String(page.count));
}
