import type { Account } from './accounts.ts';

interface Held {
  readonly account: Account;
  readonly timer: NodeJS.Timeout;
  readonly go: () => void;
}

/** Messages that Exchange has accepted and has not sent yet. */
export class Transport {
  readonly #held = new Set<Held>();

  hold(account: Account, ms: number, go: () => void): void {
    const held: Held = { account, go, timer: setTimeout(() => this.#release(held), ms).unref() };
    this.#held.add(held);
  }

  flush(account: Account): void {
    for (const held of this.#held) if (held.account === account) this.#release(held);
  }

  close(): void {
    for (const { timer } of this.#held) clearTimeout(timer);
    this.#held.clear();
  }

  #release(held: Held): void {
    clearTimeout(held.timer);
    if (this.#held.delete(held)) held.go();
  }
}
