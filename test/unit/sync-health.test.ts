import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ChangeStore } from '../../src/changes/change.store.ts';
import { PendingSyncStore } from '../../src/changes/sync/pending-sync.store.ts';
import { SyncHealthService } from '../../src/changes/sync-health.service.ts';
import { LivenessStore } from '../../src/changes/watch/liveness.store.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { openTestDatabase, TEST_DATABASES } from '../support/app/database.ts';

const HOUR_MS = 3_600_000;

describe.each(TEST_DATABASES)('the health of an account on %s', (kind) => {
  let db: Database;
  beforeAll(async () => {
    db = await openTestDatabase(kind);
  });
  afterEach(() => void vi.useRealTimers());
  afterAll(() => db.close());

  /** A watched account, synchronised by a process whose clock is wrong by so many milliseconds. */
  async function synchronised(skewMs = 0) {
    const id = randomUUID();
    await db.prisma.user.create({ data: { id, email: `${id}@people.example`, passwordHash: '' } });
    const account = { provider: 'GMAIL', address: id, addressKey: id, status: 'CONNECTED', access: 'FULL' };
    await db.prisma.integration.create({ data: { id, userId: id, ...account } });
    const watch = { provider: 'GMAIL', key: id, secret: Buffer.alloc(1), expiresAt: new Date(Date.now() + HOUR_MS) };
    await db.prisma.watch.create({ data: { integrationId: id, ...watch } });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + skewMs });
    await new ChangeStore(db).advance(id, null, 'cursor', [{ kind: 'created', subject: 'm' }], 0);
    return { id, status: 'CONNECTED' } as const;
  }
  const liveness = () => new LivenessStore(db);

  // The embedded database has the clock of its process.
  it.each(kind === 'pglite' ? [0] : [HOUR_MS, -HOUR_MS, 100 * 24 * HOUR_MS])(
    'is judged by the clock of the database alone, by a process whose clock is wrong by %i ms',
    async (skewMs) => {
      const account = await synchronised(skewMs);
      const health = new SyncHealthService(liveness());
      const { live, confirmedAgoMs, changedAgoMs } = await health.of(account);
      expect(live).toBe(true);
      expect(confirmedAgoMs).toBeGreaterThanOrEqual(0);
      expect(confirmedAgoMs).toBeLessThan(HOUR_MS / 2);
      expect(changedAgoMs).toBeGreaterThanOrEqual(0);
      expect(changedAgoMs).toBeLessThan(HOUR_MS / 2);
      expect(await liveness().polled()).toContainEqual(expect.objectContaining({ id: account.id, isWatched: true }));
      await new PendingSyncStore(db).mark(account.id);
      const { live: isStillLive, dueForMs } = await health.of(account);
      expect(isStillLive).toBe(true);
      expect(dueForMs).toBeGreaterThanOrEqual(0);
      expect(dueForMs).toBeLessThan(HOUR_MS / 2);
      vi.useRealTimers();
      const [change] = await new ChangeStore(db).read(account.id, 0n, 1);
      expect(Math.abs((change?.at.getTime() ?? 0) - Date.now())).toBeLessThan(HOUR_MS / 2);
    },
  );

  it('is live only while the account is confirmed, nothing is due for long, and lost announcements would be noticed', async () => {
    const account = await synchronised();
    const hub = { isLooking: true };
    const isLive = async () => (await new SyncHealthService(liveness(), {}, hub).of(account)).live;
    const set = (data: object) => db.prisma.integration.update({ where: { id: account.id }, data });
    const anHourAgo = new Date(Date.now() - HOUR_MS);
    expect(await isLive()).toBe(true);
    hub.isLooking = false;
    expect(await isLive()).toBe(false);
    hub.isLooking = true;
    await set({ syncDueSince: anHourAgo });
    expect(await isLive()).toBe(false);
    await set({ syncDueSince: null, lastReconciledAt: anHourAgo });
    expect(await isLive()).toBe(false);
    await liveness().confirm(account.id, null);
    expect(await isLive()).toBe(true);
    await set({ silentSince: anHourAgo });
    expect(await isLive()).toBe(false);
    await set({ silentSince: null });
    await db.prisma.watch.updateMany({ where: { integrationId: account.id }, data: { expiresAt: anHourAgo } });
    expect(await isLive()).toBe(false);
  });

  it('has no mark where an instance of an earlier release has to read it, and says whether it was read in part', async () => {
    const { id } = await synchronised();
    const anHourAgo = new Date(Date.now() - HOUR_MS);
    const isSilent = { lastReconciledAt: anHourAgo, checkClaimedAt: null };
    const claimed = async () => {
      await db.prisma.integration.update({ where: { id }, data: isSilent });
      await db.prisma.integration.updateMany({
        where: { id, checkedAt: { not: null } },
        data: { checkedAt: anHourAgo },
      });
      const { mark, isReadInPart } = (await liveness().claimSilent(1_000, 0)).find((one) => one.id === id) ?? {};
      return { mark, isReadInPart };
    };
    expect(await claimed()).toEqual({ mark: null, isReadInPart: true });
    await liveness().confirm(id, 'a mark');
    await liveness().confirmUnchanged(id);
    expect(await claimed()).toEqual({ mark: 'a mark', isReadInPart: false });
    await liveness().readInPart(id);
    expect(await claimed()).toEqual({ mark: null, isReadInPart: true });
    // Such as an Outlook account whose mark an instance of an earlier release has stored.
    await liveness().confirm(id, 'a mark');
    await liveness().confirm(id, null);
    expect(await claimed()).toEqual({ mark: null, isReadInPart: false });
  });

  it('does not know the changes of a lost history until they are found, whatever it reads meanwhile', async () => {
    const { id, status } = await synchronised();
    const store = new ChangeStore(db);
    const anHourAgo = new Date(Date.now() - HOUR_MS);
    await db.prisma.integration.update({ where: { id }, data: { lastReconciledAt: anHourAgo } });
    for (const [from, isHistoryLost] of [
      ['cursor', true],
      ['c1', false],
      ['c2', true],
    ] as const) {
      const to = { cursor: 'c1', c1: 'c2', c2: 'c3' }[from];
      expect(await store.advance(id, from, to, [], 0, true, { isHistoryLost })).toBe(true);
      await liveness().confirm(id, null);
      const { confirmedAgoMs, position } = await new SyncHealthService(liveness()).of({ id, status });
      expect(confirmedAgoMs).toBeGreaterThanOrEqual(HOUR_MS);
      expect(position.lastReconciledAt).toEqual(anHourAgo);
    }
    await db.prisma.integration.update({ where: { id }, data: { historyLostAt: null } });
    const found = await new SyncHealthService(liveness()).of({ id, status });
    expect(found.confirmedAgoMs).toBeLessThan(HOUR_MS);
    expect(found.position.lastReconciledAt?.getTime()).toBeGreaterThan(anHourAgo.getTime());
  });
});
