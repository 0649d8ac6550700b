import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { UserRevisionStore } from '../../src/accounts/users/user-revision.store.ts';
import { UserRevisions } from '../../src/accounts/users/user-revisions.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { openTestDatabase, TEST_DATABASES } from '../support/app/database.ts';

class Signal {
  send = () => {};
  readonly sent = new Promise<void>((resolve) => {
    this.send = resolve;
  });
}

describe.each(TEST_DATABASES)('the revision of a user on %s', (kind) => {
  let db: Database;
  let store: UserRevisionStore;
  beforeAll(async () => {
    db = await openTestDatabase(kind);
    store = new UserRevisionStore(db);
  });
  afterAll(() => db.close());

  const addUser = async () => {
    const id = randomUUID();
    await db.prisma.user.create({ data: { id, email: `${id}@people.example`, passwordHash: 'x' } });
    return id;
  };
  const addIntegration = async (userId: string) => {
    const id = randomUUID();
    const account = { provider: 'GMAIL', address: id, addressKey: id, status: 'CONNECTED', access: 'READ' };
    await db.prisma.integration.create({ data: { id, userId, ...account, scopes: [] } });
    return id;
  };
  const revisionOf = async (userId: string) => (await store.read([userId])).get(userId);

  it('is another one after each write of the rows that are shown to the user', async () => {
    const userId = randomUUID();
    const other = await addUser();
    const otherRevision = await revisionOf(other);
    const seen = new Set([await revisionOf(userId)]);
    const expectAnother = async (write: () => Promise<unknown>) => {
      await write();
      const now = await revisionOf(userId);
      expect(seen).not.toContain(now);
      seen.add(now);
    };
    const integrationId = randomUUID();
    const flow = randomUUID();
    const submission = randomUUID();
    const { user, integration, connectFlow, submission: submissions } = db.prisma;
    await expectAnother(() => user.create({ data: { id: userId, email: userId, passwordHash: 'x' } }));
    await expectAnother(() => user.update({ where: { id: userId }, data: { passwordHash: 'y' } }));
    const account = { provider: 'GMAIL', address: 'a', addressKey: 'a', status: 'CONNECTED', access: 'READ' };
    await expectAnother(() => integration.create({ data: { id: integrationId, userId, ...account, scopes: [] } }));
    for (const data of [{ status: 'ERROR' }, { access: 'WRITE' }, { scopes: ['mail'] }, { problemCode: 'FORBIDDEN' }])
      await expectAnother(() => integration.update({ where: { id: integrationId }, data }));
    await expectAnother(() => integration.update({ where: { id: integrationId }, data: { connectedAt: new Date() } }));
    const flowRow = { provider: 'GMAIL', access: 'READ', status: 'CONSENT', expiresAt: new Date() };
    await expectAnother(() => connectFlow.create({ data: { id: flow, userId, stateHash: flow, ...flowRow } }));
    await expectAnother(() => connectFlow.update({ where: { id: flow }, data: { status: 'FINISH' } }));
    await expectAnother(() => connectFlow.delete({ where: { id: flow } }));
    const sent = { idempotencyKey: 'k', fingerprint: 'f', status: 'SENDING', internetMessageId: 'm' };
    await expectAnother(() => submissions.create({ data: { id: submission, userId, integrationId, ...sent } }));
    await expectAnother(() => submissions.update({ where: { id: submission }, data: { status: 'SENT' } }));
    await expectAnother(() => submissions.delete({ where: { id: submission } }));
    await expectAnother(() => integration.delete({ where: { id: integrationId } }));
    await expectAnother(() => user.delete({ where: { id: userId } }));
    expect(await revisionOf(other)).toBe(otherRevision);
  });

  it('is the same after the bookkeeping of a sync', async () => {
    const userId = await addUser();
    const id = await addIntegration(userId);
    const before = await revisionOf(userId);
    const now = new Date();
    await db.prisma.integration.update({
      where: { id },
      data: {
        sequence: 7n,
        syncCursor: 'c',
        lastEventAt: now,
        lastReconciledAt: now,
        syncSignals: 3,
        syncHinted: 2,
        syncHints: ['1 created x'],
        syncDueSince: now,
        syncRetryUntil: now,
        checkedAt: now,
        changeMark: 'm',
        checkClaimedAt: now,
        silentSince: now,
        historyLostAt: now,
        leaseOwner: 'o',
        leaseUntil: now,
      },
    });
    expect(await revisionOf(userId)).toBe(before);
  });

  it('is the same after a write that was undone with its transaction', async () => {
    const userId = await addUser();
    const id = await addIntegration(userId);
    const before = await revisionOf(userId);
    const undone = db.prisma.$transaction(async (tx) => {
      await tx.integration.update({ where: { id }, data: { status: 'ERROR' } });
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(await revisionOf(userId)).toBe(before);
  });

  it('may be pruned, and is another one afterwards', async () => {
    const userId = await addUser();
    const before = await revisionOf(userId);
    expect(await store.prune(new Date(Date.now() + 60_000))).toBeGreaterThan(0);
    expect(await revisionOf(userId)).not.toBe(before);
  });

  // The embedded database has one connection, on which transactions run one after the other.
  if (kind === 'postgres')
    it('sees two transactions that commit in another order than they wrote', async () => {
      const userId = await addUser();
      const [first, second] = [await addIntegration(userId), await addIntegration(userId)];
      const [wrote, commit] = [new Signal(), new Signal()];
      const slow = db.prisma.$transaction(async (tx) => {
        await tx.integration.update({ where: { id: first }, data: { status: 'ERROR' } });
        wrote.send();
        await commit.sent;
      });
      await wrote.sent;
      await db.prisma.integration.update({ where: { id: second }, data: { status: 'ERROR' } });
      const between = await revisionOf(userId);
      commit.send();
      await slow;
      expect(await revisionOf(userId)).not.toBe(between);
    });
});

describe('what is read of a user', () => {
  let now: number;
  let revisions: Map<string, string>;
  let queries: string[][];
  let refreshed: string[];
  let isConnected: boolean;
  let reading: () => Promise<void>;
  let notify: (integrationId: string | null, userId: string | null) => void;
  let followed: UserRevisions;
  beforeEach(() => {
    [now, queries, refreshed, isConnected] = [1_000, [], [], true];
    revisions = new Map([['ada', '1']]);
    reading = async () => {};
    followed = new UserRevisions({
      store: {
        async read(userIds) {
          queries.push([...userIds]);
          const read = new Map(userIds.map((id) => [id, revisions.get(id) ?? '']));
          await reading();
          return read;
        },
      },
      directory: {
        onChanged: (fn) => {
          notify = fn;
          return () => {};
        },
        refresh: (userId) => void refreshed.push(userId),
      },
      bus: {
        get isConnected() {
          return isConnected;
        },
      },
      now: () => now,
    });
  });
  const read = async (userId = 'ada') => {
    const found = await followed.read(userId);
    if (!found) throw new Error('the revision is not known');
    return found;
  };

  it('is believed for a second, and then asked for', async () => {
    const first = await read();
    expect(first.state).toBe('unchanged');
    expect(await read()).toBe(first);
    now += 1_000;
    expect(first.state).toBe('unconfirmed');
    expect(await first.confirm()).toBe('unchanged');
    expect(first.state).toBe('unchanged');
    expect(queries).toHaveLength(2);
  });

  it('has changed once another revision is found, for good, and the cached rows are read again', async () => {
    const first = await read();
    revisions.set('ada', '2');
    now += 1_000;
    expect(await first.confirm()).toBe('changed');
    expect(refreshed).toEqual(['ada', 'ada']);
    revisions.set('ada', '1');
    expect(await first.confirm()).toBe('changed');
    expect((await read()).state).toBe('unchanged');
  });

  it('is asked for in the background while somebody reads, by one query', async () => {
    const first = await read();
    now += 600;
    for (let i = 0; i < 10; i++) expect(first.state).toBe('unchanged');
    await expect.poll(() => queries.length).toBe(2);
    now += 600;
    await expect.poll(() => first.state).toBe('unchanged');
  });

  it('asks for several users by one query', async () => {
    await Promise.all([read('ada'), read('bob')]);
    expect(queries).toEqual([['ada', 'bob']]);
  });

  it('has changed as soon as a change is announced, on any instance', async () => {
    const [ada, bob] = [await read('ada'), await read('bob')];
    notify('integration', 'ada');
    expect([ada.state, bob.state]).toEqual(['changed', 'unchanged']);
    notify(null, null);
    expect(bob.state).toBe('changed');
  });

  it('reports to others whose answers are outdated', async () => {
    const seen: string[] = [];
    const stop = followed.onChanged((userId) => seen.push(userId));
    await read();
    followed.changed('ada');
    stop();
    followed.changed('ada');
    expect(seen).toEqual(['ada']);
  });

  it('does not believe a query that began before the change', async () => {
    const first = await read();
    const [asked, answer] = [new Signal(), new Signal()];
    reading = () => {
      asked.send();
      return answer.sent;
    };
    now += 1_000;
    const confirming = first.confirm();
    // The query has a timeout, so no turn of the event loop passes until it is answered.
    await asked.sent;
    revisions.set('ada', '2');
    followed.changed('ada');
    answer.send();
    expect(await confirming).toBe('changed');
    expect((await read()).state).toBe('unchanged');
    expect(queries).toHaveLength(3);
  });

  it('asks each time while the messages of other instances do not arrive', async () => {
    const first = await read();
    isConnected = false;
    expect(first.state).toBe('unconfirmed');
    expect(await first.confirm()).toBe('unchanged');
    expect(first.state).toBe('unconfirmed');
  });

  it('is not known without the database, which is not asked again for a second', async () => {
    const first = await read();
    reading = async () => {
      throw new Error('the database is away');
    };
    now += 1_000;
    expect(await first.confirm()).toBe('changed');
    reading = async () => {};
    expect(await followed.read('ada')).toBeNull();
    expect(queries).toHaveLength(2);
    now += 1_000;
    expect((await read()).state).toBe('unchanged');
  });

  it('is not waited for where the database hangs', async () => {
    const first = await read();
    reading = () => new Promise(() => {});
    now += 1_000;
    expect(await first.confirm()).toBe('changed');
  });

  it('has changed when nobody follows it any more', async () => {
    const first = await read();
    followed.close();
    expect(first.state).toBe('changed');
  });
});
