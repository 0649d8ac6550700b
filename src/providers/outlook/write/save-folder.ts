import type { MailFolder } from '@microsoft/microsoft-graph-types';
import { isMailError, MailError } from '../../../domain/error.ts';
import type { Mailbox } from '../../../domain/mailbox.ts';
import type { Call } from '../../contract/call.ts';
import type { MailboxPatch } from '../../contract/mail-session.ts';
import { toFolder } from '../read/mailboxes.ts';
import { noSuchMailbox, ROOT, requireOwnFolder } from '../read/system-folders.ts';
import type { GraphAccount } from '../wire/account.ts';
import { cost } from '../wire/client.ts';
import { categoryName, segment } from '../wire/ids.ts';

const FOLDERS = '/me/mailFolders';

type FolderChange = Pick<MailboxPatch, 'parentId' | 'color'> & { readonly name: string | undefined };

export async function createFolder(
  account: GraphAccount,
  name: string,
  { parentId = null, color }: Pick<MailboxPatch, 'parentId' | 'color'>,
  call: Call,
): Promise<Mailbox> {
  refuseColor(color);
  const at = parentId === null ? FOLDERS : `${FOLDERS}/${requireFolderId(parentId)}/childFolders`;
  const request = {
    method: 'POST' as const,
    path: at,
    body: JSON.stringify({ displayName: name }),
    cost: cost('mailFolders.create', false),
  };
  const created = await account.graph.json<MailFolder>(request, call).catch((error: unknown) => {
    throw explained(error, name);
  });
  account.hidden.notice([created]);
  return toFolder(created, null, parentId === null ? null : (created.parentFolderId ?? parentId));
}

/** Renames a folder, moves it, or both. */
export async function changeFolder(
  account: GraphAccount,
  id: string,
  { name, parentId, color }: FolderChange,
  call: Call,
): Promise<Mailbox> {
  refuseColor(color);
  if (parentId != null) requireFolderId(parentId);
  const { folder, rootId } = await requireOwnFolder(account, id, call);
  const at = `${FOLDERS}/${segment(id)}`;
  let current = folder;
  const isElsewhere = parentId !== undefined && (parentId ?? rootId) !== folder.parentFolderId;
  try {
    if (isElsewhere) {
      const body = JSON.stringify({ destinationId: parentId ?? ROOT });
      const request = { method: 'POST' as const, path: `${at}/move`, body, cost: cost('mailFolders.move', false) };
      current = await account.graph.json<MailFolder>(request, call);
      account.hidden.notice([current]);
    }
    if (name !== undefined && name !== current.displayName) {
      const body = JSON.stringify({ displayName: name });
      const request = { method: 'PATCH' as const, path: at, body, cost: cost('mailFolders.update') };
      current = await account.graph.json<MailFolder>(request, call);
    }
  } catch (error) {
    throw explained(error, name ?? folder.displayName ?? '');
  }
  const parent = current.parentFolderId ?? null;
  return toFolder(current, null, parent === rootId ? null : parent);
}

/** Deletes a folder with its content: into Deleted Items, as Outlook does, or permanently if it is there already. */
export async function deleteFolder(account: GraphAccount, id: string, call: Call): Promise<void> {
  const { folder } = await requireOwnFolder(account, id, call);
  const request = {
    method: 'DELETE' as const,
    path: `${FOLDERS}/${segment(id)}`,
    cost: cost('mailFolders.delete', false),
  };
  await account.graph.done(request, call).catch((error: unknown) => {
    throw explained(error, folder.displayName ?? '');
  });
  account.hidden.expire();
}

function requireFolderId(id: string): string {
  if (categoryName(id) === null) return segment(id);
  throw new MailError('INVALID', 'The parent of a folder must be a folder, not a category.', { field: ['parentId'] });
}

function refuseColor(color: string | null | undefined): void {
  if (color == null) return;
  throw new MailError('UNSUPPORTED', 'Outlook has colours for categories only. Leave out the colour of a folder.', {
    field: ['color'],
  });
}

function explained(error: unknown, name: string): unknown {
  if (!isMailError(error) || error.ofAccount) return error;
  if (error.code === 'NOT_FOUND') return noSuchMailbox();
  if (error.code === 'UNSUPPORTED')
    return new MailError('INVALID', 'The folder cannot be moved there. Choose another parent.', { cause: error });
  if (error.code !== 'CONFLICT') return error;
  return new MailError('CONFLICT', `A folder named ${name} already exists there. Choose another name.`, {
    field: ['name'],
    cause: error,
  });
}
