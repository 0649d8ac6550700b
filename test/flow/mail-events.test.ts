import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { openDatabase } from '../../src/platform/database/database.open.ts';
import { graphql } from '../generated/gql.ts';
import { type Dumped, type SetFault, startApp, type TestApp } from '../support/app/app.ts';
import { silent } from '../support/app/database.ts';
import { documentText, type Present, type ResultOf } from '../support/clients/document.ts';
import { openEventStream } from '../support/clients/event-stream.ts';
import { Follower } from '../support/clients/follower.ts';
import { Chance, seedOf } from '../support/search-oracle/random.ts';

const EVENTS = graphql(`subscription ($integrations: [ID!], $after: Cursor) {
  mailEvents(integrations: $integrations, after: $after) {
    __typename eventId cursor at integration { id status }
    ... on MessageCreated { messageId message { id subject isRead } }
    ... on MessageUpdated { messageId message { id subject isRead } update { isRead mailboxIds mailboxIdsAdded mailboxIdsRemoved } }
    ... on MessageDeleted { messageId }
    ... on MailboxChanged { mailboxId mailbox { id name } }
    ... on IntegrationChanged { status }
    ... on MailEventsReset { reason }
  }
}`);
const CHANGES = graphql(`query ($after: Cursor, $first: Int!, $integrations: [ID!]) { viewer {
  changes(after: $after, first: $first, integrations: $integrations) {
    edges { cursor node { __typename eventId cursor integration { id } ... on MailEventsReset { reason } ... on MessageUpdated { message { isRead } } ... on MailboxChanged { mailboxId } } }
    pageInfo { hasNextPage endCursor } } } }`);
const SYNC = graphql(`{ viewer { sync { cursor } integrations { id address sync { cursor } } } }`);
const TRASH = graphql(`{ viewer { integrations { address mailbox(role: TRASH) { id } } } }`);
const DISCONNECT = graphql(
  `mutation ($id: ID!) { disconnect(input: { integration: $id }) { userErrors { message } } }`,
);
const CREATE = graphql(
  `mutation ($input: CreateMailboxInput!) { createMailbox(input: $input) { mailbox { id } userErrors { message } } }`,
);
const RECEIVED = graphql(
  `subscription ($after: Cursor) { messageReceived(after: $after) { cursor messageId integration { address } message { id } } }`,
);
type Event = Present<ResultOf<typeof EVENTS>>['mailEvents'];
type Change = Present<ResultOf<typeof CHANGES>>['viewer']['changes']['edges'][number];
type EventFollower = Follower<ResultOf<typeof EVENTS>>;

/**
 * The timeout of a poll for what a provider's refusals hold up: an event waits ten seconds for what it shows, and what could not
 * be read is read again after seconds that double each time.
 */
const THROUGH_REFUSALS = { timeout: 60_000 };

const ACCOUNTS = [
  ['google', 'demo@gmail.example'],
  ['microsoft', 'demo@outlook.example'],
] as const;

let app: TestApp;
const followers: { end(): Promise<void> }[] = [];
beforeAll(async () => {
  app = await startApp({ messages: 20, syncTimes: { pollIntervalMs: 200 } });
});
afterEach(async () => {
  await Promise.all(followers.splice(0).map((follower) => follower.end()));
});
afterAll(() => app.close());

function follow(variables: Record<string, unknown>, token = app.token): EventFollower {
  const follower = new Follower(app.url, token, EVENTS, variables);
  followers.push(follower);
  return follower;
}
const seen = (follower: EventFollower): readonly Event[] => follower.events as unknown as readonly Event[];
const deliver = (vendor: string, account: string, subject: string) =>
  app.control<{ id: string }>('/deliver', { vendor, account, from: 'a@example.org', subject, text: 'x' });
const dump = (vendor: string, account: string) => app.control<Dumped[]>(`/dump?vendor=${vendor}&account=${account}`);
/** The provider's id in a message's id. */
const ownIdOf = (id: string) => decodeURIComponent(Buffer.from(id, 'base64url').toString().split(':').at(-1) ?? '');
const idOf = (account: string) => async () =>
  (await app.data(SYNC)).viewer.integrations.find(({ address }) => address === account)?.id ?? '';

