import type { StoredMessage } from './message.ts';

/** How far a mailbox's search index lags behind its messages. The index never loses a message that it has. */
export class IndexLag {
  /** The history id up to which the index is complete. */
  #upTo = 0;
  #ms = 0;

  constructor(private readonly now: () => Date) {}

  /** Returns whether the index has the message. */
  has({ addedWith, arrivedAt }: StoredMessage): boolean {
    return this.#ms === 0 || addedWith <= this.#upTo || arrivedAt <= this.now().getTime() - this.#ms;
  }

  set(seconds: number, messages: Iterable<StoredMessage>): void {
    for (const message of messages) if (this.has(message)) this.#upTo = Math.max(this.#upTo, message.addedWith);
    this.#ms = seconds * 1000;
  }
}
