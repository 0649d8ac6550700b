import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChangeStore } from '../../src/changes/change.store.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { migrate, pendingMigrations } from '../../src/platform/database/migrations.ts';
import { openTestDatabase, TEST_DATABASES } from '../support/app/database.ts';

describe.each(TEST_DATABASES)('on %s', (kind) => {
  let db: Database;
  beforeAll(async () => {
    db = await openTestDatabase(kind);
  });
  afterAll(() => db.close());

  async function integration(): Promise<string> {
    const [id, userId] = [randomUUID(), randomUUID()];
    await db.prisma.user.create({ data: { id: userId, email: `${userId}@x.example`, passwordHash: '' } });
    const account = { provider: 'GMAIL', address: 'a@x.example', addressKey: 'a@x.example' };
    await db.prisma.integration.create({ data: { id, userId, ...account, status: 'CONNECTED', access: 'READ' } });
    return id;
  }

  it('every migration is applied, and applying again does nothing', async () => {
    expect(await pendingMigrations(db)).toEqual([]);
    expect(await migrate(db)).toEqual({ applied: [] });
    await db.ping();
  });

  it('a time is read as it was written, and compares with the clock of the database', async () => {
    const id = await integration();
    const at = new Date('2026-11-20T09:30:00.123Z');
    await db.prisma.integration.update({ where: { id }, data: { connectedAt: at, leaseUntil: new Date() } });
    expect((await db.prisma.integration.findUniqueOrThrow({ where: { id } })).connectedAt).toEqual(at);
    const [row] = await db.prisma.$queryRaw<{ near: boolean }[]>`
      SELECT abs(extract(epoch FROM lease_until - now())) < 60 AS near FROM integrations WHERE id = ${id}::uuid`;
    expect(row?.near).toBe(true);
  });

  it('work under one name runs one after the other, also when some of it fails', async () => {
    const order: string[] = [];
    const work = (name: string) => async () => {
      order.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      order.push(`${name} ends`);
      if (name === 'a') throw new Error('a fails');
    };
    await Promise.allSettled([db.exclusively('w', work('a')), db.exclusively('w', work('b'))]);
    expect(order.map((line) => line.split(' ')[1])).toEqual(['begins', 'ends', 'begins', 'ends']);
  });

  describe('the change log', () => {
    const created = (...ids: string[]) => ids.map((subject) => ({ kind: 'created' as const, subject }));

    it('appends and moves the cursor together, and numbers without gaps', async () => {
      const store = new ChangeStore(db);
      const id = await integration();
      expect(await store.position(id)).toMatchObject({ cursor: null, sequence: 0n, lastEventAt: null });
      expect(await store.advance(id, null, 'c1', created('a', 'b'))).toBe(true);
      expect(await store.advance(id, 'c1', 'c2', [])).toBe(true);
      expect(await store.advance(id, 'c2', 'c3', created('c'))).toBe(true);
      const position = { cursor: 'c3', sequence: 3n, lastEventAt: expect.any(Date), lastReconciledAt: null };
      expect(await store.position(id)).toMatchObject(position);
      const read = await store.read(id, 1n, 10);
      expect(read.map(({ sequence, subject }) => [sequence, subject])).toEqual([
        [2n, 'b'],
        [3n, 'c'],
      ]);
      expect(await store.read(id, 0n, 1)).toHaveLength(1);
    });

    it('is read in order beyond nine entries, with their times to the millisecond', async () => {
      const store = new ChangeStore(db);
      const id = await integration();
      await store.advance(id, null, 'c1', created(...Array.from({ length: 120 }, (_, n) => `m${n}`)));
      const read = await store.read(id, 5n, 110);
      expect(read.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 110 }, (_, n) => BigInt(n + 6)));
      const stored = await db.prisma.change.findMany({
        where: { integrationId: id, sequence: { gt: 5n } },
        orderBy: { sequence: 'asc' },
        take: 110,
      });
      expect(read.map(({ at }) => at)).toEqual(stored.map(({ at }) => at));
    });

    it('keeps the detail of an updated message when it is known, short and can be stored', async () => {
      const store = new ChangeStore(db);
      const id = await integration();
      const detail = { mailboxIdsAdded: ['Label_1'], mailboxIdsRemoved: [], isRead: true };
      const long = { mailboxIds: Array.from({ length: 1_000 }, (_, n) => `Label_${n}`) };
      const updated = (subject: string) => ({ kind: 'updated', subject }) as const;
      const entries = [
        { ...updated('told'), detail },
        updated('untold'),
        { ...updated('long'), detail: long },
        ...['\0', '\ud800'].map((odd) => ({
          ...updated(odd === '\0' ? 'NUL' : 'half'),
          detail: { mailboxIds: [odd] },
        })),
        updated('newer'),
        updated('strange'),
      ];
      await store.advance(id, null, 'c', entries);
      // Writes details as a newer release might.
      const overwrite = (subject: string, written: object) =>
        db.prisma.change.updateMany({ where: { integrationId: id, subject }, data: { detail: written } });
      await overwrite('newer', { ...detail, isPinned: true });
      await overwrite('strange', { isRead: 'perhaps' });
      const read = await store.read(id, 0n, 10);
      expect(read.map((entry) => entry.detail)).toEqual([detail, null, null, null, null, detail, null]);
    });

    it('does nothing when another run was faster', async () => {
      const store = new ChangeStore(db);
      const id = await integration();
      const runs = await Promise.all([1, 2, 3].map((n) => store.advance(id, null, `c${n}`, created(`m${n}`))));
      expect(runs.filter(Boolean)).toHaveLength(1);
      expect(await store.read(id, 0n, 10)).toHaveLength(1);
      expect(await store.advance(randomUUID(), null, 'c', created('x'))).toBe(false);
    });

    it('accepts thousands at once, and deletes the old ones', async () => {
      const store = new ChangeStore(db);
      const id = await integration();
      await store.advance(id, null, 'c', created(...Array.from({ length: 2_500 }, (_, i) => `m${i}`)));
      expect((await store.read(id, 2_499n, 10)).map((change) => change.subject)).toEqual(['m2499']);
      expect(await store.prune(new Date(Date.now() + 60_000))).toBeGreaterThanOrEqual(2_500);
      expect(await store.read(id, 0n, 10)).toEqual([]);
      expect((await store.position(id)).sequence).toBe(2_500n);
    });
  });
});
