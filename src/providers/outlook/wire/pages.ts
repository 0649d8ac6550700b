import type { Call } from '../../contract/call.ts';
import type { GraphAccount } from './account.ts';
import { cost } from './client.ts';
import { unreachable } from './errors.ts';
import { type LinkKind, pathOf } from './url.ts';

/** Pages with nothing on them and with a link, one after the other, that are followed: such pages are ordinary (Graph's concepts/paging). */
export const MAX_EMPTY_PAGES = 20;
/** Pages of one list that is read whole. */
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
 * All that a list holds, its first page given, by the whole of each link.
 * @throws PROVIDER_UNAVAILABLE where it goes on elsewhere or without end: what was read until then is not all of it
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
