import type { MailFolder } from '@microsoft/microsoft-graph-types';
import { isMailError } from '../../../domain/error.ts';
import { path } from './url.ts';

/** The well-known names of Deleted Items and Junk Email, which Graph accepts in place of ids. */
export const HIDDEN_NAMES = ['deleteditems', 'junkemail'] as const;

/**
 * How long the list of hidden folders is kept. Other programs move folders into the trash and out of it, and not every
 * instance of the gateway is notified.
 */
const MAX_AGE_MS = 300_000;

/**
 * The folders that a list of the whole account leaves out: trash, junk and the folders inside them, where Outlook puts
 * a deleted folder. Graph's $filter accepts only ids for them, and ids never change.
 */
export class HiddenFolders {
  private known: readonly string[] | null = null;
  private roots: ReadonlySet<string> = new Set();
  private learnedAt = Number.NEGATIVE_INFINITY;

  /** Null until Graph has answered for the first time. */
  get ids(): readonly string[] | null {
    return this.known;
  }

  /** True when the folders must be requested, for the first time or again. */
  get isDue(): boolean {
    return performance.now() - this.learnedAt > MAX_AGE_MS;
  }

  readonly paths: readonly string[] = HIDDEN_NAMES.map((name) =>
    path(`/me/mailFolders/${name}`, { $select: 'id,childFolderCount' }),
  );

  /** Returns trash and junk from the answers to `paths`. A folder that does not exist hides nothing. */
  rootsIn(answers: readonly unknown[]): readonly MailFolder[] {
    return answers.flatMap((answer): MailFolder[] => {
      if (!isMailError(answer)) return [answer as MailFolder];
      if (answer.code === 'NOT_FOUND') return [];
      throw answer;
    });
  }

  /** `folders` are folders of the tree. It may be empty when no folder lies inside trash or junk. */
  learn(roots: readonly string[], folders: readonly MailFolder[]): void {
    const inside = new Set(roots);
    // The loop repeats while it finds another folder, because a folder may be listed before its parent.
    for (let before = -1; before !== inside.size; ) {
      before = inside.size;
      for (const { id, parentFolderId } of folders) if (id && inside.has(parentFolderId ?? '')) inside.add(id);
    }
    this.known = [...inside];
    this.roots = new Set(roots);
    this.learnedAt = performance.now();
  }

  /**
   * Compares current folders with what is known. When one was moved into a hidden folder or out of one, the list
   * expires.
   */
  notice(folders: readonly MailFolder[]): void {
    const hidden = new Set(this.known);
    const isMoved = ({ id = '', parentFolderId }: MailFolder): boolean =>
      parentFolderId != null && !this.roots.has(id) && hidden.has(id) !== hidden.has(parentFolderId);
    if (folders.some(isMoved)) this.expire();
  }

  expire(): void {
    this.learnedAt = Number.NEGATIVE_INFINITY;
  }
}
