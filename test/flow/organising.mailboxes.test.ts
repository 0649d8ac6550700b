import { afterAll, beforeAll, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import type { TestApp } from '../support/app/app.ts';
import { type Organised, openOrganised } from '../support/mail/organised.ts';

let app: TestApp;
let gmail: Organised;
let outlook: Organised;
let run: Awaited<ReturnType<typeof openOrganised>>['run'];
let newest: Awaited<ReturnType<typeof openOrganised>>['newest'];
beforeAll(async () => {
  ({ app, gmail, outlook, run, newest } = await openOrganised());
});
afterAll(() => app.close());

const DELETED = '{ mailbox { id parent { role } } deleted integration { id } userErrors { message } }';

it('creates mailboxes, moves messages into them, and refuses what an account cannot do', async () => {
  const SAVED = '{ mailbox { id name kind color parent { name } } userErrors { code message field } }';
  for (const account of [gmail, outlook]) {
    const { mailboxes } = account.capabilities;
    const [kind = 'FOLDER'] = mailboxes.create;
    const color = mailboxes.color.includes(kind) ? '#ff0000' : undefined;
    const made = await run(
      'createMailbox',
      { integration: account.id, name: 'Kunden', color },
      'CreateMailboxInput',
      SAVED,
    );
    expect(made).toMatchObject({ mailbox: { name: 'Kunden', kind, parent: null }, userErrors: [] });
    const unseen = { integration: account.id, name: '\u200b\u2060' };
    expect(await run('createMailbox', unseen, 'CreateMailboxInput', SAVED)).toMatchObject({
      mailbox: null,
      userErrors: [{ code: 'INVALID', field: ['input', 'name'] }],
    });
    if (color) expect(made.mailbox?.color).toMatch(/^#[\da-f]{6}$/);
    const id = made.mailbox?.id;
    const child = await run(
      'createMailbox',
      { integration: account.id, name: 'Acme', parent: id },
      'CreateMailboxInput',
      SAVED,
    );
    expect(child.mailbox).toMatchObject({ name: 'Acme', parent: { name: 'Kunden' } });
    const renamed = await run(
      'updateMailbox',
      { mailbox: child.mailbox?.id, name: 'Acme & Söhne' },
      'UpdateMailboxInput',
      SAVED,
    );
    expect(renamed).toMatchObject({
      mailbox: { id: child.mailbox?.id, name: 'Acme & Söhne', parent: { name: 'Kunden' } },
      userErrors: [],
    });
    const taken = await run('createMailbox', { integration: account.id, name: 'Kunden' }, 'CreateMailboxInput', SAVED);
    expect(taken).toMatchObject({ mailbox: null, userErrors: [{ code: 'CONFLICT', field: ['input', 'name'] }] });

    const ids = await newest(account, 3);
    const foreign = await newest(account === gmail ? outlook : gmail, 1);
    const moved = await run('moveMessages', { ids: [...ids, ...foreign], to: child.mailbox?.id }, 'MoveMessagesInput');
    expect(moved.results.slice(0, 3).every((r) => r.node?.mailboxes.some((m) => m.id === child.mailbox?.id))).toBe(
      true,
    );
    expect(moved.results[3]).toMatchObject({ node: null, problem: { code: 'INVALID' } });

    const system = await run('deleteMailbox', { mailbox: account.mailbox.id }, 'MailboxInput', SAVED);
    expect(system).toMatchObject({
      mailbox: null,
      userErrors: [{ field: ['input', 'mailbox'], message: expect.stringContaining(account.mailbox.name) }],
    });
    for (const one of [child.mailbox?.id, id]) {
      const done = await run('deleteMailbox', { mailbox: one }, 'MailboxInput', DELETED);
      expect(done).toMatchObject({ integration: { id: account.id }, userErrors: [] });
      // Exchange moves a deleted folder into the deleted items.
      const { node } = await app.data(
        graphql(`query ($id: ID!) { node(id: $id) { ... on Mailbox { id parent { role } } } }`),
        {
          id: one,
        },
      );
      expect([done.mailbox, done.deleted]).toEqual(node ? [node, null] : [null, one]);
      expect(node === null || node.parent.role === 'TRASH').toBe(true);
    }
  }
  const label = await run(
    'createMailbox',
    { integration: outlook.id, name: 'Eilig', kind: 'LABEL', color: '#ff0000' },
    'CreateMailboxInput',
    SAVED,
  );
  expect(label.mailbox).toMatchObject({ name: 'Eilig', kind: 'LABEL' });
  const renamed = await run(
    'updateMailbox',
    { mailbox: label.mailbox?.id, name: 'Dringend' },
    'UpdateMailboxInput',
    SAVED,
  );
  expect(renamed).toMatchObject({ mailbox: null, userErrors: [{ code: 'UNSUPPORTED', field: ['input', 'name'] }] });
  const [id] = await newest(outlook, 1);
  const put = await run('updateMessages', { ids: [id], addMailboxes: [label.mailbox?.id] }, 'UpdateMessagesInput');
  expect(put.results[0]?.node?.mailboxes.map((m) => m.id)).toContain(label.mailbox?.id);
  const gone = await run('deleteMailbox', { mailbox: label.mailbox?.id }, 'MailboxInput', DELETED);
  expect(gone).toMatchObject({ deleted: label.mailbox?.id, userErrors: [] });
  // Exchange keeps the name of a category on messages after it was deleted from the user's list.
  const kept = { id: label.mailbox?.id, name: 'Eilig', color: null };
  const left = await app.data(
    graphql(`query ($message: ID!, $label: ID!) {
      message: node(id: $message) { ... on Message { mailboxes { id name color } } }
      label: node(id: $label) { ... on Mailbox { id name color messages(first: 1) { edges { node { id } } } } }
    }`),
    { message: id, label: label.mailbox?.id },
  );
  expect(left.message?.mailboxes).toContainEqual(kept);
  expect(left.label).toMatchObject({ ...kept, messages: { edges: [{ node: { id } }] } });
});
