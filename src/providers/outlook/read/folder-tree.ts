import type { MailFolder } from '@microsoft/microsoft-graph-types';
import type { Call } from '../../contract/call.ts';
import type { GraphAccount } from '../wire/account.ts';
import { cost } from '../wire/client.ts';
import { type Collection, readToEnd } from '../wire/pages.ts';
import { path } from '../wire/url.ts';

const FOLDER_SELECT = 'displayName,parentFolderId,isHidden,totalItemCount,unreadItemCount';
const PAGE = 'odata.maxpagesize=200';
const FURTHER = { kind: 'folders', operation: 'mailFolders.delta', prefer: PAGE } as const;

/** The first round of a delta names every folder of the tree, which a list does level by level. */
export const TREE = {
  method: 'GET' as const,
  path: path('/me/mailFolders/delta', { $select: FOLDER_SELECT }),
  prefer: PAGE,
};

/** All folders, those of the system included that are not shown; the first page is given. */
export async function wholeTree(account: GraphAccount, first: unknown, call: Call): Promise<readonly MailFolder[]> {
  const folders = await readToEnd(account, first as Collection<MailFolder>, FURTHER, call);
  return folders.filter((folder) => folder.id && !('@removed' in folder));
}

/**
 * Takes the answers to `account.hidden.paths`. Which folders lie inside of these is asked for only where there are any.
 */
export async function readHiddenFolders(account: GraphAccount, answers: readonly unknown[], call: Call): Promise<void> {
  const { graph, hidden } = account;
  const roots = hidden.rootsIn(answers);
  const isLeaf = roots.every(({ childFolderCount }) => !childFolderCount);
  const folders = isLeaf
    ? []
    : await wholeTree(account, await graph.json<unknown>({ ...TREE, cost: cost('mailFolders.delta') }, call), call);
  hidden.learn(
    roots.map(({ id }) => id ?? ''),
    folders,
  );
}
