import { afterAll, beforeAll, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';

let app: TestApp;
let token: string;
beforeAll(async () => {
  app = await startApp({ demo: false, messages: 0 });
  ({ token } = await app.user('ada'));
});
afterAll(() => app.close());

const NEWEST = Date.parse('2026-06-01T10:00:00.100Z');
const COUNT = 8;
/**
 * A condition for which the gateway makes two searches at every provider: one by its index, and one that is checked on
 * envelopes.
 */
const EITHER = {
  or: [{ and: [{ text: 'ghost' }, { from: 'zoe' }] }, { and: [{ isStarred: true }, { subject: 'topic' }] }],
};

it.each([
  ['GMAIL', 'google', 'ada@gmail.example'],
  ['OUTLOOK', 'microsoft', 'ada@outlook.example'],
])('shows a thread of %s that is answered within the second of the newest mail', async (provider, vendor, account) => {
  await app.control('/accounts', { vendor, address: account, name: 'ada' });
  const deliver = (n: number, at: number, mail: object = {}) =>
    app.control('/deliver', {
      vendor,
      account,
      from: 'Zoe <zoe@herd.example>',
      subject: `topic ${n}`,
      text: n % 2 === 0 ? 'horse' : 'ghost',
      isStarred: n % 2 === 0,
      messageId: `<${n}@herd.example>`,
      receivedAt: new Date(at).toISOString(),
      ...mail,
    });
  for (let n = 0; n < COUNT; n++) await deliver(n, NEWEST - n * 3_600_000);
  const id = await app.connect(token, provider, account);
  const page = (after: string | null) =>
    app.data(
      graphql(`query ($id: ID!, $after: Cursor, $filter: MessageFilter) { node(id: $id) { ... on Integration {
        threads(first: 1, after: $after, filter: $filter) {
          nodes { messages(first: 1) { nodes { subject } } } pageInfo { hasNextPage endCursor } } } } }`),
      { id, after, filter: EITHER },
      token,
    );
  const shown: string[] = [];
  let after: string | null = null;
  do {
    const { node } = await page(after);
    shown.push(...node.threads.nodes.map((thread) => thread.messages.nodes[0]?.subject ?? ''));
    if (shown.length === 2) {
      const answered = '<5@herd.example>';
      await deliver(COUNT, NEWEST + 300, { subject: 'Re: topic 5', inReplyTo: [answered], references: [answered] });
    }
    after = node.threads.pageInfo.hasNextPage ? node.threads.pageInfo.endCursor : null;
  } while (after !== null);
  // Within one second the order is not known, so the thread may come early.
  expect(shown.toSorted()).toEqual(Array.from({ length: COUNT }, (_, n) => `topic ${n}`));
});
