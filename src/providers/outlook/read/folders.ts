import type { MailFolder, OutlookCategory } from '@microsoft/microsoft-graph-types';
import { isMailError } from '../../../domain/error.ts';
import type { Mailbox, MailboxRole } from '../../../domain/mailbox.ts';
import { toOneLine } from '../../../domain/one-line.ts';
import type { Call } from '../../contract/call.ts';
import type { GraphAccount } from '../wire/account.ts';
import { batch, type Chain } from '../wire/batch.ts';
import { type FolderRoles, ROLES } from '../wire/folder-roles.ts';
import { categoryId } from '../wire/ids.ts';
import { type Collection, readToEnd } from '../wire/pages.ts';
import { path } from '../wire/url.ts';
import { CATEGORY_COLORS } from './category-colors.ts';
import { TREE, wholeTree } from './folder-tree.ts';

/** Not every mailbox has an archive, and what lies in folders inside of trash and junk is in the trash or the junk too. */
const NOT_ONE_FOLDER: readonly MailboxRole[] = ['ARCHIVE', 'TRASH', 'JUNK'];

/** The folder that plays a part, by a name that Graph takes for its id, where it is sure to be there and all that plays it. */
export const roleMailboxId = (role: MailboxRole): string | null =>
  NOT_ONE_FOLDER.includes(role) ? null : (ROLES.find(([, played]) => played === role)?.[0] ?? null);

const CATEGORIES = { kind: 'categories', operation: 'masterCategories.list' } as const;

/** Folders with their counts, and categories as labels: one $batch, unless one of the lists has further pages. */
export async function listMailboxes(account: GraphAccount, call: Call): Promise<readonly Mailbox[]> {
  const { roles, deletions, hidden } = account;
  const isFirst = !roles.areKnown;
  const chains: Chain[] = [
    [TREE],
    [{ method: 'GET', path: path('/me/outlook/masterCategories') }],
    ...(isFirst ? [deletions.path, ...roles.paths] : []).map((one): Chain => [{ method: 'GET', path: one }]),
  ];
  const [tree, categories, deleted, ...named] = await batch<unknown>(account.graph, 'mailFolders.list', chains, call);
  if (tree instanceof Error) throw tree;
  if (isFirst) {
    deletions.learn(deleted);
    roles.learn(named);
  }
  const folders = await wholeTree(account, tree, call);
  const visible = folders.filter((f) => !f.isHidden);
  const ids = new Set(visible.map((f) => f.id));
  if (!isFirst && !roles.areAmong(ids)) {
    roles.forget();
    return listMailboxes(account, call);
  }
  const isHidden = (role: MailboxRole | null) => role === 'TRASH' || role === 'JUNK';
  hidden.learn(
    folders.flatMap(({ id }) => (id && isHidden(roles.of(id)) ? [id] : [])),
    folders,
  );
  // Categories need a scope of their own, which a person may have left out.
  const listed = answered<Collection<OutlookCategory>>(categories, ['FORBIDDEN', 'NOT_FOUND']) ?? {};
  const labels = await readToEnd(account, listed, CATEGORIES, call);
  return [...visible.map((f) => toMailbox(f, roles, ids)), ...labels.map(toLabel)];
}

/** So that no mail that arrives has to ask which folder is the inbox. Where it fails, who needs them asks. */
export async function learnRoles({ graph, roles, deletions }: GraphAccount, call: Call): Promise<void> {
  if (roles.areComplete) return;
  const chains = [deletions.path, ...roles.paths].map((one): Chain => [{ method: 'GET', path: one }]);
  const [hidden, ...named] = await batch<unknown>(graph, 'mailFolders.get', chains, call);
  deletions.learn(hidden);
  roles.learn(named);
}

/** The answer; null for an error of these kinds; any other error is thrown. */
function answered<T>(answer: unknown, absent: readonly string[]): T | null {
  if (!isMailError(answer)) return answer as T;
  if (absent.includes(answer.code)) return null;
  throw answer;
}

function toMailbox(folder: MailFolder, roles: FolderRoles, ids: ReadonlySet<string | undefined>): Mailbox {
  const parentId = folder.parentFolderId ?? null;
  return toFolder(folder, roles.of(folder.id ?? ''), parentId !== null && ids.has(parentId) ? parentId : null);
}

export const toFolder = (folder: MailFolder, role: MailboxRole | null, parentId: string | null): Mailbox => ({
  id: folder.id ?? '',
  name: toOneLine(folder.displayName ?? '') || (folder.id ?? ''),
  kind: 'FOLDER',
  role,
  parentId,
  color: null,
  totalMessages: folder.totalItemCount ?? null,
  unreadMessages: folder.unreadItemCount ?? null,
});

export const toLabel = (category: OutlookCategory): Mailbox => ({
  id: categoryId(category.displayName ?? ''),
  name: toOneLine(category.displayName ?? '') || (category.id ?? ''),
  kind: 'LABEL',
  role: null,
  parentId: null,
  color: CATEGORY_COLORS[category.color ?? 'none'] ?? null,
  totalMessages: null,
  unreadMessages: null,
});
