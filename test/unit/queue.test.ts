import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Database } from '../../src/platform/database/database.ts';
import { openQueue, type Queue } from '../../src/platform/queue/queue.ts';
import { QueueWorker } from '../../src/platform/queue/queue.worker.ts';
import { openTestDatabase, silent, TEST_DATABASES } from '../support/app/database.ts';

/** Counts the jobs of a queue. A job is deleted a moment after it is done. */
const LEFT = `SELECT count(*)::int AS left FROM pgboss.job WHERE name = $1`;

describe.each(TEST_DATABASES)('the queue on %s', (kind) => {
  let db: Database;
  const queues: Queue[] = [];
  const open = async () => {
    const queue = await openQueue(db, silent);
    queues.push(queue);
    return queue;
  };
  const left = async (name: string) => (await db.execute(LEFT, [name])).rows[0]?.left;
  afterEach(async () => {
    for (const queue of queues.splice(0)) await queue.stop();
    await db.close();
  });

  it('starts on several instances at once, and gives each job to one of them', async () => {
    db = await openTestDatabase(kind);
    const [one, two] = await Promise.all([open(), open()]);
    const done: string[] = [];
    const work = (who: string) => async (data: unknown) => {
      done.push(`${who} ${(data as { n: number }).n}`);
    };
    await Promise.all([one.work('a', work('one'), 3), two.work('a', work('two'), 3)]);
    await Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 ? one : two).send('a', { n })));
    await expect.poll(() => done.length).toBeGreaterThanOrEqual(20);
    await expect.poll(() => left('a')).toBe(0);
    expect(new Set(done.map((line) => line.split(' ')[1])).size).toBe(20);
    expect(done).toHaveLength(20);
  });

  it('is created once by many instances at once', async () => {
    db = await openTestDatabase(kind);
    const many = await Promise.all(Array.from({ length: 5 }, () => open()));
    for (const name of ['x', 'y', 'z']) {
      await Promise.all(many.map((queue) => queue.work(name, async () => {}, 1)));
      await many[0]?.send(name, {});
      await expect.poll(() => left(name)).toBe(0);
    }
  });

  it('waits for the time of a job', async () => {
    db = await openTestDatabase(kind);
    const queue = await open();
    let at = 0;
    await queue.work(
      'b',
      async () => {
        at = Date.now();
      },
      1,
    );
    const dueAt = Date.now() + 1_200;
    await queue.send('b', {}, new Date(dueAt));
    await expect.poll(() => at).toBeGreaterThanOrEqual(dueAt);
  });

  it('keeps a job that falls due while no worker runs', async () => {
    db = await openTestDatabase(kind);
    const [before, putting] = [await open(), await open()];
    await before.work('c', async () => {}, 1);
    await before.stop();
    const dueAt = Date.now() + 300;
    await putting.send('c', { n: 1 }, new Date(dueAt));
    await delay(dueAt - Date.now());
    const seen: unknown[] = [];
    await (await open()).work('c', async (data) => void seen.push(data), 1);
    await expect.poll(() => seen).toEqual([{ n: 1 }]);
  });

  it('repeats a job that has failed', async () => {
    db = await openTestDatabase(kind);
    const queue = await open();
    let tries = 0;
    const work = async () => {
      if (++tries === 1) throw new Error('not yet');
    };
    await queue.work('d', work, 1);
    await queue.send('d', {});
    await expect.poll(() => left('d')).toBe(0);
    expect(tries).toBe(2);
  });
});

it('is polled when a job of its own falls due, not only at the next interval', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  let looks = 0;
  const worker = new QueueWorker({
    fetch: async () => {
      looks++;
      return [];
    },
    run: async () => {},
    failed: () => {},
    recovered: () => {},
    concurrency: 1,
  });
  try {
    worker.start();
    worker.wakeAt(new Date(Date.now() + 1_200));
    await vi.advanceTimersByTimeAsync(1_200);
    expect(looks).toBe(1);
    await vi.advanceTimersByTimeAsync(100);
    expect(looks).toBe(2);
  } finally {
    await worker.stop();
    vi.useRealTimers();
  }
});
