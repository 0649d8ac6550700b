import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { LivenessStore } from '../../src/changes/watch/liveness.store.ts';
import { SilenceJob } from '../../src/changes/watch/silence.job.ts';
import type { Database } from '../../src/platform/database/database.ts';
import type { MailSession } from '../../src/providers/contract/mail-session.ts';
import { handlesOf } from '../support/app/account-handle.ts';
import { openTestDatabase, silent } from '../support/app/database.ts';

let db: Database;
const userId = randomUUID();
beforeAll(async () => {
  db = await openTestDatabase();
  await db.prisma.user.create({ data: { id: userId, email: 'a@people.example', passwordHash: '' } });
});
afterEach(() => void vi.useRealTimers());
afterAll(() => db.close());

const [MINUTE_MS, HOUR_MS] = [60_000, 3_600_000];

/** Stores watched accounts of which nothing has been heard for an hour. */
async function storeSilent(provider: string, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID());
  const times = { lastReconciledAt: new Date(Date.now() - HOUR_MS), checkedAt: new Date(Date.now() - HOUR_MS) };
  const account = { userId, provider, status: 'CONNECTED', access: 'FULL', changeMark: 'unchanged', ...times };
  await db.prisma.integration.createMany({ data: ids.map((id) => ({ ...account, id, address: id, addressKey: id })) });
  const watch = { provider, secret: Buffer.alloc(1), expiresAt: new Date(Date.now() + HOUR_MS) };
  await db.prisma.watch.createMany({ data: ids.map((id) => ({ ...watch, integrationId: id, key: id })) });
  return ids;
}

it('every silent account is asked in the first turn, beside a vendor that hangs', async () => {
  await storeSilent('HANGING', 520);
  const answering = await storeSilent('ANSWERING', 120);
  const liveness = new LivenessStore(db);
  const claims: number[] = [];
  const isAnswering = new Set(answering);
  const session = (id: string) =>
    ({
      changeMark: () => (isAnswering.has(id) ? Promise.resolve('unchanged') : new Promise(() => {})),
    }) as unknown as MailSession;
  const job = new SilenceJob({
    handles: handlesOf(session),
    liveness: Object.assign(Object.create(liveness) as LivenessStore, {
      claimSilent: async (silenceMs: number, _claimMs: number, except: readonly string[]) => {
        const claimed = await liveness.claimSilent(silenceMs, HOUR_MS, except);
        claims.push(claimed.length);
        return claimed;
      },
    }),
    sync: { requestFullRead: () => {}, requestRoutineRead: () => {} },
    watchJob: { proven: () => {} } as never,
    // An account that has not been read for much longer is read instead of asked.
    times: { silenceMs: 55 * MINUTE_MS, lateMs: 1 },
    log: silent,
  });
  // No second turn begins by itself.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  job.start();
  vi.advanceTimersToNextTimer();
  const unconfirmed = () =>
    db.prisma.integration.count({
      where: { provider: 'ANSWERING', checkedAt: { lt: new Date(Date.now() - HOUR_MS / 2) } },
    });
  // The time is that of hundreds of statements.
  await expect.poll(unconfirmed, { timeout: 60_000 }).toBe(0);
  expect(claims.reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(500 + 120);
  job.stop();
});
