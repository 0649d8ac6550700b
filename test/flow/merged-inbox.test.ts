import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEMO_ACCOUNTS } from '../../sandbox/twins.ts';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

const INBOX =
  graphql(`query ($first: Int, $after: Cursor, $filter: MessageFilter, $search: String, $integrations: [ID!]) {
  viewer { messages(first: $first, after: $after, filter: $filter, search: $search, integrations: $integrations) {
    nodes { id subject snippet receivedAt isRead from { name address } mailboxes { name role } integration { id provider { id } } }
    edges { cursor }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    sources { state evaluation integration { provider { id } } problem { code message } }
  } }
}`);

it('merges all accounts newest first and says what each contributed', async () => {
  const { viewer } = await app.data(INBOX, { first: 50, filter: { role: 'INBOX' } });
  const { nodes, sources, pageInfo } = viewer.messages;
  expect(nodes).toHaveLength(50);
  expect(new Set(nodes.map((n) => n.integration.provider.id))).toEqual(
    new Set(DEMO_ACCOUNTS.map(({ provider }) => provider)),
  );
  const times = nodes.map((n) => n.receivedAt);
  expect(times).toEqual([...times].sort().reverse());
  expect(nodes.every((n) => n.mailboxes.some((m) => m.role === 'INBOX'))).toBe(true);
  expect(sources).toMatchObject(DEMO_ACCOUNTS.map(() => ({ state: 'COMPLETE', problem: null })));
  expect(pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
});

it('pages to the end without repeating or skipping a message, from any edge', async () => {
  const pageAfter = async (first: number, after: string | null) =>
    (await app.data(INBOX, { first, after })).viewer.messages;
  type Edge = Awaited<ReturnType<typeof pageAfter>>['edges'][number];
  const read = async (first: number, edge: (edges: Edge[]) => string | undefined) => {
    const ids: string[] = [];
    let after: string | null = null;
    for (;;) {
      const page = await pageAfter(first, after);
      if (page.edges.length === 0 && !page.pageInfo.hasNextPage) return ids;
      const cursor = edge(page.edges) ?? '';
      ids.push(...page.nodes.map((n) => n.id).slice(0, page.edges.findIndex((e) => e.cursor === cursor) + 1));
      if (!page.pageInfo.hasNextPage && cursor === page.pageInfo.endCursor) return ids;
      after = cursor;
    }
  };
  const all = await read(37, (edges) => edges.at(-1)?.cursor);
  expect(new Set(all).size).toBe(all.length);
  expect(all.length).toBeGreaterThan(150);
  const halves = await read(40, (edges) => edges[Math.floor(edges.length / 2)]?.cursor);
  // Mail of one second may come in another order: the provider decides it, and documents none.
  expect([...halves].sort()).toEqual([...all].sort());
});

it('refuses a cursor of another list, another user, or none at all, and a page that is too long', async () => {
  const page = (await app.data(INBOX, { first: 5 })).viewer.messages;
  const { token } = await app.user('stranger');
  const cases: [Record<string, unknown>, string?][] = [
    [{ first: 5, after: page.pageInfo.endCursor, search: 'from:someone' }],
    [{ first: 5, after: page.pageInfo.endCursor }, token],
    [{ first: 5, after: 'garbage' }],
    [{ first: 5, after: `${page.pageInfo.endCursor.slice(0, -4)}AAAA` }],
    [{ first: 0 }],
    [{ first: -1 }],
  ];
  for (const [variables, as] of cases) {
    const { errors } = await app.query(INBOX, variables, as);
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  }
  const { errors } = await app.query(INBOX, { first: 101 });
  expect(errors?.[0]?.message).toContain('100');
});

it("gives the same message by node(id), and null for ids that are none of the viewer's", async () => {
  const { viewer } = await app.data(INBOX, { first: 1 });
  const [message] = viewer.messages.nodes;
  const NODE = graphql(`query ($id: ID!) { node(id: $id) { id __typename ... on Message { subject } } }`);
  expect((await app.data(NODE, { id: message?.id })).node).toEqual({
    id: message?.id,
    __typename: 'Message',
    subject: message?.subject,
  });
  const stranger = await app.user('nosy');
  expect((await app.data(NODE, { id: message?.id }, stranger.token)).node).toBeNull();
  expect((await app.data(NODE, { id: message?.integration.id }, stranger.token)).node).toBeNull();
  expect((await app.query(NODE, { id: 'rubbish' })).errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
});

it('reads a thread, its messages and their bodies', async () => {
  const { viewer } = await app.data(
    graphql(`{ viewer { threads(first: 25) {
    nodes { id subject messageCount lastMessageAt isUnread participants { address } mailboxes { name } integration { address }
      messages(first: 50) { nodes { id subject body { text html } attachments { id filename mimeType sizeBytes isInline download { url expiresAt } } } pageInfo { hasNextPage } } }
    sources { state } pageInfo { endCursor hasNextPage } } } }`),
  );
  const { nodes } = viewer.threads;
  expect(nodes).toHaveLength(25);
  const times = nodes.map((n) => n.lastMessageAt);
  expect(times).toEqual([...times].sort().reverse());
  const long = nodes.find((n) => n.messageCount > 2);
  expect(long?.messages.nodes).toHaveLength(long?.messageCount ?? 0);
  expect(long?.messages.nodes.every((m) => m.body.text.length > 0)).toBe(true);
});

it('lists mailboxes with roles, counts, parents and children, and reads inside one', async () => {
  const { viewer } = await app.data(
    graphql(`{ viewer { integrations { provider { id } mailboxes { nodes {
    id name kind role totalMessages unreadMessages parent { name } children { name } } } mailbox(role: INBOX) { id messages(first: 3) { nodes { id } sources { state } } } } } }`),
  );
  for (const integration of viewer.integrations) {
    const inbox = integration.mailboxes.nodes.find((m) => m.role === 'INBOX');
    expect(inbox?.totalMessages).toBeGreaterThan(0);
    expect(integration.mailbox.id).toBe(inbox?.id);
    expect(integration.mailbox.messages.nodes).toHaveLength(3);
  }
  const all = viewer.integrations.flatMap((i) => i.mailboxes.nodes);
  expect(all.find((m) => m.name === 'Atlas')?.parent).toEqual({ name: 'Projects' });
  expect(all.find((m) => m.name === 'Projects')?.children).toEqual([{ name: 'Atlas' }]);
});

it('searches two accounts with one syntax and names the part that it refuses', async () => {
  await app.control('/deliver', {
    vendor: 'google',
    account: 'demo@gmail.example',
    from: 'Quo <quo@vadis.example>',
    subject: 'The zebra report',
    text: 'stripes',
  });
  await app.control('/deliver', {
    vendor: 'microsoft',
    account: 'demo@outlook.example',
    from: 'Quo <quo@vadis.example>',
    subject: 'A second zebra',
    text: 'more stripes',
  });
  const { viewer: mine } = await app.data(graphql(`{ viewer { integrations { id provider { id } } } }`));
  const searched = ['GMAIL', 'OUTLOOK'];
  const integrations = mine.integrations.filter(({ provider }) => searched.includes(provider.id)).map(({ id }) => id);
  for (const [search, evaluation] of [
    ['zebra', 'INDEXED'],
    ['from:quo@vadis.example', 'FILTERED'],
    ['subject:zebra is:unread', 'FILTERED'],
    ['from:quo -subject:nothing in:inbox', 'FILTERED'],
    ['"stripes" from:quo', 'INDEXED'],
    ['from:quo after:2020-01-01', 'FILTERED'],
    ['stripes OR from:quo', 'INDEXED'],
    ['from:nobody OR (zebra from:quo) OR (stripes subject:zebra)', 'INDEXED'],
  ] as const) {
    const { viewer } = await app.data(INBOX, { first: 10, search, integrations });
    expect([search, viewer.messages.nodes.map((n) => n.subject).sort()]).toEqual([
      search,
      ['A second zebra', 'The zebra report'],
    ]);
    expect([search, viewer.messages.sources.map((s) => s.evaluation)]).toEqual([search, [evaluation, evaluation]]);
  }
  const filtered = await app.data(INBOX, {
    first: 10,
    filter: { or: [{ from: 'quo' }, { subject: 'no such subject' }], not: { subject: 'second' } },
  });
  expect(filtered.viewer.messages.nodes.map((n) => n.subject)).toEqual(['The zebra report']);
  for (const [search, named] of [
    ['cc:bob', 'cc'],
    ['after:yesterdayish', 'yesterdayish'],
    ['is:purple', 'purple'],
  ] as const) {
    const { errors } = await app.query(INBOX, { search });
    expect(errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
    expect(errors?.[0]?.message).toContain(named);
  }
});
