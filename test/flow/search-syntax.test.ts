import { afterAll, beforeAll, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';
import { upstream } from '../support/clients/upstream.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ messages: 40 });
});
afterAll(() => app.close());

const LIST =
  graphql(`query ($first: Int = 100, $after: Cursor, $search: String, $timeZone: String, $filter: MessageFilter) {
  viewer { messages(first: $first, after: $after, search: $search, timeZone: $timeZone, filter: $filter) {
    nodes { id subject receivedAt isImportant } pageInfo { hasNextPage endCursor } sources { state evaluation }
  } }
}`);
const list = async (variables: Record<string, unknown>) => (await app.data(LIST, variables)).viewer.messages;
const newest = async (): Promise<string> => (await list({ first: 1 })).nodes[0]?.receivedAt ?? '';

it('begins a day at midnight in the time zone of the list, on every page', async () => {
  const day = (await newest()).slice(0, 10);
  const [tonga, utc] = ['Pacific/Tongatapu', 'UTC'].map((timeZone) => ({ search: `before:${day}`, timeZone }));
  const midnight = { tonga: Date.parse(`${day}T00:00:00Z`) - 13 * 3_600_000, utc: Date.parse(`${day}T00:00:00Z`) };
  const all = (await list({ search: `before:${day}` })).nodes;
  expect((await list({ ...utc })).nodes).toEqual(all);
  const earlier = (await list({ ...tonga })).nodes;
  expect(earlier.every(({ receivedAt }) => Date.parse(receivedAt) < midnight.tonga)).toBe(true);
  expect(all.every(({ receivedAt }) => Date.parse(receivedAt) < midnight.utc)).toBe(true);
  const first = await list({ ...tonga, first: 3 });
  const second = await list({ ...tonga, first: 3, after: first.pageInfo.endCursor });
  expect([...first.nodes, ...second.nodes]).toEqual(earlier.slice(0, 6));
  // The moment of midnight lists the same as the day that begins with it.
  const moment = { search: `before:${new Date(midnight.tonga).toISOString()}`, first: 3 };
  expect((await list({ ...moment, after: first.pageInfo.endCursor })).nodes).toEqual(second.nodes);
});

it.each([
  ['viewer { threads(first: 1, timeZone: $zone) { nodes { id } } }'],
  ['viewer { integrations { messages(first: 1, timeZone: $zone) { nodes { id } } } }'],
  ['viewer { integrations { threads(first: 1, timeZone: $zone) { nodes { id } } } }'],
  ['viewer { integrations { mailbox(role: INBOX) { messages(first: 1, timeZone: $zone) { nodes { id } } } } }'],
  ['viewer { integrations { mailbox(role: INBOX) { threads(first: 1, timeZone: $zone) { nodes { id } } } } }'],
])('refuses an unknown time zone by name: %s', async (field) => {
  const document = `query ($zone: String) { ${field} }`;
  const { errors } = await app.query(document, { zone: 'Mars/Olympus' });
  expect(errors?.[0]).toMatchObject({
    message: expect.stringContaining('timeZone "Mars/Olympus"'),
    extensions: { code: 'BAD_USER_INPUT' },
  });
  expect((await app.query(document, { zone: 'Asia/Kolkata' })).errors).toBeUndefined();
});

it.each(['%%', '🎉 -- ->', '()', '"', 'from:%%', 'lunch subject:"!!"'])(
  'finds nothing for %s, and asks no provider',
  async (search) => {
    await app.control('/log', undefined, 'DELETE');
    expect(await list({ search })).toMatchObject({
      nodes: [],
      pageInfo: { hasNextPage: false },
      sources: [{ state: 'COMPLETE' }, { state: 'COMPLETE' }],
    });
    expect(await upstream(app)).toEqual([]);
  },
);

it('finds everything by the negation of a symbol', async () => {
  const all = (await list({})).nodes;
  expect((await list({ search: '-(%%)' })).nodes).toEqual(all);
  expect((await list({ filter: { not: { subject: '%%' } } })).nodes).toEqual(all);
});

