import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { OwnWrites } from '../../src/changes/watch/own-writes.ts';
import { MailError } from '../../src/domain/error.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** `runMs` is how long a sync takes. */
function ownWrites(live: (id: string) => Promise<boolean> = async () => false, runMs = 0) {
  const requested: string[] = [];
  const logged: string[] = [];
  const level = (name: string) => () => void logged.push(name);
  const writes = new OwnWrites({
    health: { of: async ({ id }) => ({ live: await live(id) }) as never },
    sync: { poll: (id) => void requested.push(id), idle: () => new Promise((ended) => setTimeout(ended, runMs)) },
    collectMs: 1_000,
    log: { debug: level('debug'), error: level('error') } as never,
  });
  return { writes, requested, logged };
}
const account = (id: string) => ({ id, status: 'CONNECTED' }) as const;

it('reads an account once for all writes that come together, and again for a later one', async () => {
  const { writes, requested } = ownWrites();
  for (let n = 0; n < 1_000; n++) writes.written(account(n % 2 ? 'a' : 'b'));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(requested).toEqual(['b', 'a']);
  writes.written(account('a'));
  expect(requested).toHaveLength(2);
  const isIdle = writes.idle('a').then(() => requested.length);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(requested).toEqual(['b', 'a', 'a']);
  expect(await isIdle).toBe(3);
});

it('leaves an account to its notifications while it is live', async () => {
  const { writes, requested } = ownWrites(async (id) => id === 'live');
  for (const id of ['live', 'polled']) writes.written(account(id));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(requested).toEqual(['polled']);
});

it('rests after a sync that took long, because the user may go on working', async () => {
  const { writes, requested } = ownWrites(undefined, 500);
  const write = async (ms: number) => {
    writes.written(account('a'));
    await vi.advanceTimersByTimeAsync(ms);
    return requested.length;
  };
  expect(await write(1_500)).toBe(1);
  expect(await write(4_900)).toBe(1);
  expect(await write(200)).toBe(2);
});

it('reads nothing after the stop', async () => {
  const { writes, requested } = ownWrites();
  writes.written(account('a'));
  writes.stop();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(requested).toEqual([]);
});

it.each([
  [new MailError('STORE_UNAVAILABLE', 'The database is unavailable.'), 'debug'],
  [new Error('a bug'), 'error'],
])('leaves an account to the next poll when the store fails: %s', async (failure, level) => {
  const { writes, requested, logged } = ownWrites(() => Promise.reject(failure));
  writes.written(account('a'));
  await vi.advanceTimersByTimeAsync(1_000);
  expect([requested, logged]).toEqual([[], [level]]);
});
