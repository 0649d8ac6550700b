import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import type { Call } from '../call.ts';
import type { Account } from './account.ts';
import { batch } from './batch.ts';
import { cost } from './client.ts';
import { unreachable } from './errors.ts';
import type { Source } from './source.ts';
import { literal, path, pathOf } from './url.ts';

/** One request's worth of a list, as Graph gives it. */
export interface Listing {
  readonly messages: readonly GraphMessage[];
  /** Graph's link to what follows; undefined at the end. */
  readonly link: string | undefined;
  /** Folders that the list leaves out, for messages that Graph could not be told to leave out. */
  readonly hidden: ReadonlySet<string>;
}
export interface ListingQuery {
  readonly operation: string;
  readonly select: string;
  readonly expand: string | null;
  readonly prefer?: string;
  readonly top: number;
  readonly skip: number;
  /** An instant; only what was received before it. Null: everything. */
  readonly before: string | null;
  /** A longer answer is given up. */
  readonly maxBytes?: number;
  /** Of $search: Graph's own token. */
  readonly token: string | null;
}

interface Collection {
  readonly value?: readonly GraphMessage[];
  readonly '@odata.nextLink'?: string;
}

/** Pages without a message and with a link, one after the other, that are followed. */
const MAX_EMPTY_PAGES = 20;

/**
 * Goes on while a page is empty and has a link: such pages are ordinary (Graph's concepts/paging), and are not the end.
 * @throws AnswerTooLarge where the query has `maxBytes`
 */
export async function readListing(account: Account, source: Source, query: ListingQuery, call: Call): Promise<Listing> {
  let page = await readOne(account, source, query, call);
  for (let followed = 0; page.messages.length === 0 && page.link !== undefined; followed++) {
    const next = pathOf(page.link);
    if (next === null || followed === MAX_EMPTY_PAGES) throw unreachable('a list goes on without a message');
    const request = { ...get(next, query), cost: cost(query.operation) };
    page = listing(await account.graph.json<Collection>(request, call, query.maxBytes), [...page.hidden]);
  }
  return page;
}

async function readOne(account: Account, source: Source, query: ListingQuery, call: Call): Promise<Listing> {
  const { ids } = account.hidden;
  if (source.whole && ids === null) return readWithFolders(account, source, query, call);
  const hidden = source.whole ? unnamed(source, ids ?? []) : [];
  const request = { ...get(listPath(source, query, hidden), query), cost: cost(query.operation) };
  return listing(await account.graph.json<Collection>(request, call, query.maxBytes), hidden);
}

/** The first time, the folders to leave out are asked for along with the list: no further round trip. */
async function readWithFolders(account: Account, source: Source, query: ListingQuery, call: Call): Promise<Listing> {
  const chains = [[get(listPath(source, query, []), query)], ...account.hidden.paths.map((p) => [get(p, {})])];
  const [list, ...folders] = await batch<unknown>(account.graph, query.operation, chains, call);
  if (list instanceof Error) throw list;
  return listing(list as Collection, unnamed(source, account.hidden.learn(folders)));
}

const get = (p: string, { prefer, maxBytes }: Pick<ListingQuery, 'prefer' | 'maxBytes'>) => ({
  method: 'GET' as const,
  path: p,
  ...(prefer === undefined ? {} : { prefer }),
  ...(maxBytes === undefined ? {} : { maxBytes }),
});

const unnamed = (source: Source, ids: readonly string[]): readonly string[] =>
  ids.filter((id) => !source.named.has(id));

const listing = (answer: Collection, hidden: readonly string[]): Listing => ({
  messages: answer.value ?? [],
  link: answer['@odata.nextLink'],
  hidden: new Set(hidden),
});

/** Stands first in the filter where no other date does: $orderby demands its property there. */
const SINCE_EVER = 'receivedDateTime ge 1900-01-01T00:00:00Z';

function listPath({ base, compiled }: Source, query: ListingQuery, hidden: readonly string[]): string {
  const common = { $select: query.select, $expand: query.expand, $top: query.top };
  if (compiled.search !== null) return path(base, { ...common, $search: compiled.search, $skiptoken: query.token });
  const clauses = [compiled.filter, ...hidden.map((id) => `parentFolderId ne ${literal(id)}`)].filter(Boolean);
  const date = query.before === null ? SINCE_EVER : `receivedDateTime lt ${query.before}`;
  const filter = query.before === null && clauses.length === 0 ? null : [date, ...clauses].join(' and ');
  return path(base, { ...common, $filter: filter, $orderby: 'receivedDateTime desc', $skip: query.skip || null });
}
