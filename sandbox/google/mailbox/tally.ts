import type { StoredMessage } from './message.ts';

interface Counts {
  messages: number;
  unread: number;
  readonly threads: Map<string, number>;
  readonly unreadThreads: Map<string, number>;
}

/** The counts of each label, updated with every change of a message, so that labels.get does not scan the mailbox. */
export class Tally {
  readonly #labels = new Map<string, Counts>();

  add(message: StoredMessage): void {
    this.#change(message, 1);
  }

  remove(message: StoredMessage): void {
    this.#change(message, -1);
  }

  of(label: string): { messages: number; unread: number; threads: number; unreadThreads: number } {
    const counts = this.#labels.get(label);
    return {
      messages: counts?.messages ?? 0,
      unread: counts?.unread ?? 0,
      threads: counts?.threads.size ?? 0,
      unreadThreads: counts?.unreadThreads.size ?? 0,
    };
  }

  #change(message: StoredMessage, by: 1 | -1): void {
    const unread = message.labels.has('UNREAD');
    for (const label of message.labels) {
      let counts = this.#labels.get(label);
      if (!counts) {
        counts = { messages: 0, unread: 0, threads: new Map(), unreadThreads: new Map() };
        this.#labels.set(label, counts);
      }
      counts.messages += by;
      bump(counts.threads, message.threadId, by);
      if (!unread) continue;
      counts.unread += by;
      bump(counts.unreadThreads, message.threadId, by);
    }
  }
}

function bump(counts: Map<string, number>, key: string, by: number): void {
  const next = (counts.get(key) ?? 0) + by;
  if (next > 0) counts.set(key, next);
  else counts.delete(key);
}
