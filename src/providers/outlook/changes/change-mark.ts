import type { Message as GraphMessage, MailFolder } from '@microsoft/microsoft-graph-types';
import { isMailError } from '../../../domain/error.ts';
import { shortHash } from '../../../platform/short-hash.ts';
import type { Call } from '../../contract/call.ts';
import { TREE } from '../read/folder-tree.ts';
import { getEntities } from '../read/messages.ts';
import type { GraphAccount } from '../wire/account.ts';
import type { Collection } from '../wire/pages.ts';
import { path } from '../wire/url.ts';

/**
 * The last message that was modified, and the counts of the folders: marking a message as read does not move its
 * lastModifiedDateTime (alcionai/corso#1866), but its folder's count.
 */
export const MARK_PATHS: readonly string[] = [
  path('/me/messages', {
    $orderby: 'lastModifiedDateTime desc',
    $top: 1,
    $select: 'id,lastModifiedDateTime,changeKey',
  }),
  TREE.path,
];

/** The folders whose counts are in a mark. Graph returns so many in a page at least, whatever page a request prefers. */
const MAX_FOLDERS = 200;

/** Reads the mark by one $batch of two parts. */
export async function changeMark(account: GraphAccount, call: Call): Promise<string> {
  const options = { operation: 'mailFolders.delta', prefer: TREE.prefer };
  const answers = await getEntities<unknown>(account, MARK_PATHS, options, call);
  for (const answer of answers) if (isMailError(answer)) throw answer;
  return markIn(answers) ?? '';
}

/** Returns the mark in the answers to MARK_PATHS. Null when one of them is an error. */
export function markIn([newest, tree]: readonly unknown[]): string | null {
  if (newest === undefined || tree === undefined || isMailError(newest) || isMailError(tree)) return null;
  const [last] = (newest as Collection<GraphMessage>).value ?? [];
  const folders = ((tree as Collection<MailFolder>).value ?? []).slice(0, MAX_FOLDERS);
  const counts = folders.map(({ id, totalItemCount, unreadItemCount }) => [id, totalItemCount, unreadItemCount].join());
  return shortHash(JSON.stringify([last?.id, last?.lastModifiedDateTime, last?.changeKey, counts.sort()]), 12);
}
