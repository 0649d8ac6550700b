import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { IntegrationDirectory } from '../../src/accounts/integrations/integration.directory.ts';
import { IntegrationStore } from '../../src/accounts/integrations/integration.store.ts';
import { ChangeStore } from '../../src/changes/change.store.ts';
import { CHANGES_TOPIC, type ChangesWake } from '../../src/changes/change.topic.ts';
import { Hub } from '../../src/changes/hub.ts';
import { PageMemory } from '../../src/mail/account/page-memory.ts';
import { openRedisBus } from '../../src/platform/bus/bus.redis.ts';
import type { Bus } from '../../src/platform/bus/bus.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { streamEvents } from '../../src/realtime/event.stream.ts';
import { FeedStarts } from '../../src/realtime/feed.start.ts';
import { channel, TEST_BUSES, TEST_REDIS_URLS } from '../support/app/bus.ts';
import { openTestDatabase, silent } from '../support/app/database.ts';
import { Relay } from '../support/app/relay.ts';

const NEVER_MS = 3_600_000;
const SOON_MS = 20;

let db: Database;
let changes: ChangeStore;
const closers: (() => unknown)[] = [];
beforeAll(async () => {
  db = await openTestDatabase();
  changes = new ChangeStore(db);
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(() => db.close());

async function storeAccount(of?: string): Promise<{ id: string; userId: string }> {
  const [id, userId] = [randomUUID(), of ?? randomUUID()];
  if (!of) await db.prisma.user.create({ data: { id: userId, email: `${id}@people.example`, passwordHash: '' } });
  const account = { id, userId, provider: 'GMAIL', address: id, addressKey: id, status: 'CONNECTED', access: 'FULL' };
  await db.prisma.integration.create({ data: account });
  return { id, userId };
}

/** Appends entries as a process does that is killed before it announces them. */
const append = (id: string, ...subjects: string[]) =>
  changes.append(id, async () => subjects.map((subject) => ({ kind: 'created', subject })));

function openHub(bus: Bus, lookIntervalMs: number): Hub {
  const hub = new Hub(changes, bus, lookIntervalMs);
  closers.push(() => hub.close());
  return hub;
}

/** Follows the account on an instance from a position on. */
async function follow(hub: Hub, id: string, after = 0n): Promise<string[]> {
  const seen: string[] = [];
  const end = new AbortController();
  const stream = streamEvents({
    logs: hub,
    keys: async () => [id],
    positions: new Map([[id, after]]),
    positionOf: ({ sequence }) => sequence,
    show: async ({ subject }) => subject,
    signal: end.signal,
  });
  const reading = (async () => {
    for await (const { value } of stream) seen.push(value);
  })();
  closers.push(async () => {
    end.abort();
    await reading;
  });
  return seen;
}

describe.each(TEST_BUSES)('over %s', (_, open) => {
  const opened = async () => {
    const bus = await open();
    closers.push(() => bus.close());
    return bus;
  };

  it('who follows a log receives entries of another instance that was killed before it announced them', async () => {
    const { id } = await storeAccount();
    const seen = await follow(openHub((await opened()).b, SOON_MS), id);
    await append(id, 'm1');
    await expect.poll(() => seen).toEqual(['m1']);
    await append(id, 'm2', 'm3');
    await expect.poll(() => seen).toEqual(['m1', 'm2', 'm3']);
  });

  it('who follows no log is notified of entries that nothing has announced', async () => {
    const { id } = await storeAccount();
    const hub = openHub((await opened()).b, SOON_MS);
    const notified: string[] = [];
    hub.onUnannounced((integrationId) => notified.push(integrationId));
    await follow(hub, id);
    // An entry may be found by the first read of who follows the log, which needs no notification.
    const appended = async () => {
      await append(id, 'm');
      return notified;
    };
    await expect.poll(appended).toContain(id);
  });

  it('a client that connects again receives what was not announced, and so do all who follow the log', async () => {
    const { id } = await storeAccount();
    const { a, b } = await opened();
    const hub = openHub(b, NEVER_MS);
    const live = await follow(hub, id);
    await append(id, 'm1');
    await a.publish(CHANGES_TOPIC, { integrationId: id });
    await expect.poll(() => live).toEqual(['m1']);
    await append(id, 'm2');
    const again = await follow(hub, id, 1n);
    await expect.poll(() => [again, live]).toEqual([['m2'], ['m1', 'm2']]);
  });

  it('what a cursor of one instance covers is shown by every other one, although nothing has announced it', async () => {
    const { id } = await storeAccount();
    const { a, b } = await opened();
    await db.prisma.integration.update({ where: { id }, data: { lastReconciledAt: new Date() } });
    const live = await follow(openHub(b, NEVER_MS), id);
    // When this has arrived, nothing but a message on the bus makes the other one read on.
    await append(id, 'm1');
    await a.publish(CHANGES_TOPIC, { integrationId: id });
    await expect.poll(() => live).toEqual(['m1']);
    await append(id, 'm2');
    const starts = new FeedStarts({
      cache: { applied: () => new Map() },
      store: changes,
      announce: (wake: ChangesWake) => a.publish(CHANGES_TOPIC, wake),
    } as never);
    expect((await starts.shown([id])).get(id)?.sequence).toBe(2n);
    await expect.poll(() => live).toEqual(['m1', 'm2']);
  });

  it('a cursor that covers new mail alone leaves the pages of other instances in memory', async () => {
    const { id } = await storeAccount();
    const { a, b } = await opened();
    await db.prisma.integration.update({ where: { id }, data: { lastReconciledAt: new Date() } });
    const memory = new PageMemory();
    memory.forgetOnChange(b, { onChanged: () => () => {} }, null);
    const announced: unknown[] = [];
    b.subscribe(CHANGES_TOPIC, (wake) => announced.push(wake));
    const starts = new FeedStarts({
      cache: { applied: () => new Map() },
      store: changes,
      announce: (wake: ChangesWake) => a.publish(CHANGES_TOPIC, wake),
    } as never);
    const page = { page: { items: [], next: null } } as never;
    // An earlier change, which every instance has heard of, is none of this cursor.
    await changes.append(id, async () => [{ kind: 'updated', subject: 'm0' }]);
    await db.prisma.$executeRaw`UPDATE changes SET at = now() - interval '1 hour' WHERE integration_id = ${id}::uuid`;
    await append(id, 'm1');
    memory.remember(id, 'a list', page, 1);
    await starts.shown([id]);
    await expect.poll(() => announced.length).toBe(1);
    expect(memory.recall('a list')).not.toBeNull();
    await changes.append(id, async () => [{ kind: 'updated', subject: 'm1' }]);
    await starts.shown([id]);
    await expect.poll(() => announced.length).toBe(2);
    expect(memory.recall('a list')).toBeNull();
  });

  it('an account that another instance disconnected is so here, although that was not announced', async () => {
    const { id, userId } = await storeAccount();
    const { a, b } = await opened();
    const store = new IntegrationStore(db);
    const [there, here] = [new IntegrationDirectory(store, a), new IntegrationDirectory(store, b, SOON_MS)];
    const changed: (string | null)[] = [];
    here.onChanged((integrationId) => changed.push(integrationId));
    const problem = { code: 'UNAUTHENTICATED', message: 'x' } as const;
    expect(await here.forUser(userId)).toMatchObject([{ id }]);
    await store.transaction((tx) => store.changeStatus(id, ['CONNECTED'], 'DISCONNECTED', problem, tx));
    await expect.poll(() => here.forUser(userId)).toEqual([]);
    expect(changed).toEqual([id]);
    expect(await there.forUser(userId)).toEqual([]);
  });

  it('who follows the accounts of a user learns of one that another instance connected, although that was not announced', async () => {
    const { id, userId } = await storeAccount();
    const directory = new IntegrationDirectory(new IntegrationStore(db), (await opened()).b, SOON_MS);
    let known: readonly string[] = [];
    const read = async () => {
      known = (await directory.all(userId)).map((record) => record.id);
    };
    closers.push(directory.follow(userId, () => void read().catch(() => {})));
    await read();
    const { id: second } = await storeAccount(userId);
    await expect.poll(() => known).toEqual([id, second]);
    // A request may have what is new in memory before anything is compared with it.
    const { id: third } = await storeAccount(userId);
    directory.refresh(userId);
    await directory.all(userId);
    await expect.poll(() => known).toEqual([id, second, third]);
  });

  it('who keeps something of an account learns of its change where memory was read again before anything was compared', async () => {
    const { id, userId } = await storeAccount();
    const store = new IntegrationStore(db);
    const { b } = await opened();
    const changed: (string | null)[] = [];
    const known = async (lookIntervalMs: number) => {
      const directory = new IntegrationDirectory(store, b, lookIntervalMs);
      closers.push(directory.follow(userId, () => {}));
      directory.onChanged((integrationId) => changed.push(integrationId));
      await directory.all(userId);
      return directory;
    };
    const reading = await known(NEVER_MS);
    const comparing = await known(SOON_MS);
    expect(changed).toEqual([]);
    const problem = { code: 'UNAUTHENTICATED', message: 'x' } as const;
    comparing.refresh(userId);
    await store.transaction((tx) => store.changeStatus(id, ['CONNECTED'], 'DISCONNECTED', problem, tx));
    await expect.poll(() => changed).toEqual([id]);
    reading.refresh(userId);
    await reading.all(userId);
    expect(changed).toEqual([id, id]);
    // Once only.
    reading.refresh(userId);
    await reading.all(userId);
    expect(changed).toEqual([id, id]);
  });

  it('all such accounts are found where their users are more than are compared at once', async () => {
    const store = new IntegrationStore(db);
    const compared = vi.spyOn(store, 'ofUsers');
    const directory = new IntegrationDirectory(store, (await opened()).b, SOON_MS, 2);
    const changed: (string | null)[] = [];
    directory.onChanged((integrationId) => changed.push(integrationId));
    const accounts = await Promise.all([1, 2, 3, 4, 5].map(() => storeAccount()));
    const problem = { code: 'UNAUTHENTICATED', message: 'x' } as const;
    const readAll = () => Promise.all(accounts.map(({ userId }) => directory.forUser(userId)));
    await readAll();
    for (const { id } of accounts)
      await store.transaction((tx) => store.changeStatus(id, ['CONNECTED'], 'DISCONNECTED', problem, tx));
    await expect.poll(readAll).toEqual(accounts.map(() => []));
    expect(changed.sort()).toEqual(accounts.map(({ id }) => id).sort());
    expect(Math.max(...compared.mock.calls.map(([userIds]) => userIds.length))).toBe(2);
  });
});

describe.each(TEST_REDIS_URLS)('while Redis is unavailable', (url) => {
  it('who follows a log receives the entries of other instances', async () => {
    const { id } = await storeAccount();
    const relay = await Relay.open(url);
    closers.push(() => relay.cut());
    const shared = { channel: channel(), log: silent };
    const cut = await openRedisBus({ url: relay.url, ...shared });
    const other = await openRedisBus({ url, ...shared });
    closers.push(() => Promise.all([cut.close(), other.close()]));
    const seen = await follow(openHub(cut, SOON_MS), id);
    relay.cut();
    await expect.poll(() => cut.isConnected).toBe(false);
    await append(id, 'm1');
    await other.publish(CHANGES_TOPIC, { integrationId: id });
    await expect.poll(() => seen).toEqual(['m1']);
    expect(cut.isConnected).toBe(false);
  });
});
