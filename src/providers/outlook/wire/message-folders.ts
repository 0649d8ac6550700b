import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import { markOf } from '../../shared/threads/thread-cursor.ts';

/** The messages of a few pages. */
const MAX_MESSAGES = 200;

/**
 * The folders of the messages that were read last, because notifications name a message and not its folder. What is known here
 * may be outdated, so it only saves requests.
 */
export class MessageFolders {
  private readonly folders = new Map<string, string>();
  /** One copy of each folder's id, since every answer of Graph has copies of its own. */
  private readonly ids = new Map<string, string>();

  note(messages: readonly GraphMessage[]): void {
    for (const { id, parentFolderId } of messages.slice(0, MAX_MESSAGES)) {
      if (!id || !parentFolderId) continue;
      const hash = markOf(id);
      this.folders.delete(hash);
      this.folders.set(hash, this.idOf(parentFolderId));
    }
    for (const hash of this.folders.keys()) {
      if (this.folders.size <= MAX_MESSAGES) break;
      this.folders.delete(hash);
    }
  }

  /** Null where it is not known. */
  of(messageId: string): string | null {
    return this.folders.get(markOf(messageId)) ?? null;
  }

  private idOf(folderId: string): string {
    if (this.ids.size > MAX_MESSAGES) this.ids.clear();
    const known = this.ids.get(folderId) ?? folderId;
    this.ids.set(folderId, known);
    return known;
  }
}
