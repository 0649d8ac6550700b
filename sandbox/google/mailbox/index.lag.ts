import type { StoredMessage } from './message.ts';

/** How far a mailbox's search index lags behind it. What the index has once it keeps. */
export class IndexLag {
  /** The place in the history up to which it has everything. */
  #upTo = 0;
  #ms = 0;

  constructor(private readonly now: () => Date) {}

  /** Whether the index has the message. */
  has({ addedWith, arrivedAt }: StoredMessage): boolean {
    return this.#ms === 0 || addedWith <= this.#upTo || arrivedAt <= this.now().getTime() - this.#ms;
  }

  set(seconds: number, messages: Iterable<StoredMessage>): void {
    for (const message of messages) if (this.has(message)) this.#upTo = Math.max(this.#upTo, message.addedWith);
    this.#ms = seconds * 1000;
  }
}
