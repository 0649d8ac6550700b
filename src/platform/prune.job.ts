import type { Logger } from 'pino';

const PRUNE_INTERVAL_MS = 15 * 60_000;

/** Rows that nobody needs any longer after a while. */
export interface Prunable {
  /** For the log. */
  readonly what: string;
  /** How long they are kept, in milliseconds. */
  readonly keptMs: number;
  /** Deletes what is older; how many that were. Harmless when several instances do it at once. */
  prune(before: Date): Promise<number>;
}

/** Deletes expired rows, so that tables do not grow without end. */
export class PruneJob {
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly prunables: readonly Prunable[],
    private readonly log: Logger,
  ) {}

  start(): void {
    const tick = () => void this.run();
    tick();
    this.timer = setInterval(tick, PRUNE_INTERVAL_MS).unref();
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer);
  }

  private async run(): Promise<void> {
    for (const { what, keptMs, prune } of this.prunables) {
      await prune(new Date(Date.now() - keptMs)).catch((err: unknown) =>
        this.log.error({ err, what }, 'old rows could not be deleted'),
      );
    }
  }
}
