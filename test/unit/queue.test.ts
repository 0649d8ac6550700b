import { afterEach, describe, expect, it } from 'vitest';
import type { Database } from '../../src/platform/database.ts';
import { openQueue, type Queue } from '../../src/platform/queue.ts';
import { openTestDatabase, silent, TEST_DATABASES } from '../support/database.ts';

const until = async (holds: () => boolean, ms = 8_000) => {
  for (const end = Date.now() + ms; !holds(); ) {
    if (Date.now() > end) throw new Error('it did not come to pass');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

describe.each(TEST_DATABASES)('the queue on %s', (kind) => {
  let db: Database;
  const queues: Queue[] = [];
  const open = async () => {
    const queue = await openQueue(db, silent);
    queues.push(queue);
    return queue;
  };
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
    await one?.work('a', work('one'), 3);
    await two?.work('a', work('two'), 3);
    await Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 ? one : two)?.send('a', { n })));
    await until(() => done.length >= 20);
    expect(new Set(done.map((line) => line.split(' ')[1])).size).toBe(20);
    expect(done).toHaveLength(20);
  });

  it('waits for the time of a job, to the moment', async () => {
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
    const due = Date.now() + 1_200;
    await queue.send('b', {}, new Date(due));
    await until(() => at > 0);
    expect(at).toBeGreaterThanOrEqual(due);
    expect(at).toBeLessThan(due + 1_500);
  });

  it('keeps what falls due while nobody works', async () => {
    db = await openTestDatabase(kind);
    const before = await open();
    await before.work('c', async () => {}, 1);
    await before.send('c', { n: 1 }, new Date(Date.now() + 300));
    await before.stop();
    await new Promise((resolve) => setTimeout(resolve, 400));
    const seen: unknown[] = [];
    await (await open()).work('c', async (data) => void seen.push(data), 1);
    await until(() => seen.length === 1);
    expect(seen).toEqual([{ n: 1 }]);
  });

  it('gives a job again that has failed', async () => {
    db = await openTestDatabase(kind);
    const queue = await open();
    let tries = 0;
    const work = async () => {
      if (++tries === 1) throw new Error('not yet');
    };
    await queue.work('d', work, 1);
    await queue.send('d', {});
    await until(() => tries === 2, 20_000);
    const { rows } = await db.execute(`SELECT count(*)::int AS left FROM pgboss.job WHERE name = 'd'`, []);
    expect(rows[0]?.left).toBeLessThanOrEqual(1); // deleted when it is done, a moment later
  }, 30_000);
});
