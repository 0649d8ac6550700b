import { expect, it } from 'vitest';
import type { LoggedChange } from '../../src/changes/change.store.ts';
import type { Mailbox } from '../../src/domain/mailbox.ts';
import { lagLeftMs } from '../../src/realtime/lagging-reads.ts';
import { aMessage } from '../support/fakes/fake-account.ts';

const HOUR_MS = 3_600_000;
const account = (readsSettleMs?: number) => ({ session: async () => ({ readsSettleMs }) }) as never;
const entry = (given: Partial<LoggedChange>): LoggedChange => ({
  integrationId: 'i',
  sequence: 5n,
  kind: 'updated',
  subject: 'm',
  detail: null,
  at: new Date(),
  ...given,
});
const read = aMessage('m', { isRead: true, isStarred: false, mailboxIds: ['INBOX', 'work'] });
const isLagging = async (...asked: Parameters<typeof lagLeftMs>) => (await lagLeftMs(...asked)) > 0;

it.each(['created', 'updated', 'mailbox'] as const)(
  'what a replica does not know yet is final later: %s',
  async (kind) => {
    expect(await isLagging(account(HOUR_MS), entry({ kind }), null)).toBe(true);
    expect(await isLagging(account(HOUR_MS), entry({ kind, at: new Date(Date.now() - HOUR_MS) }), null)).toBe(false);
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
