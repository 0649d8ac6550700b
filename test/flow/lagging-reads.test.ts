import { afterAll, beforeAll, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';
import type { Present, ResultOf } from '../support/clients/document.ts';
import { Follower } from '../support/clients/follower.ts';

/** The replica of Graph that reads messages may be behind the one that reports their changes. */
const EVENTS = graphql(`subscription ($after: Cursor) {
  mailEvents(after: $after) { __typename cursor eventId ... on MessageCreated { message { subject } } }
}`);
const RECEIVED = graphql(
  `subscription ($after: Cursor) { messageReceived(after: $after) { cursor message { subject } } }`,
);
const SYNC = graphql(`{ viewer { sync { cursor } } }`);
const POLLED = graphql(`query ($after: Cursor) { viewer { changes(after: $after, first: 100) { nodes {
  __typename eventId ... on MessageCreated { message { subject } } } } } }`);
const [vendor, account] = ['microsoft', 'demo@outlook.example'];
type Event = Present<ResultOf<typeof EVENTS>>['mailEvents'];
/** What could not be read is read again after seconds that double each time. */
const THROUGH_REPLICAS = { timeout: 60_000 };

let app: TestApp;
beforeAll(async () => {
  // No test lasts until an answer counts as final.
  app = await startApp({
    messages: 10,
    providerTimes: { lagWaitsMs: [3_600_000] },
    syncTimes: { pollIntervalMs: 200 },
  });
});
afterAll(() => app.close());
const lag = (seconds: number) => app.control('/replica-lag', { vendor, account, seconds, at: 'read' });
const deliver = (subject: string) =>
  app.control<{ id: string }>('/deliver', { vendor, account, from: 'a@people.example', subject, text: 'x' });

it('a message that a replica does not know yet is shown as soon as it is found, to who follows and who polls', async () => {
  await app.synced(app.token);
  const { cursor: after } = (await app.data(SYNC)).viewer.sync;
  const events = new Follower(app.url, app.token, EVENTS, { after });
  const received = new Follower(app.url, app.token, RECEIVED, { after });
  const created = () =>
    (events.events as readonly Event[]).flatMap((event) => (event.__typename === 'MessageCreated' ? [event] : []));
  await lag(3_600);
  await deliver('not everywhere yet');
  await expect.poll(() => created().map(({ message }) => message), THROUGH_REPLICAS).toEqual([null]);
  const polled = async () => {
    const { nodes } = (await app.data(POLLED, { after })).viewer.changes;
    return nodes.flatMap((event) => (event.__typename === 'MessageCreated' ? [event.message] : []));
  };
  expect(await polled()).toEqual([null]);
  await lag(0);
  await expect.poll(() => created().at(-1)?.message, THROUGH_REPLICAS).toEqual({ subject: 'not everywhere yet' });
  expect(new Set(created().map(({ eventId }) => eventId)).size).toBe(1);
  await expect
    .poll(() => received.events.map(({ message }) => message), THROUGH_REPLICAS)
    .toContainEqual({ subject: 'not everywhere yet' });
  expect((await polled()).at(-1)).toEqual({ subject: 'not everywhere yet' });
  await Promise.all([events.end(), received.end()]);
});
