import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import { isMailError } from '../../../domain/error.ts';
import { path } from './url.ts';

/**
 * The folder of recoverable items, in which Exchange keeps deleted messages for a while. Nobody sees it, but Graph
 * still returns its messages by their immutable ids. A message in it counts as deleted.
 */
export class Deletions {
  private id: string | null = null;

  readonly path: string = path('/me/mailFolders/recoverableitemsdeletions', { $select: 'id' });

  get isKnown(): boolean {
    return this.id !== null;
  }

  /** Records the answer to `path`. A mailbox without this folder deletes messages at once. */
  learn(answer: unknown): void {
    if (!isMailError(answer)) this.id = (answer as { id?: string }).id ?? null;
    else if (answer.code === 'NOT_FOUND') this.id = '';
  }

  /** Expects a message that was read with its parentFolderId. */
  holds({ parentFolderId }: GraphMessage): boolean {
    return this.id !== null && this.id === parentFolderId;
  }
}
