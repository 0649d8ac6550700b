/** One key that failed and will be tried again. */
interface PendingRetry {
  lane: string;
  failures: number;
  failedAt: number;
  /** Not before this, whatever happens: the vendor said so. */
  notBefore: number;
  dueAt: number;
  timer: NodeJS.Timeout | null;
}

interface RetriesOptions {
  /** Called when one is to be tried again. */
  readonly retry: (key: string) => void;
  readonly now?: () => number;
}

/** However often it is hurried, nothing that failed is tried again within this, in milliseconds. */
const MIN_BACKOFF_MS = 1_000;
/** One probe in a lane within this, in milliseconds. */
const PROBE_INTERVAL_MS = 2_000;

/** What failed and stays due: each waits out a pause of its own, without a place, which news can cut short. */
export class Retries {
  private readonly pendingRetries = new Map<string, PendingRetry>();
  private readonly probedAt = new Map<string, number>();
  private readonly now: () => number;

  constructor(private readonly options: RetriesOptions) {
    this.now = options.now ?? Date.now;
  }

  /** How often in a row it has failed. */
  failures(key: string): number {
    return this.pendingRetries.get(key)?.failures ?? 0;
  }

  /** It waits for its next try. */
  isWaiting(key: string): boolean {
    return this.pendingRetries.get(key)?.timer != null;
  }

  /** It has failed once more, and is tried again after the pause; not before `heldMs` even when it is hurried. */
  failed(key: string, lane: string, pauseMs: number, heldMs: number): void {
    const pending = this.pending(key, lane);
    pending.failures++;
    pending.failedAt = this.now();
    pending.notBefore = this.now() + heldMs;
    this.arm(key, pending, Math.max(pauseMs, heldMs));
  }

  /** It was ended to be begun again at once: no pause follows, but the next time it gets longer. */
  cut(key: string, lane: string): void {
    this.pending(key, lane).failures++;
  }

  /** It is to be tried. False where its vendor said when: it is left alone until then. */
  begin(key: string): boolean {
    const pending = this.pendingRetries.get(key);
    if (!pending) return true;
    const heldMs = pending.notBefore - this.now();
    if (heldMs > 0) this.arm(key, pending, heldMs);
    else this.disarm(pending);
    return heldMs <= 0;
  }

  /** It is level again, or will never be. True when it had failed before. */
  settled(key: string): boolean {
    const pending = this.pendingRetries.get(key);
    if (pending) this.disarm(pending);
    return this.pendingRetries.delete(key);
  }

  /** There is news of it: its pause ends. */
  hurry(key: string): void {
    const pending = this.pendingRetries.get(key);
    if (!pending?.timer) return;
    const at = Math.max(pending.notBefore, pending.failedAt + MIN_BACKOFF_MS);
    if (at < pending.dueAt) this.arm(key, pending, at - this.now());
  }

  /** The lane's vendor is back: all pauses in it end. */
  hurryLane(lane: string): void {
    for (const [key, pending] of this.pendingRetries) if (pending.lane === lane) this.hurry(key);
  }

  /** The lane's vendor may be back: whatever waits for the longest finds out, and the others wait on. */
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

  /** Ends all pauses without a try; what waited. */
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
    // Who could not be looked up is in no lane until it can.
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
