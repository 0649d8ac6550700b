import type { Logger } from 'pino';
import { isAnswer, StoreTimeout } from './store.error.ts';

interface StoreBreakerOptions {
  /** Queries the store over a separate connection; rejects when there is no answer within the time-out. */
  readonly probe: () => Promise<unknown>;
  readonly probeEveryMs: number;
  readonly log: Logger;
}

/**
 * A circuit breaker: requests do not wait one after another for a store that does not answer. After the first time-out the store is
 * probed; while the probe fails, every request is refused at once, and the probe is repeated. A single slow
 * statement does not open the breaker, because the store then answers the probe.
 */
export class StoreBreaker {
  private state: 'closed' | 'asking' | 'open' | 'stopped' = 'closed';
  private verdict: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | null = null;
  private readonly opened = new Set<(error: Error) => void>();
  private readonly closed = new Set<() => void>();
  /** The number of time-outs: a connection that was opened before one may be as broken as the one that hung. */
  private times = 0;

  constructor(private readonly options: StoreBreakerOptions) {}

  get timeouts(): number {
    return this.times;
  }

  /** Reports a time-out. */
  suspect(): void {
    if (this.state !== 'closed') return;
    this.times++;
    this.state = 'asking';
    this.verdict = this.ask();
  }

  /** Rejects while the store is unavailable; waits for the result while it is being probed. */
  async pass(): Promise<void> {
    if (this.state === 'asking') await this.verdict;
    if (this.state === 'open') throw new StoreTimeout('The store did not answer, and is being asked again.');
  }

  /** Calls back when the store is found to be unavailable; returns the function that unsubscribes. */
  onOpened(fn: (error: Error) => void): () => void {
    this.opened.add(fn);
    return () => this.opened.delete(fn);
  }

  /** Calls back whenever it answers after a time-out. */
  onClosed(fn: () => void): void {
    this.closed.add(fn);
  }

  stop(): void {
    this.state = 'stopped';
    if (this.timer) clearTimeout(this.timer);
  }

  private async ask(): Promise<void> {
    const { log, probeEveryMs } = this.options;
    const answers = await this.options.probe().then(() => true, isAnswer);
    if (this.state === 'stopped') return;
    if (answers) {
      if (this.state === 'open') log.info('the database answers again');
      this.state = 'closed';
      for (const fn of this.closed) fn();
      return;
    }
    if (this.state === 'asking') {
      this.state = 'open';
      log.error('the database does not answer: requests are refused until it does');
      for (const fn of [...this.opened]) fn(new StoreTimeout('The store does not answer.'));
    }
    this.timer = setTimeout(() => void this.ask(), probeEveryMs).unref();
  }
}
