/** One key that failed and will be tried again. */
interface Debt {
  lane: string;
  failures: number;
  failedAt: number;
  /** Not before this, whatever happens: the vendor said so. */
  notBefore: number;
  dueAt: number;
  timer: NodeJS.Timeout | null;
}

export interface RetriesOptions {
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
  private readonly debts = new Map<string, Debt>();
  private readonly probedAt = new Map<string, number>();
  private readonly now: () => number;

  constructor(private readonly options: RetriesOptions) {
    this.now = options.now ?? Date.now;
  }

  /** How often in a row it has failed. */
  failures(key: string): number {
    return this.debts.get(key)?.failures ?? 0;
  }

  /** It waits for its next try. */
  isWaiting(key: string): boolean {
    return this.debts.get(key)?.timer != null;
  }

  /** It has failed once more, and is tried again after the pause; not before `heldMs` even when it is hurried. */
  failed(key: string, lane: string, pauseMs: number, heldMs: number): void {
    const debt = this.debt(key, lane);
    debt.failures++;
    debt.failedAt = this.now();
    debt.notBefore = this.now() + heldMs;
    this.arm(key, debt, Math.max(pauseMs, heldMs));
  }

  /** It was ended to be begun again at once: no pause follows, but the next time it gets longer. */
  cut(key: string, lane: string): void {
    this.debt(key, lane).failures++;
  }

  /** It is to be tried. False where its vendor said when: it is left alone until then. */
  begin(key: string): boolean {
    const debt = this.debts.get(key);
    if (!debt) return true;
    const heldMs = debt.notBefore - this.now();
    if (heldMs > 0) this.arm(key, debt, heldMs);
    else this.disarm(debt);
    return heldMs <= 0;
  }

  /** It is level again, or will never be. True when it had failed before. */
  settled(key: string): boolean {
    const debt = this.debts.get(key);
    if (debt) this.disarm(debt);
    return this.debts.delete(key);
  }

  /** There is news of it: its pause ends. */
  hurry(key: string): void {
    const debt = this.debts.get(key);
    if (!debt?.timer) return;
    const at = Math.max(debt.notBefore, debt.failedAt + MIN_BACKOFF_MS);
    if (at < debt.dueAt) this.arm(key, debt, at - this.now());
  }

  /** The lane's vendor is back: all pauses in it end. */
  hurryLane(lane: string): void {
    for (const [key, debt] of this.debts) if (debt.lane === lane) this.hurry(key);
  }

  /** The lane's vendor may be back: whatever waits for the longest finds out, and the others wait on. */
  probe(lane: string): void {
    const last = this.probedAt.get(lane);
    if (last !== undefined && this.now() - last < PROBE_INTERVAL_MS) return;
    let oldest: [string, Debt] | undefined;
    for (const entry of this.debts) {
      const [, debt] = entry;
      if (debt.lane !== lane || !debt.timer || debt.notBefore > this.now()) continue;
      if (!oldest || debt.failedAt < oldest[1].failedAt) oldest = entry;
    }
    if (!oldest) return;
    this.probedAt.set(lane, this.now());
    this.hurry(oldest[0]);
  }

  /** Ends all pauses without a try; what waited. */
  stop(): readonly string[] {
    const waiting = [...this.debts].filter(([, debt]) => debt.timer).map(([key]) => key);
    for (const debt of this.debts.values()) this.disarm(debt);
    return waiting;
  }

  private debt(key: string, lane: string): Debt {
    const debt = this.debts.get(key) ?? { lane, failures: 0, failedAt: 0, notBefore: 0, dueAt: 0, timer: null };
    // Who could not be looked up is in no lane until it can.
    if (lane !== '') debt.lane = lane;
    this.debts.set(key, debt);
    return debt;
  }

  private arm(key: string, debt: Debt, ms: number): void {
    this.disarm(debt);
    debt.dueAt = this.now() + ms;
    debt.timer = setTimeout(
      () => {
        debt.timer = null;
        this.options.retry(key);
      },
      Math.max(0, ms),
    ).unref();
  }

  private disarm(debt: Debt): void {
    if (debt.timer) clearTimeout(debt.timer);
    debt.timer = null;
  }
}
