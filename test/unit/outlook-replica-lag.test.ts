import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Account, interactive, type Lab, openLab } from '../support/app/lab.ts';
import { compose, file, filesOf, noise, read } from '../support/mail/composing.ts';

let lab: Lab;
let account: Account;
beforeAll(async () => {
  lab = await openLab('OUTLOOK', undefined, { times: { lagWaitsMs: [50, 100, 200, 400, 800] } });
  account = await lab.account('writer');
});
afterAll(() => lab.close());

const save = (given: Parameters<typeof compose>[0]) =>
  account.session.saveDraft({ id: null, ifVersion: null, compose: compose(given) }, interactive());
const fault = (operation: string, what: object) =>
  lab.control('/faults', { vendor: 'microsoft', account: account.address, operation, times: 1, ...what });
const operations = async (): Promise<string[]> =>
  (await lab.control<{ records: { operation: string }[] }>('/log')).records.map(({ operation }) => operation);
/** Large enough to be uploaded in two pieces. */
const bytes = noise(4_200_000);
const large = () => file('large.bin', bytes);

const CREATE_SESSION = 'POST /me/messages/{id}/attachments/createUploadSession';
const lag = (seconds: number, at: string) => lab.control('/replica-lag', { vendor: 'microsoft', seconds, at });
it.each(['session', 'piece'])(
  'goes into a draft that not every replica knows yet, when its %s is missing',
  async (at) => {
    await lag(1, at);
    const attachments = [large(), file('small.txt', Buffer.from('small')), file('second.bin', bytes)];
    const draft = await save({ subject: `lagging ${at}`, attachments });
    await lag(0, at);
    const files = await filesOf(account.session, await read(account.session, draft.id));
    expect([...files.keys()]).toEqual(['large.bin', 'small.txt', 'second.bin']);
    expect([files.get('large.bin')?.equals(bytes), files.get('second.bin')?.equals(bytes)]).toEqual([true, true]);
  },
);

/** Exchange reports a conflict in two ways: 412, and this 409. */
const CONFLICT = { status: 409, body: JSON.stringify({ error: { code: 'ErrorIrresolvableConflict', message: '' } }) };
it.each([
  ['a session that meets another one', 'PUT (uploadUrl)', { status: 412, times: 2 }],
  ['a session that meets another change', 'PUT (uploadUrl)', { ...CONFLICT, times: 2 }],
  ['a small file that meets another change', 'POST /me/messages/{id}/attachments', { ...CONFLICT, times: 2 }],
  ['a session that is lost in the middle', 'PUT (uploadUrl)', { status: 404, share: 1 / 2 }],
  ['a small file that comes too early', 'POST /me/messages/{id}/attachments', { status: 404, times: 2 }],
  ['a first change that meets another one', 'PATCH /me/messages/{id}', { status: 412, times: 2 }],
  ['a first change that comes too early', 'PATCH /me/messages/{id}', { status: 404, times: 2 }],
])('is stored once in spite of %s, one session at a time', async (what, operation, how) => {
  await lab.control('/log', undefined, 'DELETE');
  await fault(operation, how);
  const draft = await save({ subject: what, attachments: [large(), file('small.txt', Buffer.from('small'))] });
  const files = await filesOf(account.session, await read(account.session, draft.id));
  expect([...files.keys()]).toEqual(['large.bin', 'small.txt']);
  expect(files.get('large.bin')?.equals(bytes)).toBe(true);
  expect(await lab.control('/faults')).toEqual([]);
  const all = await operations();
  const count = (name: string) => all.filter((one) => one === name).length;
  expect(count('DELETE (uploadUrl)')).toBe(count(CREATE_SESSION) - 1);
});

it('reports the provider as unavailable when its draft stays unknown, and keeps the draft', async () => {
  await lag(3_600, 'session');
  await expect(save({ subject: 'kept', attachments: [large()] })).rejects.toMatchObject({
    code: 'PROVIDER_UNAVAILABLE',
  });
  await lag(0, 'session');
  const { items } = await account.session.listDrafts({ size: 50, after: null }, interactive());
  expect(items.filter((d) => 'message' in d && d.message.subject === 'kept')).toHaveLength(1);
});
