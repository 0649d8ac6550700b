import { afterAll, beforeAll, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';

/**
 * One account hangs in the middle of lists over both. The other one has a deadline of its own, and its mail is shown.
 */
let app: TestApp;
beforeAll(async () => {
  // Long enough for the healthy account, even on a busy machine.
  app = await startApp({ messages: 60, env: { SOURCE_DEADLINE_MS: '5000' } });
});
afterAll(() => app.close());

graphql(`fragment MessagePage on MessageConnection { nodes { id integration { provider { id } } } pageInfo { hasNextPage endCursor }
  sources { state evaluation integration { provider { id } } problem { code message } } }`);
graphql(`fragment ThreadPage on ThreadConnection { nodes { id integration { provider { id } } } pageInfo { hasNextPage endCursor }
  sources { state evaluation integration { provider { id } } problem { code message } } }`);
const MESSAGES = graphql(`query ($first: Int = 100, $after: Cursor, $filter: MessageFilter) {
  viewer { list: messages(first: $first, after: $after, filter: $filter) { ...MessagePage } } }`);
const THREADS = graphql(`query ($first: Int = 100, $after: Cursor, $filter: MessageFilter) {
  viewer { list: threads(first: $first, after: $after, filter: $filter) { ...ThreadPage } } }`);
/** No provider can search for a date among alternatives. */
const FILTER = { or: [{ from: 'nobody at all' }, { receivedAfter: '2000-01-01T00:00:00Z', isRead: true }] };
const LISTS = [
  { name: 'messages', document: MESSAGES, variables: {} },
  { name: 'a filtered search', document: MESSAGES, variables: { filter: FILTER } },
  { name: 'threads', document: THREADS, variables: {} },
] as const;
const FIRST = 12;

const read = async ({ document, variables }: (typeof LISTS)[number], more: Record<string, unknown>) =>
  (await app.data(document, { ...variables, ...more })).viewer.list;
type Page = Awaited<ReturnType<typeof read>>;
const ids = (page: Page): string[] => page.nodes.map((node) => node.id);
const source = (page: Page, provider: string) => page.sources.find((s) => s.integration.provider.id === provider);

/** Returns the ids of every page after this one. */
async function rest(list: (typeof LISTS)[number], from: Page): Promise<string[]> {
  const all: string[] = [];
  for (let { pageInfo } = from; pageInfo.hasNextPage; ) {
    const page = await read(list, { first: 50, after: pageInfo.endCursor });
    expect(page.sources.map((s) => s.problem)).toEqual([null, null]);
    all.push(...ids(page));
    ({ pageInfo } = page);
  }
  return all;
}

it.each([
  ['google', 'GMAIL', 'OUTLOOK'],
  ['microsoft', 'OUTLOOK', 'GMAIL'],
] as const)(
  '%s hangs: further pages, filtered searches and nodes of the other account are complete',
  async (vendor, hanging, healthy) => {
    const opened = await Promise.all(
      LISTS.map(async (list) => {
        const first = await read(list, { first: FIRST });
        return { list, first, complete: [...ids(first), ...(await rest(list, first))] };
      }),
    );
    const some = opened[0]?.first.nodes ?? [];
    const nodeIds = [hanging, healthy].map((id) => some.find((node) => node.integration.provider.id === id)?.id);
    await app.control('/faults', { vendor, hang: true });
    const [nodes, ...seconds] = await Promise.all([
      app.query(graphql(`query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Message { subject } } }`), {
        ids: nodeIds,
      }),
      ...opened.map(({ list, first }) => read(list, { first: 3 * FIRST, after: first.pageInfo.endCursor })),
    ]);
    await app.control('/faults', undefined, 'DELETE');
    expect(nodes.data.nodes).toMatchObject([null, { id: nodeIds[1] }]);
    expect(nodes.errors).toMatchObject([{ path: ['nodes', 0], extensions: { code: 'TIMEOUT' } }]);
    for (const [index, second] of seconds.entries()) {
      const { list, first, complete } = opened[index] as (typeof opened)[number];
      expect([list.name, source(second, healthy)]).toMatchObject([list.name, { state: 'COMPLETE', problem: null }]);
      expect(source(second, hanging)).toMatchObject({ problem: { code: 'TIMEOUT' } });
      expect(second.pageInfo.hasNextPage).toBe(true);
      const own = second.nodes.filter((node) => node.integration.provider.id === healthy);
      const left = complete.length - FIRST;
      expect(own.length).toBeGreaterThan(0);
      // The page is full, unless the healthy account has nothing more.
      if (second.nodes.length < Math.min(3 * FIRST, left)) expect(source(second, hanging)?.state).toBe('PARTIAL');
      const all = [...ids(first), ...ids(second), ...(await rest(list, second))];
      expect(new Set(all).size).toBe(all.length);
      expect([...all].sort()).toEqual([...complete].sort());
    }
    expect(source(opened[1]?.first as Page, healthy)?.evaluation).toBe('FILTERED');
  },
);
