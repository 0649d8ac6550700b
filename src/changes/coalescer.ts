import { setTimeout as delay } from 'node:timers/promises';

/**
 * Runs `work` once at a time for each key. After a request during a run it runs once more, so that every request is followed
 * by a run that began after it. `work` itself limits how many keys run together.
 */
export class Coalescer {
  /** The requested keys, with the milliseconds that each waits for further requests. */
  private readonly waiting = new Map<string, number>();
  private readonly running = new Map<string, Promise<void>>();
  /** Ends the wait for further requests, by the keys that wait. */
  private readonly hurries = new Map<string, () => void>();
  /** While this is set no request is accepted, and after it has aborted no run begins. */
  private stopSignal: AbortSignal | null = null;

  constructor(
    private readonly work: (key: string) => Promise<void>,
    /** Receives the errors of `work`. */
    private readonly failed: (key: string, error: unknown) => void,
  ) {}

  /** Requests a run. Requests within `settleMs` after it belong to the same run. */
  request(key: string, settleMs = 0): void {
    if (this.stopSignal) return;
    this.waiting.set(key, Math.min(settleMs, this.waiting.get(key) ?? settleMs));
    this.begin(key);
  }

  /** Lets a key that waits for further requests run at once, because somebody waits for it. */
  hurry(key: string): void {
    this.hurries.get(key)?.();
  }

  /** Returns true when the key is running or requested. */
  has(key: string): boolean {
    return this.running.has(key) || this.waiting.has(key);
  }

  /** The keys that are running. */
  get underWay(): readonly string[] {
    return [...this.running.keys()];
  }

  /** Resolves when the key is neither running nor requested. */
  async idle(key: string): Promise<void> {
    for (let run = this.running.get(key); run; run = this.running.get(key)) await run;
  }

  /**
   * Accepts no further request, and runs the requested keys until `signal` aborts. Resolves with the keys that are left when
   * nothing runs.
   */
  async stop(signal: AbortSignal): Promise<readonly string[]> {
    this.stopSignal = signal;
    while (this.running.size > 0) await Promise.all(this.running.values());
    return [...this.waiting.keys()];
  }

  private begin(key: string): void {
    const settleMs = this.waiting.get(key);
    if (this.stopSignal?.aborted || this.running.has(key) || settleMs === undefined) return;
    this.waiting.delete(key);
    this.running.set(key, this.run(key, settleMs));
  }

  private async run(key: string, settleMs: number): Promise<void> {
    try {
      if (settleMs > 0) {
        await this.settled(key, settleMs);
        this.waiting.delete(key);
      }
      await this.work(key);
    } catch (error) {
      this.failed(key, error);
    } finally {
      this.running.delete(key);
      this.begin(key);
    }
  }
  private async settled(key: string, ms: number): Promise<void> {
    const hurried = new AbortController();
    this.hurries.set(key, () => hurried.abort());
    await delay(ms, undefined, { signal: hurried.signal }).catch(() => {});
    this.hurries.delete(key);
  }
}
