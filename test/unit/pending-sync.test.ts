import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChangeStore } from '../../src/changes/change.store.ts';
import { PendingSyncStore } from '../../src/changes/sync/pending-sync.store.ts';
import { WebhookService } from '../../src/changes/watch/webhook.service.ts';
import type { Database } from '../../src/platform/database/database.ts';
import type { Provider } from '../../src/providers/contract/provider.ts';
import type { Hint, WatchNotification, WebhookRequest } from '../../src/providers/contract/watch.ts';
import { type Accounts, openAccounts } from '../support/app/accounts.ts';
import { openTestDatabase, TEST_DATABASES } from '../support/app/database.ts';
import { exchanged, fakeProvider } from '../support/fakes/provider.ts';

describe.each(TEST_DATABASES)('a pending sync on %s', (kind) => {
  let db: Database;
  let accounts: Accounts;
  let pendingSyncs: PendingSyncStore;
  let changes: ChangeStore;
  beforeAll(async () => {
    db = await openTestDatabase(kind);
    const exchange = async () => exchanged(`${Math.random()}@mail.example`);
    accounts = await openAccounts(db, { providers: [fakeProvider({ connect: { exchange } })] });
    pendingSyncs = new PendingSyncStore(db);
    changes = new ChangeStore(db);
  });
  afterAll(() => db.close());

  const account = async () => accounts.connected(await accounts.user());
  const isDue = async (id: string) => (await changes.position(id)).dueSince !== null;
  /** Makes the pending sync older by so many seconds. */
  const age = (id: string, seconds: number) =>
    db.prisma.$executeRaw`
      UPDATE integrations SET sync_due_since = sync_due_since - make_interval(secs => ${seconds}::int),
        sync_retry_until = sync_retry_until - make_interval(secs => ${seconds}::int)
      WHERE id = ${id}::uuid`;

  it('ends when the cursor advances, unless a notification came since the reading began', async () => {
    const id = await account();
    expect(await isDue(id)).toBe(false);
    await pendingSyncs.note([id]);
    const { notifications, dueSince } = await changes.position(id);
    expect(dueSince).not.toBeNull();
    await pendingSyncs.note([id]);
    expect(await changes.advance(id, null, 'c1', [], notifications)).toBe(true);
    expect((await changes.position(id)).dueSince).toEqual(dueSince);
    const { notifications: now } = await changes.position(id);
    expect(await changes.advance(id, 'elsewhere', 'c2', [], now)).toBe(false);
    expect(await isDue(id)).toBe(true);
    const { lastReconciledAt } = await changes.position(id);
    // Only the last of several pages ends the pending sync and counts as a reconciliation.
    expect(await changes.advance(id, 'c1', 'c2', [])).toBe(true);
    expect(await isDue(id)).toBe(true);
    expect((await changes.position(id)).lastReconciledAt).toEqual(lastReconciledAt);
    expect(await changes.advance(id, 'c2', 'c3', [], now)).toBe(true);
    expect(await isDue(id)).toBe(false);
  });

  it('stores a cursor again only where it has changed, as it may be large', async () => {
    const id = await account();
    const storedBytes = async () => {
      const [{ bytes } = { bytes: 0n }] = await db.prisma.$queryRaw<{ bytes: bigint }[]>`
        SELECT pg_relation_size(reltoastrelid) AS bytes FROM pg_class WHERE oid = 'integrations'::regclass`;
      return Number(bytes);
    };
    const cursor = () => randomBytes(100_000).toString('base64url');
    const kept = cursor();
    expect(await changes.advance(id, null, kept, [])).toBe(true);
    const before = await storedBytes();
    for (let times = 0; times < 5; times++) expect(await changes.advance(id, kept, kept, [], 0)).toBe(true);
    expect(await storedBytes()).toBe(before);
    expect((await changes.position(id)).cursor).toBe(kept);
    const next = cursor();
    expect(await changes.advance(id, kept, next, [])).toBe(true);
    expect((await changes.position(id)).cursor).toBe(next);
    expect(await storedBytes()).toBeGreaterThan(before);
  });

  it('has the named messages, until a notification names nothing, and for as long as it has not ended', async () => {
    const id = await account();
    const hint = (messageId: string, kind: Hint['kind'] = 'created'): Hint => ({ kind, messageId });
    expect(await changes.advance(id, null, 'c1', [], (await changes.position(id)).notifications)).toBe(true);
    expect((await changes.position(id)).hints).toEqual([]);
    await pendingSyncs.noteHints(id, [hint('m 1'), hint('m2', 'deleted')]);
    const { hints, notifications, lastReconciledAt } = await changes.position(id);
    expect(hints).toEqual([hint('m 1'), hint('m2', 'deleted')]);
    // A hint that arrives during the sync stays pending, also when it names the same message.
    await pendingSyncs.noteHints(id, [hint('m 1', 'updated')]);
    expect(await changes.advance(id, 'c1', 'c2', [], notifications, false)).toBe(true);
    const next = await changes.position(id);
    expect(next).toMatchObject({ hints: [hint('m 1', 'updated')], lastReconciledAt });
    expect(await isDue(id)).toBe(true);
    expect(await changes.advance(id, 'c2', 'c3', [], next.notifications, false)).toBe(true);
    expect(await changes.position(id)).toMatchObject({ hints: [], lastReconciledAt });
    expect(await isDue(id)).toBe(false);

    await pendingSyncs.noteHints(id, [hint('m3')]);
    await pendingSyncs.note([id]);
    await pendingSyncs.noteHints(id, [hint('m4')]);
    const last = await changes.position(id);
    expect(last.hints).toBeNull();
    expect(await changes.advance(id, 'c3', 'c4', [], last.notifications)).toBe(true);
    expect((await changes.position(id)).hints).toEqual([]);
  });

  it('has everything when more was named than is kept', async () => {
    const id = await account();
    await changes.advance(id, null, 'c1', [], 0);
    const hints = Array.from({ length: 1_000 }, (_, n): Hint => ({ kind: 'created', messageId: `m${n}` }));
    await pendingSyncs.noteHints(id, hints);
    expect((await changes.position(id)).hints).toEqual(hints);
    await pendingSyncs.noteHints(id, hints);
    expect((await changes.position(id)).hints).toBeNull();
  });

  it('is left to the instance that received it, until that one must be dead', async () => {
    const [notified, failing] = [await account(), await account()];
    await pendingSyncs.note([notified]);
    await pendingSyncs.failed(failing, 10_000);
    expect(await pendingSyncs.abandoned()).toEqual([]);
    await age(notified, 7);
    await age(failing, 7);
    expect(await pendingSyncs.abandoned()).toEqual([notified]);
    await pendingSyncs.heartbeat([notified, failing]);
    expect(await pendingSyncs.abandoned()).toEqual([]);
    await age(notified, 7);
    expect(await pendingSyncs.abandoned()).toEqual([notified]);
    await age(failing, 10);
    expect((await pendingSyncs.abandoned()).sort()).toEqual([notified, failing].sort());
    const { notifications } = await changes.position(notified);
    await changes.advance(notified, null, 'c1', [], notifications);
    expect(await pendingSyncs.abandoned()).toEqual([failing]);
  });

  it('is stored before a webhook is answered, and the sender is asked to repeat what cannot be stored', async () => {
    const id = await account();
    const notifications: WatchNotification[] = [{ integrationId: id, kind: 'CHANGED' }];
    const receive = async () => ({ reply: { status: 204 }, notifications });
    const provider = { ...fakeProvider(), receive } as Provider;
    const requested: string[] = [];
    const noted: (boolean | undefined)[] = [];
    const webhooks = (note: (ids: readonly string[]) => Promise<void>) =>
      new WebhookService({
        providers: [provider],
        watches: { named: async () => [], requireRenewal: async () => {}, remove: async () => {} },
        pendingSyncs: { note, noteHints: async () => {} },
        sync: {
          request: (integrationId, _settleMs, isNoted) => {
            requested.push(integrationId);
            noted.push(isNoted);
          },
        },
        watchJob: { request: () => {}, heard: () => {} },
        log: pino({ level: 'silent' }),
      });
    const request = {} as WebhookRequest;
    expect(await webhooks((ids) => pendingSyncs.note(ids)).receive('gmail', request)).toEqual({ status: 204 });
    expect(await isDue(id)).toBe(true);
    const lost = webhooks(async () => Promise.reject(new Error('the database is away')));
    expect(await lost.receive('gmail', request)).toEqual({ status: 503 });
    expect(requested).toEqual([id, id]);

    const stuck = webhooks(() => new Promise(() => {}));
    expect(await stuck.receive('gmail', request)).toEqual({ status: 503 });
    expect(requested).toEqual([id, id, id]);
    expect(noted).toEqual([true, false, false]);
  });

  it('is refused in time when the sender cannot be verified just then, and read once it can be', async () => {
    const id = await account();
    let prove = () => {};
    const proof = new Promise<void>((resolve) => {
      prove = resolve;
    });
    const notifications: WatchNotification[] = [{ integrationId: id, kind: 'CHANGED' }];
    const receive = async () => proof.then(() => ({ reply: { status: 204 }, notifications }));
    const requested: string[] = [];
    const webhooks = new WebhookService({
      providers: [{ ...fakeProvider(), receive } as Provider],
      watches: { named: async () => [], requireRenewal: async () => {}, remove: async () => {} },
      pendingSyncs: { note: async () => {}, noteHints: async () => {} },
      sync: { request: (integrationId) => void requested.push(integrationId) },
      watchJob: { request: () => {}, heard: () => {} },
      log: pino({ level: 'silent' }),
    });
    expect(await webhooks.receive('gmail', {} as WebhookRequest)).toEqual({ status: 503 });
    expect(requested).toEqual([]);
    prove();
    await expect.poll(() => requested).toEqual([id]);
  });
});
