import { setMaxListeners } from 'node:events';

/** What times the reads of one source. */
export interface Clock {
  /** Aborts when the time is used up, when the client goes away, and when the page is done. */
  readonly signal: AbortSignal;
  /** Does `work` while the clock runs. */
  during<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * How long one account may be read for one page. It runs only while that account is being read: the time for which a
 * page waits for another account is not charged to this one, which would then be said not to have answered.
 */
export class SourceClock implements Clock {
  private readonly controller = new AbortController();
  private running = 0;
  private startedAt = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly parent: AbortSignal,
    private leftMs: number,
    /** Makes the reason with which the signal aborts once the time is used up. */
    private readonly expired: () => Error,
    private readonly now: () => number = () => performance.now(),
  ) {
    setMaxListeners(0, this.signal);
    if (parent.aborted) this.follow();
    parent.addEventListener('abort', this.follow, { once: true });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    this.start();
    try {
      return await work();
    } finally {
      this.stop();
    }
  }

  /** Ends what still reads, and lets go of the client's signal. */
  close(): void {
    clearTimeout(this.timer);
    this.parent.removeEventListener('abort', this.follow);
    this.controller.abort(new Error('the page is done'));
  }

  private start(): void {
    this.running++;
    if (this.running > 1 || this.signal.aborted) return;
    this.startedAt = this.now();
    this.timer = setTimeout(() => this.controller.abort(this.expired()), this.leftMs);
  }

  private stop(): void {
    this.running--;
    if (this.running > 0) return;
    clearTimeout(this.timer);
    this.leftMs = Math.max(0, this.leftMs - (this.now() - this.startedAt));
  }

  private readonly follow = (): void => this.controller.abort(this.parent.reason);
}