/** All events after a cursor, read in pages. */
async function changes(after: string | null, first = 100, integrations: string[] | null = null): Promise<Change[]> {
  const read: Change[] = [];
  for (let cursor = after; ; ) {
    const { edges, pageInfo } = (await app.data(CHANGES, { after: cursor, first, integrations })).viewer.changes;
    read.push(...edges);
    cursor = pageInfo.endCursor;
    if (!pageInfo.hasNextPage) return read;
  }
}
/** Each event where it occurs first. */
const once = <T extends { eventId: string }>(events: readonly T[]): T[] => {
  const first = new Map<string, T>();
  for (const event of events) if (!first.has(event.eventId)) first.set(event.eventId, event);
  return [...first.values()];
};
const byAccount = (events: readonly { eventId: string; integration: { id: string } }[]) =>
  new Set(
    events
      .map(({ integration }) => integration.id)
      .map((id) =>
        [id, ...events.filter(({ integration }) => integration.id === id).map(({ eventId }) => eventId)].join(' '),
      ),
  );

it.each(ACCOUNTS)('%s: creation, flags, moves and deletion of a message are events of it', async (vendor, account) => {
  const follower = follow({ after: (await app.data(SYNC)).viewer.sync.cursor });
  const subject = `followed at ${vendor}`;
  const { id } = await deliver(vendor, account, subject);
  const created = () =>
    seen(follower).find((event) => event.__typename === 'MessageCreated' && event.message?.subject === subject);
  await expect
    .poll(created)
    .toMatchObject({ message: { subject, isRead: false }, integration: { status: 'CONNECTED' } });
  const event = created();
  const messageId = event?.__typename === 'MessageCreated' ? event.messageId : '';
  const ofMessage = () => seen(follower).filter((one) => 'messageId' in one && one.messageId === messageId);
  const updates = () => ofMessage().flatMap((one) => (one.__typename === 'MessageUpdated' ? [one] : []));

  await app.control('/touch', { vendor, account, id, change: 'read' });
  // A change that a notification and a poll have both found may be reported by two events.
  const isRead = {
    message: { id: messageId, subject, isRead: true },
    update: expect.objectContaining({ isRead: true }),
  };
  await expect.poll(updates).toContainEqual(expect.objectContaining(isRead));
  const { integrations } = (await app.data(TRASH)).viewer;
  const trash = integrations.find(({ address }) => address === account)?.mailbox?.id;
  await app.control('/touch', { vendor, account, id, change: 'trash' });
  await expect
    .poll(() => updates().map(({ update }) => update?.mailboxIds ?? update?.mailboxIdsAdded))
    .toContainEqual([trash]);
  await app.control('/touch', { vendor, account, id, change: 'delete' });
  await expect.poll(() => ofMessage().at(-1)?.__typename).toBe('MessageDeleted');
  expect(follower.failures).toEqual([]);
});

it('a message that cannot be read is an event without it, and with it as soon as it can be', async () => {
  const [vendor, account] = ACCOUNTS[0];
  const after = (await app.data(SYNC)).viewer.sync.cursor;
  const follower = follow({ after });
  const mail = new Follower(app.url, app.token, RECEIVED, { after });
  followers.push(mail);
  await app.synced(app.token);
  // Gmail answers each message of a batch by itself.
  await app.control('/faults', { vendor, account, operation: 'messages.get', status: 503 });
  await deliver(vendor, account, 'unreadable for now');
  const created = () => seen(follower).flatMap((event) => (event.__typename === 'MessageCreated' ? [event] : []));
  await expect.poll(() => created().map(({ message }) => message), THROUGH_REFUSALS).toEqual([null]);
  const messageId = created()[0]?.messageId;
  await app.control('/faults', undefined, 'DELETE');
  await expect.poll(() => created().at(-1)?.message?.subject, THROUGH_REFUSALS).toBe('unreadable for now');
  expect(new Set(created().map((event) => event.messageId))).toEqual(new Set([messageId]));
  // The repetition is recognised by its eventId, live, by who polls, and by who goes on from either cursor.
  const [unread, again] = [created()[0], created().at(-1)];
  expect(again?.eventId).toBe(unread?.eventId);
  expect(again?.cursor).not.toBe(unread?.cursor);
  const isIt = ({ node }: Change) => node.eventId === unread?.eventId;
  expect((await changes(after)).filter(isIt).map(({ cursor }) => cursor)).toEqual([unread?.cursor, again?.cursor]);
  expect((await changes(unread?.cursor ?? null)).filter(isIt)).toHaveLength(1);
  expect((await changes(again?.cursor ?? null)).filter(isIt)).toEqual([]);
  // While other requests of the account are answered, it gives up sooner, and then sends the event again.
  await expect
    .poll(() => mail.events.at(-1), THROUGH_REFUSALS)
    .toMatchObject({ messageId, message: { id: messageId }, integration: { address: account } });
});

