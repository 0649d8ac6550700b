import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Reachability } from '../../src/accounts/reachability.ts';
import { WatchJob } from '../../src/changes/watch.job.ts';
import type { Call } from '../../src/providers/call.ts';

/** Accounts are named after their vendor: "A1" is one of A's. */
const vendorOf = (id: string) => id.slice(0, 1);
const MANY = Array.from({ length: 40 }, (_, n) => `A${n}`);

let away: Set<string>;
let started: string[];
let synced: string[];
let job: WatchJob;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  [away, started, synced] = [new Set(), [], []];
  const start = (id: string, { signal }: Call) =>
    new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      if (away.has(vendorOf(id))) return;
      started.push(id);
      resolve({ key: id, expiresAt: new Date(Date.now() + 86_400_000) });
    });
  job = new WatchJob({
    sessions: {
      open: async (id) => ({ watch: { start: (_p: unknown, _t: unknown, call: Call) => start(id, call) } }) as never,
    },
    directory: {
      get: async (id) => ({ id, status: 'CONNECTED', provider: vendorOf(id), address: `${id}@mail.example` }) as never,
      connected: async () => [],
    },
    watches: { get: async () => null, put: async () => {} } as never,
    sync: { request: (id) => void synced.push(id) },
    reachability: new Reachability(),
    publicUrl: 'https://postern.example',
    log: pino({ level: 'silent' }),
  });
});
afterEach(() => vi.useRealTimers());

it('lets who connects an account wait a few seconds for a vendor that hangs, and starts the watch when that is back', async () => {
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
  for (const id of [...MANY, 'B1', 'B2']) job.request(id);
  await vi.advanceTimersByTimeAsync(0);
  expect(started).toEqual(['B1', 'B2']);
  away.clear();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(new Set(started)).toEqual(new Set(['B1', 'B2', ...MANY]));
});
