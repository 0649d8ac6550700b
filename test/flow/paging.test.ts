import { afterAll, beforeAll, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { type Dumped, startApp, type TestApp } from '../support/app/app.ts';

/** Gmail's quota is per minute, so a list that wasted requests on one page would be refused on a later one. */
const PER_ACCOUNT = 1_500;
let app: TestApp;
beforeAll(async () => {
  app = await startApp({ messages: PER_ACCOUNT });
});
afterAll(() => app.close());

it('pages through 3,000 messages while mail arrives: nothing twice, nothing missing, no account rate limited', async () => {
  const before = new Set<string>();
  for (const [vendor, account] of [
    ['google', 'demo@gmail.example'],
    ['microsoft', 'demo@outlook.example'],
  ]) {
    const all = await app.control<Dumped[]>(`/dump?vendor=${vendor}&account=${account}`);
    for (const { id, mailbox } of all) if (!/trash|spam|junk|deleted/i.test(mailbox)) before.add(id);
  }
  const page = (after: string | null) =>
    app.data(
      graphql(`query ($after: Cursor) { viewer { messages(first: 50, after: $after) {
        nodes { internetMessageId id } pageInfo { hasNextPage endCursor } sources { state } } } }`),
      { after },
    );
  const shown: string[] = [];
  let after: string | null = null;
  let arrived = 0;
  for (;;) {
    const { viewer } = await page(after);
    shown.push(...viewer.messages.nodes.map((node) => node.id));
    expect(viewer.messages.sources.map((source) => source.state)).toEqual(['COMPLETE', 'COMPLETE']);
    after = viewer.messages.pageInfo.endCursor;
    if (!viewer.messages.pageInfo.hasNextPage) break;
    const [vendor, account] = arrived % 2 ? ['google', 'demo@gmail.example'] : ['microsoft', 'demo@outlook.example'];
    await app.control('/deliver', {
      vendor,
      account,
      from: 'a@example.org',
      subject: `arrived ${arrived++}`,
      text: 'x',
    });
  }
  expect(new Set(shown).size).toBe(shown.length);
  const ids = new Set(
    shown.map((id) => decodeURIComponent(Buffer.from(id, 'base64url').toString().split(':').at(-1) ?? '')),
  );
  for (const [vendor, account] of [
    ['google', 'demo@gmail.example'],
    ['microsoft', 'demo@outlook.example'],
  ]) {
    const kept = await app.control<Dumped[]>(`/dump?vendor=${vendor}&account=${account}`);
    const missing = kept.filter((m) => before.has(m.id) && !ids.has(m.id));
    expect(missing).toEqual([]);
  }
});