it('a mailbox that is created is an event, with the mailbox as it is', async () => {
  const integration = await idOf('demo@outlook.example')();
  const follower = follow({ after: (await app.data(SYNC)).viewer.sync.cursor });
  const { createMailbox } = await app.data(CREATE, { input: { integration, name: 'Followed' } });
  const id = createMailbox.mailbox?.id;
  await expect
    .poll(() => seen(follower))
    .toContainEqual(expect.objectContaining({ mailboxId: id, mailbox: { id, name: 'Followed' } }));
});

it('a mailbox that cannot be read is an error of its field, and is sent again when it can be', async () => {
  const [vendor, account] = ACCOUNTS[1];
  const integration = await idOf(account)();
  const after = (await app.data(SYNC)).viewer.sync.cursor;
  const { createMailbox } = await app.data(CREATE, { input: { integration, name: 'Unlisted' } });
  await expect
    .poll(async () => (await changes(after)).map(({ node }) => node))
    .toContainEqual(expect.objectContaining({ mailboxId: createMailbox.mailbox?.id }));
  await app.synced(app.token);
  await app.control('/faults', { vendor, account, status: 503 });
  const follower = follow({ after });
  await expect.poll(() => follower.failures.join(), THROUGH_REFUSALS).toMatch(/"path":\["mailEvents","mailbox"\]/);
  await app.control('/faults', undefined, 'DELETE');
  await expect
    .poll(() => seen(follower), THROUGH_REFUSALS)
    .toContainEqual(expect.objectContaining({ mailbox: expect.objectContaining({ name: 'Unlisted' }) }));
});

it('polling and following report the same, also when the connection breaks again and again', async () => {
  const random = new Chance(seedOf());
  console.info(`the changes and breaks are picked by seed ${random.seed}`);
  const start = (await app.data(SYNC)).viewer.sync.cursor;
  const follower = follow({ after: start });
  for (let n = 0; n < 40; n++) {
    const [vendor, account] = random.one(ACCOUNTS);
    const messages = await dump(vendor, account);
    const message = random.one(messages);
    const kind = random.one(['deliver', 'deliver', 'read', 'unread', 'star', 'trash', 'delete'] as const);
    if (kind === 'deliver') await deliver(vendor, account, `random ${n}`);
    else await app.control('/touch', { vendor, account, id: message.id, change: kind });
    if (random.below(4) === 0) follower.cut();
  }
  for (const [vendor, account] of ACCOUNTS) await deliver(vendor, account, 'the last one');
  const ends = () =>
    new Set(
      seen(follower).flatMap((e) =>
        e.__typename === 'MessageCreated' && e.message?.subject === 'the last one' ? [e.integration.id] : [],
      ),
    ).size;
  await expect.poll(ends, { timeout: 60_000 }).toBe(ACCOUNTS.length);
  await app.synced(app.token);
  // A client that breaks off a connection may receive an event again, as may one whose message could not be read in time, and
  // never in another order. A poll of the accounts may append to the log at any time, so both are looked at until they agree.
  let polled: Change['node'][] = [];
  const compared = async () => {
    polled = (await changes(start, 7)).map(({ node }) => node);
    return { received: byAccount(once(seen(follower))), polled: byAccount(once(polled)) };
  };
  await expect
    .poll(compared, { timeout: 60_000 })
    .toSatisfy(({ received, polled }) => isDeepStrictEqual(received, polled));
  expect(seen(follower).some(({ __typename }) => __typename === 'MailEventsReset')).toBe(false);
  expect(follower.failures).toEqual([]);
  const rest = async () => {
    const { changes } = (await app.data(CHANGES, { after: polled.at(-1)?.cursor, first: 10 })).viewer;
    polled.push(...changes.edges.map(({ node }) => node));
    return changes;
  };
  await expect.poll(rest).toMatchObject({ edges: [], pageInfo: { hasNextPage: false, endCursor: expect.any(String) } });
});

