import type { MailFolder } from '@microsoft/microsoft-graph-types';
import type { Call } from '../../contract/call.ts';
import type { GraphAccount } from '../wire/account.ts';
import { cost } from '../wire/client.ts';
import { type Collection, readToEnd } from '../wire/pages.ts';
import { path } from '../wire/url.ts';

const FOLDER_SELECT = 'displayName,parentFolderId,isHidden,totalItemCount,unreadItemCount';
const PAGE = 'odata.maxpagesize=200';
const FURTHER = { kind: 'folders', operation: 'mailFolders.delta', prefer: PAGE } as const;

/** The first round of a delta lists every folder of the tree, while a list has one level at a time. */
export const TREE = {
  method: 'GET' as const,
  path: path('/me/mailFolders/delta', { $select: FOLDER_SELECT }),
  prefer: PAGE,
};

/** Reads all folders from the first page on, including the hidden system folders. */
export async function wholeTree(account: GraphAccount, first: unknown, call: Call): Promise<readonly MailFolder[]> {
  const folders = await readToEnd(account, first as Collection<MailFolder>, FURTHER, call);
  return folders.filter((folder) => folder.id && !('@removed' in folder));
}

/**
 * Reads the ids of all folders that are mailboxes. Hidden folders, such as those of recoverable items and of synchronisation
 * errors, are none.
 */
export async function visibleFolders(account: GraphAccount, call: Call): Promise<ReadonlySet<string>> {
  const first = await account.graph.json<unknown>({ ...TREE, cost: cost('mailFolders.delta') }, call);
  const tree = await wholeTree(account, first, call);
  return new Set(tree.flatMap(({ id, isHidden }) => (id && !isHidden ? [id] : [])));
}

/**
 * Records the answers to `account.hidden.paths`. The folder tree is requested only when trash or junk has subfolders.
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
