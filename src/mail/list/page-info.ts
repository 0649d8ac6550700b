import { PageInfo } from '../../graphql/connection.ts';
import type { ListPage } from './unified-list.ts';

/** An empty page that is not the last has an end too, or a client could not read on. */
export function pageInfoOf(page: ListPage<unknown>, hasPreviousPage: boolean): PageInfo {
  return new PageInfo({
    hasNextPage: page.hasNextPage,
    hasPreviousPage,
    start: page.entries[0]?.cursor ?? null,
    end: page.entries.length > 0 || page.hasNextPage ? page.end : null,
  });
}
