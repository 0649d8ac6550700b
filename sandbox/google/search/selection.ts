import type { World } from '../../world.ts';
import { forbidden, invalidArgument } from '../errors.ts';
import type { StoredMessage } from '../mailbox/message.ts';
import { decodePlace, encodePlace } from '../paging.ts';
import type { Call } from '../wire/operation.ts';
import type { QuerySpec } from '../wire/query.ts';
import { compile, type Predicate } from './search.terms.ts';
import { namesSpamOrTrash, parseSearch } from './search.ts';

export const LIST_QUERY: QuerySpec = {
  includeSpamTrash: 'flag',
  labelIds: 'texts',
  maxResults: 'count',
  pageToken: 'text',
  q: 'text',
};

/** Reads labelIds, q and includeSpamTrash of a list. Throws GoogleError. */
export function selection({ account, query, scopes }: Call, world: World): Predicate {
  const labels = query.texts('labelIds');
  const unknown = labels.find((label) => !account.mailbox.labels.get(label));
  if (unknown !== undefined) throw invalidArgument(`Invalid label: ${unknown}`);
  const q = query.text('q')?.trim() ?? '';
  // The metadata scope restricts the request even when a wider one was granted beside it.
  if (q !== '' && scopes.has('metadata')) throw forbidden("Metadata scope does not support 'q' parameter");
  const term = parseSearch(q);
  const seesAll = query.flag('includeSpamTrash') || namesSpamOrTrash(term) || labels.some(isOut);
  const now = world.now();
  const matches = q === '' ? null : compile(term, account, now);
  return (message) =>
    labels.every((label) => message.labels.has(label)) &&
    (seesAll || !(message.labels.has('SPAM') || message.labels.has('TRASH'))) &&
    (matches === null || (account.mailbox.indexLag.has(message) && matches(message)));
}

/** Returns one page of the selection. `asOf` is the history id at which the first page was read. */
export function readPage(
  { account, query }: Call,
  selected: (message: StoredMessage, asOf: number) => boolean,
): { items: readonly StoredMessage[]; nextPageToken?: string } {
  const place = decodePlace(query.text('pageToken'));
  const asOf = place?.asOf ?? account.mailbox.history.current;
  const most = query.count('maxResults', 100, 500);
  const items: StoredMessage[] = [];
  for (const message of account.mailbox.timeline.after(place)) {
    if (!selected(message, asOf)) continue;
    const last = items.at(-1);
    if (items.length === most && last)
      return { items, nextPageToken: encodePlace({ ...last, asOf }, account.pageTokens) };
    items.push(message);
  }
  return { items };
}

const isOut = (label: string) => label === 'SPAM' || label === 'TRASH';
