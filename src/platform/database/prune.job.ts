import type { Logger } from 'pino';

const PRUNE_INTERVAL_MS = 15 * 60_000;

/** A kind of rows that are deleted after some time. */
export interface Prunable {
  /** The name in the log. */
  readonly what: string;
  /** The time in milliseconds for which they are kept. */
  readonly keptMs: number;
  /** Deletes older rows and returns their number. Several instances may do it at the same time. */
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
