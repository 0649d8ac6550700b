import { MailError } from '../../domain/error.ts';

/** The cooldown after the first refusal without a Retry-After, in milliseconds. Each further refusal doubles it. */
const FIRST_COOLDOWN_MS = 60_000;
/** The cooldown after a refusal whose Retry-After has passed, because the clocks differ or the vendor rounds down. */
const FIRST_ELAPSED_COOLDOWN_MS = 1_000;
const MAX_COOLDOWN_MS = 15 * 60_000;
const MIN_QUIET_MS = 60_000;
/** Milliseconds between a batch with some refused parts and the next request. */
const PARTIAL_COOLDOWN_MS = 250;

/**
 * How long no request is sent to an account that its vendor rate-limits: as long as the vendor says, or else for a time that
 * grows with each refusal. Gmail mostly names no time, and each request meanwhile prolongs its limit (twentyhq/twenty#17850).
 */
export class Cooldown {
  private until = 0;
  /** The length of the last cooldown for which the vendor named no time. */
  private lengthMs = 0;
  private endedAt = 0;

  constructor(private readonly now: () => number = Date.now) {}

  get waitMs(): number {
    return Math.max(0, this.until - this.now());
  }

  /** Whether no request has to wait and the next refusal would count as the first. */
  get isOver(): boolean {
    return this.waitMs === 0 && (this.lengthMs === 0 || this.isQuiet);
  }

  /** Whether the last cooldown ended so long ago that the next refusal counts as the first. */
  private get isQuiet(): boolean {
    return this.now() - this.endedAt > Math.max(MIN_QUIET_MS, 2 * this.lengthMs);
  }

  /** Records the error of a request that began at `beganAt`. Returns the error with the time to wait. */
  failed(error: MailError, beganAt: number): MailError {
    const { code, message, retryAfterMs } = error;
    const isLimit = code === 'RATE_LIMITED';
    if (!isLimit && (code !== 'PROVIDER_UNAVAILABLE' || retryAfterMs === undefined)) return error;
    if (retryAfterMs) this.until = Math.max(this.until, this.now() + retryAfterMs);
    else if (isLimit) this.grow(retryAfterMs === undefined ? FIRST_COOLDOWN_MS : FIRST_ELAPSED_COOLDOWN_MS, beganAt);
    if (retryAfterMs !== undefined && retryAfterMs >= this.waitMs) return error;
    return new MailError(code, message, { retryAfterMs: this.waitMs, cause: error });
  }

  private grow(firstMs: number, beganAt: number): void {
    // This request was sent before the cooldown began, together with the one that was refused first.
    if (beganAt < this.endedAt) return;
    const lastMs = this.isQuiet ? 0 : this.lengthMs;
    this.lengthMs = Math.min(Math.max(firstMs, 2 * lastMs), MAX_COOLDOWN_MS);
    this.endedAt = this.now() + this.lengthMs;
    this.until = Math.max(this.until, this.endedAt);
  }
}

/**
 * The error of a batch of which some parts were rate-limited. Where other parts were not, the batch was too wide, and only a
 * short cooldown follows.
 */
export function batchError(worst: MailError, limited: number, sent: number): MailError {
  if (worst.code !== 'RATE_LIMITED' || worst.retryAfterMs || limited >= sent) return worst;
  return new MailError(worst.code, worst.message, { retryAfterMs: PARTIAL_COOLDOWN_MS, cause: worst });
}

/** The error of a request that the limiter refused before it was sent. */
export const tooBusy = (waitMs: number): MailError =>
  new MailError(
    'RATE_LIMITED',
    'The mail provider limits how often this account may be asked. Try again a little later.',
    { retryAfterMs: Math.ceil(waitMs) },
  );
