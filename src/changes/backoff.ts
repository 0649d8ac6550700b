import { isMailError, isTransient, retryAfterMsOf } from '../domain/error.ts';

const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 30_000;
const MAX_UNEXPECTED_BACKOFF_MS = 5 * 60_000;

/**
 * Returns the wait before the next attempt. `attempt` counts the failures before this one. The wait doubles, has jitter, and
 * is never shorter than the provider requires.
 */
export function backoffMs(attempt: number, error: unknown, random: () => number = Math.random): number {
  // A request that timed out has already waited, and a failure of the gateway's own store costs the vendor nothing.
  const isShort = isMailError(error) && (error.code === 'TIMEOUT' || error.code === 'STORE_UNAVAILABLE');
  const doublings = isShort ? Math.min(attempt, 1) : attempt;
  // Where the account was not set to RECONNECT_REQUIRED, the vendor refuses tokens that it has just issued, which may pass.
  const mayPass = isTransient(error) || (isMailError(error) && error.code === 'RECONNECT_REQUIRED');
  // An unexpected error seldom disappears soon.
  const maxMs = mayPass ? MAX_BACKOFF_MS : MAX_UNEXPECTED_BACKOFF_MS;
  const doubled = Math.min(FIRST_BACKOFF_MS * 2 ** doublings, maxMs);
  const jittered = doubled * (0.5 + random() / 2);
  return Math.max(jittered, retryAfterMsOf(error));
}
