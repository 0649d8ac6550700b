import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ChangeStore, type LoggedChange, type NewChange } from '../../src/changes/change.store.ts';
import {
  type ClaimedMessage,
  type UnreadMessage,
  UnreadMessageStore,
  unreadEventOf,
} from '../../src/changes/unread/unread-message.store.ts';
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
const entryOf = ({ messageId: subject, sequence, ...rest }: UnreadMessage): LoggedChange => ({
  ...rest,
  subject,
  sequence: sequence ?? 0n,
  detail: null,
  at: new Date(),
  writtenAt: 0,
});
/** Stores the event of an entry. */
const addEntry = async (store: UnreadMessageStore, entry: LoggedChange, afterMs = 0): Promise<boolean | null> => {
  const event = unreadEventOf(entry);
  return event && store.add(event, afterMs);
};
const add = (store: UnreadMessageStore, message: UnreadMessage, afterMs = 0) =>
  addEntry(store, entryOf(message), afterMs);
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
    await add(store, { integrationId, messageId, kind: 'created', sequence: 3n + BigInt(n) });
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
  for (const message of due) await add(store, message);
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
  const ids = ['postponed', 'removed', 'claimed', 'read'];
  for (const id of ids) await add(store, message(id));
  const [postponed = [], deleted = [], claimed = [], read = []] = (await claim(store, ...ids)).map((one) => [one]);
  for (const id of ['postponed', 'removed']) await add(store, message(id), 3_600_000);
  const again = await claim(store, 'claimed');
  const { sequence } = await changes.position(integrationId);
  expect(await store.settle(integrationId, [...postponed, ...claimed, ...read], deleted, sequence)).toEqual([
    { kind: 'updated', subject: 'read', repeats: 4n },
  ]);
  const left = await db.prisma.unreadMessage.findMany({ select: { messageId: true } });
  expect(left.map(({ messageId }) => messageId).sort()).toEqual(['claimed', 'postponed', 'removed']);
  const due = await claim(store, 'postponed');
  expect(await store.settle(integrationId, [...due, ...again], await claim(store, 'removed'), sequence)).toEqual([
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
  await add(store, entry('arrived', 'updated', 6n));
  const read = await claim(store, 'arrived');
  for (const kind of ['created', 'updated', 'mailbox'] as const) await add(store, entry('arrived', kind, 5n));
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
    await add(store, { integrationId, messageId, kind: 'created', sequence: 5n });
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
  for (const messageId of ['old', 'older', 'new']) await add(store, message(messageId));
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
  await add(store, message);
  await db.prisma.unreadMessage.updateMany({ data: { tries: 3 } });
  await add(store, message, 3_600_000);
  await add(store, message);
  await store.hurry({ provider: 'GMAIL', address: 'a@mail.example' });
  expect(await store.claim(10)).toEqual([]);
  const anHourAgo = new Date((await now()).getTime() - 3_600_000);
  await db.prisma.unreadMessage.updateMany({ data: { createdAt: anHourAgo, dueAt: anHourAgo } });
  const [due] = await store.claim(10);
  expect(due).toMatchObject({ messageId: 'stale', kind: 'updated' });
  expect(due?.ageMs).toBeGreaterThanOrEqual(3_600_000);
  await db.prisma.unreadMessage.deleteMany();
});

it('an event is not stored where a later one of the log shows what it would', async () => {
  await db.prisma.unreadMessage.deleteMany();
  const changes = new ChangeStore(db);
  const store = new UnreadMessageStore(db, changes);
  const { sequence } = await changes.position(integrationId);
  await changes.append(integrationId, async () =>
    ['twice', 'deleted', 'arrived', 'other', 'once', 'repeated', 'folder'].flatMap((subject): NewChange[] => {
      const folder = { kind: 'mailbox', subject } as const;
      const arrival = { kind: 'created', subject } as const;
      const isRead = { kind: 'updated', subject, detail: { isRead: true } } as const;
      const isUnread = { kind: 'updated', subject, detail: { isRead: false, isStarred: false } } as const;
      if (subject === 'folder') return [folder, folder];
      if (subject === 'arrived') return [arrival, isRead];
      if (subject === 'deleted') return [arrival, isRead, { kind: 'deleted', subject }];
      if (subject === 'other') return [isRead, { kind: 'updated', subject, detail: { isStarred: true } }];
      return subject === 'twice' ? [isRead, isUnread] : [isRead];
    }),
  );
  const entries = await changes.read(integrationId, sequence, 1_000);
  const firstOf = (asked: string) => entries.filter(({ subject }) => subject === asked)[0] as LoggedChange;
  const lastOf = (asked: string) => entries.findLast(({ subject }) => subject === asked) as LoggedChange;
  const stored = async () =>
    (await db.prisma.unreadMessage.findMany({ select: { messageId: true } })).map(({ messageId }) => messageId).sort();

  // A later event shows them, or there is nothing to show: there is no need for another one.
  for (const subject of ['twice', 'folder', 'deleted'])
    expect(await addEntry(store, firstOf(subject), 1_000)).toBe(true);
  expect(await stored()).toEqual([]);
  // Subscribers to new messages receive no update, and one of other properties is not compared with this one's.
  for (const subject of ['arrived', 'other', 'once']) await addEntry(store, firstOf(subject), 1_000);
  for (const subject of ['twice', 'folder']) await addEntry(store, lastOf(subject), 1_000);
  expect(await stored()).toEqual(['arrived', 'folder', 'once', 'other', 'twice']);
  // An entry that repeats another one is not superseded by itself.
  await changes.append(integrationId, async () => [
    { kind: 'updated', subject: 'repeated', repeats: firstOf('repeated').sequence },
  ]);
  const [repetition] = await changes.read(integrationId, entries.at(-1)?.sequence ?? 0n, 1);
  await addEntry(store, repetition as LoggedChange);
  expect(await stored()).toContain('repeated');
  await db.prisma.unreadMessage.deleteMany();
});

it('an event that is not stored needs no reset where others are as many as are stored', async () => {
  await db.prisma.unreadMessage.deleteMany();
  const changes = new ChangeStore(db);
  const store = new UnreadMessageStore(db, changes);
  const dueAt = new Date();
  const stored = Array.from({ length: 1_000 }, (_, n) => ({ integrationId, messageId: `n${n}`, kind: 'created' }));
  await db.prisma.unreadMessage.createMany({ data: stored.map((message) => ({ ...message, dueAt })) });
  const { sequence } = await changes.position(integrationId);
  await changes.append(integrationId, async () =>
    [true, false].map((isRead) => ({ kind: 'updated', subject: 'quick', detail: { isRead } })),
  );
  const [read] = await changes.read(integrationId, sequence, 1);
  expect(await addEntry(store, read as LoggedChange, 1_000)).toBe(true);
  expect(await db.prisma.unreadMessage.count({ where: { kind: 'reset' } })).toBe(0);
  await db.prisma.unreadMessage.deleteMany();
});
