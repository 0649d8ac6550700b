import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Reachability } from '../../src/accounts/integrations/reachability.ts';
import { WatchJob } from '../../src/changes/watch/watch.job.ts';
import { MailError } from '../../src/domain/error.ts';
import type { Call } from '../../src/providers/contract/call.ts';
import type { MailSession } from '../../src/providers/contract/mail-session.ts';
import { handlesOf } from '../support/app/account-handle.ts';
import { silent } from '../support/app/database.ts';

/** A held connection of a fake provider, and the functions that announce news on it, lose it and close it. */
interface Held {
  readonly news: () => void;
  readonly lose: (error: MailError) => void;
  readonly close: () => void;
  readonly signal: AbortSignal;
}
let held: Held[];
let session: Partial<MailSession>;
let synced: string[];
let job: WatchJob;

/** Returns a session whose `listen` follows the contract. */
const opened = (): Partial<MailSession> => {
  let close = () => {};
  return {
    listen: (changed: () => void, { signal }: Call) =>
      new Promise<void>((resolve, reject) => {
        close = resolve;
        signal.addEventListener('abort', () => resolve());
        held.push({ news: changed, lose: reject, close, signal });
        changed();
      }),
    close: async () => close(),
  };
};
const MINUTE = 60_000;
const passes = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  [held, synced, session] = [[], [], opened()];
  job = new WatchJob({
    handles: handlesOf(() => session),
    directory: {
      get: async (id) => ({ id, status: 'CONNECTED', provider: 'HELD', address: 'a@mail.example' }) as never,
      connected: async () => [{ id: 'a' }] as never,
    },
    watches: { expiries: async () => new Map(), overdue: async () => new Set() } as never,
    liveness: { trust: async () => {} },
    sync: { request: (id) => void synced.push(id) },
    reachability: new Reachability(),
    publicUrl: 'https://postern.example',
    log: silent,
  });
});
afterEach(async () => {
  await job.stop();
  vi.useRealTimers();
});

it('an account with a held connection is synchronised when it is held and on each announcement, and is held once', async () => {
  job.start();
  await passes(0);
  expect([held.length, synced]).toEqual([1, ['a']]);
  held[0]?.news();
  expect(synced).toEqual(['a', 'a']);
  await passes(5 * MINUTE);
  expect(held).toHaveLength(1);
});

it('a lost connection is held again, and what came meanwhile is synchronised', async () => {
  job.start();
  await passes(0);
  held[0]?.lose(new MailError('PROVIDER_UNAVAILABLE', 'the connection was lost'));
  await passes(0);
  expect([held.length, synced.length]).toEqual([1, 1]);
  await passes(MINUTE);
  expect([held.length, synced.length]).toEqual([2, 2]);
});

it('a closed session is no longer listened to, and the one that replaces it is', async () => {
  job.start();
  await passes(0);
  await session.close?.();
  session = opened();
  await passes(MINUTE);
  expect(held).toHaveLength(2);
});

it('an account is held as soon as it is connected, and none is after the process has stopped', async () => {
  await job.connected('a');
  expect([held.length, synced]).toEqual([1, ['a', 'a']]);
  await job.stop();
  expect(held[0]?.signal.aborted).toBe(true);
  await job.connected('a');
  expect(held).toHaveLength(1);
});
