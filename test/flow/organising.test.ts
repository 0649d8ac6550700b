import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { type Data, startApp, type TestApp } from '../support/app.ts';

interface Log {
  records: { vendor: string; operation: string; path: string; batch: number | null }[];
}

let app: TestApp;
let gmail: Data;
let outlook: Data;
beforeAll(async () => {
  app = await startApp({ messages: 120 });
  const { viewer } = await app.data(
    graphql(
      `{ viewer { integrations { id address capabilities { mailboxes { create rename nest color } } mailbox(role: INBOX) { id name } } } }`,
    ),
  );
  gmail = viewer.integrations.find((i) => i.address.includes('gmail'));
  outlook = viewer.integrations.find((i) => i.address.includes('outlook'));
});
afterEach(() => app.control('/faults', undefined, 'DELETE'));
afterAll(() => app.close());

const RESULT =
  '{ results { target node { __typename ... on Message { isRead mailboxes { id role } } ... on Thread { isUnread messageCount } } problem { code message } } userErrors { code message field } }';
const DELETED = '{ mailbox { id parent { role } } deleted integration { id } userErrors { message } }';
const mutation = (name: string, input: string, result = RESULT) =>
  `mutation ($input: ${input}!) { ${name}(input: $input) ${result} }`;
const run = async (name: string, input: Data, type = 'IdsInput', result = RESULT) =>
  (await app.data(mutation(name, type, result), { input }))[name];

/** Ids of an account's messages, newest first. */
async function newest(account: Data, count: number): Promise<string[]> {
  const ids: string[] = [];
  const page = (after: string | null) =>
    app.data(
      graphql(
        `query ($id: ID!, $after: Cursor) { node(id: $id) { ... on Integration { messages(first: 100, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } } } }`,
      ),
      { id: account.id, after },
    );
  let after: string | null = null;
  while (ids.length < count) {
    const { node } = await page(after);
    ids.push(...node.messages.nodes.map((m: Data) => m.id));
    if (!node.messages.pageInfo.hasNextPage) break;
    after = node.messages.pageInfo.endCursor;
  }
  return ids.slice(0, count);
}
/** HTTP requests to each vendor for what `work` does to messages: a batch is one. */
async function counted(work: () => Promise<void>): Promise<{ google: number; microsoft: number }> {
  await app.control('/log', undefined, 'DELETE');
  await work();
  const { records } = await app.control<Log>('/log?limit=100000');
  // What the sync asks meanwhile is not counted: the deltas, and where what left a folder is now.
  const isSync = (r: Log['records'][number]) => /delta/.test(r.operation) || /=id,parentFolderId$/.test(r.path);
  const ours = records.filter((r) => /messages?[./]/.test(r.operation) && !isSync(r));
  const of = (vendor: string) => {
    const own = ours.filter((r) => r.vendor === vendor);
    return own.filter((r) => r.batch === null).length + new Set(own.flatMap((r) => r.batch ?? [])).size;
  };
  return { google: of('google'), microsoft: of('microsoft') };
}

it('takes a thousand ids, and says so of one more', async () => {
  const [id] = await newest(gmail, 1);
  const ids = Array.from({ length: 1_001 }, () => id);
  const { errors } = await app.query(mutation('archive', 'IdsInput'), { input: { ids } });
  expect(errors?.[0]).toMatchObject({
    message: expect.stringMatching(/1000.*1001/),
    extensions: { code: 'BAD_USER_INPUT' },
  });
});

it('takes out of the trash and the junk again, and moves nothing else', async () => {
  for (const account of [gmail, outlook]) {
    const { node } = await app.data(
      graphql(
        `query ($id: ID!) { node(id: $id) { ... on Integration { messages(first: 2, filter: { role: INBOX }) { nodes { id } } } } }`,
      ),
      { id: account.id },
    );
    const [one, other] = node.messages.nodes.map(({ id }) => id);
    await run('archive', { ids: [one, other] });
    const roles = (payload: Data) =>
      payload.results.map((r: Data) =>
        r.node.mailboxes.map((m: Data) => m.role).filter((role: string) => /INBOX|TRASH|JUNK/.test(role)),
      );
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
])('%s and %s: each message of a conversation is where it was', async (there, back) => {
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
    // Where a message is in one folder, what goes to oneself as well is there twice.
    const copied = { ...thread, from: account.address, to: 'ada@example.org', cc: account.address };
    if (vendor === 'microsoft')
      for (const mailbox of ['sent', 'inbox']) await app.control('/deliver', { ...copied, mailbox });
    const { node } = await app.data(
      graphql(
        `query ($id: ID!) { node(id: $id) { ... on Integration { threads(first: 10, filter: { role: INBOX }) { nodes { id subject } } } } }`,
      ),
      { id: account.id },
    );
    // What the case before delivered may be of the same second.
    const id = node.threads.nodes.find((thread) => thread.subject === subject)?.id;
    const places = async () => {
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
    const before = await places();
    const roles = ['DRAFTS', 'INBOX', 'INBOX', 'SENT', 'SENT', ...(vendor === 'microsoft' ? ['INBOX', 'SENT'] : [])];
    expect(before.flatMap(([, lying]: Data) => lying).sort()).toEqual(roles.sort());
    await run(there, { ids: [id] });
    expect(await places()).not.toEqual(before);
    await run(back, { ids: [id] });
    expect(await places()).toEqual(before);
    await run(there, { ids: before.map(([message]: Data) => message) });
    await run(back, { ids: before.map(([message]: Data) => message) });
    expect(await places()).toEqual(before);
    await run('archive', { ids: [id] });
    await run('moveMessages', { ids: [id], to: account.mailbox.id }, 'MoveMessagesInput');
    expect(await places()).toEqual(before);
  }
});

it('leaves alone what is archived by its id and is not in the inbox', async () => {
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
      // What an earlier test delivered may be of the same second.
      const id = node.messages.nodes.find((message) => message.subject === `stay in ${role}`)?.id;
      const { results } = await run('archive', { ids: [id] });
      expect(results[0].problem).toBeNull();
      expect(results[0].node.mailboxes.map((m: Data) => m.role)).toContain(role);
    }
  }
});

