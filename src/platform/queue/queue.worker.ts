import type { Job } from 'pg-boss';
import { isDoneWithin } from '../abort.ts';

interface QueueWorkerOptions {
  /** Fetches at most so many jobs that are due. */
  fetch(most: number): Promise<Job<unknown>[]>;
  /** Runs one job and reports the outcome to the queue. */
  run(job: Job<unknown>): Promise<void>;
  failed(error: unknown): void;
  /** Jobs can be fetched again after a failure. */
  recovered(): void;
  readonly concurrency: number;
}

/** The polling interval, and so the maximum delay of jobs that another instance queued; jobs of this instance have exact timers. */
const POLL_INTERVAL_MS = 5_000;
/** For jobs further ahead than this, no timer is set: polling finds them in time. */
const MAX_TIMER_MS = 60_000;
/** How long a stop waits for running jobs. */
const STOP_TIMEOUT_MS = 1_000;

/** Fetches jobs as they become due: one query every few seconds while none is, and at once when one is queued here. */
export class QueueWorker {
  private readonly running = new Set<Promise<void>>();
  private readonly alarms = new Set<NodeJS.Timeout>();
  private poll: NodeJS.Timeout | null = null;
  private fetching: Promise<void> | null = null;
  private again = false;
  /** There may be more due jobs than free places: the first job that ends triggers another fetch. */
  private more = false;
  private stopped = false;
  private failing = false;

  constructor(private readonly options: QueueWorkerOptions) {}

  start(): void {
    this.look();
  }

  /** A job of this instance falls due then. */
  wakeAt(at: Date): void {
    const ms = at.getTime() - Date.now();
    if (this.stopped || ms > MAX_TIMER_MS) return;
    if (ms <= 0) {
      this.look();
      return;
    }
    // The database compares with its own clock, to the microsecond: a little later is not too early.
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
      // Instances that started together drift apart.
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
