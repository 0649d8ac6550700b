import type { MailFolder } from '@microsoft/microsoft-graph-types';
import { isMailError } from '../../../domain/error.ts';
import type { MailboxRole } from '../../../domain/mailbox.ts';
import { path } from './url.ts';

/**
 * The folders' roles by well-known name. Graph v1.0 does not return a folder's role, so each folder is requested by its
 * name.
 */
export const ROLES: readonly (readonly [name: string, role: MailboxRole])[] = [
  ['inbox', 'INBOX'],
  ['archive', 'ARCHIVE'],
  ['drafts', 'DRAFTS'],
  ['sentitems', 'SENT'],
  ['deleteditems', 'TRASH'],
  ['junkemail', 'JUNK'],
];

/**
 * The folders with a role, by their ids, which never change. They are requested once, and again at each sweep while one
 * is missing.
 */
export class FolderRoles {
  private known: ReadonlyMap<string, MailboxRole> = new Map();

  readonly paths: readonly string[] = ROLES.map(([name]) => path(`/me/mailFolders/${name}`, { $select: 'id' }));

  get areKnown(): boolean {
    return this.known.size > 0;
  }

  /** A mailbox may have no archive folder yet, and may get one later. */
  get areComplete(): boolean {
    return this.known.size === ROLES.length;
  }

  /** Records the answers to `paths`, in their order. A folder that does not exist yet may be created later. */
  learn(answers: readonly unknown[]): void {
    const found = new Map<string, MailboxRole>();
    for (const [i, [, role]] of ROLES.entries()) {
      const answer = answers[i];
      if (!isMailError(answer)) found.set((answer as MailFolder).id ?? '', role);
      else if (answer.code !== 'NOT_FOUND') throw answer;
    }
    this.known = found;
  }

  of(folderId: string): MailboxRole | null {
    return this.known.get(folderId) ?? null;
  }

  /** Returns false when one of the folders is missing from `folderIds`: the account is then another mailbox by now. */
  areAmong(folderIds: ReadonlySet<string | undefined>): boolean {
    return [...this.known.keys()].every((id) => folderIds.has(id));
  }

  forget(): void {
    this.known = new Map();
  }
}
