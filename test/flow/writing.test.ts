import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';

let app: TestApp;
let integrations: { id: string; address: string; provider: { id: string }; mailbox: { id: string } }[];
beforeAll(async () => {
  app = await startApp();
  integrations = (
    await app.data(graphql(`{ viewer { integrations { id address provider { id } mailbox(role: INBOX) { id } } } }`))
  ).viewer.integrations;
});
afterEach(() => app.control('/faults', undefined, 'DELETE'));
afterAll(() => app.close());

graphql(
  `fragment WrittenMessages on UpdateMessagesPayload { results { target node { __typename ... on Message { id isRead isStarred mailboxes { role } } ... on Thread { isUnread } } problem { code message } } userErrors { code message field } }`,
);
const UPDATE = graphql(
  `mutation ($input: UpdateMessagesInput!) { updateMessages(input: $input) { ...WrittenMessages } }`,
);
const SEND = graphql(
  `mutation ($input: SendInput!) { send(input: $input) { submission { id status attempts problem { code message } message { subject } integration { id } } userErrors { code message field } } }`,
);
const newest = async (first = 5) =>
  (
    await app.data(
      graphql(
        `query ($n: Int) { viewer { messages(first: $n, filter: { role: INBOX }) { nodes { id integration { id } } } } }`,
      ),
      { n: first },
    )
  ).viewer.messages.nodes;
const vendorOf = (address: string) => (address.includes('gmail') ? 'google' : 'microsoft');
const sent = (id: string) =>
  expect
    .poll(
      async () =>
        (await app.data(graphql(`query ($id: ID!) { node(id: $id) { ... on Submission { status } } }`), { id })).node,
    )
    .toEqual({ status: 'SENT' });
const sentCopies = async (subject: string, address: string) => {
  const { viewer } = await app.data(
    graphql(
      `query ($s: String) { viewer { messages(first: 10, search: $s, filter: { role: SENT }) { nodes { subject integration { address } } } } }`,
    ),
    { s: `subject:"${subject}"` },
  );
  return viewer.messages.nodes.filter((m) => m.integration.address === address).length;
};

it('marks messages of both accounts in one mutation, each with its own outcome', async () => {
  const mine = await newest(10);
  expect(new Set(mine.map((m) => m.integration.id)).size).toBe(2);
  const ids = mine.map((m) => m.id);
  const stranger = await app.user('bulk');
  const { updateMessages } = await app.data(UPDATE, {
    input: { ids: [...ids, 'rubbish'], isRead: true, isStarred: true },
  });
  expect(updateMessages.results.map((r) => r.target)).toEqual([...ids, 'rubbish']);
  expect(
    updateMessages.results.slice(0, 10).every((r) => r.node.isRead && r.node.isStarred && r.problem === null),
  ).toBe(true);
  expect(updateMessages.results[10]).toMatchObject({
    node: null,
    problem: { code: expect.stringMatching(/NOT_FOUND|BAD_USER_INPUT|INVALID/) },
  });
  const foreign = await app.data(UPDATE, { input: { ids, isRead: false } }, stranger.token);
  expect(foreign.updateMessages.results.every((r) => r.node === null && r.problem.code === 'NOT_FOUND')).toBe(true);
});

it('archives and trashes, and one failing account does not fail the other', async () => {
  const mine = await newest(8);
  const { archive } = await app.data(
    graphql(`mutation ($input: MessagesInput!) { archive(input: $input) { ...WrittenMessages } }`),
    {
      input: { ids: mine.map((m) => m.id) },
    },
  );
  expect(archive.results.every((r) => r.problem === null && !r.node.mailboxes.some((b) => b.role === 'INBOX'))).toBe(
    true,
  );
  await app.control('/faults', { vendor: 'google', status: 503 });
  const { trash } = await app.data(
    graphql(`mutation ($input: MessagesInput!) { trash(input: $input) { ...WrittenMessages } }`),
    {
      input: { ids: mine.map((m) => m.id) },
    },
  );
  const google = integrations.find((i) => vendorOf(i.address) === 'google')?.id;
  for (const [i, result] of trash.results.entries()) {
    if (mine[i]?.integration.id === google) expect(result.problem.code).toBe('PROVIDER_UNAVAILABLE');
    else expect(result.node.mailboxes.map((b) => b.role)).toContain('TRASH');
  }
});

it('accepts thread ids too', async () => {
  const { viewer } = await app.data(graphql(`{ viewer { threads(first: 3) { nodes { id } } } }`));
  const { updateMessages } = await app.data(UPDATE, {
    input: { ids: viewer.threads.nodes.map((t) => t.id), isRead: true },
  });
  expect(updateMessages.results.every((r) => r.node.__typename === 'Thread' && r.node.isUnread === false)).toBe(true);
});

it('sends a plain message once per idempotency key, from either account', async () => {
  for (const integration of integrations) {
    const subject = `Sent from ${integration.provider.id}`;
    const input = {
      idempotencyKey: `key-${integration.id}`,
      message: {
        integration: integration.id,
        to: [{ name: 'Zoë', address: 'zoe@example.org' }],
        subject,
        text: 'Hello',
      },
    };
    const both = await Promise.all([app.data(SEND, { input }), app.data(SEND, { input })]);
    const third = await app.data(SEND, { input });
    expect(third.send.userErrors).toEqual([]);
    await sent(third.send.submission.id);
    expect(new Set([...both, third].map((a) => a.send.submission.id)).size).toBe(1);
    expect(await sentCopies(subject, integration.address)).toBe(1);
  }
});

it("sends once when the provider's answer is lost", async () => {
  for (const integration of integrations) {
    const vendor = vendorOf(integration.address);
    const operation = vendor === 'google' ? 'drafts.send' : 'POST /me/messages/{id}/send';
    await app.control('/faults', { vendor, operation, loseAnswer: true, times: 1 });
    const subject = `Lost answer ${vendor}`;
    const { send } = await app.data(SEND, {
      input: {
        idempotencyKey: `lost-${vendor}`,
        message: { integration: integration.id, to: [{ address: 'zoe@example.org' }], subject, text: 'Hello' },
      },
    });
    await sent(send.submission.id);
    expect(await sentCopies(subject, integration.address)).toBe(1);
  }
});

it('refuses what cannot be sent with the path of the field', async () => {
  const [integration] = integrations;
  const send = async (message: object) => {
    const { data, errors } = await app.query(SEND, {
      input: { idempotencyKey: `bad-${Math.random()}`, message: { integration: integration?.id, ...message } },
    });
    return { code: errors?.[0]?.extensions.code, field: [], ...(errors ? {} : data.send.userErrors[0]) };
  };
  const to = [{ address: 'zoe@example.org' }];
  expect((await send({ to: [], subject: 'x', text: 'x' })).field).toEqual(expect.arrayContaining(['to']));
  expect((await send({ to, subject: 'x\r\nBcc: victim@example.org', text: 'x' })).field).toEqual(
    expect.arrayContaining(['subject']),
  );
  expect((await send({ to: [{ name: 'a\nb', address: 'zoe@example.org' }], subject: 'x', text: 'x' })).field).toEqual(
    expect.arrayContaining(['name']),
  );
  expect((await send({ to: [{ address: 'no address' }], subject: 'x', text: 'x' })).code).toMatch(
    /BAD_USER_INPUT|INVALID/,
  );
  expect((await send({ to, from: 'someone.else@example.org', subject: 'x', text: 'x' })).field).toEqual(
    expect.arrayContaining(['from']),
  );
});
