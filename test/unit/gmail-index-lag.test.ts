import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Condition } from '../../src/domain/search/condition.ts';
import { isUnreadable } from '../../src/providers/provider.ts';
import { type Account, interactive, type Lab, openLab } from '../support/lab.ts';

/** README, "What a search means": by what Gmail finds mail that its index does not have yet. */
let lab: Lab;
let account: Account;
const lag = (seconds: number) => lab.control('/search-lag', { vendor: lab.vendor, account: account.address, seconds });

beforeAll(async () => {
  lab = await openLab('GMAIL');
  account = await lab.account('lagging');
  await lag(3_600);
  await account.deliver({ from: 'New <new@example.org>', subject: 'unread', isRead: false, isStarred: true });
  await account.deliver({ from: 'New <new@example.org>', subject: 'read', isRead: true });
});
afterAll(() => lab.close());

async function subjects(where: Condition, mailboxId: string | null = null): Promise<string[]> {
  const { items } = await account.session.listMessages({ mailboxId, where }, { size: 10, after: null }, interactive());
  return items.map((item) => (isUnreadable(item) ? item.id : item.subject)).toSorted();
}

const STARRED: Condition = { kind: 'starred', value: true };
const UNREAD: Condition = { kind: 'read', value: false };
const INBOX: Condition = { kind: 'mailbox', id: 'INBOX' };

it.each<[string, Condition, string[]]>([
  ['unread', UNREAD, ['unread']],
  ['starred', STARRED, ['unread']],
  ['a mailbox', INBOX, ['read', 'unread']],
  ['these together', { kind: 'and', of: [INBOX, UNREAD, STARRED] }, ['unread']],
])('finds by %s what the index does not have yet', async (_, where, found) => {
  expect(await subjects(where)).toEqual(found);
});

it.each<[string, Condition, string[]]>([
  ['a sender', { kind: 'from', value: 'new' }, ['read', 'unread']],
  ['read', { kind: 'read', value: true }, ['read']],
  ['a date', { kind: 'receivedAfter', at: new Date(Date.UTC(2020, 0, 1)) }, ['read', 'unread']],
])('finds by %s only what the index has', async (_, where, found) => {
  expect(await subjects(where)).toEqual([]);
  await lag(0);
  expect(await subjects(where)).toEqual(found);
  await lag(3_600);
});
