import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeId, singleId } from '../../src/domain/global-id.ts';
import { graphql } from '../generated/gql.ts';
import { type Dumped, startApp, type TestApp } from '../support/app/app.ts';
import { outer, upstream } from '../support/clients/upstream.ts';
import { Chance, seedOf } from '../support/search-oracle/random.ts';

/** The cache: while an account is live, what was read before is answered without a request, and no change is missed. */
let app: TestApp;
/** The same mailboxes, connected by another user, who is another client of them. */
let other: { readonly token: string; readonly integrations: ReadonlyMap<string, string> };
/** The integrations of the demo user, by vendor. */
let own: ReadonlyMap<string, string>;
const VENDORS = ['google', 'microsoft'] as const;
type Vendor = (typeof VENDORS)[number];
const ACCOUNTS = { google: ['GMAIL', 'demo@gmail.example'], microsoft: ['OUTLOOK', 'demo@outlook.example'] } as const;
beforeAll(async () => {
  app = await startApp({
    messages: 60,
    env: { CACHE_BYTES: '67108864' },
    providerTimes: { lagWaitsMs: [], indexSettleMs: 0 },
  });
  const { token } = await app.user('other');
  for (const vendor of VENDORS) await app.connect(token, ACCOUNTS[vendor][0], ACCOUNTS[vendor][1]);
  other = { token, integrations: await integrationsOf(token) };
  own = await integrationsOf(app.token);
});
afterAll(() => app.close());

async function integrationsOf(token: string): Promise<ReadonlyMap<string, string>> {
  const { viewer } = await app.data(graphql('{ viewer { integrations { id address } } }'), {}, token);
  const idOf = (address: string) => viewer.integrations.find((one) => one.address === address)?.id ?? '';
  return new Map(VENDORS.map((vendor) => [vendor, singleId(idOf(ACCOUNTS[vendor][1]), 'Integration')]));
}

const FIELDS = 'id subject snippet isRead isStarred isImportant from { address } to { address } mailboxes { name }';
const PAGES: Readonly<Record<string, string>> = {
  inbox: `messages(first: 12, filter: { role: INBOX }) { nodes { ${FIELDS} } pageInfo { hasNextPage } sources { state } }`,
  all: `messages(first: 10) { nodes { ${FIELDS} } }`,
  unread: `messages(first: 6, filter: { isRead: false }) { nodes { ${FIELDS} } }`,
  starred: 'messages(first: 5, filter: { isStarred: true }) { nodes { id isStarred } }',
  search: 'messages(first: 5, search: "in:inbox lunch") { nodes { id subject isRead } }',
  trash: 'messages(first: 5, filter: { role: TRASH }) { nodes { id } }',
  threads:
    'threads(first: 6) { nodes { id subject messageCount lastMessageAt isUnread participants { address } mailboxes { name } } }',
  unreadThreads: 'threads(first: 4, filter: { isRead: false }) { nodes { id isUnread } }',
  mailboxes: 'integrations { mailboxes { nodes { name role totalMessages unreadMessages color } } }',
  identities: 'integrations { identities { address name } }',
  bodies: 'messages(first: 3) { nodes { id body { text html } attachments { filename } } }',
};
const EVERYTHING = `{ viewer { ${Object.entries(PAGES)
  .map(([name, field]) =>
    field.startsWith('integrations') ? field.replace('integrations', `${name}: integrations`) : `${name}: ${field}`,
  )
  .join(' ')} } }`;
const CURSOR = '{ viewer { sync { cursor } } }';
const FLAGS = '{ viewer { messages(first: 100) { nodes { id isRead } } } }';
const UPDATED = `query ($after: Cursor) { viewer {
  changes(after: $after, first: 100) { edges { node { __typename ... on MessageUpdated { messageId } } } } } }`;
type Cursor = { viewer: { sync: { cursor: string } } };
type Updated = { viewer: { changes: { edges: { node: { messageId?: string } }[] } } };
const INBOX = `{ viewer { ${PAGES.inbox} } }`;

/** The answer to a query, and the requests that it cost. */
async function cost<T = { viewer: object }>(document: string, variables = {}) {
  await app.control('/log', undefined, 'DELETE');
  const data = await app.data<T>(document, variables);
  return { data, requests: outer(await upstream(app)) };
}

/** The answer to a query that the cache takes no part in. */
async function fresh(document: string, token = app.token): Promise<unknown> {
  const response = await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'cache-control': 'no-cache', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: document }),
  });
  return ((await response.json()) as { data: unknown }).data;
}

