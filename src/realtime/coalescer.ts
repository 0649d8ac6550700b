/**
 * Runs `work` once at a time for each key, and for at most `concurrency` keys at once. Asked again while it runs, it
 * runs once more afterwards: whoever asks is sure of a run that began after the asking.
 */
export class Coalescer {
  private readonly waiting = new Set<string>();
  private readonly running = new Map<string, Promise<void>>();
  private stopped = false;

  constructor(
    private readonly work: (key: string) => Promise<void>,
    private readonly concurrency: number,
    /** `work` should not throw; what it throws ends here. */
    private readonly failed: (key: string, error: unknown) => void,
  ) {}

  request(key: string): void {
    if (this.stopped) return;
    this.waiting.add(key);
    this.begin();
  }

  /** Begins nothing more; resolves when what runs is done. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.waiting.clear();
    await Promise.all(this.running.values());
  }

  private begin(): void {
    for (const key of this.waiting) {
      if (this.running.size >= this.concurrency) return;
      if (this.running.has(key)) continue;
      this.waiting.delete(key);
      this.running.set(key, this.run(key));
    }
  }

  private async run(key: string): Promise<void> {
    try {
      await this.work(key);
    } catch (error) {
      this.failed(key, error);
    } finally {
      this.running.delete(key);
      this.begin();
    }
  }
}
