import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * The total time for which one request may wait for the store, because many fast statements add up. Only the waiting
 * counts, so neither a slow provider nor a long list of changes uses it up, and concurrent waits count once.
 */
class StoreBudget {
  private spentMs = 0;
  private waiting = 0;
  private since = 0;
  private over = false;

  /** Infinity: each statement has a limit, but their total has none. */
  constructor(private readonly limitMs: number) {}

  /** Null once the request is answered. */
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

  /** Ends the budget when the request is answered. Background work that it started is no longer limited. */
  readonly end = (): void => {
    this.over = true;
  };
}

const current = new AsyncLocalStorage<StoreBudget>();

/** The budget of the current request, or undefined in the background. */
export const storeBudget = (): StoreBudget | undefined => current.getStore();

/** Runs the work of one request with its own budget, which ends with `end`. */
export function withStoreBudget<T>(limitMs: number, work: (end: () => void) => T): T {
  const budget = new StoreBudget(limitMs);
  return current.run(budget, () => work(budget.end));
}

/** Counts the time for which a request waits for `work`. */
export async function counted<T>(work: () => Promise<T>): Promise<T> {
  const budget = storeBudget();
  budget?.begin();
  try {
    return await work();
  } finally {
    budget?.done();
  }
}
