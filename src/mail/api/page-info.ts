import { decodeId, encodeId } from '../../domain/global-id.ts';
import { badUserInput } from '../../graphql/bad-user-input.ts';
import { PageInfo } from '../../graphql/connection.ts';
import { requireFirst } from '../../graphql/limits.ts';
import type { ListPage } from '../list/unified-list.ts';

/** An empty page that is not the last one has an end cursor too, so that the client can request the next page. */
export function pageInfoOf(page: ListPage<unknown>, hasPreviousPage: boolean): PageInfo {
  return new PageInfo({
    hasNextPage: page.hasNextPage,
    hasPreviousPage,
    start: page.entries[0]?.cursor ?? null,
    end: page.entries.length > 0 || page.hasNextPage ? page.end : null,
  });
}

export interface LocalPage<T> {
  readonly items: readonly { readonly item: T; readonly cursor: () => string }[];
  readonly pageInfo: PageInfo;
}

/**
 * A page of a list that is completely in memory. Its cursors name an item, so they stay valid when other items are added or
 * removed.
 */
export function localPage<T>(
  all: readonly T[],
  key: (item: T) => string,
  first: number,
  after: string | null,
): LocalPage<T> {
  const size = requireFirst(first);
  const start = after === null ? 0 : all.findIndex((item) => key(item) === keyOf(after)) + 1;
  if (after !== null && start === 0)
    throw badUserInput('after refers to an item that is no longer in this list. Read the list from the start.');
  const items = all.slice(start, start + size).map((item) => ({ item, cursor: () => encodeId('Place', key(item)) }));
  const pageInfo = new PageInfo({
    hasNextPage: start + size < all.length,
    hasPreviousPage: after !== null,
    start: items[0]?.cursor ?? null,
    end: items.at(-1)?.cursor ?? null,
  });
  return { items, pageInfo };
}

function keyOf(after: string): string {
  try {
    const { type, parts } = decodeId(after);
    if (type === 'Place' && parts[0]) return parts[0];
  } catch {
    // The error is thrown below, with a message about cursors.
  }
  throw badUserInput('after is not a cursor of this list. Pass a cursor back unchanged.');
}
