import type { MailFolder } from '@microsoft/microsoft-graph-types';
import { isMailError } from '../../../domain/error.ts';
import { path } from './url.ts';

/** Deleted items and junk, by names that Graph takes for their ids. */
export const HIDDEN_NAMES = ['deleteditems', 'junkemail'] as const;

/** Folders are put into the trash, and taken out, elsewhere as well, and not every instance is told: they are asked for again after this long. */
const MAX_AGE_MS = 300_000;

/**
 * The folders that a list of the whole account leaves out: trash and junk, and those inside of them, as a folder that was
 * deleted in Outlook is. Graph's $filter knows them by id only, and ids never change.
 */
export class HiddenFolders {
  private known: readonly string[] | null = null;
  private roots: ReadonlySet<string> = new Set();
  private learnedAt = Number.NEGATIVE_INFINITY;

  /** Null until Graph has been asked. */
  get ids(): readonly string[] | null {
    return this.known;
  }

  /** Whether they are to be asked for, at first or again. */
  get isDue(): boolean {
    return performance.now() - this.learnedAt > MAX_AGE_MS;
  }

  readonly paths: readonly string[] = HIDDEN_NAMES.map((name) =>
    path(`/me/mailFolders/${name}`, { $select: 'id,childFolderCount' }),
  );

  /** Trash and junk of the answers to `paths`. A folder that is not there hides nothing. */
  rootsIn(answers: readonly unknown[]): readonly MailFolder[] {
    return answers.flatMap((answer): MailFolder[] => {
      if (!isMailError(answer)) return [answer as MailFolder];
      if (answer.code === 'NOT_FOUND') return [];
      throw answer;
    });
  }

  /** `folders`: of the tree; they need not be all where none is inside of these. */
  learn(roots: readonly string[], folders: readonly MailFolder[]): void {
    const inside = new Set(roots);
    // As often as one more is found: a folder may be named before the one that it lies in.
    for (let before = -1; before !== inside.size; ) {
      before = inside.size;
      for (const { id, parentFolderId } of folders) if (id && inside.has(parentFolderId ?? '')) inside.add(id);
    }
    this.known = [...inside];
    this.roots = new Set(roots);
    this.learnedAt = performance.now();
  }

  /** Takes folders as they are now: where one of them has come in or gone out, all are asked for again. */
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
