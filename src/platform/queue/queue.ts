import PgBoss from 'pg-boss';
import type { Logger } from 'pino';
import type { Database } from '../database/database.ts';
import { retryUntilStoreIsBack } from '../database/store/store.retry.ts';
import { QueueWorker } from './queue.worker.ts';

/** Persistent jobs. They are stored in the database, each is run by one instance, and a job that fails is retried. */
export interface Queue {
  /**
   * Queues a job for `at`, or as soon as possible. Its data is small JSON: ids, not content. `work` must have been
   * called once for the queue.
   */
  send(name: string, data: object, at?: Date): Promise<void>;
  /**
   * Runs the jobs of this name on this instance, at most `concurrency` at once. If a handler throws, its job is retried
   * later. A handler must be idempotent, because an instance may die, or be considered dead.
   */
  work(name: string, handler: (data: unknown) => Promise<void>, concurrency: number): Promise<void>;
  /**
   * Calls back when the queue can be read again after a failure. A job that was being fetched at that moment may count
   * as running here, and is then delivered only after its time-out.
   */
  onGap(fn: () => void): void;
  /** Accepts no more jobs on this instance. Running jobs continue, and `send` still works. */
  leave(): void;
  /** Accepts no more jobs, and waits a limited time for running ones. Abort their handlers first. */
  stop(): Promise<void>;
}

/** The queue has its own database schema, beside that of the Prisma migrations. */
const SCHEMA = 'pgboss';
const QUEUE_OPTIONS = { retryLimit: 20, retryDelay: 5, retryBackoff: true, expireInSeconds: 15 * 60 };

/**
 * Opens the queue with pg-boss, which works on both kinds of database. If several instances start together, one of them
 * creates the tables and the others wait for it.
 */
export async function openQueue(db: Database, log: Logger): Promise<Queue> {
  const boss = new PgBoss({
    db: { executeSql: (text, values) => db.execute(text, values) },
    schema: SCHEMA,
    schedule: false,
    // Finished jobs are deleted. Archived jobs have failed too often, and are kept for inspection.
    archiveFailedAfterSeconds: 86_400,
    deleteAfterDays: 7,
    maintenanceIntervalSeconds: 300,
  });
  boss.on('error', (err) => log.error({ err }, 'the queue failed'));
  await db.exclusively('queue', () => boss.start());
  return new BossQueue(boss, db, log);
}

class BossQueue implements Queue {
  private readonly workers = new Map<string, QueueWorker>();
  private readonly gapListeners = new Set<() => void>();
  private readonly stopping = new AbortController();

  constructor(
    private readonly boss: PgBoss,
    private readonly db: Database,
    private readonly log: Logger,
  ) {}

  async send(name: string, data: object, at: Date = new Date()): Promise<void> {
    await this.boss.send(name, data, { startAfter: at });
    this.workers.get(name)?.wakeAt(at);
  }

  async work(name: string, handler: (data: unknown) => Promise<void>, concurrency: number): Promise<void> {
    const { boss, log } = this;
    // Queues are created one at a time, because two instances that create the same queue at once wait for the locks of
    // each other.
    await this.db.exclusively('queue', () => boss.createQueue(name, { name, ...QUEUE_OPTIONS }));
    const worker = new QueueWorker({
      fetch: (max) => boss.fetch<unknown>(name, { batchSize: max }),
      run: async ({ id, data }) => {
        const done = await handler(data).then(
          () => true,
          (err: unknown) => {
            log.error({ err, queue: name, job: id }, 'a job failed and will be retried later');
            return false;
          },
        );
        // Both calls are idempotent. Without the repetition the job would be blocked until its time-out.
        await retryUntilStoreIsBack(
          () => (done ? boss.deleteJob(name, id) : boss.fail(name, id)),
          this.stopping.signal,
        );
      },
      failed: (err) => log.warn({ err, queue: name }, 'the queue could not be read'),
      recovered: () => {
        for (const fn of this.gapListeners) fn();
      },
      concurrency,
    });
    this.workers.set(name, worker);
    worker.start();
  }

  onGap(fn: () => void): void {
    this.gapListeners.add(fn);
  }

  leave(): void {
    for (const worker of this.workers.values()) worker.leave();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all([...this.workers.values()].map((worker) => worker.stop()));
    await this.boss.stop({ graceful: false, close: false });
  }
}