it('the end and the return of an account are events, although it is no longer among the accounts', async () => {
  const { token } = await app.user('leaving');
  const account = 'leaving@outlook.example';
  const id = await app.connect(token, 'OUTLOOK', account);
  const { cursor } = (await app.data(SYNC, {}, token)).viewer.sync;
  const follower = follow({ after: cursor }, token);
  const statuses = () =>
    seen(follower).flatMap((event) => (event.__typename === 'IntegrationChanged' ? [event.status] : []));
  await app.data(DISCONNECT, { id }, token);
  await expect.poll(statuses).toEqual(['DISCONNECTED']);
  expect((await app.data(SYNC, {}, token)).viewer.integrations).toEqual([]);
  await deliver('microsoft', account, 'while it was disconnected');
  await app.connect(token, 'OUTLOOK', account);
  await expect.poll(statuses).toEqual(['DISCONNECTED', 'CONNECTED']);
  // What has happened meanwhile is not known: disconnecting erases the position in the provider's history.
  const afterIt = () =>
    seen(follower).flatMap((event) => {
      if (event.__typename === 'MailEventsReset') return [event.reason];
      return event.__typename === 'MessageCreated' ? [event.message?.subject] : [];
    });
  await expect.poll(afterIt).toEqual(['HISTORY_LOST', 'while it was disconnected']);
  const again = follow({ after: cursor, integrations: [id] }, token);
  const received = () => [again, follower].map((one) => seen(one).map(({ eventId }) => eventId));
  await expect.poll(received).toSatisfy(([repeated, first]) => isDeepStrictEqual(repeated, first));
});

it('a subscription to new mail goes on while an account is disconnected, and ends when that is connected again', async () => {
  const { token } = await app.user('returning');
  const [staying, returning] = ['staying@gmail.example', 'returning@outlook.example'];
  await app.connect(token, 'GMAIL', staying);
  const id = await app.connect(token, 'OUTLOOK', returning);
  await app.synced(token);
  const { cursor } = (await app.data(SYNC, {}, token)).viewer.sync;
  const socket = new Follower(app.url, token, RECEIVED, { after: cursor });
  followers.push(socket);
  await app.data(DISCONNECT, { id }, token);
  const other = await deliver('google', staying, 'in the other account');
  await expect.poll(() => socket.events.map(({ messageId }) => ownIdOf(messageId))).toEqual([other.id]);
  expect(socket.failures).toEqual([]);
  await app.connect(token, 'OUTLOOK', returning);
  await expect.poll(() => socket.failures[0]).toContain('CONFLICT');
});

it('an account that was connected after the cursor is followed from its first event', async () => {
  const { token } = await app.user('joining');
  const { cursor } = (await app.data(SYNC, {}, token)).viewer.sync;
  const id = await app.connect(token, 'GMAIL', 'joining@gmail.example');
  const follower = follow({ after: cursor }, token);
  await expect
    .poll(() => seen(follower))
    .toMatchObject([
      { __typename: 'IntegrationChanged', status: 'CONNECTED', integration: { id } },
      { __typename: 'MailEventsReset', reason: 'FIRST_SYNC' },
    ]);
});

