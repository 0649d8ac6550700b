import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import { isMailError } from '../../../domain/error.ts';
import { path } from './url.ts';

/**
 * The folder that deleted messages lie in until Exchange forgets them: out of everybody's sight, and still answered for by
 * their immutable ids. What is in there is gone.
 */
export class Deletions {
  private id: string | null = null;

  readonly path: string = path('/me/mailFolders/recoverableitemsdeletions', { $select: 'id' });

  get isKnown(): boolean {
    return this.id !== null;
  }

  /** Takes the answer to `path`. A mailbox without such a folder forgets at once. */
  learn(answer: unknown): void {
    if (!isMailError(answer)) this.id = (answer as { id?: string }).id ?? null;
    else if (answer.code === 'NOT_FOUND') this.id = '';
  }

  /** Of a message that was read with its parentFolderId. */
  holds({ parentFolderId }: GraphMessage): boolean {
    return this.id !== null && this.id === parentFolderId;
  }
}
