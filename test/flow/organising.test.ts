import { afterAll, beforeAll, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import type { TestApp } from '../support/app/app.ts';
import { type Organised, type Outcome, openOrganised } from '../support/mail/organised.ts';

let app: TestApp;
let gmail: Organised;
let outlook: Organised;
let run: Awaited<ReturnType<typeof openOrganised>>['run'];
beforeAll(async () => {
  ({ app, gmail, outlook, run } = await openOrganised());
});
afterAll(() => app.close());

it('moves messages back from the trash and the junk, and moves nothing else', async () => {
  for (const account of [gmail, outlook]) {
    const { node } = await app.data(
      graphql(
        `query ($id: ID!) { node(id: $id) { ... on Integration { messages(first: 2, filter: { role: INBOX }) { nodes { id } } } } }`,
      ),
      { id: account.id },
    );
    const [one, other] = node.messages.nodes.map(({ id }) => id);
    await run('archive', { ids: [one, other] });
    const roles = (payload: Outcome) =>
      payload.results.map((r) => r.node?.mailboxes.map((m) => m.role).filter((role) => /INBOX|TRASH|JUNK/.test(role)));
    expect(roles(await run('trash', { ids: [one] }))).toEqual([['TRASH']]);
    expect(roles(await run('untrash', { ids: [one, other] }))).toEqual([['INBOX'], []]);
    expect(roles(await run('markJunk', { ids: [one] }))).toEqual([['JUNK']]);
    expect(roles(await run('notJunk', { ids: [one, other] }))).toEqual([['INBOX'], []]);
    expect(roles(await run('notJunk', { ids: [one, other] }))).toEqual([['INBOX'], []]);
  }
});

it.each([
  ['trash', 'untrash'],
  ['markJunk', 'notJunk'],
])('%s and %s: each message of a conversation returns to its mailbox', async (there, back) => {
  for (const [vendor, account] of [
    ['google', gmail],
    ['microsoft', outlook],
  ] as const) {
    const subject = `There and back by ${there}`;
    const root = `<${there}-${vendor}@example.org>`;
    const thread = { vendor, subject, text: 'x', inReplyTo: [root], references: [root] };
    await app.control('/deliver', {
      ...thread,
      from: 'ada@example.org',
      messageId: root,
      inReplyTo: [],
      references: [],
    });
    await app.control('/deliver', { ...thread, from: account.address, to: 'ada@example.org', mailbox: 'sent' });
    await app.control('/deliver', { ...thread, from: account.address, to: account.address });
    await app.control('/deliver', { ...thread, from: account.address, to: 'ada@example.org', mailbox: 'drafts' });
    const alias = account.address.replace('@', '.alias@');
    await app.control('/deliver', { ...thread, from: alias, to: 'ada@example.org', mailbox: 'sent' });
    // Where a message is in one folder only, a mail that is also addressed to its sender exists twice.
    const copied = { ...thread, from: account.address, to: 'ada@example.org', cc: account.address };
    if (vendor === 'microsoft')
      for (const mailbox of ['sent', 'inbox']) await app.control('/deliver', { ...copied, mailbox });
    const { node } = await app.data(
      graphql(
        `query ($id: ID!) { node(id: $id) { ... on Integration { threads(first: 10, filter: { role: INBOX }) { nodes { id subject } } } } }`,
      ),
      { id: account.id },
    );
    // Mail that the other case delivered may be of the same second.
    const id = node.threads.nodes.find((thread) => thread.subject === subject)?.id;
    const mailboxes = async () => {
      const answer = await app.data(
        graphql(
          `query ($id: ID!) { node(id: $id) { ... on Thread { messages { nodes { id mailboxes { role } } } } } }`,
        ),
        { id },
      );
      return answer.node.messages.nodes.map((message) => [
        message.id,
        message.mailboxes.flatMap(({ role }) => (/INBOX|SENT|DRAFTS|TRASH|JUNK/.test(role) ? [role] : [])).sort(),
      ]);
    };
    const before = await mailboxes();
    const roles = ['DRAFTS', 'INBOX', 'INBOX', 'SENT', 'SENT', ...(vendor === 'microsoft' ? ['INBOX', 'SENT'] : [])];
    expect(before.flatMap(([, lying = []]) => lying).sort()).toEqual(roles.sort());
    await run(there, { ids: [id] });
    expect(await mailboxes()).not.toEqual(before);
    await run(back, { ids: [id] });
    expect(await mailboxes()).toEqual(before);
    await run(there, { ids: before.map(([message]) => message) });
    await run(back, { ids: before.map(([message]) => message) });
    expect(await mailboxes()).toEqual(before);
    await run('archive', { ids: [id] });
    await run('moveMessages', { ids: [id], to: account.mailbox.id }, 'MoveMessagesInput');
    expect(await mailboxes()).toEqual(before);
  }
});

it('does not move a message that is archived by its id and is not in the inbox', async () => {
  for (const [vendor, account] of [
    ['google', gmail],
    ['microsoft', outlook],
  ] as const) {
    for (const role of ['SENT', 'DRAFTS', 'TRASH', 'JUNK']) {
      const mailbox = role.toLowerCase();
      await app.control('/deliver', { vendor, from: 'a@example.org', subject: `stay in ${role}`, text: 'x', mailbox });
      const { node } = await app.data(
        graphql(
          `query ($id: ID!, $role: MailboxRole) { node(id: $id) { ... on Integration { messages(first: 10, filter: { role: $role }) { nodes { id subject } } } } }`,
        ),
        { id: account.id, role },
      );
      // Mail that an earlier test delivered may be of the same second.
      const id = node.messages.nodes.find((message) => message.subject === `stay in ${role}`)?.id;
      const { results } = await run('archive', { ids: [id] });
      expect(results[0]?.problem).toBeNull();
      expect(results[0]?.node?.mailboxes.map((m) => m.role)).toContain(role);
    }
  }
});

it('archives only those messages of a conversation that are in the inbox', async () => {
  for (const account of [gmail, outlook]) {
    const { node } = await app.data(
      graphql(
        `query ($id: ID!) { node(id: $id) { ... on Integration { threads(first: 5, filter: { role: INBOX }) { nodes { id messageCount messages { nodes { id mailboxes { role } } } } } } } }`,
      ),
      { id: account.id },
    );
    const threads = node.threads.nodes;
    const { results } = await run('archive', { ids: threads.map((t) => t.id) });
    expect(results.map((r) => [r.target, r.node?.messageCount, r.problem])).toEqual(
      threads.map((t) => [t.id, t.messageCount, null]),
    );
    for (const message of threads.flatMap((t) => t.messages.nodes)) {
      const now = (
        await app.data(graphql(`query ($id: ID!) { node(id: $id) { ... on Message { mailboxes { role } } } }`), {
          id: message.id,
        })
      ).node;
      const before = message.mailboxes.map((m) => m.role);
      if (before.includes('SENT')) expect(now.mailboxes.map((m) => m.role)).toContain('SENT');
      expect(now.mailboxes.map((m) => m.role)).not.toContain('INBOX');
    }
  }
});
