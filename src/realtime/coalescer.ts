/**
 * Runs `work` once at a time for each key, and for at most `concurrency` keys at once. Asked again while it runs, it
 * runs once more afterwards: whoever asks is sure of a run that began after the asking.
 */
export class Coalescer {
  private readonly waiting = new Set<string>();
  private readonly running = new Map<string, Promise<void>>();
  /** Once it is there nothing more is taken; once it aborts nothing more is begun. */
  private enough: AbortSignal | null = null;

  constructor(
    private readonly work: (key: string) => Promise<void>,
    private readonly concurrency: number,
    /** `work` should not throw; what it throws ends here. */
    private readonly failed: (key: string, error: unknown) => void,
  ) {}

  request(key: string): void {
    if (this.enough) return;
    this.waiting.add(key);
    this.begin();
  }

  /** Takes nothing more, and does what it was asked for until `enough` aborts. Resolves when nothing runs, with the keys that are left. */
  async stop(enough: AbortSignal): Promise<readonly string[]> {
    this.enough = enough;
    while (this.running.size > 0) await Promise.all(this.running.values());
    return [...this.waiting];
  }

  private begin(): void {
    if (this.enough?.aborted) return;
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
