import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';
import type { Present, ResultOf } from '../support/clients/document.ts';
import { Follower } from '../support/clients/follower.ts';

const EVENTS = graphql(`subscription ($integrations: [ID!], $after: Cursor) {
  mailEvents(integrations: $integrations, after: $after) {
    __typename
    ... on MessageCreated { messageId message { subject } }
    ... on MessageUpdated { messageId message { isRead } }
    ... on MailboxChanged { mailbox { name } }
  }
}`);
const SYNC = graphql(`{ viewer { sync { cursor } integrations { sync { live } } } }`);
const INBOX = graphql(
  `query ($integration: ID!) { viewer { messages(first: 3, integrations: [$integration]) { nodes { id } } } }`,
);
const MARK = graphql(
  `mutation ($ids: [ID!]!, $isRead: Boolean!) { updateMessages(input: { ids: $ids, isRead: $isRead }) { userErrors { message } } }`,
);
const CREATE = graphql(
  `mutation ($input: CreateMailboxInput!) { createMailbox(input: $input) { userErrors { message } } }`,
);
const SEND = graphql(`mutation ($input: SendInput!) { send(input: $input) { userErrors { message } } }`);
type Event = Present<ResultOf<typeof EVENTS>>['mailEvents'];

const ACCOUNTS = [
  ['GMAIL', 'google', 'polled@gmail.example', 'watch'],
  ['OUTLOOK', 'microsoft', 'polled@outlook.example', 'POST /subscriptions'],
] as const;

/** The next sync after an own write waits ten times as long as the last one took, but no longer than a minute. */
const AFTER_REST = { timeout: 80_000 };

let app: TestApp;
beforeAll(async () => {
  // The next poll comes long after the test, so that an event that arrives was not found by it.
  app = await startApp({ demo: false, messages: 5, syncTimes: { pollIntervalMs: 600_000, ownWritesMs: 300 } });
});
const followers: { end(): Promise<void> }[] = [];
afterEach(() => Promise.all(followers.splice(0).map((follower) => follower.end())));
afterAll(() => app.close());

it.each(ACCOUNTS)(
  '%s: changes through the gateway are soon events, also without notifications',
  async (provider, vendor, address, watch) => {
    await app.control('/faults', { vendor, operation: watch, status: 400 });
    const { token } = await app.user(vendor);
    const integration = await app.connect(token, provider, address);
    const delivered = ['one', 'two', 'three'];
    for (const subject of delivered)
      await app.control('/deliver', { vendor, account: address, from: 'a@example.org', subject, text: 'x' });
    const { sync, integrations } = (await app.data(SYNC, {}, token)).viewer;
    expect(integrations.map(({ sync: { live } }) => live)).toEqual([false]);
    const follower = new Follower(app.url, token, EVENTS, { after: sync.cursor });
    followers.push(follower);
    const seen = () => follower.events as unknown as readonly Event[];

    const ids = (await app.data(INBOX, { integration }, token)).viewer.messages.nodes.map(({ id }) => id);
    await app.data(CREATE, { input: { integration, name: 'Mine' } }, token);
    await expect.poll(seen).toContainEqual(expect.objectContaining({ mailbox: { name: 'Mine' } }));
    // The sync may come to the messages after the mailboxes. One that is marked before would be new, and not updated.
    for (const subject of delivered)
      await expect.poll(seen).toContainEqual(expect.objectContaining({ message: { subject } }));
    await app.data(MARK, { ids: ids.slice(0, 1), isRead: true }, token);
    await expect
      .poll(seen, AFTER_REST)
      .toContainEqual({ __typename: 'MessageUpdated', messageId: ids[0], message: { isRead: true } });
    const message = { to: [{ address: 'b@example.org' }], subject: 'sent', text: 'x' };
    await app.data(SEND, { input: { message: { integration, ...message }, idempotencyKey: randomUUID() } }, token);
    await expect.poll(seen, AFTER_REST).toContainEqual(expect.objectContaining({ message: { subject: 'sent' } }));
    expect(follower.failures).toEqual([]);
  },
);
