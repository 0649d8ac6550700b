import { expect, it } from 'vitest';
import { MailError } from '../../src/domain/error.ts';
import { encodeId } from '../../src/domain/global-id.ts';
import type { Mailbox } from '../../src/domain/mailbox.ts';
import { MailboxChanges } from '../../src/mail/organise/mailbox-changes.ts';
import type { MailboxPatch } from '../../src/providers/contract/mail-session.ts';
import type { Capabilities } from '../../src/providers/contract/provider.ts';
import { aMailbox, fakeAccount } from '../support/fakes/fake-account.ts';

const mailbox = (id: string, fields: Partial<Mailbox> = {}): Mailbox => aMailbox(id, { kind: 'FOLDER', ...fields });
const MAILBOXES = [
  mailbox('inbox', { name: 'Posteingang', role: 'INBOX' }),
  mailbox('work'),
  mailbox('clients', { parentId: 'work' }),
  mailbox('acme', { parentId: 'clients' }),
  mailbox('red', { kind: 'LABEL' }),
  mailbox('bin', { name: 'Papierkorb', role: 'TRASH' }),
  mailbox('old', { parentId: 'bin' }),
  mailbox('older', { parentId: 'old' }),
];
const mailboxes: Capabilities['mailboxes'] = {
  create: ['FOLDER', 'LABEL'],
  rename: ['FOLDER'],
  nest: ['FOLDER'],
  color: ['LABEL'],
};

function setUp(refused: MailError | null = null) {
  const asked: (MailboxPatch | string)[] = [];
  const account = fakeAccount(
    'a',
    {
      listMailboxes: async () => MAILBOXES,
      saveMailbox: async (patch) => {
        if (refused) throw refused;
        asked.push(patch);
        return mailbox('saved');
      },
      deleteMailbox: async (id) => {
        if (refused) throw refused;
        asked.push(id);
      },
    },
    { capabilities: { mailboxes } },
  );
  const changes = new MailboxChanges(account);
  const refusal = (work: Promise<unknown>) =>
    work.then(
      () => null,
      ({ code, field, message }: MailError) => ({ code, field, message }),
    );
  return { changes, asked, refusal };
}
const id = (of: string, account = 'a') => encodeId('Mailbox', account, of);

it('passes the checked request on', async () => {
  const { changes, asked } = setUp();
  await changes.create({ name: ' Reisen ', parent: id('work') });
  await changes.create({ name: 'Red', kind: 'LABEL', color: '#FF0000' });
  await changes.update('clients', { name: 'Kunden', parent: null });
  await changes.delete('work');
  expect(asked).toEqual([
    { id: null, kind: 'FOLDER', name: 'Reisen', parentId: 'work' },
    { id: null, kind: 'LABEL', name: 'Red', color: '#ff0000' },
    { id: 'clients', name: 'Kunden', parentId: null },
    'work',
  ]);
});

it('refuses what the account cannot do before it sends a request', async () => {
  const { changes, asked, refusal } = setUp();
  const unsupported = async (work: Promise<unknown>, field: string) =>
    expect(await refusal(work)).toMatchObject({
      code: 'UNSUPPORTED',
      field: [field],
      message: expect.stringContaining('a@mine.example'),
    });
  await unsupported(changes.update('red', { name: 'Blue' }), 'name');
  await unsupported(changes.update('work', { color: '#ff0000' }), 'color');
  await unsupported(changes.create({ name: 'x', kind: 'LABEL', parent: id('red') }), 'parent');
  expect(asked).toEqual([]);
});

it('refuses to change system mailboxes, by name', async () => {
  const { changes, asked, refusal } = setUp();
  const refused = { code: 'INVALID', field: ['mailbox'], message: expect.stringContaining('Posteingang') };
  expect(await refusal(changes.delete('inbox'))).toMatchObject(refused);
  expect(await refusal(changes.update('inbox', { name: 'x' }))).toMatchObject(refused);
  expect(await refusal(changes.delete('nowhere'))).toMatchObject({ code: 'NOT_FOUND', field: ['mailbox'] });
  expect(asked).toEqual([]);
});

it('refuses invalid combinations', async () => {
  const { changes, asked, refusal } = setUp();
  for (const name of ['', '  ', 'a\nb', 'a'.repeat(300)])
    expect(await refusal(changes.create({ name }))).toMatchObject({ code: 'INVALID', field: ['name'] });
  expect(await refusal(changes.create({ name: 'x', kind: 'LABEL', color: 'red' }))).toMatchObject({
    field: ['color'],
  });
  for (const parent of [id('work', 'b'), id('red'), id('nowhere'), 'rubbish'])
    expect(await refusal(changes.create({ name: 'x', parent }))).toMatchObject({ field: ['parent'] });
  for (const parent of ['work', 'clients', 'acme'])
    expect(await refusal(changes.update('work', { parent: id(parent) }))).toMatchObject({
      code: 'INVALID',
      field: ['parent'],
    });
  expect(await refusal(changes.update('work', {}))).toMatchObject({ code: 'INVALID' });
  expect(asked).toEqual([]);
});

it('does not permanently delete messages that are already in the trash', async () => {
  const { changes, asked, refusal } = setUp();
  for (const thrown of ['old', 'older'])
    expect(await refusal(changes.delete(thrown))).toMatchObject({
      code: 'INVALID',
      field: ['mailbox'],
      message: expect.stringContaining('Papierkorb'),
    });
  expect(asked).toEqual([]);
});

it('reports a refusal of the provider with the names of the input', async () => {
  const system = setUp(new MailError('FORBIDDEN', 'Outbox is of the system.', { field: ['id'] }));
  const refused = { code: 'INVALID', field: ['mailbox'], message: 'Outbox is of the system.' };
  expect(await system.refusal(system.changes.delete('work'))).toEqual(refused);
  expect(await system.refusal(system.changes.update('work', { name: 'x' }))).toEqual(refused);
  const parent = setUp(new MailError('UNSUPPORTED', 'Not there.', { field: ['parentId'] }));
  const below = parent.changes.create({ name: 'x', parent: id('work') });
  expect(await parent.refusal(below)).toMatchObject({ code: 'UNSUPPORTED', field: ['parent'] });
  const access = setUp(new MailError('FORBIDDEN', 'Connected for reading.'));
  expect(await access.refusal(access.changes.delete('work'))).toMatchObject({ code: 'FORBIDDEN' });
});