it('the first events of an account begin when every folder of it has been read', async () => {
  const { token } = await app.user('beginning');
  const account = 'beginning@outlook.example';
  const { cursor } = (await app.data(SYNC, {}, token)).viewer.sync;
  await app.control('/accounts', { vendor: 'microsoft', address: account, name: 'beginning', messages: 5 });
  const [first, second] = await dump('microsoft', account);
  const folders = {
    vendor: 'microsoft',
    account,
    operation: 'GET /me/mailFolders/{id}/messages/delta',
    hang: 'release',
  };
  const { id: held } = await app.control<{ id: number }>('/faults', folders);
  const connecting = app.connect(token, 'OUTLOOK', account);
  const follower = follow({ after: cursor }, token);
  const begins = () => resets(seen(follower)).length;
  await expect
    .poll(async () => (await app.control<SetFault[]>('/faults')).some(({ id, met }) => id === held && met > 0))
    .toBe(true);
  // What changes before is no event, and nobody who reads the account at its beginning misses it.
  await app.control('/touch', { vendor: 'microsoft', account, id: first?.id, change: 'star' });
  await app.control('/touch', { vendor: 'microsoft', account, id: second?.id, change: 'delete' });
  const { changes: before } = (await app.data(CHANGES, { after: cursor, first: 100 }, token)).viewer;
  expect(resets(before.edges.map(({ node }) => node))).toEqual([]);
  await app.control('/faults', undefined, 'DELETE');
  await connecting;
  await expect.poll(begins).toBe(1);
  // What follows it may repeat what was read with the account already.
  const types = seen(follower).map(({ __typename }) => __typename);
  expect(new Set(types.slice(0, types.indexOf('MailEventsReset')))).toEqual(new Set(['IntegrationChanged']));
  expect(resets(seen(follower))[0]?.[1]).toBe('FIRST_SYNC');
});

async function inDatabase(statements: string): Promise<void> {
  await app.restart(async () => {
    const db = await openDatabase({ url: app.databaseUrl, dataDir: app.config.dataDir, log: silent });
    for (const statement of statements.split(';')) await db.prisma.$executeRawUnsafe(statement);
    await db.close();
  });
}
const resets = (events: readonly { __typename: string; integration: { id: string }; reason?: string }[]) =>
  events.flatMap(({ __typename, reason, integration }) =>
    __typename === 'MailEventsReset' ? [[integration.id, reason]] : [],
  );

it('a cursor that does not reach the log begins with a reset, and goes on behind it', async () => {
  const { sync, integrations } = (await app.data(SYNC)).viewer;
  const [gmail, outlook] = ACCOUNTS.map(([, account]) => integrations.find(({ address }) => address === account));
  if (!gmail || !outlook) throw new Error('both accounts are connected');
  const single = gmail.sync.cursor;

  // One account's cursor over both.
  expect(resets((await changes(single)).map(({ node }) => node))).toEqual([[outlook.id, 'ACCOUNT_NOT_IN_CURSOR']]);
  const other = follow({ after: single });
  await expect.poll(() => resets(seen(other))).toEqual([[outlook.id, 'ACCOUNT_NOT_IN_CURSOR']]);
  const refusedBy = async (after: string) => {
    const listener = new Follower(app.url, app.token, RECEIVED, { after });
    await expect.poll(() => listener.failures.length).toBeGreaterThan(0);
    await listener.end();
    return listener.failures[0];
  };
  expect(await refusedBy(single)).toContain('BAD_USER_INPUT');

  // The entries after it were pruned.
  for (const n of [1, 2, 3]) await deliver('google', 'demo@gmail.example', `pruned ${n}`);
  await expect.poll(async () => (await changes(sync.cursor)).length).toBeGreaterThanOrEqual(3);
  await app.synced(app.token);
  const id = Buffer.from(gmail.id, 'base64url').toString().split(':')[1];

  // An entry between others was lost.
  const before = (await changes(sync.cursor)).map(({ node }) => node.eventId);
  await inDatabase(
    `DELETE FROM changes WHERE integration_id = '${id}' AND sequence = (SELECT sequence - 1 FROM integrations WHERE id = '${id}')`,
  );
  const polled = (await changes(sync.cursor)).map(({ node }) => node);
  expect(resets(polled)).toEqual([[gmail.id, 'LOG_INCOMPLETE']]);
  expect(polled.filter(({ __typename }) => __typename !== 'MailEventsReset')).toHaveLength(before.length - 1);
  const holed = follow({ after: sync.cursor });
  await expect.poll(() => resets(seen(holed))).toEqual([[gmail.id, 'LOG_INCOMPLETE']]);
  await expect.poll(() => seen(holed)).toHaveLength(before.length);

  await inDatabase(
    `DELETE FROM changes WHERE integration_id = '${id}' AND sequence < (SELECT sequence FROM integrations WHERE id = '${id}')`,
  );
  expect(resets((await changes(sync.cursor)).map(({ node }) => node))).toEqual([[gmail.id, 'CURSOR_TOO_OLD']]);
  expect(await refusedBy(sync.cursor)).toContain('CONFLICT');
  const late = follow({ after: sync.cursor });
  await expect.poll(() => resets(seen(late))).toEqual([[gmail.id, 'CURSOR_TOO_OLD']]);
  await deliver('google', 'demo@gmail.example', 'after the reset');
  await expect
    .poll(() => seen(late))
    .toContainEqual(expect.objectContaining({ message: expect.objectContaining({ subject: 'after the reset' }) }));

  // The database was restored from a backup, and its log has grown again.
  await app.synced(app.token);
  const lost = (await app.data(SYNC)).viewer.sync.cursor;
  await inDatabase(
    `UPDATE changes SET at = at + interval '1 second' WHERE integration_id = '${id}' AND sequence = (SELECT sequence FROM integrations WHERE id = '${id}')`,
  );
  expect(resets((await changes(lost)).map(({ node }) => node))).toEqual([[gmail.id, 'LOG_REPLACED']]);
  await inDatabase(
    `UPDATE integrations SET sequence = sequence - 1 WHERE id = '${id}'; DELETE FROM changes WHERE integration_id = '${id}' AND sequence > (SELECT sequence FROM integrations WHERE id = '${id}')`,
  );
  const replaced = follow({ after: lost });
  await expect.poll(() => resets(seen(replaced))).toEqual([[gmail.id, 'LOG_REPLACED']]);
});

