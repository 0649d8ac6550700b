import { MailError } from '../../domain/error.ts';

/** Of the first refusal that names no time, in milliseconds; each further one doubles it. */
const FIRST_COOLDOWN_MS = 60_000;
/** Of one that names a time which is over: the clocks differ, or the vendor rounds down. */
const FIRST_ELAPSED_COOLDOWN_MS = 1_000;
const MAX_COOLDOWN_MS = 15 * 60_000;
const MIN_QUIET_MS = 60_000;
/** Between a batch of which some parts were refused and the next request, in milliseconds. */
const PARTIAL_COOLDOWN_MS = 250;

/**
 * How long an account is left alone that its vendor refuses: as long as the vendor says, else for a time that grows while
 * refusals go on. Gmail names no time as a rule, and each request meanwhile prolongs its limit (twentyhq/twenty#17850).
 */
export class Cooldown {
  private until = 0;
  /** Of the last one that no time was named for. */
  private lengthMs = 0;
  private endedAt = 0;

  constructor(private readonly now: () => number = Date.now) {}

  get waitMs(): number {
    return Math.max(0, this.until - this.now());
  }

  /** No request is kept waiting, and another refusal would be the first one. */
  get isOver(): boolean {
    return this.waitMs === 0 && (this.lengthMs === 0 || this.isQuiet);
  }

  /** So long after the last refusal that the next one counts as the first. */
  private get isQuiet(): boolean {
    return this.now() - this.endedAt > Math.max(MIN_QUIET_MS, 2 * this.lengthMs);
  }

  /** Takes note of what a request that began then failed with. Answers that error, which tells how long to wait. */
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
    // It was sent before the account was left alone, together with the one that was refused first.
    if (beganAt < this.endedAt) return;
    const lastMs = this.isQuiet ? 0 : this.lengthMs;
    this.lengthMs = Math.min(Math.max(firstMs, 2 * lastMs), MAX_COOLDOWN_MS);
    this.endedAt = this.now() + this.lengthMs;
    this.until = Math.max(this.until, this.endedAt);
  }
}

/**
 * What a batch failed with of which some parts were refused: where others were not, it was too wide, and the account is not
 * left alone for it.
 */
export function batchError(worst: MailError, limited: number, asked: number): MailError {
  if (worst.code !== 'RATE_LIMITED' || worst.retryAfterMs || limited >= asked) return worst;
  return new MailError(worst.code, worst.message, { retryAfterMs: PARTIAL_COOLDOWN_MS, cause: worst });
}

/** Refused here, before the vendor was asked: nothing was done. */
export const tooBusy = (waitMs: number): MailError =>
  new MailError(
    'RATE_LIMITED',
    'The mail provider limits how often this account may be asked. Try again a little later.',
    { retryAfterMs: Math.ceil(waitMs) },
  );
