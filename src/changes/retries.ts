/** One key that has failed and will be retried. */
interface PendingRetry {
  lane: string;
  failures: number;
  failedAt: number;
  /** The vendor allows no request before this time. */
  notBefore: number;
  dueAt: number;
  timer: NodeJS.Timeout | null;
}

interface RetriesOptions {
  /** Called when a key is to be retried. */
  readonly retry: (key: string) => void;
  readonly now?: () => number;
}

/** Milliseconds between a failure and the next attempt at least, also after `hurry`. */
const MIN_BACKOFF_MS = 1_000;
/** Milliseconds between two probes in one lane. */
const PROBE_INTERVAL_MS = 2_000;

/** The keys that have failed. Each waits for its own backoff, without a slot in a lane, and news can shorten it. */
export class Retries {
  private readonly pendingRetries = new Map<string, PendingRetry>();
  private readonly probedAt = new Map<string, number>();
  private readonly now: () => number;

  constructor(private readonly options: RetriesOptions) {
    this.now = options.now ?? Date.now;
  }

  /** Returns the number of failures in a row. */
  failures(key: string): number {
    return this.pendingRetries.get(key)?.failures ?? 0;
  }

  /** Returns true while the key waits for its retry. */
  isWaiting(key: string): boolean {
    return this.pendingRetries.get(key)?.timer != null;
  }

  /** Records a failure. The key is retried after the backoff, and not before `heldMs` even after `hurry`. */
  failed(key: string, lane: string, backoffMs: number, heldMs: number): void {
    const pending = this.pending(key, lane);
    pending.failures++;
    pending.failedAt = this.now();
    pending.notBefore = this.now() + heldMs;
    this.arm(key, pending, Math.max(backoffMs, heldMs));
  }

  /** Records that a run was restarted at once. There is no backoff, but its next failure has a longer one. */
  restarted(key: string, lane: string): void {
    this.pending(key, lane).failures++;
  }

  /** Returns true when the key may run now. Otherwise the vendor has named a time, and the key is retried then. */
  begin(key: string): boolean {
    const pending = this.pendingRetries.get(key);
    if (!pending) return true;
    const heldMs = pending.notBefore - this.now();
    if (heldMs > 0) this.arm(key, pending, heldMs);
    else this.disarm(pending);
    return heldMs <= 0;
  }

  /** Forgets the key, because it succeeded or is given up. Returns true when it had failed before. */
  settled(key: string): boolean {
    const pending = this.pendingRetries.get(key);
    if (pending) this.disarm(pending);
    return this.pendingRetries.delete(key);
  }

  /** Ends the backoff of the key, because there is news of it. */
  hurry(key: string): void {
    const pending = this.pendingRetries.get(key);
    if (!pending?.timer) return;
    const at = Math.max(pending.notBefore, pending.failedAt + MIN_BACKOFF_MS);
    if (at < pending.dueAt) this.arm(key, pending, at - this.now());
  }

  /** Ends all backoffs in the lane, because its vendor is available again. */
  hurryLane(lane: string): void {
    for (const [key, pending] of this.pendingRetries) if (pending.lane === lane) this.hurry(key);
  }

  /** Retries the key of the lane that has waited longest, because its vendor may be available again. The others still wait. */
  probe(lane: string): void {
    const last = this.probedAt.get(lane);
    if (last !== undefined && this.now() - last < PROBE_INTERVAL_MS) return;
    let oldest: [string, PendingRetry] | undefined;
    for (const entry of this.pendingRetries) {
      const [, pending] = entry;
      if (pending.lane !== lane || !pending.timer || pending.notBefore > this.now()) continue;
      if (!oldest || pending.failedAt < oldest[1].failedAt) oldest = entry;
    }
    if (!oldest) return;
    this.probedAt.set(lane, this.now());
    this.hurry(oldest[0]);
  }

  /** Ends all backoffs without a retry, and returns the keys that waited. */
  stop(): readonly string[] {
    const waiting = [...this.pendingRetries].filter(([, pending]) => pending.timer).map(([key]) => key);
    for (const pending of this.pendingRetries.values()) this.disarm(pending);
    return waiting;
  }

  private pending(key: string, lane: string): PendingRetry {
    const pending = this.pendingRetries.get(key) ?? {
      lane,
      failures: 0,
      failedAt: 0,
      notBefore: 0,
      dueAt: 0,
      timer: null,
    };
    // The lane of an account is unknown ('') while its integration cannot be read.
    if (lane !== '') pending.lane = lane;
    this.pendingRetries.set(key, pending);
    return pending;
  }

  private arm(key: string, pending: PendingRetry, ms: number): void {
    this.disarm(pending);
    pending.dueAt = this.now() + ms;
    pending.timer = setTimeout(
      () => {
        pending.timer = null;
        this.options.retry(key);
      },
      Math.max(0, ms),
    ).unref();
  }

  private disarm(pending: PendingRetry): void {
    if (pending.timer) clearTimeout(pending.timer);
    pending.timer = null;
  }
}