it('a subscription to new mail ends where entries of the log were lost, or a history without an index, and not where they begin', async () => {
  const { token } = await app.user('losing');
  const [vendor, account] = ['google', 'losing@gmail.example'];
  const after = (await app.data(SYNC, {}, token)).viewer.sync.cursor;
  const socket = new Follower(app.url, token, RECEIVED, { after });
  const everything = follow({ after }, token);
  followers.push(socket);
  await app.connect(token, 'GMAIL', account);
  const request = { query: documentText(RECEIVED), variables: { after } };
  const stream = await openEventStream(app, request, { token });
  followers.push({ end: async () => stream.close() });
  await deliver(vendor, account, 'before');
  await expect.poll(() => new Set(socket.events.map(({ messageId }) => messageId)).size).toBe(1);
  await stream.find(({ id }) => id !== null);
  expect(socket.failures).toEqual([]);
  await app.synced(token);
  // No list of the newest mail has what was imported with an old date.
  await app.control('/expire-history', { vendor, account });
  const receivedAt = '2020-02-02T00:00:00Z';
  await app.control('/deliver', { vendor, account, from: 'a@example.org', subject: 'old', text: 'x', receivedAt });
  await expect.poll(() => socket.failures[0]).toContain('CONFLICT');
  await expect.poll(() => resets(seen(everything)).map(([, reason]) => reason)).toEqual(['FIRST_SYNC', 'HISTORY_LOST']);
  await app.synced(token);
  const from = (await app.data(SYNC, {}, token)).viewer.sync.cursor;
  await inDatabase(`UPDATE integrations SET sequence = sequence + 1 WHERE address = '${account}'`);
  const late = new Follower(app.url, token, RECEIVED, { after: from });
  followers.push(late);
  await deliver(vendor, account, 'behind a hole');
  await expect.poll(() => late.failures[0]).toContain('CONFLICT');
  const ended = await openEventStream(app, { ...request, variables: { after: from } }, { token });
  expect(await ended.closed).toBe(true);
  expect(ended.events.at(-2)?.data?.errors?.[0]?.extensions.code).toBe('CONFLICT');
  // What the error advises misses nothing that arrives before the client has subscribed again.
  expect(late.failures[0]).toContain('Take the cursor of viewer.sync, read your lists, and subscribe after it');
  const { cursor } = (await app.data(SYNC, {}, token)).viewer.sync;
  const { id } = await deliver(vendor, account, 'between');
  await app.synced(token);
  const resumed = new Follower(app.url, token, RECEIVED, { after: cursor });
  followers.push(resumed);
  await expect.poll(() => resumed.events.map(({ messageId }) => ownIdOf(messageId))).toContain(id);
  expect(resumed.failures).toEqual([]);
});

