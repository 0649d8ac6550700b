import type { MailFolder } from '@microsoft/microsoft-graph-types';
import { isMailError } from '../../../domain/error.ts';
import type { MailboxRole } from '../../../domain/mailbox.ts';
import { path } from './url.ts';

/** v1.0 does not say which folder plays which part; each is asked for by its well-known name. */
export const ROLES: readonly (readonly [name: string, role: MailboxRole])[] = [
  ['inbox', 'INBOX'],
  ['archive', 'ARCHIVE'],
  ['drafts', 'DRAFTS'],
  ['sentitems', 'SENT'],
  ['deleteditems', 'TRASH'],
  ['junkemail', 'JUNK'],
];

/** The folders that play parts, by their ids, which never change: they are asked for once, and at each sweep while one is missing. */
export class FolderRoles {
  private known: ReadonlyMap<string, MailboxRole> = new Map();

  readonly paths: readonly string[] = ROLES.map(([name]) => path(`/me/mailFolders/${name}`, { $select: 'id' }));

  get areKnown(): boolean {
    return this.known.size > 0;
  }

  /** Not every mailbox has an archive: it may be made later. */
  get areComplete(): boolean {
    return this.known.size === ROLES.length;
  }

  /** Takes the answers to `paths`, in their order. A folder that is not there yet may come. */
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

  /** False where one of them is not among these: it is another mailbox by now. */
  areAmong(folderIds: ReadonlySet<string | undefined>): boolean {
    return [...this.known.keys()].every((id) => folderIds.has(id));
  }

  forget(): void {
    this.known = new Map();
  }
}
