import { setTimeout as delay } from 'node:timers/promises';
import { storeErrorIn } from '../../../domain/error.ts';

const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 5_000;

/**
 * Repeats work that must not be lost while the store is unavailable, until it succeeds or `signal` aborts. The work
 * must be idempotent. Any other error is thrown unchanged.
 */
export async function retryUntilStoreIsBack<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let backoffMs = FIRST_BACKOFF_MS; ; backoffMs = Math.min(2 * backoffMs, MAX_BACKOFF_MS)) {
    try {
      return await work();
    } catch (error) {
      if (!storeErrorIn(error) || signal.aborted) throw error;
      // Instances that lost the store at the same time retry at different times.
      await delay(backoffMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {});
      if (signal.aborted) throw error;
    }
  }
}
