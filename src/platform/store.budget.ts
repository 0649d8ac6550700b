import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * What one request may wait for the store: statements that are each in time must not add up. Only the waiting counts, so
 * neither a provider that is slow nor a long list of changes uses it up, and what is waited for side by side counts once.
 */
export class StoreBudget {
  private spentMs = 0;
  private waiting = 0;
  private since = 0;
  private over = false;

  /** Infinity: each statement has its limit, and all together have none. */
  constructor(private readonly limitMs: number) {}

  /** Null once nobody waits any longer. */
  get leftMs(): number | null {
    if (this.over) return null;
    const running = this.waiting > 0 ? performance.now() - this.since : 0;
    return Math.max(0, this.limitMs - this.spentMs - running);
  }

  begin(): void {
    if (this.waiting++ === 0) this.since = performance.now();
  }

  done(): void {
    if (--this.waiting === 0) this.spentMs += performance.now() - this.since;
  }

  /** The request is answered: what goes on in the background after it is not held to it. */
  readonly end = (): void => {
    this.over = true;
  };
}

const current = new AsyncLocalStorage<StoreBudget>();

/** The budget of the request that is being answered; undefined in the background. */
export const storeBudget = (): StoreBudget | undefined => current.getStore();

/** Runs the work of one request under a budget of its own, which ends with `end`. */
export function withStoreBudget<T>(limitMs: number, work: (end: () => void) => T): T {
  const budget = new StoreBudget(limitMs);
  return current.run(budget, () => work(budget.end));
}

/** Counts the waiting for `work` to the request that does it. */
export async function counted<T>(work: () => Promise<T>): Promise<T> {
  const budget = storeBudget();
  budget?.begin();
  try {
    return await work();
  } finally {
    budget?.done();
  }
}
