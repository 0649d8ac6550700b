import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Account, interactive, type Lab, openLab } from '../support/app/lab.ts';

let lab: Lab;
let account: Account;
beforeAll(async () => {
  lab = await openLab('GMAIL');
  account = await lab.account('labeller');
});
afterEach(() => lab.control('/faults', undefined, 'DELETE'));
afterAll(async () => {
  // These refusals are invented, so the wire log is not compared with Google's descriptions.
  await lab.forgetWire();
  await lab.close();
});

const save = (patch: object) => account.session.saveMailbox({ id: null, ...patch }, interactive());
const refuse = (operation: string, status: number) =>
  lab.control('/faults', { vendor: lab.vendor, account: account.address, operation, status, times: 1 });

it('names the field of a name that Gmail reserves, and of an invalid colour', async () => {
  const { id } = await save({ name: 'Plans' });
  await refuse('labels.create', 400);
  await expect(save({ name: 'Reserved' })).rejects.toMatchObject({ code: 'INVALID', field: ['name'] });
  await refuse('labels.patch', 400);
  await expect(save({ id, name: 'Reserved' })).rejects.toMatchObject({ code: 'INVALID', field: ['name'] });
  await expect(save({ id, color: 'red' })).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: ['color'] });
  await expect(save({ name: 'Folder', kind: 'FOLDER' })).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    field: ['kind'],
  });
});

it('returns NOT_FOUND for a label that another client deletes meanwhile', async () => {
  const { id } = await save({ name: 'Soon gone' });
  await refuse('labels.patch', 404);
  await expect(save({ id, color: '#16a765' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await refuse('labels.delete', 404);
  await expect(account.session.deleteMailbox(id, interactive())).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await account.session.deleteMailbox(id, interactive());
  expect((await account.session.listMailboxes(interactive())).map((mailbox) => mailbox.id)).not.toContain(id);
});
