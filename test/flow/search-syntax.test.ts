import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Data, startApp, type TestApp } from '../support/app.ts';
import { upstream } from '../support/upstream.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ messages: 40 });
});
afterAll(() => app.close());

const LIST = `query ($first: Int = 100, $after: Cursor, $search: String, $timeZone: String, $filter: MessageFilter) {
  viewer { messages(first: $first, after: $after, search: $search, timeZone: $timeZone, filter: $filter) {
    nodes { id subject receivedAt isImportant } pageInfo { hasNextPage endCursor } sources { state evaluation }
  } }
}`;
const list = async (variables: Data): Promise<Data> => (await app.data(LIST, variables)).viewer.messages;
const newest = async (): Promise<string> => (await list({ first: 1 })).nodes[0].receivedAt;

it('begins a day where it begins in the zone of the list, on every page of it', async () => {
  const day = (await newest()).slice(0, 10);
  const [tonga, utc] = ['Pacific/Tongatapu', 'UTC'].map((timeZone) => ({ search: `before:${day}`, timeZone }));
  const midnight = { tonga: Date.parse(`${day}T00:00:00Z`) - 13 * 3_600_000, utc: Date.parse(`${day}T00:00:00Z`) };
  const all = (await list({ search: `before:${day}` })).nodes;
  expect((await list({ ...utc })).nodes).toEqual(all);
  const earlier = (await list({ ...tonga })).nodes;
  expect(earlier.every(({ receivedAt }: Data) => Date.parse(receivedAt) < midnight.tonga)).toBe(true);
  expect(all.every(({ receivedAt }: Data) => Date.parse(receivedAt) < midnight.utc)).toBe(true);
  const first = await list({ ...tonga, first: 3 });
  const second = await list({ ...tonga, first: 3, after: first.pageInfo.endCursor });
  expect([...first.nodes, ...second.nodes]).toEqual(earlier.slice(0, 6));
  // A moment is the same list as the day that begins with it.
  const moment = { search: `before:${new Date(midnight.tonga).toISOString()}`, first: 3 };
  expect((await list({ ...moment, after: first.pageInfo.endCursor })).nodes).toEqual(second.nodes);
});

it.each([
  ['viewer { threads(first: 1, timeZone: $zone) { nodes { id } } }'],
  ['viewer { integrations { messages(first: 1, timeZone: $zone) { nodes { id } } } }'],
  ['viewer { integrations { threads(first: 1, timeZone: $zone) { nodes { id } } } }'],
  ['viewer { integrations { mailbox(role: INBOX) { messages(first: 1, timeZone: $zone) { nodes { id } } } } }'],
  ['viewer { integrations { mailbox(role: INBOX) { threads(first: 1, timeZone: $zone) { nodes { id } } } } }'],
])('refuses a zone that there is not, by name: %s', async (field) => {
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

it('finds everything by what is not a sign', async () => {
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

it('filters by importance, and parts the list by it', async () => {
  const all = (await list({})).nodes;
  const [yes, no] = [await list({ search: 'is:important' }), await list({ filter: { isImportant: false } })];
  expect(yes.nodes).toEqual(all.filter((one: Data) => one.isImportant));
  expect(no.nodes).toEqual(all.filter((one: Data) => !one.isImportant));
  expect((await list({ search: 'in:important' })).nodes).toEqual(yes.nodes);
});
