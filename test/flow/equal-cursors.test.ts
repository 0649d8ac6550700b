import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';
import type { ResultOf } from '../support/clients/document.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

/** Every kind of list, with a condition that the provider evaluates and one that it does not. */
const LISTS =
  graphql(`query ($inbox: ID!, $drafts: Cursor, $messages: Cursor, $threads: Cursor, $search: Cursor, $filtered: Cursor, $mailbox: Cursor) {
  viewer {
    messages(first: 20, after: $messages) { ...M }
    search: messages(first: 10, after: $search, search: "atlas OR lisbon OR invoice") { ...M }
    filtered: messages(first: 5, after: $filtered, filter: { isRead: true }, search: "-lisbon") { ...M }
    drafts: messages(first: 3, after: $drafts, filter: { role: DRAFTS }) { ...M }
    threads(first: 10, after: $threads) { edges { cursor node { id } } pageInfo { startCursor endCursor } }
    integrations { sync { cursor } }
  }
  node(id: $inbox) { ... on Mailbox { messages(first: 10, after: $mailbox) { ...M } } }
}
fragment M on MessageConnection { edges { cursor node { id } } pageInfo { startCursor endCursor } }`);

const first = async (of = app) => {
  const { viewer } = await of.data(graphql(`{ viewer { integrations { mailboxes { nodes { id role } } } } }`));
  return viewer.integrations.map(({ mailboxes }) => mailboxes.nodes.find((one) => one?.role === 'INBOX')?.id as string);
};

it('gives an equal request over an unchanged list the same cursors, again and on another instance', async () => {
  const [gmail = '', outlook = ''] = await first();
  const requests: Record<string, unknown>[] = [{ inbox: gmail }, { inbox: outlook }];
  const before: ResultOf<typeof LISTS>[] = [];
  // Each page, and the page after it, which begins inside what the providers returned.
  for (let n = 0; n < 4; n++) {
    const variables = requests[n] as Record<string, unknown>;
    const { viewer, node } = await app.data(LISTS, variables);
    before.push({ viewer, node });
    const { messages, search, filtered, drafts, threads } = viewer;
    const mailbox = node?.messages.pageInfo.endCursor;
    for (const list of [messages, search, filtered, threads, node?.messages])
      expect(new Set(list?.edges.map((edge) => edge.cursor)).size).toBeGreaterThanOrEqual(5);
    const after = Object.entries({ messages, search, filtered, drafts, threads }).map(([name, { pageInfo }]) => [
      name,
      pageInfo.endCursor,
    ]);
    requests.push({ ...variables, ...Object.fromEntries(after), mailbox });
  }
  const again = async () => {
    const answers = [];
    for (const variables of requests.slice(0, 4)) answers.push(await app.data(LISTS, variables));
    return answers;
  };
  const lists = (answers: typeof before) =>
    answers.map(({ viewer: { integrations: _, ...viewer }, node }) => ({ viewer, node }));
  expect(lists(await again())).toEqual(lists(before));
  // The cursors of the accounts move until this instance has applied what was logged last.
  let latest = await again();
  const isSteady = async () => {
    const before = latest;
    latest = await again();
    return isDeepStrictEqual(latest, before);
  };
  await expect.poll(isSteady).toBe(true);
  // Like another instance with the same keys, it has nothing in memory.
  await app.restart();
  // It may be asked for a later page only, whose beginning it has never read.
  for (const n of [3, 1]) {
    const { viewer, node } = await app.data(LISTS, requests[n]);
    const { messages, search, filtered, drafts, threads } = viewer;
    const { integrations: _, ...wanted } = before[n]?.viewer ?? {};
    expect({ messages, search, filtered, drafts, threads }).toEqual(wanted);
    expect(node).toEqual(before[n]?.node);
  }
  expect(lists(await again())).toEqual(lists(before));
  await expect.poll(isSteady).toBe(true);
});

it('gives the pages of an equal request the same cursors, whatever else the request asks', async () => {
  const list = 'messages(first: 15) { edges { cursor } pageInfo { endCursor } }';
  type Lists = { viewer: Record<string, unknown> };
  const alone = await app.data<Lists>(`{ viewer { ${list} } }`);
  const beside = await app.data<Lists>(
    `{ viewer { ${list} short: messages(first: 3) { nodes { id } } threads { nodes { id } } } }`,
  );
  expect(beside.viewer.messages).toEqual(alone.viewer.messages);
});

describe('where Gmail gives another token each time', () => {
  let random: TestApp;
  beforeAll(async () => {
    random = await startApp({ pageTokens: 'random' });
  });
  afterAll(() => random.close());

  const PAGE = graphql(`query ($inbox: ID!, $after: Cursor) {
    node(id: $inbox) { ... on Mailbox { messages(first: 10, after: $after) { edges { cursor node { id } } } } }
  }`);

  it('gives an equal request the same cursors, but for the one behind a page, which leads to the same messages', async () => {
    const [inbox = ''] = await first(random);
    const page = async (after: string | null) => (await random.data(PAGE, { inbox, after })).node?.messages.edges ?? [];
    const idsOf = (edges: Awaited<ReturnType<typeof page>>) => edges.map(({ node }) => node?.id);
    let after: string | null = null;
    for (let n = 0; n < 3; n++) {
      const one = await page(after);
      // Like another instance with the same keys, it has nothing in memory.
      await random.restart();
      const other = await page(after);
      expect(one).toHaveLength(10);
      expect(other.slice(0, -1)).toEqual(one.slice(0, -1));
      expect(idsOf(other)).toEqual(idsOf(one));
      const [next, otherNext] = [one.at(-1)?.cursor ?? '', other.at(-1)?.cursor ?? ''];
      expect(otherNext).not.toBe(next);
      expect(idsOf(await page(otherNext))).toEqual(idsOf(await page(next)));
      after = otherNext;
    }
  });
});
