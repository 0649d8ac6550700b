import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ChangeStore } from '../../src/changes/change.store.ts';
import { type ClaimedMessage, UnreadMessageStore } from '../../src/changes/unread/unread-message.store.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { openTestDatabase } from '../support/app/database.ts';

let db: Database;
const [userId, integrationId] = [randomUUID(), randomUUID()];
beforeAll(async () => {
  db = await openTestDatabase();
  await db.prisma.user.create({ data: { id: userId, email: 'a@people.example', passwordHash: '' } });
  const address = { address: 'a@mail.example', addressKey: 'a@mail.example' };
  const account = { id: integrationId, userId, provider: 'GMAIL', ...address, status: 'CONNECTED', access: 'FULL' };
  await db.prisma.integration.create({ data: { ...account, sequence: 7n } });
});
afterAll(() => db.close());

/** The ids of the messages that are due only some time after `since`. */
const dueAfter = async (since: Date): Promise<string[]> =>
  (await db.prisma.unreadMessage.findMany({ where: { dueAt: { gt: new Date(since.getTime() + 1_000) } } }))
    .map(({ messageId }) => messageId)
    .sort();
/** The time by the clock of the database. */
const now = async (): Promise<Date> => {
  const [row] = await db.prisma.$queryRaw<{ at: Date }[]>`SELECT now() AS at`;
  if (!row) throw new Error('the database has no clock');
  return row.at;
};
const postpone = () =>
  db.prisma.unreadMessage.updateMany({ data: { tries: 1, dueAt: new Date(Date.now() + 3_600_000) } });
/** Claims messages, in this order, without waiting until they are due. */
async function claim(store: UnreadMessageStore, ...messageIds: string[]): Promise<ClaimedMessage[]> {
  const aMinuteAgo = new Date((await now()).getTime() - 60_000);
  await db.prisma.unreadMessage.updateMany({ where: { messageId: { in: messageIds } }, data: { dueAt: aMinuteAgo } });
  const claimed = await store.claim(messageIds.length);
  return messageIds.flatMap((id) => claimed.filter(({ messageId }) => messageId === id));
}

it('a message that could not be read is read by one instance at a time, and logged again when it was read', async () => {
  const store = new UnreadMessageStore(db, new ChangeStore(db));
  const addedAt = await now();
  for (const [n, messageId] of ['m1', 'm2', 'm1'].entries())
    await store.add({ integrationId, messageId, kind: 'created', sequence: 3n + BigInt(n) });
  // The wait is too short for a test to be within it, so what is stored is compared, and then postponed.
  expect(await dueAfter(addedAt)).toEqual(['m1', 'm2']);
  await postpone();
  expect(await store.claim(10)).toEqual([]);
  await store.hurry({ provider: 'GMAIL', address: 'a@mail.example' });
  const claimedAt = await now();
  const due = await store.claim(10);
  expect(due.map(({ messageId }) => messageId).sort()).toEqual(['m1', 'm2']);
  expect(await dueAfter(claimedAt)).toEqual(['m1', 'm2']);
  const [read = [], deleted = []] = ['m1', 'm2'].map((id) => due.filter(({ messageId }) => messageId === id));
  await store.settle(integrationId, read, deleted, 7n);
  expect(await db.prisma.unreadMessage.count()).toBe(0);
  expect(
    await db.prisma.change.findMany({ select: { sequence: true, kind: true, subject: true, repeats: true } }),
  ).toEqual([{ sequence: 8n, kind: 'created', subject: 'm1', repeats: 3n }]);
});

it('a message that was reported as deleted while it was read is not logged again', async () => {
  const changes = new ChangeStore(db);
  const store = new UnreadMessageStore(db, changes);
  const due = ['kept', 'deleted'].map((messageId) => ({
    integrationId,
    messageId,
    kind: 'updated' as const,
    sequence: 4n,
  }));
  for (const message of due) await store.add(message);
  const claimed = await claim(store, 'kept', 'deleted');
  const { sequence } = await changes.position(integrationId);
  await changes.append(integrationId, async () => [{ kind: 'deleted', subject: 'deleted' }]);
  expect(await store.settle(integrationId, claimed, [], sequence)).toEqual([
    { kind: 'updated', subject: 'kept', repeats: 4n },
  ]);
  expect(await db.prisma.unreadMessage.count()).toBe(0);
});

it('a message that is postponed or claimed again while it is read stays, and is logged when it is read next', async () => {
  await db.prisma.unreadMessage.deleteMany();
  const changes = new ChangeStore(db);
  const store = new UnreadMessageStore(db, changes);
  const message = (messageId: string) => ({ integrationId, messageId, kind: 'updated' as const, sequence: 4n });
  const ids = ['postponed', 'deleted', 'claimed', 'read'];
  for (const id of ids) await store.add(message(id));
  const [postponed = [], deleted = [], claimed = [], read = []] = (await claim(store, ...ids)).map((one) => [one]);
  for (const id of ['postponed', 'deleted']) await store.add(message(id), 3_600_000);
  const again = await claim(store, 'claimed');
  const { sequence } = await changes.position(integrationId);
  expect(await store.settle(integrationId, [...postponed, ...claimed, ...read], deleted, sequence)).toEqual([
    { kind: 'updated', subject: 'read', repeats: 4n },
  ]);
  const left = await db.prisma.unreadMessage.findMany({ select: { messageId: true } });
  expect(left.map(({ messageId }) => messageId).sort()).toEqual(['claimed', 'deleted', 'postponed']);
  const due = await claim(store, 'postponed');
  expect(await store.settle(integrationId, [...due, ...again], await claim(store, 'deleted'), sequence)).toEqual([
    { kind: 'updated', subject: 'postponed', repeats: 4n },
    { kind: 'updated', subject: 'claimed', repeats: 4n },
  ]);
  expect(await db.prisma.unreadMessage.count()).toBe(0);
});

