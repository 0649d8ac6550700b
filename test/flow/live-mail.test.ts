import { setTimeout as delay } from 'node:timers/promises';
import { type Client, createClient } from 'graphql-ws';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';
import { documentText, type Present, type ResultOf } from '../support/clients/document.ts';

let app: TestApp;
const clients: Client[] = [];
beforeAll(async () => {
  app = await startApp({ syncTimes: { pollIntervalMs: 500 } });
});
afterEach(async () => {
  await app.control('/faults', undefined, 'DELETE');
  await Promise.all(clients.splice(0).map((c) => c.dispose()));
});
afterAll(() => app.close());

const ACCOUNTS = [
  ['google', 'demo@gmail.example'],
  ['microsoft', 'demo@outlook.example'],
] as const;
const LIVE = graphql(
  `subscription ($after: Cursor, $role: MailboxRole = INBOX) { messageReceived(after: $after, role: $role) { cursor message { id subject from { address } mailboxes { role } integration { address } } } }`,
);
const CURSOR = graphql(`{ viewer { sync { cursor } } }`);
const CHANGES = graphql(`query ($after: Cursor) { viewer { changes(after: $after, first: 1) { edges { cursor } } } }`);
type Stream = ReturnType<typeof subscribe>;
const subscribe = (client: Client, variables: Record<string, unknown> = {}) =>
  client.iterate<Present<ResultOf<typeof LIVE>>>({ query: documentText(LIVE), variables });