const dump = (vendor: Vendor) => app.control<Dumped[]>(`/dump?vendor=${vendor}`);
const touch = (vendor: Vendor, id: string, change: string) => app.control('/touch', { vendor, id, change });
interface Row {
  id: string;
  isRead: boolean;
  isStarred: boolean;
}
type Inbox = { viewer: { messages: { nodes: Row[] } } };
const inboxOf = async (vendor: Vendor) => {
  const { viewer } = await app.data<Inbox>(INBOX);
  const prefix = own.get(vendor) ?? '';
  const ofVendor = (await dump(vendor)).map(({ id }) => [encodeId('Message', prefix, id), id] as const);
  const ids = new Map(ofVendor);
  return viewer.messages.nodes.flatMap(({ id, isRead }) =>
    ids.has(id) ? [{ id, isRead, providerId: ids.get(id) as string }] : [],
  );
};
/**
 * Waits until what is logged is shown, too. The message on the bus that announces it may come after the sync has ended, and what
 * is known is believed for a second. The cursor is not beyond what the lists of this instance show.
 */
const synced = async () => {
  for (const token of [app.token, other.token]) {
    await app.synced(token);
    const notShown = async () => {
      const { cursor } = (await app.data<Cursor>(CURSOR, {}, token)).viewer.sync;
      return (await app.data<Updated>(UPDATED, { after: cursor }, token)).viewer.changes.edges;
    };
    await expect.poll(notShown).toEqual([]);
  }
};

it.each(Object.entries(PAGES))('answers again without a request: %s', async (_, field) => {
  await synced();
  const document = `{ viewer { ${field} } }`;
  // A notification of the mail that was delivered at the start may still be under way, and until then nothing is trusted.
  await expect
    .poll(async () => {
      await fresh(document);
      const first = await app.data<object>(document);
      const again = await cost(document);
      expect(again.data).toEqual(first);
      return again.requests;
    })
    .toEqual([]);
});

it.each(VENDORS)('shows a flag that was changed elsewhere without another request: %s', async (vendor) => {
  // While the database or a sync takes seconds, the account is not live, and the provider is asked.
  await expect
    .poll(
      async () => {
        await synced();
        const [message] = await inboxOf(vendor);
        if (!message) throw new Error('the inbox is empty');
        await app.data(INBOX);
        await touch(vendor, message.providerId, message.isRead ? 'unread' : 'read');
        await synced();
        const { data, requests } = await cost<Inbox>(INBOX);
        const { isRead } = data.viewer.messages.nodes.find(({ id }) => id === message.id) ?? {};
        return { isChanged: isRead === !message.isRead, requests };
      },
      { timeout: 60_000 },
    )
    .toEqual({ isChanged: true, requests: [] });
});

it.each(VENDORS)('shows at once what the user has changed here: %s', async (vendor) => {
  await synced();
  const [message] = await inboxOf(vendor);
  if (!message) throw new Error('the inbox is empty');
  const read = `{ viewer { messages(first: 12, filter: { role: INBOX, isRead: ${!message.isRead} }) { nodes { id isRead } } } }`;
  await app.data(read);
  await mutate(app.token, 'updateMessages', { ids: [message.id], isRead: !message.isRead });
  const { viewer } = await app.data<Inbox>(read);
  expect(viewer.messages.nodes.map(({ id }) => id)).toContain(message.id);
});

it('never shares with another user who has the same mailbox', async () => {
  await synced();
  await app.data(INBOX);
  await app.control('/log', undefined, 'DELETE');
  await app.data(INBOX, {}, other.token);
  expect(outer(await upstream(app)).length).toBeGreaterThan(0);
});

it.each(Object.entries(PAGES))('reads through it for Cache-Control: no-cache: %s', async (_, field) => {
  await synced();
  const document = `{ viewer { ${field} } }`;
  await app.data(document);
  await app.control('/log', undefined, 'DELETE');
  await fresh(document);
  expect(new Set((await upstream(app)).map(({ vendor }) => vendor))).toEqual(new Set(VENDORS));
});

/** The changes of another client, by name. `pick` chooses among the ids of the vendor's messages. */
type Elsewhere = (vendor: Vendor, chance: Chance, step: number) => Promise<unknown>;
const anyOf = async (vendor: Vendor, chance: Chance) => chance.one((await dump(vendor)).slice(-40)).id;
const touching =
  (change: string): Elsewhere =>
  async (vendor, chance) =>
    touch(vendor, await anyOf(vendor, chance), change);
const mutate = (token: string, text: string, input: object) =>
  app.query<object>(
    `mutation ($input: ${text[0]?.toUpperCase()}${text.slice(1)}Input!) { ${text}(input: $input) { __typename } }`,
    { input },
    token,
  );
