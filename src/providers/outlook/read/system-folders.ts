import type { MailFolder } from '@microsoft/microsoft-graph-types';
import { isMailError, MailError } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import type { GraphAccount } from '../wire/account.ts';
import { batch, type Chain } from '../wire/batch.ts';
import { segment } from '../wire/ids.ts';
import { path } from '../wire/url.ts';

/** Folders that Exchange creates and needs, by their well-known names. */
const SYSTEM = [
  'inbox',
  'archive',
  'drafts',
  'sentitems',
  'deleteditems',
  'junkemail',
  'outbox',
  'conversationhistory',
  'clutter',
  'syncissues',
  'msgfolderroot',
] as const;

export const ROOT = 'msgfolderroot';

/**
 * Returns a folder that users may change, and the id of the root folder. Throws FORBIDDEN for a system folder, and
 * NOT_FOUND.
 */
export async function requireOwnFolder(
  account: GraphAccount,
  id: string,
  call: Call,
): Promise<{ folder: MailFolder; rootId: string }> {
  const chains: Chain[] = [
    [{ method: 'GET', path: `/me/mailFolders/${segment(id)}` }],
    ...SYSTEM.map((name): Chain => [{ method: 'GET', path: path(`/me/mailFolders/${name}`, { $select: 'id' }) }]),
  ];
  const [folder, ...system] = await batch<MailFolder>(account.graph, 'mailFolders.get', chains, call);
  if (!folder || isMailError(folder)) throw folder && folder.code !== 'NOT_FOUND' ? folder : noSuchMailbox();
  for (const answer of system) if (isMailError(answer) && answer.code !== 'NOT_FOUND') throw answer;
  if (system.some((answer) => !isMailError(answer) && answer.id === folder.id)) {
    throw new MailError(
      'FORBIDDEN',
      `${folder.displayName ?? 'This'} is one of Outlook's own folders and cannot be renamed, moved or deleted.`,
      { field: ['id'] },
    );
  }
  const root = system[SYSTEM.indexOf(ROOT)];
  return { folder, rootId: root && !isMailError(root) ? (root.id ?? '') : '' };
}

export const noSuchMailbox = (): MailError =>
  new MailError('NOT_FOUND', 'There is no such mailbox in this Outlook account.');