it.each([
  'https://example.org/a?b=c#d',
  'Re: lunch (',
  '5" pipe, "',
  'AND',
  'OR',
  '1,000.00 EUR +49 30',
  'Subject: Lisbon in May?',
  '-----Original Message-----',
  'we meet '.repeat(40),
  '\u202efrom: x\u2028)))(((',
])('searches for %j', async (search) => {
  const { errors } = await app.query(LIST, { search });
  expect(errors).toBeUndefined();
});

it('filters by importance and its opposite', async () => {
  const all = (await list({})).nodes;
  const [yes, no] = [await list({ search: 'is:important' }), await list({ filter: { isImportant: false } })];
  expect(yes.nodes).toEqual(all.filter((one) => one.isImportant));
  expect(no.nodes).toEqual(all.filter((one) => !one.isImportant));
  expect((await list({ search: 'in:important' })).nodes).toEqual(yes.nodes);
});

it('finds mail by the name and path of its folder, and mail of deleted folders by in:trash', async () => {
  const { viewer } = await app.data(graphql(`{ viewer { integrations { id capabilities { mailboxes { nest } } } } }`));
  const account = viewer.integrations.find(({ capabilities }) => capabilities.mailboxes.nest.includes('FOLDER'));
  const make = async (name: string, parent: string | null): Promise<string> => {
    const input = { integration: account?.id, name, kind: 'FOLDER', parent };
    const document = graphql(
      `mutation ($input: CreateMailboxInput!) { createMailbox(input: $input) { mailbox { id } userErrors { message } } }`,
    );
    return (await app.data(document, { input })).createMailbox.mailbox.id;
  };
  const file = async (subject: string, to: string): Promise<void> => {
    await app.control('/deliver', {
      vendor: 'microsoft',
      from: 'a@example.org',
      subject: `quagga ${subject}`,
      text: 'x',
    });
    const { nodes } = await list({ filter: { subject: `quagga ${subject}`, role: 'INBOX' } });
    const document =
      'mutation ($input: MoveMessagesInput!) { moveMessages(input: $input) { results { problem { code } } } }';
    await app.data(document, { input: { ids: [nodes[0]?.id], to } });
  };
  const old = await make('Old "5/6" things', null);
  const plans = await make('plans', old);
  const slashed = await make('plans/b', null);
  await file('one', old);
  await file('two', plans);
  await file('three', await make('b', plans));
  await file('four', slashed);
  const found = async (search: string) =>
    (await list({ search: `subject:quagga ${search}` })).nodes.map(({ subject }) => subject.slice(7)).sort();
  expect(await found('')).toEqual(['four', 'one', 'three', 'two']);
  expect(await found('in:“Old "5/6" things”')).toEqual(['one']);
  expect(await found('in:“old "5/6" THINGS/plans”')).toEqual(['two']);
  expect(await found('in:b')).toEqual(['three']);
  expect(await found('in:plans/b')).toEqual(['four']);
  expect(await found('in:(plans OR "b") OR in:"plans/b"')).toEqual(['four', 'three', 'two']);
  expect(await found('in:all')).toEqual(['four', 'one', 'three', 'two']);
  expect(await found('in:trash')).toEqual([]);

  await app.data(
    graphql(`mutation ($input: MailboxInput!) { deleteMailbox(input: $input) { userErrors { message } } }`),
    {
      input: { mailbox: old },
    },
  );
  expect(await found('')).toEqual(['four']);
  expect(await found('in:all')).toEqual(['four']);
  expect(await found('-in:inbox')).toEqual(['four']);
  expect(await found('-in:all')).toEqual([]);
  expect(await found('in:trash')).toEqual(['one', 'three', 'two']);
  expect(await found('-in:trash')).toEqual(['four']);
  expect(await found('in:trash OR in:plans/b')).toEqual(['four', 'one', 'three', 'two']);
  expect(await found('in:plans')).toEqual(['two']);
  expect(await found('in:trash -in:plans')).toEqual(['one', 'three']);
  expect(await found('in:"Deleted Items"')).toEqual([]);

  const { nodes } = await list({ search: 'subject:"quagga three" in:trash' });
  await app.data(
    graphql(`mutation ($input: MessagesInput!) { untrash(input: $input) { results { problem { code } } } }`),
    {
      input: { ids: [nodes[0]?.id] },
    },
  );
  expect(await found('in:inbox')).toEqual(['three']);
});
