import type { MailFolder, OutlookCategory } from '@microsoft/microsoft-graph-types';
import { isMailError } from '../../../domain/error.ts';
import type { Mailbox, MailboxRole } from '../../../domain/mailbox.ts';
import { toOneLine } from '../../../domain/one-line.ts';
import type { Call } from '../../contract/call.ts';
import type { GraphAccount } from '../wire/account.ts';
import { batch, type Chain } from '../wire/batch.ts';
import { type FolderRoles, ROLES } from '../wire/folder-roles.ts';
import { categoryId, categoryName } from '../wire/ids.ts';
import { type Collection, readToEnd } from '../wire/pages.ts';
import { path } from '../wire/url.ts';
import { CATEGORY_COLORS } from './category-colors.ts';
import { TREE, wholeTree } from './folder-tree.ts';

/**
 * Roles that no single folder is sure to play: a mailbox may have no archive, and subfolders of trash and junk count as
 * trash and junk too.
 */
const NOT_ONE_FOLDER: readonly MailboxRole[] = ['ARCHIVE', 'TRASH', 'JUNK'];

/**
 * Returns the well-known name, which Graph accepts as an id, of the folder with a role. Returns null when the folder
 * may not exist or is not the only one with that role.
 */
export const roleMailboxId = (role: MailboxRole): string | null =>
  NOT_ONE_FOLDER.includes(role) ? null : (ROLES.find(([, played]) => played === role)?.[0] ?? null);

const CATEGORIES = { kind: 'categories', operation: 'masterCategories.list' } as const;

/**
 * Lists folders with their counts, and categories as labels, in one $batch unless one of the lists has further pages.
 */
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
  // Categories need a separate scope, which the user may not have granted.
  const listed = answered<Collection<OutlookCategory>>(categories, ['FORBIDDEN', 'NOT_FOUND']) ?? {};
  const labels = await readToEnd(account, listed, CATEGORIES, call);
  return [...visible.map((f) => toMailbox(f, roles, ids)), ...labels.map(toLabel)];
}

/** Reads the folders' roles, so that new mail does not need another request to find the inbox. */
export async function learnRoles({ graph, roles, deletions }: GraphAccount, call: Call): Promise<void> {
  if (roles.areComplete) return;
  const chains = [deletions.path, ...roles.paths].map((one): Chain => [{ method: 'GET', path: one }]);
  const [hidden, ...named] = await batch<unknown>(graph, 'mailFolders.get', chains, call);
  deletions.learn(hidden);
  roles.learn(named);
}

/** Returns the answer, or null for an error with one of these codes. Throws any other error. */
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

/** A category of messages that is not in the list of categories: it was deleted there, or a rule or another program wrote it. */
export function unlistedMailbox(id: string): Mailbox | null {
  const displayName = categoryName(id);
  return displayName ? toLabel({ displayName }) : null;
}
