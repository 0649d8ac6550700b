import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import type { Call } from '../../contract/call.ts';
import { readHiddenFolders } from '../read/folder-tree.ts';
import type { GraphAccount } from '../wire/account.ts';
import { batch } from '../wire/batch.ts';
import { cost } from '../wire/client.ts';
import { unreachable } from '../wire/errors.ts';
import { type Collection, MAX_EMPTY_PAGES } from '../wire/pages.ts';
import { literal, path, pathOf } from '../wire/url.ts';
import type { ListPlan } from './list-plan.ts';

/** One page of a list, as Graph returns it. */
export interface Listing {
  readonly messages: readonly GraphMessage[];
  /** The path of the request, by which the same page can be read again. */
  readonly path: string;
  /** Graph's link to the next page, for `nextPath`. Undefined at the end. */
  readonly link: string | undefined;
}
export interface ListingQuery {
  readonly operation: string;
  readonly select: string;
  readonly expand: string | null;
  readonly prefer?: string;
  readonly top: number;
  readonly skip: number;
  /** An instant. Only messages received before it are listed; null lists all. */
  readonly before: string | null;
  /** Clauses after that of the date. An empty string means none. */
  readonly filter: string;
  /** A search in the Keyword Query Language, which replaces `before`, `filter` and the order. Null lists by date. */
  readonly search: string | null;
  /** Limit for the answer, after which reading is given up. */
  readonly maxBytes?: number;
  /** The whole path of a link, which replaces all fields but `prefer` and `maxBytes`. */
  readonly page?: string | undefined;
}

type ListedCollection = Pick<ListPlan, 'base' | 'isWholeAccount'>;
type Messages = Collection<GraphMessage>;

/**
 * Reads a page, and continues while it is empty and has a link. Such pages are ordinary (Graph's concepts/paging) and
 * not the end.
 * @throws AnswerTooLarge when the query has `maxBytes`
 */
export async function readListing(
  account: GraphAccount,
  plan: ListedCollection,
  query: ListingQuery,
  call: Call,
): Promise<Listing> {
  let page = await readFirst(account, plan, query, call);
  for (let followed = 0; page.messages.length === 0 && page.link !== undefined; followed++) {
    const next = nextPath(page);
    if (next === null || followed === MAX_EMPTY_PAGES) throw unreachable('a list goes on without a message');
    page = listing(next, await fetchPage(account, next, query, call));
  }
  return page;
}

/**
 * Returns the messages with this Message-ID from the list's first page that is not empty. A `select` of null reads
 * whole messages.
 * @throws PROVIDER_UNAVAILABLE when the pages reach neither a message nor an end, which does not prove that there is
 * none
 */
export async function messagesNamed(
  account: GraphAccount,
  base: string,
  internetMessageId: string,
  call: Call,
  select: string | null = 'id,isDraft',
): Promise<readonly GraphMessage[]> {
  let at: string | null = path(base, {
    $filter: `internetMessageId eq ${literal(`<${internetMessageId}>`)}`,
    $select: select,
  });
  for (let followed = 0; at !== null; followed++) {
    if (followed > MAX_EMPTY_PAGES) throw unreachable('a list goes on without a message');
    const request = { ...getRequest(at, {}), cost: cost('messages.list') };
    const page = listing(at, await account.graph.json<Messages>(request, call));
    if (page.messages.length > 0) return page.messages;
    at = nextPath(page);
  }
  return [];
}

async function readFirst(
  account: GraphAccount,
  plan: ListedCollection,
  query: ListingQuery,
  call: Call,
): Promise<Listing> {
  const at = query.page ?? listPath(plan.base, query);
  if (!plan.isWholeAccount || account.hidden.ids !== null)
    return listing(at, await fetchPage(account, at, query, call));
  // The first request also reads the hidden folders, in the same $batch, which saves a round trip.
  const chains = [[getRequest(at, query)], ...account.hidden.paths.map((p) => [getRequest(p, {})])];
  const [list, ...folders] = await batch<unknown>(account.graph, query.operation, chains, call);
  if (list instanceof Error) throw list;
  await readHiddenFolders(account, folders, call);
  return listing(at, list as Messages);
}

/** Reads the folders that a list of the whole account leaves out, before the list itself is read. */
export async function learnHidden(account: GraphAccount, call: Call): Promise<void> {
  const { graph, hidden } = account;
  if (!hidden.isDue) return;
  const learn = async () => {
    const chains = hidden.paths.map((p) => [getRequest(p, {})]);
    await readHiddenFolders(account, await batch<unknown>(graph, 'mailFolders.get', chains, call), call);
  };
  await (call.shared?.once('hidden folders', learn) ?? learn());
}

/**
 * Maximum length of a URL that is sure to be accepted. A longer request is sent in a $batch, whose parts have no such
 * limit.
 */
const MAX_URL_LENGTH = 2_000;

async function fetchPage(account: GraphAccount, at: string, query: ListingQuery, call: Call): Promise<Messages> {
  const part = getRequest(at, query);
  if (at.length <= MAX_URL_LENGTH)
    return account.graph.json<Messages>({ ...part, cost: cost(query.operation) }, call, query.maxBytes);
  const [answer] = await batch<Messages>(account.graph, query.operation, [[part]], call);
  if (answer === undefined) throw unreachable('a list was not answered');
  if (answer instanceof Error) throw answer;
  return answer;
}

const getRequest = (p: string, { prefer, maxBytes }: Pick<ListingQuery, 'prefer' | 'maxBytes'>) => ({
  method: 'GET' as const,
  path: p,
  ...(prefer === undefined ? {} : { prefer }),
  ...(maxBytes === undefined ? {} : { maxBytes }),
});

const listing = (path: string, answer: Messages): Listing => ({
  messages: answer.value ?? [],
  path,
  link: answer['@odata.nextLink'] || undefined,
});

/**
 * Returns the path of the link, to be requested at our configured origin, or null at the end. Throws for a link to
 * anything but a list of messages.
 */
export function nextPath({ link }: Listing): string | null {
  const next = link === undefined ? null : pathOf(link);
  if (link !== undefined && next === null) throw unreachable('a list goes on elsewhere');
  return next;
}

/** A clause that is put first in a filter without a date, because Graph's $orderby requires its property there. */
const SINCE_EVER = 'receivedDateTime ge 1900-01-01T00:00:00Z';

function listPath(base: string, query: ListingQuery): string {
  const common = { $select: query.select, $expand: query.expand, $top: query.top };
  if (query.search !== null) return path(base, { ...common, $search: `"${query.search}"` });
  const date = query.before === null ? SINCE_EVER : `receivedDateTime lt ${query.before}`;
  const hasCondition = query.before !== null || query.filter !== '';
  const filter = hasCondition ? [date, query.filter].filter(Boolean).join(' and ') : null;
  return path(base, { ...common, $filter: filter, $orderby: 'receivedDateTime desc', $skip: query.skip || null });
}
