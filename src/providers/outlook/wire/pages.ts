import type { Call } from '../../contract/call.ts';
import type { GraphAccount } from './account.ts';
import { cost } from './client.ts';
import { unreachable } from './errors.ts';
import { type LinkKind, pathOf } from './url.ts';

/**
 * Maximum number of consecutive empty pages with a link that are followed. Such pages are ordinary (Graph's
 * concepts/paging).
 */
export const MAX_EMPTY_PAGES = 20;
/** Maximum number of pages of a list that is read completely. */
const MAX_PAGES = 200;

export interface Collection<T> {
  readonly value?: readonly T[];
  readonly '@odata.nextLink'?: string;
}

interface FollowedList {
  readonly kind: LinkKind;
  readonly operation: string;
  readonly prefer?: string;
}

/**
 * Reads a list to its end, starting from its first page. Each link is followed as Graph wrote it.
 * @throws PROVIDER_UNAVAILABLE when a link leads elsewhere or the pages do not end, because what was read is incomplete
 */
export async function readToEnd<T>(
  account: GraphAccount,
  first: Collection<T>,
  { kind, operation, prefer }: FollowedList,
  call: Call,
): Promise<readonly T[]> {
  const found = [...(first.value ?? [])];
  let link = first['@odata.nextLink'];
  let empty = found.length === 0 ? 1 : 0;
  for (let pages = 1; link != null; pages++) {
    if (pages === MAX_PAGES || empty > MAX_EMPTY_PAGES) throw unreachable('a list goes on without end');
    const path = pathOf(link, kind);
    if (path === null) throw unreachable('a list goes on elsewhere');
    const request = {
      method: 'GET' as const,
      path,
      cost: cost(operation),
      ...(prefer === undefined ? {} : { prefer }),
    };
    const page: Collection<T> = await account.graph.json<Collection<T>>(request, call);
    found.push(...(page.value ?? []));
    empty = page.value?.length ? 0 : empty + 1;
    link = page['@odata.nextLink'];
  }
  return found;
}
