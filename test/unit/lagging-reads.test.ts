import { randomUUID } from 'node:crypto';
import { afterEach, expect, it, vi } from 'vitest';
import { ChangeStore, type LoggedChange } from '../../src/changes/change.store.ts';
import type { Mailbox } from '../../src/domain/mailbox.ts';
import { lagLeftMs } from '../../src/realtime/lagging-reads.ts';
import { openTestDatabase } from '../support/app/database.ts';
import { aMessage } from '../support/fakes/fake-account.ts';

afterEach(() => void vi.useRealTimers());

const HOUR_MS = 3_600_000;
const account = (readsSettleMs?: number) => ({ session: async () => ({ readsSettleMs }) }) as never;
const entry = (given: Partial<LoggedChange>): LoggedChange => ({
  integrationId: 'i',
  sequence: 5n,
  kind: 'updated',
  subject: 'm',
  detail: null,
  at: new Date(),
  writtenAt: performance.now(),
  ...given,
});
const read = aMessage('m', { isRead: true, isStarred: false, mailboxIds: ['INBOX', 'work'] });
const isLagging = async (...asked: Parameters<typeof lagLeftMs>) => (await lagLeftMs(...asked)) > 0;

it.each(['created', 'updated', 'mailbox'] as const)(
  'what a replica does not know yet is final later: %s',
  async (kind) => {
    expect(await isLagging(account(HOUR_MS), entry({ kind }), null)).toBe(true);
    expect(await isLagging(account(HOUR_MS), entry({ kind, writtenAt: performance.now() - HOUR_MS }), null)).toBe(
      false,
    );
    expect(await isLagging(account(), entry({ kind }), null)).toBe(false);
    const closed = { session: () => Promise.reject(new Error('disconnected')) };
    expect(await isLagging(closed, entry({ kind }), null)).toBe(false);
  },
);

it('a mailbox that was looked for again is final, and a message that is missing again is not', async () => {
  const repeats = 3n;
  expect(await isLagging(account(HOUR_MS), entry({ kind: 'mailbox', repeats }), null)).toBe(false);
  expect(await isLagging(account(HOUR_MS), entry({ kind: 'mailbox' }), { id: 'm' } as Mailbox)).toBe(false);
  expect(await isLagging(account(HOUR_MS), entry({ kind: 'created', repeats }), null)).toBe(true);
});

it.each([
  [null, false],
  [{ isRead: true, isStarred: false, mailboxIds: ['work', 'INBOX'] }, false],
  [{ mailboxIdsAdded: ['work'], mailboxIdsRemoved: ['TRASH'] }, false],
  [{ isRead: false }, true],
  [{ isRead: true, isStarred: true }, true],
  [{ mailboxIds: ['INBOX'] }, true],
  [{ mailboxIds: ['INBOX', 'TRASH'] }, true],
  [{ mailboxIdsAdded: ['TRASH'] }, true],
  [{ mailboxIdsRemoved: ['INBOX'] }, true],
] as const)('a message is older than its change where it is not as that says: %j', async (detail, isOlder) => {
  expect(await isLagging(account(HOUR_MS), entry({ detail }), read)).toBe(isOlder);
  expect(await isLagging(account(), entry({ detail }), read)).toBe(false);
});

it.each([-10, 0, 10])(
  'how old a change is does not depend on the clock of this process, which is %s hours ahead',
  async (hours) => {
    const db = await openTestDatabase();
    try {
      const [id, userId] = [randomUUID(), randomUUID()];
      await db.prisma.user.create({ data: { id: userId, email: 'a@people.example', passwordHash: '' } });
      const address = { address: 'a@mail.example', addressKey: 'a@mail.example' };
      const record = { id, userId, provider: 'OUTLOOK', ...address, status: 'CONNECTED', access: 'FULL' };
      await db.prisma.integration.create({ data: record });
      const changes = new ChangeStore(db);
      await changes.append(id, async () => ['old', 'new'].map((subject) => ({ kind: 'created', subject })));
      await db.prisma.$executeRaw`UPDATE changes SET at = now() - interval '2 hours' WHERE subject = 'old'`;
      const read = await changes.read(id, 0n, 2);
      const readAll = await changes.readAll(new Map([[id, 0n]]), 2);
      // The embedded database has the clock of the process.
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + hours * HOUR_MS });
      const lagging = (entries: readonly LoggedChange[]) =>
        Promise.all(entries.map((change) => isLagging(account(HOUR_MS), change, null)));
      expect(await lagging(read)).toEqual([false, true]);
      expect(await lagging(readAll)).toEqual([false, true]);
    } finally {
      await db.close();
    }
  },
);