it('the arrival of a message takes the place of its update, also while that is read, and nothing takes the place of an arrival', async () => {
  const changes = new ChangeStore(db);
  const store = new UnreadMessageStore(db, changes);
  const entry = (messageId: string, kind: 'created' | 'updated' | 'mailbox', sequence: bigint) => ({
    integrationId,
    messageId,
    kind,
    sequence,
  });
  await store.add(entry('arrived', 'updated', 6n));
  const read = await claim(store, 'arrived');
  for (const kind of ['created', 'updated', 'mailbox'] as const) await store.add(entry('arrived', kind, 5n));
  const { sequence } = await changes.position(integrationId);
  expect(await store.settle(integrationId, read, [], sequence)).toEqual([
    { kind: 'created', subject: 'arrived', repeats: 5n },
  ]);
  expect(await db.prisma.unreadMessage.count()).toBe(0);
});

it('more messages than are stored are one reset, once the account can be read again', async () => {
  const changes = new ChangeStore(db);
  const store = new UnreadMessageStore(db, changes);
  const dueAt = new Date();
  const stored = Array.from({ length: 1_000 }, (_, n) => ({ integrationId, messageId: `n${n}`, kind: 'created' }));
  await db.prisma.unreadMessage.createMany({ data: stored.map((message) => ({ ...message, dueAt })) });
  for (const messageId of ['n1', 'more', 'and more'])
    await store.add({ integrationId, messageId, kind: 'created', sequence: 5n });
  expect(await db.prisma.unreadMessage.count({ where: { kind: 'reset' } })).toBe(1);
  const { sequence } = await changes.position(integrationId);
  expect(await store.settle(integrationId, [], [], sequence)).toEqual([]);
  const read = await claim(store, 'n1');
  expect(await store.settle(integrationId, read, [], sequence)).toEqual([
    { kind: 'created', subject: 'n1' },
    { kind: 'reset', subject: 'MESSAGES_UNREADABLE' },
  ]);
  const more = await claim(store, 'n2');
  expect(await store.settle(integrationId, more, [], sequence)).toEqual([{ kind: 'created', subject: 'n2' }]);
  // Another instance may have claimed and settled it meanwhile.
  expect(await store.settle(integrationId, read, [], sequence)).toEqual([]);
});

it('messages that are given up after the days that the log is kept are one reset, which is kept until the account answers', async () => {
  await db.prisma.unreadMessage.deleteMany();
  const changes = new ChangeStore(db);
  const store = new UnreadMessageStore(db, changes);
  const message = (messageId: string) => ({ integrationId, messageId, kind: 'created' as const, sequence: 5n });
  for (const messageId of ['old', 'older', 'new']) await store.add(message(messageId));
  const old = { createdAt: new Date(Date.now() - 86_400_000) };
  await db.prisma.unreadMessage.updateMany({ where: { messageId: { in: ['old', 'older'] } }, data: old });
  const anHourAgo = new Date(Date.now() - 3_600_000);
  expect(await store.prune(anHourAgo)).toBe(2);
  await db.prisma.unreadMessage.updateMany({ where: { kind: 'reset' }, data: old });
  expect(await store.prune(anHourAgo)).toBe(0);
  const { sequence } = await changes.position(integrationId);
  expect(await store.settle(integrationId, [], [], sequence)).toEqual([]);
  expect(await store.settle(integrationId, await claim(store, 'new'), [], sequence)).toEqual([
    { kind: 'created', subject: 'new', repeats: 5n },
    { kind: 'reset', subject: 'MESSAGES_UNREADABLE' },
  ]);
  expect(await db.prisma.unreadMessage.count()).toBe(0);
});

it('a message that a replica may still return as it was is not due before, not even when its account answers again', async () => {
  await db.prisma.unreadMessage.deleteMany();
  const store = new UnreadMessageStore(db, new ChangeStore(db));
  const message = { integrationId, messageId: 'stale', kind: 'updated' as const, sequence: 4n };
  await store.add(message);
  await db.prisma.unreadMessage.updateMany({ data: { tries: 3 } });
  await store.add(message, 3_600_000);
  await store.add(message);
  await store.hurry({ provider: 'GMAIL', address: 'a@mail.example' });
  expect(await store.claim(10)).toEqual([]);
  const anHourAgo = new Date((await now()).getTime() - 3_600_000);
  await db.prisma.unreadMessage.updateMany({ data: { createdAt: anHourAgo, dueAt: anHourAgo } });
  const [due] = await store.claim(10);
  expect(due).toMatchObject({ messageId: 'stale', kind: 'updated' });
  expect(due?.ageMs).toBeGreaterThanOrEqual(3_600_000);
  await db.prisma.unreadMessage.deleteMany();
});
