import PgBoss from 'pg-boss';
import type { Logger } from 'pino';
import type { Database } from './database.ts';
import { QueueWorker } from './queue.worker.ts';
import { whenStoreIsBack } from './store.patience.ts';

/** Jobs that outlive the process: in the database, each taken by one instance, and again when it fails. */
export interface Queue {
  /** To be done at `at`, or as soon as may be. Small JSON, ids and not content. The queue must have been `work`ed on once. */
  send(name: string, data: object, at?: Date): Promise<void>;
  /**
   * Does the jobs of this name here, at most `concurrency` at once. A handler that throws has its job again later; it
   * must bear being called twice, for an instance may die, or be taken for dead.
   */
  work(name: string, handler: (data: unknown) => Promise<void>, concurrency: number): Promise<void>;
  /**
   * Called when the queue can be read again after it could not be: a job that was being handed out then may be taken for one
   * that is under way here, and comes only when that must be over.
   */
  onGap(fn: () => void): void;
  /** Takes no more jobs here; those under way go on, and `send` still serves. */
  leave(): void;
  /** Takes no more jobs, and waits for those under way, for a limited time. Their handlers should be told to end first. */
  stop(): Promise<void>;
}

/** A schema of its own, beside that of Prisma's migrations. */
const SCHEMA = 'pgboss';
const QUEUE_OPTIONS = { retryLimit: 20, retryDelay: 5, retryBackoff: true, expireInSeconds: 15 * 60 };

/** pg-boss on either database. Of several instances that start together one makes its tables and the others wait for it. */
export async function openQueue(db: Database, log: Logger): Promise<Queue> {
  const boss = new PgBoss({
    db: { executeSql: (text, values) => db.execute(text, values) },
    schema: SCHEMA,
    schedule: false,
    // Jobs are deleted when they are done: what is archived has failed too often, and is kept to be looked at.
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
    // One at a time: two instances that make the same queue at once wait for each other's locks.
    await this.db.exclusively('queue', () => boss.createQueue(name, { name, ...QUEUE_OPTIONS }));
    const worker = new QueueWorker({
      fetch: (most) => boss.fetch<unknown>(name, { batchSize: most }),
      run: async ({ id, data }) => {
        const done = await handler(data).then(
          () => true,
          (err: unknown) => {
            log.error({ err, queue: name, job: id }, 'a job failed, and is tried again later');
            return false;
          },
        );
        // Both may be done twice. Without it the job would lie for as long as one may take.
        await whenStoreIsBack(() => (done ? boss.deleteJob(name, id) : boss.fail(name, id)), this.stopping.signal);
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
