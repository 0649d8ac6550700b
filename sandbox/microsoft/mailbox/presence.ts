import { setTimeout as sleep } from 'node:timers/promises';

/** The least time that a request takes. As at Graph, two requests that are sent together are therefore in progress together. */
export const MIN_SERVICE_MS = 8;
/** A request that is still alone after this time was sent alone, so that there is no reason to delay it further. */
const ALONE_MS = 2;

/** Counts the requests that are in progress at each mailbox. A batch counts as one. */
export class Presence {
  readonly #present = new Map<string, number>();

  /** Counts a request in. The returned function must be called once, when the request ends. */
  enter(mailbox: string): () => void {
    this.#add(mailbox, 1);
    return () => this.#add(mailbox, -1);
  }

  /** Waits as long as a request to the mailbox takes, alone or beside others. */
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
