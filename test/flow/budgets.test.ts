import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';
import type { Page } from '../support/clients/answer.ts';
import { outer, upstream } from '../support/clients/upstream.ts';

const SEARCH = graphql(`query ($search: String) { viewer { messages(first: 10, search: $search) { nodes { id } } } }`);

/** The numbers of requests that the design allows, counted in the emulators' own log. */
let app: TestApp;
beforeAll(async () => {
  // Gmail announces each new watch, and the sync that follows reads the labels. These requests belong to no query.
  // The budgets assume that Gmail answers batches as wide as Google documents.
  app = await startApp({ unannounced: true, batchWidth: 50 });
});
beforeEach(() => app.control('/log', undefined, 'DELETE'));
afterAll(() => app.close());

it('reads a cold inbox page of 50 in three requests, mailbox names adding one each', async () => {
  const page = (fields: string) => `{ viewer { messages(first: 50, filter: { role: INBOX }) {
    nodes { id subject snippet receivedAt sentAt isRead isStarred isImportant isDraft from { name address } to { name address } ${fields} } } } }`;
  const { viewer } = await app.data<{ viewer: { messages: Pick<Page<unknown>, 'nodes'> } }>(page(''));
  expect(viewer.messages.nodes).toHaveLength(50);
  const plain = outer(await upstream(app));
  expect(plain.filter((r) => r.startsWith('google'))).toHaveLength(2);
  expect(plain.filter((r) => r.startsWith('microsoft'))).toHaveLength(1);
  await app.control('/log', undefined, 'DELETE');
  await app.data(page('mailboxes { name role }'));
  const named = outer(await upstream(app));
  expect(named.filter((r) => r.startsWith('google'))).toHaveLength(3);
  expect(named.filter((r) => r.startsWith('microsoft'))).toHaveLength(2);
});

it('reads 25 cold threads in one list and two batches an account at most', async () => {
  await app.data(
    graphql(
      `{ viewer { threads(first: 25) { nodes { id subject messageCount lastMessageAt participants { address } } } } }`,
    ),
  );
  const requests = outer(await upstream(app));
  for (const vendor of ['google', 'microsoft'])
    expect(requests.filter((r) => r.startsWith(vendor)).length).toBeLessThanOrEqual(3);
});

it('fetches a message once that is in 40 fields of one query', async () => {
  const { viewer } = await app.data(graphql(`{ viewer { integrations { messages(first: 1) { nodes { id } } } } }`));
  for (const integration of viewer.integrations) {
    const id = integration.messages.nodes[0]?.id;
    await app.control('/log', undefined, 'DELETE');
    const fields = Array.from(
      { length: 40 },
      (_, i) =>
        `m${i}: node(id: "${id}") { ... on Message { subject snippet body { text } headers { name } attachments { filename } } }`,
    );
    const answer = await app.data<Record<string, { subject: string }>>(`{ ${fields.slice(0, 20).join(' ')} }`);
    expect(new Set(Object.values(answer).map((m) => m.subject)).size).toBe(1);
    expect(outer(await upstream(app))).toHaveLength(1);
  }
});

it('makes no request to a provider for a query about accounts', async () => {
  await app.data(
    graphql(
      `{ viewer { email integrations { address status access capabilities { push } } } providers { id configured } }`,
    ),
  );
  expect(await upstream(app)).toEqual([]);
});

it('makes no request to a provider for a search of nothing but symbols', async () => {
  for (const list of ['messages(search: "%%")', 'threads(search: "%%")', 'messages(filter: { text: "%%" })']) {
    const { viewer } = await app.data<{ viewer: object }>(
      `{ viewer { ${list} { nodes { id } pageInfo { hasNextPage } } } }`,
    );
    expect(Object.values(viewer)).toEqual([{ nodes: [], pageInfo: { hasNextPage: false } }]);
  }
  expect(outer(await upstream(app))).toEqual([]);
});

it('reads a page of a search in one list and two batches an account at most, for each of its native lists', async () => {
  for (const [search, lists] of [
    ['is:unread', 1],
    ['plan OR from:example', 2],
  ] as const) {
    await app.control('/log', undefined, 'DELETE');
    const { viewer } = await app.data(SEARCH, { search });
    expect(viewer.messages.nodes).toHaveLength(10);
    const requests = outer(await upstream(app));
    for (const vendor of ['google', 'microsoft'])
      expect([search, vendor, requests.filter((r) => r.startsWith(vendor)).length <= 3 * lists]).toEqual([
        search,
        vendor,
        true,
      ]);
  }
});
