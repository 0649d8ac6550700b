import { isMailError } from '../domain/error.ts';

const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;
const PASSING = new Set(['PROVIDER_UNAVAILABLE', 'RATE_LIMITED', 'TIMEOUT', 'STORE_UNAVAILABLE']);

/** Whether trying again later may help without anyone doing anything. */
export const isPassing = (error: unknown): boolean => isMailError(error) && PASSING.has(error.code);

/** How long to wait before try `attempt` + 2: doubling, with jitter, and never less than the provider asked for. */
export function backoffMs(attempt: number, error: unknown, random: () => number = Math.random): number {
  const doubled = Math.min(FIRST_MS * 2 ** attempt, LONGEST_MS);
  const jittered = doubled * (0.5 + random() / 2);
  return Math.max(jittered, (isMailError(error) && error.retryAfterMs) || 0);
}
