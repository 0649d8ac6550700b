import { setTimeout as sleep } from 'node:timers/promises';

/** Each request takes at least this long: at Graph too, two requests sent together are there together. */
export const MIN_SERVICE_MS = 8;
/** What is still by itself after so long was sent by itself, and nothing is learned by keeping it longer. */
const ALONE_MS = 2;

/** The requests that are at each mailbox now; a batch is one. */
export class Presence {
  readonly #present = new Map<string, number>();

  /** The answer is to be called once, when the request leaves. */
  enter(mailbox: string): () => void {
    this.#add(mailbox, 1);
    return () => this.#add(mailbox, -1);
  }

  /** As long as a request to the mailbox takes, by itself or beside others. */
  async serve(mailbox: string): Promise<void> {
    await sleep(ALONE_MS);
    if ((this.#present.get(mailbox) ?? 0) > 1) await sleep(MIN_SERVICE_MS - ALONE_MS);
  }

  #add(mailbox: string, count: number): void {
    const present = (this.#present.get(mailbox) ?? 0) + count;
    if (present === 0) this.#present.delete(mailbox);
    else this.#present.set(mailbox, present);
  }
}