const labelled =
  (token: () => string, integrations: () => ReadonlyMap<string, string>): Elsewhere =>
  async (vendor, chance, step) => {
    const integration = integrations().get(vendor) ?? '';
    const ids = [encodeId('Message', integration, await anyOf(vendor, chance))];
    const { viewer } = await app.data<{
      viewer: {
        integrations: { id: string; mailboxes: { nodes: { id: string; role: string | null; kind: string }[] } }[];
      };
    }>('{ viewer { integrations { id mailboxes { nodes { id role kind } } } } }', {}, token());
    const all =
      viewer.integrations.find(({ id }) => id === encodeId('Integration', integration))?.mailboxes.nodes ?? [];
    const labels = all.filter(({ role, kind }) => role === null && kind === 'LABEL');
    if (labels.length === 0)
      return mutate(token(), 'createMailbox', {
        integration: encodeId('Integration', integration),
        name: `Label ${step}`,
        kind: 'LABEL',
      });
    const label = chance.one(labels).id;
    return mutate(token(), 'updateMessages', {
      ids,
      ...(chance.is(0.5) ? { addMailboxes: [label] } : { removeMailboxes: [label] }),
    });
  };
const writing =
  (input: object): Elsewhere =>
  async (vendor, chance) =>
    mutate(app.token, 'updateMessages', {
      ids: [encodeId('Message', own.get(vendor) ?? '', await anyOf(vendor, chance))],
      ...input,
    });
const CHANGES: Readonly<Record<string, Elsewhere>> = {
  read: touching('read'),
  unread: touching('unread'),
  star: touching('star'),
  unstar: touching('unstar'),
  archive: touching('archive'),
  trash: touching('trash'),
  inbox: touching('inbox'),
  delete: touching('delete'),
  deliver: (vendor, _chance, step) =>
    app.control('/deliver', { vendor, from: 'ada@people.example', subject: `Lunch ${step}`, text: 'At noon.' }),
  label: labelled(
    () => other.token,
    () => other.integrations,
  ),
  ownRead: writing({ isRead: true }),
  ownUnread: writing({ isRead: false }),
  ownStar: writing({ isStarred: true }),
  ownLabel: labelled(
    () => app.token,
    () => own,
  ),
};
const STEPS = Number(process.env.CACHE_STEPS ?? 12);

it(
  `equals a fresh answer after each of ${STEPS} random changes`,
  async () => {
    const chance = new Chance(seedOf());
    const done: string[] = [];
    await app.data(EVERYTHING);
    for (let step = 0; step < STEPS; step++) {
      const [vendor, name] = [chance.one(VENDORS), chance.one(Object.keys(CHANGES))];
      done.push(`${vendor} ${name}`);
      await CHANGES[name]?.(vendor, chance, step);
      await synced();
      const cached = await app.data<object>(EVERYTHING);
      expect(cached, `SEED=${chance.seed}, after ${done.join(', ')}`).toEqual(await fresh(EVERYTHING));
    }
    // Each step reads everything of both vendors, which takes seconds on a busy machine.
  },
  60_000 + STEPS * 30_000,
);

it('what changes while the cursor and the lists are read is in the lists or behind the cursor', async () => {
  const random = new Chance(seedOf());
  console.info(`the changes are picked by seed ${random.seed}`);
  type Flags = { viewer: { messages: { nodes: { id: string; isRead: boolean }[] } } };
  const list = async () => (await app.data<Flags>(FLAGS)).viewer.messages.nodes;
  const readings: { cursor: string; nodes: Awaited<ReturnType<typeof list>> }[] = [];
  for (let n = 0; n < 15; n++) {
    const vendor = random.one(VENDORS);
    const { id } = random.one(await dump(vendor));
    const change = random.one(['read', 'unread'] as const);
    const changing = app.control('/touch', { vendor, account: ACCOUNTS[vendor][1], id, change });
    const { cursor } = (await app.data<Cursor>(CURSOR)).viewer.sync;
    readings.push({ cursor, nodes: await list() });
    await changing;
  }
  await synced();
  const isRead = new Map((await list()).map((message) => [message.id, message.isRead]));
  for (const { cursor, nodes } of readings) {
    const { edges } = (await app.data<Updated>(UPDATED, { after: cursor })).viewer.changes;
    const reported = edges.map(({ node }) => node.messageId);
    for (const message of nodes) if (isRead.get(message.id) !== message.isRead) expect(reported).toContain(message.id);
  }
});
