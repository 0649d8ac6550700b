import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AttemptLimiter } from '../../src/accounts/users/attempt.limiter.ts';
import { AttemptStore } from '../../src/accounts/users/attempt.store.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { openTestDatabase, TEST_DATABASES } from '../support/app/database.ts';

describe('too many attempts', () => {
  it('are refused with the exact time to wait, for their key only', () => {
    let now = 1_000_000;
    const limiter = new AttemptLimiter(3, 10_000, () => now);
    for (let i = 0; i < 3; i++) limiter.take('a');
    expect(() => limiter.take('a')).toThrow(expect.objectContaining({ code: 'RATE_LIMITED', retryAfterMs: 10_000 }));
    limiter.take('b');
    now += 10_000;
    limiter.take('a');
    expect(() => limiter.take('a')).toThrow(/try again in 10 seconds/);
  });

  it('do not count when they are given back', () => {
    const limiter = new AttemptLimiter(1, 10_000, () => 0);
    for (let i = 0; i < 5; i++) {
      limiter.take('a');
      limiter.giveBack('a');
    }
    limiter.take('a');
    expect(() => limiter.take('a')).toThrow();
  });

  it('are forgotten beyond 50,000 keys: first those that may try again soonest, then the oldest', () => {
    let now = 0;
    const limiter = new AttemptLimiter(1, 10_000, () => now);
    const take = (name: string, count: number) => {
      for (let n = 0; n < count; n++) limiter.take(`${name} ${n}`);
    };
    take('early', 30_000);
    now = 10_000;
    take('late', 20_001);
    expect(() => limiter.take('late 0')).toThrow(/Too many attempts/);
    take('later', 30_000);
    limiter.take('late 0');
    expect(() => limiter.take('later 29999')).toThrow(/Too many attempts/);
  });
});

describe.each(TEST_DATABASES)('too many attempts over all instances, on %s', (kind) => {
  const rule = { name: 'a rule', burst: 3, everyMs: 600_000 };
  let db: Database;
  beforeAll(async () => {
    db = await openTestDatabase(kind);
  });
  afterAll(() => db.close());

  it('are refused with the time to wait, for their key and rule only', async () => {
    const [one, other] = [new AttemptStore(db), new AttemptStore(db)];
    const taken = await Promise.all([one, other, one, other].map((store) => store.take(rule, 'a')));
    expect(taken.filter((wait) => wait === 0)).toHaveLength(3);
    const [wait = 0] = taken.filter((wait) => wait > 0);
    expect(wait).toBeGreaterThan(500_000);
    expect(wait).toBeLessThanOrEqual(600_000);
    expect(await one.take(rule, 'b')).toBe(0);
    expect(await one.take({ ...rule, name: 'another rule' }, 'a')).toBe(0);
  });

  it('do not count when they are given back, and are deleted once they have no effect', async () => {
    const store = new AttemptStore(db);
    const single = { ...rule, burst: 1 };
    for (let i = 0; i < 3; i++) {
      expect(await store.take(single, 'good')).toBe(0);
      await store.giveBack(single, 'good');
    }
    expect(await store.take(single, 'good')).toBe(0);
    expect(await store.take(single, 'good')).toBeGreaterThan(0);
    await store.prune(new Date());
    expect(await store.take(single, 'good')).toBeGreaterThan(0);
    await store.prune(new Date(Date.now() + 2_000_000));
    expect(await db.prisma.attempt.count()).toBe(0);
  });
});