function connect(token: string | null, onClosed: (event: { code: number; reason: string }) => void = () => {}): Client {
  const client = createClient({
    url: `${app.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    lazy: true,
    retryAttempts: 0,
    ...(token ? { connectionParams: { authorization: `Bearer ${token}` } } : {}),
    on: { closed: (event) => onClosed(event as { code: number; reason: string }) },
  });
  clients.push(client);
  return client;
}

/** Returns the next event whose message has this subject. */
async function receive(stream: Stream, subject: string) {
  for (;;) {
    const { value, done } = await stream.next();
    if (done) throw new Error('the subscription ended');
    if (value.errors) throw new Error(JSON.stringify(value.errors));
    const event = value.data?.messageReceived;
    if (event?.message.subject === subject) return event;
  }
}
/**
 * Resolves once the subscription has started. It delivers mail to each account until some of each is received, because
 * each account is followed separately.
 */
async function live(token: string) {
  const stream = subscribe(connect(token));
  const missing = new Set<string>(ACCOUNTS.map(([, account]) => account));
  const received = (async () => {
    while (missing.size > 0) {
      const { value, done } = await stream.next();
      if (done || value.errors) throw new Error(JSON.stringify(value?.errors ?? 'the subscription ended'));
      missing.delete(value.data?.messageReceived.message?.integration.address ?? '');
    }
  })();
  for (let i = 0; missing.size > 0; i++) {
    for (const [vendor, account] of ACCOUNTS)
      await app.control('/deliver', { vendor, account, from: 'a@example.org', subject: `knock ${i}`, text: 'x' });
    await Promise.race([received, delay(100)]);
  }
  await received;
  return stream;
}

it.each(ACCOUNTS)('%s: new mail reaches a subscriber, ready to show', async (vendor, account) => {
  const stream = await live(app.token);
  await app.control('/deliver', {
    vendor,
    account,
    from: 'Live <live@example.org>',
    subject: `live from ${vendor}`,
    text: 'now',
  });
  const { message, cursor } = await receive(stream, `live from ${vendor}`);
  expect(message).toMatchObject({ from: { address: 'live@example.org' }, integration: { address: account } });
  expect(message.mailboxes.map((m) => m.role)).toContain('INBOX');
  expect(cursor).toEqual(expect.any(String));
});

it.each(ACCOUNTS)(
  '%s: a subscriber that comes back with its cursor misses nothing and gets nothing twice',
  async (vendor, account) => {
    const stream = await live(app.token);
    await app.control('/deliver', { vendor, account, from: 'a@example.org', subject: `${vendor} before`, text: 'x' });
    const { cursor } = await receive(stream, `${vendor} before`);
    await stream.return?.();
    const witness = await live(app.token);
    for (const n of [1, 2, 3])
      await app.control('/deliver', {
        vendor,
        account,
        from: 'a@example.org',
        subject: `${vendor} while away ${n}`,
        text: 'x',
      });
    await receive(witness, `${vendor} while away 3`);
    const again = subscribe(connect(app.token), { after: cursor });
    const subjects: string[] = [];
    while (subjects.filter((s) => s.startsWith(`${vendor} while away`)).length < 3) {
      const { value } = await again.next();
      subjects.push(value.data?.messageReceived.message.subject);
    }
    expect(subjects.filter((s) => s.startsWith(vendor))).toEqual([1, 2, 3].map((n) => `${vendor} while away ${n}`));
  },
);

it.each(ACCOUNTS)('%s: nothing is missed when webhooks are repeated or lost', async (vendor, account) => {
  const stream = await live(app.token);
  for (const webhook of ['repeat', 'lose']) {
    await app.control('/faults', { vendor, account, webhook, times: 2 });
    const subject = `${vendor} ${webhook}`;
    await app.control('/deliver', { vendor, account, from: 'a@example.org', subject, text: 'x' });
    await receive(stream, subject);
    await app.control('/faults', undefined, 'DELETE');
  }
});

it.each(ACCOUNTS)(
  '%s: a subscription ends when the history of an account without an index is forgotten, and misses nothing after what it advises',
  async (vendor, account) => {
    const stream = await live(app.token);
    await app.control('/expire-history', { vendor, account });
    const mail = { vendor, account, from: 'a@example.org', text: 'x' };
    await app.control('/deliver', { ...mail, subject: `${vendor} after forgetting` });
    await expect(receive(stream, 'none')).rejects.toMatchObject([{ extensions: { code: 'CONFLICT' } }]);
    // A cursor is no further than what this instance has heard of, so the first may be from before the loss.
    let after = '';
    const left = async () => {
      after = (await app.data(CURSOR)).viewer.sync.cursor;
      return (await app.data(CHANGES, { after })).viewer.changes.edges;
    };
    await expect.poll(left).toEqual([]);
    const again = subscribe(connect(app.token), { after });
    await app.control('/deliver', { ...mail, subject: `${vendor} and on` });
    await receive(again, `${vendor} and on`);
  },
);

it.each(ACCOUNTS)(
  '%s: mail keeps arriving after the access token of the account has expired',
  async (vendor, account) => {
    const stream = await live(app.token);
    await app.control('/expire-tokens', { vendor, account });
    await app.control('/deliver', {
      vendor,
      account,
      from: 'a@example.org',
      subject: `${vendor} new token`,
      text: 'x',
    });
    await receive(stream, `${vendor} new token`);
  },
);

it('keeps arriving after the watches have silently ended', async () => {
  const stream = await live(app.token);
  const polled = new Set<string>();
  for (const [vendor, account] of ACCOUNTS) {
    await app.control('/drop-watches', { vendor, account });
    await app.control('/deliver', { vendor, account, from: 'a@example.org', subject: `${vendor} polled`, text: 'x' });
    polled.add(`${vendor} polled`);
  }
  for await (const { data } of stream) {
    polled.delete(data?.messageReceived.message?.subject ?? '');
    if (polled.size === 0) break;
  }
});

it('sends nothing to another user, and refuses a client that is not signed in', async () => {
  const stranger = await app.user('listener');
  const other = subscribe(connect(stranger.token));
  let leaked: unknown;
  void other.next().then(
    (event) => (leaked = event.value),
    () => undefined,
  );
  const stream = await live(app.token);
  await app.control('/deliver', {
    vendor: 'google',
    account: 'demo@gmail.example',
    from: 'a@example.org',
    subject: 'private',
    text: 'x',
  });
  await receive(stream, 'private');
  expect(leaked).toBeUndefined();
  for (const token of [null, 'forged.token.here']) {
    const closed = new Promise<number>((resolve) => {
      const stream = subscribe(connect(token, (event) => resolve(event.code)));
      void stream.next().catch(() => undefined);
    });
    expect([4401, 4403]).toContain(await closed);
  }
});

it('ends when the session does', async () => {
  const { email, token } = await app.user('ending');
  expect(email).toBeTruthy();
  const closed = new Promise<number>((resolve) => {
    const stream = subscribe(connect(token, (event) => resolve(event.code)));
    void stream.next().catch(() => undefined);
    void app.data(graphql(`mutation { signOut { userErrors { message } } }`), {}, token);
  });
  expect([4401, 4403]).toContain(await closed);
});
