import { setMaxListeners } from 'node:events';

/**
 * A deadline for the reads of one account for one page. Its time runs only while a read of that account is in progress: the
 * time that a page waits for another account does not count, or this account would be reported as one that did not answer.
 */
export class PausableDeadline {
  private readonly controller = new AbortController();
  private running = 0;
  private startedAt = 0;
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(
    private readonly parent: AbortSignal,
    private leftMs: number,
    /** Creates the reason with which the signal aborts when the time is up. */
    private readonly expired: () => Error,
    private readonly now: () => number = () => performance.now(),
  ) {
    setMaxListeners(0, this.signal);
    if (parent.aborted) this.follow();
    parent.addEventListener('abort', this.follow, { once: true });
  }

  /** Aborts when the time is up, when `parent` aborts, and when reads are in progress on `close` or begin after it. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Runs `work` while the time runs. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.start();
    try {
      return await work();
    } finally {
      this.stop();
    }
  }

  /**
   * Aborts the reads in progress, and stops listening to `parent`. Usually there are none, and then there is nothing to
   * abort: an error costs a stack trace.
   */
  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.parent.removeEventListener('abort', this.follow);
    if (this.running > 0) this.abortClosed();
  }

  private abortClosed(): void {
    this.controller.abort(new Error('the page is complete'));
  }

  private start(): void {
    this.running++;
    if (this.isClosed) this.abortClosed();
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
