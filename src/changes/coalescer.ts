import { setTimeout as delay } from 'node:timers/promises';

/**
 * Runs `work` once at a time for each key. Asked again while it runs, it runs once more afterwards: who asks is sure of a
 * run that began after the asking. How many keys are worked at together is for `work` to limit.
 */
export class Coalescer {
  /** With how long each waits for more to be asked, in milliseconds. */
  private readonly waiting = new Map<string, number>();
  private readonly running = new Map<string, Promise<void>>();
  /** Once it is there nothing more is taken; once it aborts nothing more is begun. */
  private enough: AbortSignal | null = null;

  constructor(
    private readonly work: (key: string) => Promise<void>,
    /** `work` should not throw; what it throws ends here. */
    private readonly failed: (key: string, error: unknown) => void,
  ) {}

  /** `settleMs`: for so long what is asked after it belongs to the same run. */
  request(key: string, settleMs = 0): void {
    if (this.enough) return;
    this.waiting.set(key, Math.min(settleMs, this.waiting.get(key) ?? settleMs));
    this.begin(key);
  }

  /** Whether a run is under way or asked for. */
  has(key: string): boolean {
    return this.running.has(key) || this.waiting.has(key);
  }

  /** What runs. */
  get underWay(): readonly string[] {
    return [...this.running.keys()];
  }

  /** Resolves when of that key nothing runs and nothing is asked for. */
  async idle(key: string): Promise<void> {
    for (let run = this.running.get(key); run; run = this.running.get(key)) await run;
  }

  /** Takes nothing more, and does what it was asked for until `enough` aborts. Resolves when nothing runs, with the keys that are left. */
  async stop(enough: AbortSignal): Promise<readonly string[]> {
    this.enough = enough;
    while (this.running.size > 0) await Promise.all(this.running.values());
    return [...this.waiting.keys()];
  }

  private begin(key: string): void {
    const settleMs = this.waiting.get(key);
    if (this.enough?.aborted || this.running.has(key) || settleMs === undefined) return;
    this.waiting.delete(key);
    this.running.set(key, this.run(key, settleMs));
  }

  private async run(key: string, settleMs: number): Promise<void> {
    try {
      if (settleMs > 0) {
        await delay(settleMs);
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
}
