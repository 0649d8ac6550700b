/** The longest wait that is accepted, because a mistake in a header must not stop an account for days. */
export const MAX_RETRY_AFTER_MS = 60 * 60_000;

const SECONDS = /^[+-]?\d+(?:\.\d+)?$/;
/** Matches the three forms of RFC 9110 5.6.7, of which the last has no time zone, and ISO 8601. */
const DATE = /^(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? .*\d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.]+)/i;
const ZONE = /(?:\b(?:gmt|utc)|z|[+-]\d\d:?\d\d)$/i;

/**
 * Converts Retry-After (RFC 9110 10.2.3), which is seconds or a date, to milliseconds from now. Returns 0 for a time in
 * the past, and undefined when the header is absent or unreadable.
 */
export function retryAfterMs(header: string | null | undefined, now = Date.now()): number | undefined {
  const value = header?.trim() ?? '';
  if (SECONDS.test(value)) return bounded(Number(value) * 1_000);
  if (!DATE.test(value)) return undefined;
  const at = Date.parse(ZONE.test(value) ? value : `${value} GMT`);
  return Number.isNaN(at) ? undefined : bounded(at - now);
}

const bounded = (ms: number): number => Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS);
