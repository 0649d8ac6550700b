import { MailError } from '../../../domain/error.ts';
import type { Mailbox } from '../../../domain/mailbox.ts';
import { isOneLine } from '../../../domain/one-line.ts';
import type { Call } from '../../contract/call.ts';
import type { MailboxPatch } from '../../contract/mail-session.ts';
import { requireWrite } from '../../shared/access.ts';
import type { GraphAccount } from '../wire/account.ts';
import { categoryName } from '../wire/ids.ts';
import { createCategory, deleteCategory, recolorCategory } from './categories.ts';
import { changeFolder, createFolder, deleteFolder } from './save-folder.ts';

/** Creates or changes a folder or a category. The id shows which of the two it is. */
export function saveMailbox(account: GraphAccount, patch: MailboxPatch, call: Call): Promise<Mailbox> {
  requireWrite(account.access);
  const name = patch.name === undefined ? undefined : requireName(patch.name);
  if (patch.id !== null) {
    const category = categoryName(patch.id);
    return category === null
      ? changeFolder(account, patch.id, { ...patch, name }, call)
      : recolorCategory(account, category, { ...patch, name }, call);
  }
  if (name === undefined) throw new MailError('INVALID', 'A new mailbox needs a name.', { field: ['name'] });
  return (patch.kind ?? 'FOLDER') === 'FOLDER'
    ? createFolder(account, name, patch, call)
    : createCategory(account, name, patch, call);
}

export async function deleteMailbox(account: GraphAccount, id: string, call: Call): Promise<void> {
  requireWrite(account.access);
  const category = categoryName(id);
  await (category === null ? deleteFolder(account, id, call) : deleteCategory(account, category, call));
}

function requireName(input: string): string {
  const name = input.trim();
  if (name !== '' && name.length <= 255 && isOneLine(name)) return name;
  throw new MailError('INVALID', 'A mailbox name must have 1 to 255 characters on one line.', { field: ['name'] });
}
