import type { Logger } from 'pino';
import { isAnswer, StoreTimeout } from './store.error.ts';

interface StoreBreakerOptions {
  /** Queries the store over a separate connection. Rejects if there is no answer within the time-out. */
  readonly probe: () => Promise<unknown>;
  readonly probeEveryMs: number;
  readonly log: Logger;
}

/**
 * A circuit breaker, so that requests do not wait one after another for a store that does not answer. After the first
 * time-out the store is probed. While the probe fails, it is repeated and every request is refused at once. A single
 * slow statement does not open the breaker, because the store then answers the probe.
 */
export class StoreBreaker {
  private state: 'closed' | 'probing' | 'open' | 'stopped' = 'closed';
  private verdict: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | null = null;
  private readonly opened = new Set<(error: Error) => void>();
  private readonly closed = new Set<() => void>();
  /**
   * The number of time-outs. A connection that was opened before a time-out may be as broken as the connection that
   * hung.
   */
  private times = 0;

  constructor(private readonly options: StoreBreakerOptions) {}

  get timeouts(): number {
    return this.times;
  }

  /** Reports a time-out. */
  suspect(): void {
    if (this.state !== 'closed') return;
    this.times++;
    this.state = 'probing';
    this.verdict = this.probe();
  }

  /** Rejects while the store is unavailable. Waits for the result while the store is being probed. */
  async pass(): Promise<void> {
    if (this.state === 'probing') await this.verdict;
    if (this.state === 'open') throw new StoreTimeout('The store did not answer, and is being probed again.');
  }

  /** Calls back when the store is found to be unavailable. Returns the function that unsubscribes. */
  onOpened(fn: (error: Error) => void): () => void {
    this.opened.add(fn);
    return () => this.opened.delete(fn);
  }

  /** Calls back whenever the store answers after a time-out. */
  onClosed(fn: () => void): void {
    this.closed.add(fn);
  }

  stop(): void {
    this.state = 'stopped';
    if (this.timer) clearTimeout(this.timer);
  }

  private async probe(): Promise<void> {
    const { log, probeEveryMs } = this.options;
    const answers = await this.options.probe().then(() => true, isAnswer);
    if (this.state === 'stopped') return;
    if (answers) {
      if (this.state === 'open') log.info('the database answers again');
      this.state = 'closed';
      for (const fn of this.closed) fn();
      return;
    }
    if (this.state === 'probing') {
      this.state = 'open';
      log.error('the database does not answer: requests are refused until it does');
      for (const fn of [...this.opened]) fn(new StoreTimeout('The store does not answer.'));
    }
    this.timer = setTimeout(() => void this.probe(), probeEveryMs).unref();
  }
}