it('archives of a conversation what is in the inbox', async () => {
  for (const account of [gmail, outlook]) {
    const { node } = await app.data(
      graphql(
        `query ($id: ID!) { node(id: $id) { ... on Integration { threads(first: 5, filter: { role: INBOX }) { nodes { id messageCount messages { nodes { id mailboxes { role } } } } } } } }`,
      ),
      { id: account.id },
    );
    const threads = node.threads.nodes;
    const { results } = await run('archive', { ids: threads.map((t) => t.id) });
    expect(results.map((r: Data) => [r.target, r.node.messageCount, r.problem])).toEqual(
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

it('makes mailboxes, files under them, and refuses what an account cannot do', async () => {
  const SAVED = '{ mailbox { id name kind color parent { name } } userErrors { code message field } }';
  for (const account of [gmail, outlook]) {
    const { mailboxes } = account.capabilities;
    const [kind] = mailboxes.create;
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
    if (color) expect(made.mailbox.color).toMatch(/^#[\da-f]{6}$/);
    const { id } = made.mailbox;
    const child = await run(
      'createMailbox',
      { integration: account.id, name: 'Acme', parent: id },
      'CreateMailboxInput',
      SAVED,
    );
    expect(child.mailbox).toMatchObject({ name: 'Acme', parent: { name: 'Kunden' } });
    const renamed = await run(
      'updateMailbox',
      { mailbox: child.mailbox.id, name: 'Acme & Söhne' },
      'UpdateMailboxInput',
      SAVED,
    );
    expect(renamed).toMatchObject({
      mailbox: { id: child.mailbox.id, name: 'Acme & Söhne', parent: { name: 'Kunden' } },
      userErrors: [],
    });
    const taken = await run('createMailbox', { integration: account.id, name: 'Kunden' }, 'CreateMailboxInput', SAVED);
    expect(taken).toMatchObject({ mailbox: null, userErrors: [{ code: 'CONFLICT', field: ['input', 'name'] }] });

    const ids = await newest(account, 3);
    const foreign = await newest(account === gmail ? outlook : gmail, 1);
    const moved = await run('moveMessages', { ids: [...ids, ...foreign], to: child.mailbox.id }, 'MoveMessagesInput');
    expect(
      moved.results.slice(0, 3).every((r: Data) => r.node.mailboxes.some((m: Data) => m.id === child.mailbox.id)),
    ).toBe(true);
    expect(moved.results[3]).toMatchObject({ node: null, problem: { code: 'INVALID' } });

    const system = await run('deleteMailbox', { mailbox: account.mailbox.id }, 'MailboxInput', SAVED);
    expect(system).toMatchObject({
      mailbox: null,
      userErrors: [{ field: ['input', 'mailbox'], message: expect.stringContaining(account.mailbox.name) }],
    });
    for (const one of [child.mailbox.id, id]) {
      const done = await run('deleteMailbox', { mailbox: one }, 'MailboxInput', DELETED);
      expect(done).toMatchObject({ integration: { id: account.id }, userErrors: [] });
      // Exchange keeps a deleted folder among the deleted items.
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
    { mailbox: label.mailbox.id, name: 'Dringend' },
    'UpdateMailboxInput',
    SAVED,
  );
  expect(renamed).toMatchObject({ mailbox: null, userErrors: [{ code: 'UNSUPPORTED', field: ['input', 'name'] }] });
  const [id] = await newest(outlook, 1);
  const put = await run('updateMessages', { ids: [id], addMailboxes: [label.mailbox.id] }, 'UpdateMessagesInput');
  expect(put.results[0].node.mailboxes.map((m: Data) => m.id)).toContain(label.mailbox.id);
  expect((await run('deleteMailbox', { mailbox: label.mailbox.id }, 'MailboxInput', SAVED)).userErrors).toEqual([]);
});

it('leaves a list by the mail that it asks for, and follows no link inwards', async () => {
  const UNSUBSCRIBE = '{ done method url userErrors { code message field } }';
  const deliver = async (subject: string, headers: Record<string, string>) => {
    await app.control('/deliver', {
      vendor: 'google',
      account: gmail.address,
      subject,
      from: { name: 'List', address: 'list@news.example' },
      text: 'News',
      headers,
    });
    const { viewer } = await app.data(
      graphql(
        `query ($s: String) { viewer { messages(first: 1, search: $s) { nodes { id unsubscribe { oneClick } } } } }`,
      ),
      { s: `subject:"${subject}"` },
    );
    return viewer.messages.nodes[0]?.id;
  };
  const inwards = await deliver('Inwards', {
    'List-Unsubscribe': `<${app.url.replace('http:', 'https:')}/u>`,
    'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
  });
  expect(await run('unsubscribe', { message: inwards }, 'UnsubscribeInput', UNSUBSCRIBE)).toMatchObject({
    done: false,
    url: null,
    userErrors: [{ code: 'UNSUPPORTED' }],
  });
  const page = await deliver('Pages', { 'List-Unsubscribe': '<https://news.example/u>' });
  expect(await run('unsubscribe', { message: page }, 'UnsubscribeInput', UNSUBSCRIBE)).toMatchObject({
    done: false,
    url: 'https://news.example/u',
    userErrors: [{ code: 'UNSUPPORTED' }],
  });
  const mail = await deliver('Mails', { 'List-Unsubscribe': `<mailto:${outlook.address}?subject=leave>` });
  expect(await run('unsubscribe', { message: mail }, 'UnsubscribeInput', UNSUBSCRIBE)).toEqual({
    done: true,
    method: 'MAIL',
    url: null,
    userErrors: [],
  });
});

it('changes a thousand messages of two accounts, a tenth of them gone, and answers for each', async () => {
  // Accounts of their own: this alone spends most of what Gmail lets an account have in a minute.
  const full = async (provider: string, vendor: string, address: string) => {
    await app.control('/accounts', { vendor, address, messages: 550 });
    return { id: await app.connect(app.token, provider, address) };
  };
  const own = [
    await full('GMAIL', 'google', 'thousand@gmail.example'),
    await full('OUTLOOK', 'microsoft', 'thousand@outlook.example'),
  ];
  const [a, b] = (await Promise.all(own.map((account) => newest(account, 500)))) as [string[], string[]];
  expect([a.length, b.length]).toEqual([500, 500]);
  const ids = a.flatMap((id, i) => [id, b[i] as string]);
  const gone = ids.filter((_, i) => i % 10 < 2 && i % 20 < 10);
  expect(gone).toHaveLength(100);
  const where = '{ results { integration { id } problem { code } } userErrors { message } }';
  const deleted = await run('deleteForever', { ids: [...gone, 'TWVzc2FnZTpub25l'] }, 'IdsInput', where);
  expect(deleted.results.pop()).toEqual({ integration: null, problem: { code: 'BAD_USER_INPUT' } });
  expect(deleted.results).toEqual(gone.map((_, i) => ({ integration: { id: own[i % 2]?.id }, problem: null })));

  const asExpected = (results: Data[]) => {
    const failed = results.filter((r) => r.problem !== null);
    expect(failed.map((r) => r.problem.code)).toEqual(gone.map(() => 'NOT_FOUND'));
    expect(failed.map((r) => r.target)).toEqual(gone);
    return results.filter((r) => r.problem === null).map((r) => r.node);
  };
  const requests = await counted(async () => {
    const { results } = await run(
      'updateMessages',
      { ids, isRead: true },
      'UpdateMessagesInput',
      '{ results { target node { ... on Message { isRead } } problem { code } } }',
    );
    expect(asExpected(results).every((node) => node.isRead)).toBe(true);
  });
  // One batchModify, and the reading back by twenty-fives, a few of which are asked for again on a busy machine; two $batches
  // for 20 messages.
  expect(requests.google).toBeLessThanOrEqual(32);
  expect(requests.microsoft).toBeLessThanOrEqual(55);

  const thrown = await run('trash', { ids });
  expect(asExpected(thrown.results).every((node) => node.mailboxes.some((m: Data) => m.role === 'TRASH'))).toBe(true);
  const ended = await run(
    'deleteForever',
    { ids },
    'IdsInput',
    '{ results { target node { id } deleted problem { code } } }',
  );
  expect(asExpected(ended.results).every((node) => node === null)).toBe(true);
  expect(ended.results.map((r: Data) => r.deleted)).toEqual(ids.map((id) => (gone.includes(id) ? null : id)));
}, 400_000);
