import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Reachability } from '../../src/accounts/integrations/reachability.ts';
import { WatchJob } from '../../src/changes/watch/watch.job.ts';
import type { StoredWatch } from '../../src/changes/watch/watch.store.ts';
import type { Call } from '../../src/providers/contract/call.ts';
import type { WatchOptions } from '../../src/providers/contract/watch.ts';
import { handlesOf } from '../support/app/account-handle.ts';

/** Returns the vendor of an account, which is the first letter of its id: "A1" is an account of A. */
const vendorOf = (id: string) => id.slice(0, 1);
const ACCOUNTS = Array.from({ length: 40 }, (_, n) => `A${n}`);

let away: Set<string>;
let started: string[];
/** For each start, whether the watch was started as a silent one. */
let silent: boolean[];
let synced: string[];
/** The stored watch, if any. */
let stored: StoredWatch | null;
let job: WatchJob;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  [away, started, synced, silent, stored] = [new Set(), [], [], [], null];
  const start = async (id: string, { signal }: Call, { isSilent, lost }: WatchOptions) => {
    if (isSilent) await lost();
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      if (away.has(vendorOf(id))) return;
      started.push(id);
      silent.push(isSilent);
      resolve({ key: id, expiresAt: new Date(Date.now() + 86_400_000) });
    });
  };
  job = new WatchJob({
    handles: handlesOf(
      (id) =>
        ({ watch: { start: (_p: unknown, options: WatchOptions, call: Call) => start(id, call, options) } }) as never,
    ),
    directory: {
      get: async (id) => ({ id, status: 'CONNECTED', provider: vendorOf(id), address: `${id}@mail.example` }) as never,
      connected: async () => [],
    },
    watches: {
      get: async () => stored,
      put: async (watch: StoredWatch) => {
        if (stored) stored = watch;
      },
    } as never,
    liveness: { trust: async () => {} },
    sync: { request: (id) => void synced.push(id) },
    reachability: new Reachability(),
    publicUrl: 'https://postern.example',
    log: pino({ level: 'silent' }),
  });
});
afterEach(() => vi.useRealTimers());

it('lets a user who connects wait a few seconds for a vendor that hangs, and starts the watch when that is back', async () => {
  away.add('A');
  const connected = job.connected('A1').then(() => 'connected');
  await vi.advanceTimersByTimeAsync(6_000);
  expect(await Promise.race([connected, Promise.resolve('still waiting')])).toBe('connected');
  expect([started, synced]).toEqual([[], ['A1']]);
  away.clear();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(started).toEqual(['A1']);
});

it('renews the watches of a vendor while all of those of another one hang', async () => {
  away.add('A');
  for (const id of [...ACCOUNTS, 'B1', 'B2']) job.request(id);
  await vi.advanceTimersByTimeAsync(0);
  expect(started).toEqual(['B1', 'B2']);
  away.clear();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(new Set(started)).toEqual(new Set(['B1', 'B2', ...ACCOUNTS]));
});

describe('a watch that misses changes', () => {
  const miss = async () => {
    job.missed('A1');
    await vi.advanceTimersByTimeAsync(0);
  };

  it('is renewed, and replaced when that did not help', async () => {
    for (let n = 0; n < 2; n++) await miss();
    expect(silent).toEqual([false, true]);
  });

  it('is only renewed when it sent a notification in between', async () => {
    for (let n = 0; n < 4; n++) {
      await miss();
      job.heard('A1');
    }
    expect(silent).toEqual([false, false, false, false]);
  });

  it('is replaced a few times a day at most, and renewed meanwhile', async () => {
    for (let n = 0; n < 10; n++) await miss();
    expect(silent.filter(Boolean)).toHaveLength(1);
    expect(silent).toHaveLength(10);
    vi.setSystemTime(Date.now() + 7 * 3_600_000);
    await miss();
    expect(silent.at(-1)).toBe(true);
  });

  it('counts as ended from when it is lost, although no new one can be created', async () => {
    const expiresAt = new Date(Date.now() + 86_400_000);
    stored = { integrationId: 'A1', provider: 'A', key: 'the lost one', secret: 'a secret', expiresAt };
    await miss();
    away.add('A');
    await miss();
    expect(stored).toMatchObject({ key: 'A1', secret: 'a secret' });
    expect(stored.expiresAt.getTime()).toBeLessThanOrEqual(Date.now());
    away.clear();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stored.expiresAt.getTime()).toBeGreaterThan(Date.now());
  });

  it('still has to be replaced when that failed', async () => {
    await miss();
    away.add('A');
    await miss();
    away.clear();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(silent).toEqual([false, true]);
  });
});
