import { MailError } from '../../domain/error.ts';

const MAX_KEYS = 50_000;

/**
 * At most `burst` attempts at once, and one more every `everyMs`, for each key; kept in memory, so per instance (the
 * generic cell rate algorithm: one time per key, and an exact answer to "when again").
 */
export class AttemptLimiter {
  /** When the key's allowance is whole again. Not an LRUCache: those whose allowance is whole must go before one that is counted. */
  private readonly wholeAt = new Map<string, number>();

  constructor(
    private readonly burst: number,
    private readonly everyMs: number,
    private readonly now: () => number = Date.now,
  ) {}

  /** Counts an attempt. Throws RATE_LIMITED with retryAfterMs when there are too many. */
  take(key: string): void {
    const now = this.now();
    const whole = Math.max(this.wholeAt.get(key) ?? 0, now);
    const wait = whole + this.everyMs - now - this.burst * this.everyMs;
    if (wait > 0) throw tooManyAttempts(wait);
    this.wholeAt.delete(key);
    this.wholeAt.set(key, whole + this.everyMs);
    if (this.wholeAt.size > MAX_KEYS) this.forget(now);
  }

  /** Takes an attempt back: it was a good one. */
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
