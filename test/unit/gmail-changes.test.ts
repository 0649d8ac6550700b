import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Hint } from '../../src/providers/contract/watch.ts';
import { type Account, interactive, type Lab, openLab } from '../support/app/lab.ts';

let lab: Lab;
let account: Account;
let accounts = 0;
beforeAll(async () => {
  lab = await openLab('GMAIL');
});
afterAll(() => lab.close());
beforeEach(async () => {
  account = await lab.account(`labels-${++accounts}`);
});

/** A notification of Gmail names no message. */
const NOTIFIED: readonly Hint[] = [];
const deliver = (...labels: string[]) =>
  account.deliver({ from: 'a@example.org', subject: 'x', text: 'x', ...(labels.length > 0 && { labels }) });

/** The changes since a position, with the requests that they cost. */
async function since(cursor: string | null, hints?: readonly Hint[]) {
  await lab.control('/log', undefined, 'DELETE');
  const page = await account.session.changes(cursor, interactive(), hints);
  const { records } = await lab.control<{ records: { operation: string }[] }>(`/log?account=${account.address}`);
  return { ...page, requests: records.map(({ operation }) => operation).sort() };
}
const [HISTORY, LABELS] = ['history.list', 'labels.list'];

/** The position as it would be if the labels had been read so many seconds earlier. */
function aged(cursor: string, seconds: number): string {
  const { readAt, ...position } = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as { readAt: number };
  return Buffer.from(JSON.stringify({ ...position, readAt: readAt - seconds })).toString('base64url');
}

it('cost one request after a notification, and the labels are compared when everything is asked for', async () => {
  const messageId = await deliver();
  const { cursor } = await since(null);
  await lab.control('/touch', { vendor: 'google', account: account.address, id: messageId, change: 'read' });
  const notified = await since(cursor, NOTIFIED);
  expect(notified.changes).toMatchObject([{ kind: 'updated', messageId, detail: { isRead: true } }]);
  expect(notified.requests).toEqual([HISTORY]);
  expect((await since(notified.cursor)).requests).toEqual([HISTORY, LABELS]);
});

it('report the labels after a notification where they were read two minutes ago, or at a time that is not known', async () => {
  const { cursor } = await since(null);
  expect((await since(aged(cursor, 60), NOTIFIED)).requests).toEqual([HISTORY]);
  for (const seconds of [120, Math.floor(Date.now() / 1_000), -1_000])
    expect((await since(aged(cursor, seconds), NOTIFIED)).requests).toEqual([HISTORY, LABELS]);
});

it('report a new label with the first message that has it', async () => {
  const { cursor } = await since(null);
  const messageId = await deliver('Invoices');
  const { changes, requests, cursor: next } = await since(cursor, NOTIFIED);
  expect(changes).toMatchObject([
    { kind: 'created', messageId },
    { kind: 'mailbox', mailboxId: expect.stringMatching(/^Label_/) },
  ]);
  expect(requests).toEqual([HISTORY, LABELS]);
  await deliver('Invoices');
  expect((await since(next, NOTIFIED)).requests).toEqual([HISTORY]);
});

it('report a label that was created here at the next notification', async () => {
  const { cursor } = await since(null);
  const { id } = await account.session.saveMailbox({ id: null, name: 'Ours' }, interactive());
  const { changes } = await since(cursor, NOTIFIED);
  expect(changes).toEqual([{ kind: 'mailbox', mailboxId: id }]);
});