it('an account that was never synchronised, and whose entries are too old to be kept, is no gap', async () => {
  const { token } = await app.user('stuck');
  const [vendor, account] = ['google', 'going@gmail.example'];
  const stuck = 'stuck@gmail.example';
  for (const address of [account, stuck]) await app.connect(token, 'GMAIL', address);
  await app.synced(token);
  await inDatabase(
    `UPDATE integrations SET status = 'RECONNECT_REQUIRED', last_reconciled_at = NULL, sync_cursor = 'none' WHERE address = '${stuck}'; DELETE FROM changes WHERE integration_id = (SELECT id FROM integrations WHERE address = '${stuck}')`,
  );
  const { sync, integrations } = (await app.data(SYNC, {}, token)).viewer;
  expect(integrations.find(({ address }) => address === stuck)?.sync.cursor).toBeNull();
  const socket = new Follower(app.url, token, RECEIVED, { after: sync.cursor });
  const ids = integrations.map(({ id }) => id);
  const everything = [follow({ after: sync.cursor }, token), follow({ after: sync.cursor, integrations: ids }, token)];
  followers.push(socket);
  await deliver(vendor, account, 'goes on');
  for (const { events } of [socket, ...everything]) await expect.poll(() => events).not.toEqual([]);
  expect([socket, ...everything].flatMap(({ failures }) => failures)).toEqual([]);
  expect(resets(everything.flatMap(seen))).toEqual([]);
  const { edges } = (await app.data(CHANGES, { after: sync.cursor, first: 10 }, token)).viewer.changes;
  expect(edges.map(({ node }) => node.__typename)).toContain('MessageCreated');
  expect(resets(edges.map(({ node }) => node))).toEqual([]);
});

it('a cursor from before the first synchronisation of an account stays good when what the log had then is pruned', async () => {
  const { token } = await app.user('late');
  const [vendor, account] = ['google', 'early@gmail.example'];
  const late = 'late@gmail.example';
  for (const address of [account, late]) await app.connect(token, 'GMAIL', address);
  await app.synced(token);
  const ofLate = `integration_id = (SELECT id FROM integrations WHERE address = '${late}')`;
  await inDatabase(
    `UPDATE integrations SET status = 'RECONNECT_REQUIRED', last_reconciled_at = NULL WHERE address = '${late}'`,
  );
  const { sync } = (await app.data(SYNC, {}, token)).viewer;
  // It is synchronised then, and what its log had when the cursor was made has become too old to be kept.
  await inDatabase(
    `DELETE FROM changes WHERE ${ofLate}; UPDATE integrations SET last_reconciled_at = now(), sequence = sequence + 1 WHERE address = '${late}'; INSERT INTO changes (integration_id, sequence, kind, subject) SELECT id, sequence, 'reset', 'FIRST_SYNC' FROM integrations WHERE address = '${late}'`,
  );
  const received = new Follower(app.url, token, RECEIVED, { after: sync.cursor });
  followers.push(received);
  const everything = follow({ after: sync.cursor }, token);
  await deliver(vendor, account, 'in the other account');
  await expect.poll(() => received.events).not.toEqual([]);
  await expect.poll(() => resets(seen(everything))).not.toEqual([]);
  expect(resets(seen(everything)).map(([, reason]) => reason)).toEqual(['FIRST_SYNC']);
  expect([...received.failures, ...everything.failures]).toEqual([]);
});

it('refuses a cursor of another user, and one that was altered', async () => {
  const { token } = await app.user('forging');
  const { cursor } = (await app.data(SYNC)).viewer.sync;
  const codes = async (after: string, as: string) =>
    (await app.query(CHANGES, { after, first: 10 }, as)).errors?.map(({ extensions }) => extensions.code);
  expect(await codes(cursor, token)).toEqual(['BAD_USER_INPUT']);
  expect(await codes(`${cursor.slice(0, -2)}AA`, app.token)).toEqual(['BAD_USER_INPUT']);
  const follower = follow({ after: cursor }, token);
  await expect.poll(() => follower.failures[0]).toContain('BAD_USER_INPUT');
});
