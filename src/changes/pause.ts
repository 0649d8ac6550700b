import { setTimeout as delay } from 'node:timers/promises';

/** Rejects with the signal's own reason, where the timer's would be an AbortError that says nothing. */
export async function abortableDelay(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await delay(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}
