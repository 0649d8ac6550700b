import type { Logger } from 'pino';
import { isAnswer, StoreTimeout } from './store.error.ts';

export interface StoreBreakerOptions {
  /** Asks the store over a connection of its own; rejects when there is no answer within its time. */
  readonly probe: () => Promise<unknown>;
  readonly probeEveryMs: number;
  readonly log: Logger;
}

/**
 * Keeps requests from waiting, one after another, for a store that does not answer. After the first time-out the store is
 * asked whether it is there; while it is not, everybody is told at once, and it is asked again and again. A single slow
 * statement opens nothing: the store then answers the question.
 */
export class StoreBreaker {
  private state: 'closed' | 'asking' | 'open' | 'stopped' = 'closed';
  private verdict: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | null = null;
  private readonly opened = new Set<(error: Error) => void>();
  private readonly closed = new Set<() => void>();
  /** Counts the time-outs: a connection that was opened before one may be as dead as the one that hung. */
  private times = 0;

  constructor(private readonly options: StoreBreakerOptions) {}

  get timeouts(): number {
    return this.times;
  }

  /** Something has waited for too long. */
  suspect(): void {
    if (this.state !== 'closed') return;
    this.times++;
    this.state = 'asking';
    this.verdict = this.ask();
  }

  /** Rejects while the store is away; waits for the answer while it is being asked. */
  async pass(): Promise<void> {
    if (this.state === 'asking') await this.verdict;
    if (this.state === 'open') throw new StoreTimeout('The store did not answer, and is being asked again.');
  }

  /** Calls back when it is found to be away; returns how to stop. */
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
