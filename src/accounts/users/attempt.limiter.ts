import { MailError } from '../../domain/error.ts';

const MAX_KEYS = 50_000;

/**
 * Allows `burst` attempts at once, and one more every `everyMs`, for each key. It is kept in memory, so each instance counts
 * for itself. It is the generic cell rate algorithm: it stores one time for each key, and knows exactly when the next attempt
 * is allowed.
 */
export class AttemptLimiter {
  /**
   * When the full burst of a key is available again. It is not an LRUCache, because the keys with a full burst must be dropped
   * before any other.
   */
  private readonly wholeAt = new Map<string, number>();

  constructor(
    private readonly burst: number,
    private readonly everyMs: number,
    private readonly now: () => number = Date.now,
  ) {}

  /** Counts an attempt. Throws RATE_LIMITED with retryAfterMs when there were too many. */
  take(key: string): void {
    const now = this.now();
    const whole = Math.max(this.wholeAt.get(key) ?? 0, now);
    const wait = whole + this.everyMs - now - this.burst * this.everyMs;
    if (wait > 0) throw tooManyAttempts(wait);
    this.wholeAt.delete(key);
    this.wholeAt.set(key, whole + this.everyMs);
    if (this.wholeAt.size > MAX_KEYS) this.forget(now);
  }

  /** Takes back the counted attempt, because it succeeded. */
  giveBack(key: string): void {
    const whole = this.wholeAt.get(key);
    if (whole !== undefined) this.wholeAt.set(key, whole - this.everyMs);
  }

  private forget(now: number): void {
    for (const [key, whole] of this.wholeAt) if (whole <= now) this.wholeAt.delete(key);
    for (const key of this.wholeAt.keys()) {
      if (this.wholeAt.size <= MAX_KEYS) break;
      this.wholeAt.delete(key);
    }
  }
}

export const tooManyAttempts = (retryAfterMs: number): MailError =>
  new MailError('RATE_LIMITED', `Too many attempts: try again in ${Math.ceil(retryAfterMs / 1_000)} seconds.`, {
    retryAfterMs,
  });
