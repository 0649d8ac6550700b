import { setTimeout as delay } from 'node:timers/promises';
import { storeErrorIn } from '../domain/error.ts';

const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 5_000;

/**
 * Does what must not be left undone because the store is away: again and again until the store takes it, or until `signal`
 * aborts. It must bear being done twice. Any other error is thrown as it comes.
 */
export async function whenStoreIsBack<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let pause = FIRST_BACKOFF_MS; ; pause = Math.min(2 * pause, MAX_BACKOFF_MS)) {
    try {
      return await work();
    } catch (error) {
      if (!storeErrorIn(error) || signal.aborted) throw error;
      // Instances that lost it together do not come back together.
      await delay(pause * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {});
      if (signal.aborted) throw error;
    }
  }
}
