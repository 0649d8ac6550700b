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
  private readonly fullAt = new Map<string, number>();

  constructor(
    private readonly burst: number,
    private readonly everyMs: number,
    private readonly now: () => number = Date.now,
  ) {}

  /** Counts an attempt. Throws RATE_LIMITED with retryAfterMs when there were too many. */
  take(key: string): void {
    const now = this.now();
    const fullAt = Math.max(this.fullAt.get(key) ?? 0, now);
    const wait = fullAt + this.everyMs - now - this.burst * this.everyMs;
    if (wait > 0) throw tooManyAttempts(wait);
    this.fullAt.delete(key);
    this.fullAt.set(key, fullAt + this.everyMs);
    if (this.fullAt.size > MAX_KEYS) this.forget(now);
  }

  /** Takes back the counted attempt, because it succeeded. */
  giveBack(key: string): void {
    const fullAt = this.fullAt.get(key);
    if (fullAt !== undefined) this.fullAt.set(key, fullAt - this.everyMs);
  }

  private forget(now: number): void {
    for (const [key, fullAt] of this.fullAt) if (fullAt <= now) this.fullAt.delete(key);
    for (const key of this.fullAt.keys()) {
      if (this.fullAt.size <= MAX_KEYS) break;
      this.fullAt.delete(key);
    }
  }
}

export const tooManyAttempts = (retryAfterMs: number): MailError =>
  new MailError('RATE_LIMITED', `Too many attempts: try again in ${Math.ceil(retryAfterMs / 1_000)} seconds.`, {
    retryAfterMs,
  });
