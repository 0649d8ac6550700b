import type { Job } from 'pg-boss';
import { isDoneWithin } from '../abort.ts';

interface QueueWorkerOptions {
  /** Fetches at most `max` jobs that are due. */
  fetch(max: number): Promise<Job<unknown>[]>;
  /** Runs one job and reports its outcome to the queue. */
  run(job: Job<unknown>): Promise<void>;
  failed(error: unknown): void;
  /** Called when jobs can be fetched again after a failure. */
  recovered(): void;
  readonly concurrency: number;
}

/**
 * The polling interval, and so the maximum delay of jobs that another instance queued. Jobs of this instance have exact
 * timers.
 */
const POLL_INTERVAL_MS = 5_000;
/** No timer is set for jobs that are due later than this: polling finds them in time. */
const MAX_TIMER_MS = 60_000;
/** How long a stop waits for running jobs. */
const STOP_TIMEOUT_MS = 1_000;

/**
 * Fetches jobs as they become due. While none is due it makes one query every few seconds; a job that is queued here is
 * fetched at once.
 */
export class QueueWorker {
  private readonly running = new Set<Promise<void>>();
  private readonly alarms = new Set<NodeJS.Timeout>();
  private poll: NodeJS.Timeout | null = null;
  private fetching: Promise<void> | null = null;
  private again = false;
  /** True if there may be more due jobs than free slots. The first job that ends then triggers another fetch. */
  private more = false;
  private stopped = false;
  private failing = false;

  constructor(private readonly options: QueueWorkerOptions) {}

  start(): void {
    this.look();
  }

  /** Fetches at `at`, when a job of this instance is due. */
  wakeAt(at: Date): void {
    const ms = at.getTime() - Date.now();
    if (this.stopped || ms > MAX_TIMER_MS) return;
    if (ms <= 0) {
      this.look();
      return;
    }
    // The database compares with its own clock, to the microsecond, so the timer fires a little late.
    const alarm = setTimeout(() => {
      this.alarms.delete(alarm);
      this.look();
    }, ms + 20).unref();
    this.alarms.add(alarm);
  }

  leave(): void {
    this.stopped = true;
    if (this.poll) clearTimeout(this.poll);
    for (const alarm of this.alarms) clearTimeout(alarm);
  }

  async stop(): Promise<void> {
    this.leave();
    await this.fetching;
    await isDoneWithin(Promise.all(this.running), STOP_TIMEOUT_MS);
  }

  private look(): void {
    if (this.stopped) return;
    if (this.fetching) {
      this.again = true;
      return;
    }
    if (this.poll) clearTimeout(this.poll);
    this.fetching = this.take().finally(() => {
      this.fetching = null;
      if (this.stopped) return;
      if (this.again) {
        this.again = false;
        return this.look();
      }
      // The interval varies, so that instances that started together drift apart.
      this.poll = setTimeout(() => this.look(), POLL_INTERVAL_MS * (0.9 + Math.random() / 5)).unref();
    });
  }

  private async take(): Promise<void> {
    const room = this.options.concurrency - this.running.size;
    if (room <= 0) {
      this.more = true;
      return;
    }
    try {
      const jobs = await this.options.fetch(room);
      this.more = jobs.length === room;
      for (const job of jobs) this.begin(job);
      if (!this.failing) return;
      this.failing = false;
      this.options.recovered();
    } catch (error) {
      this.failing = true;
      this.options.failed(error);
    }
  }

  private begin(job: Job<unknown>): void {
    const run = this.options
      .run(job)
      .catch((error: unknown) => this.options.failed(error))
      .finally(() => {
        this.running.delete(run);
        if (this.more) this.look();
      });
    this.running.add(run);
  }
}
