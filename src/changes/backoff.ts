import { isMailError, isTransient } from '../domain/error.ts';

const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 30_000;
const MAX_UNFORESEEN_BACKOFF_MS = 5 * 60_000;

/** How long to wait before try `attempt` + 2: doubling, with jitter, and never less than the provider asked for. */
export function backoffMs(attempt: number, error: unknown, random: () => number = Math.random): number {
  // A request that went without an answer has waited already, our own store costs the vendor nothing; and what nobody
  // foresaw seldom mends itself soon.
  const waitsLittle = isMailError(error) && (error.code === 'TIMEOUT' || error.code === 'STORE_UNAVAILABLE');
  const doublings = waitsLittle ? Math.min(attempt, 1) : attempt;
  // Of an account whose grant was not ended it is the vendor that is at fault, which refuses tokens that it has just given.
  const mayPass = isTransient(error) || (isMailError(error) && error.code === 'RECONNECT_REQUIRED');
  const longest = mayPass ? MAX_BACKOFF_MS : MAX_UNFORESEEN_BACKOFF_MS;
  const doubled = Math.min(FIRST_BACKOFF_MS * 2 ** doublings, longest);
  const jittered = doubled * (0.5 + random() / 2);
  return Math.max(jittered, heldMs(error));
}

/** How long the provider asked to be left alone; 0 when it did not. */
export const heldMs = (error: unknown): number => (isMailError(error) && error.retryAfterMs) || 0;
