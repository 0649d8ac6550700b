import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import type { Dumped, TestApp } from '../support/app/app.ts';
import { startInstances } from '../support/app/instances.ts';
import { Chance, seedOf } from '../support/search-oracle/random.ts';

/**
 * Whole answers, kept by the real gateway: each is compared with a fresh one after every change. There are two instances on
 * PostgreSQL, and one on the embedded database, which one process alone can open.
 */
let app: TestApp;
let instances: readonly string[];
let close: () => Promise<void>;
beforeAll(async () => {
  const started = await startInstances({
    messages: 20,
    env: { CACHE_BYTES: '67108864', KEPT_ANSWERS: 'on' },
    providerTimes: { lagWaitsMs: [], indexSettleMs: 0 },
  });
  ({ app, urls: instances, close } = started);
});
afterAll(() => close());

const ACCOUNTS =
  '{ viewer { id email integrations { id address status access problem { code } connectedAt provider { id } capabilities { push } } submissions(first: 5) { nodes { id status attempts integration { address } } } } }';

interface Asked {
  readonly token: string | null;
  readonly isFresh?: boolean;
  readonly variables?: object;
}
async function ask(url: string, query: string, { token, isFresh = false, variables = {} }: Asked): Promise<unknown> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(isFresh ? { 'cache-control': 'no-cache' } : {}),
    },
    body: JSON.stringify({ query, variables }),
  });
  return response.json();
}
const keep = async (query: string, token: string) => {
  for (const url of instances) await ask(url, query, { token });
};
/** Waits until every instance answers as a fresh answer does. What is asked about may still change meanwhile. */
async function expectRightEverywhere(query: string, token: string, note = ''): Promise<void> {
  for (const url of instances) {
    const both = async () => ({
      given: await ask(url, query, { token }),
      fresh: await ask(app.url, query, { token, isFresh: true }),
    });
    await expect
      .poll(both, { message: `${note}, at ${url}: ${query}` })
      .toSatisfy(({ given, fresh }) => isDeepStrictEqual(given, fresh));
  }
}
const disconnect = (token: string, integration: string) =>
  app.data(
    graphql(`mutation ($input: IntegrationInput!) { disconnect(input: $input) { userErrors { message } } }`),
    { input: { integration } },
    token,
  );
const ofUser = async (name: string) => {
  const { token } = await app.user(name);
  const integration = await app.connect(token, 'GMAIL', `${name}@gmail.example`);
  return { token, integration };
};

describe('a kept answer about the accounts of a user', () => {
  it('is right at once where the user has changed something, and on every instance', async () => {
    const { token, integration } = await ofUser('changes');
    await keep(ACCOUNTS, token);
    const before = await ask(app.url, ACCOUNTS, { token });
    await disconnect(token, integration);
    const after = await ask(app.url, ACCOUNTS, { token });
    expect(after).not.toEqual(before);
    expect(after).toEqual(await ask(app.url, ACCOUNTS, { token, isFresh: true }));
    await expectRightEverywhere(ACCOUNTS, token);
    await keep(ACCOUNTS, token);
    expect(await app.connect(token, 'GMAIL', 'changes@gmail.example', 'READ')).toBe(integration);
    expect(await ask(app.url, ACCOUNTS, { token })).toEqual(await ask(app.url, ACCOUNTS, { token, isFresh: true }));
    await expectRightEverywhere(ACCOUNTS, token);
  });

  it('is right where a provider has revoked the grant, of which no request has told', async () => {
    const { token } = await ofUser('revoked');
    await keep(ACCOUNTS, token);
    await app.control('/revoke', { vendor: 'google', account: 'revoked@gmail.example' });
    // The next sync, or this read, finds out.
    await expect
      .poll(async () => {
        await ask(app.url, '{ viewer { messages(first: 1) { nodes { id } } } }', { token, isFresh: true });
        return JSON.stringify(await ask(app.url, ACCOUNTS, { token }));
      })
      .toContain('RECONNECT_REQUIRED');
    await expectRightEverywhere(ACCOUNTS, token);
  });

  it('follows a submission until it is sent', async () => {
    const { token, integration } = await ofUser('sends');
    await keep(ACCOUNTS, token);
    const input = {
      idempotencyKey: 'once',
      undoSeconds: 1,
      message: { integration, to: [{ address: 'bob@people.example' }], subject: 'Lunch', text: 'At noon.' },
    };
    const { send } = await app.data(
      graphql(`mutation ($input: SendInput!) { send(input: $input) { submission { id } userErrors { message } } }`),
      { input },
      token,
    );
    // It may be due by now, so that its status is not known.
    expect(JSON.stringify(await ask(app.url, ACCOUNTS, { token }))).toContain(`"id":"${send.submission?.id}"`);
    for (const url of instances)
      await expect.poll(async () => JSON.stringify(await ask(url, ACCOUNTS, { token }))).toContain('SENT');
    await expectRightEverywhere(ACCOUNTS, token);
  });

  it('is never given to another user with the same account, to nobody, or after the session has ended', async () => {
    const [first, second] = [await app.user('first'), await app.user('second')];
    for (const { token } of [first, second]) await app.connect(token, 'GMAIL', 'shared@gmail.example');
    const text = async (token: string | null) => JSON.stringify(await ask(app.url, ACCOUNTS, { token }));
    for (let i = 0; i < 2; i++) {
      expect(await text(first.token)).toContain(first.email);
      expect(await text(second.token)).toContain(second.email);
      expect(await text(null)).toContain('UNAUTHENTICATED');
    }
    await app.data(graphql(`mutation { signOut { userErrors { message } } }`), {}, first.token);
    for (const url of instances)
      await expect
        .poll(async () => JSON.stringify(await ask(url, ACCOUNTS, { token: first.token })))
        .toContain('UNAUTHENTICATED');
    expect(await text(second.token)).toContain(second.email);
  });
});

const FIELDS = 'id subject isRead isStarred mailboxes { name }';
const INBOX = `{ viewer { messages(first: 10, filter: { role: INBOX }) { nodes { ${FIELDS} } pageInfo { hasNextPage } sources { state } } } }`;
/** Answers about mail, each of which is kept by itself. */
const MAIL = [
  INBOX,
  `{ viewer { messages(first: 5, filter: { isRead: false }) { nodes { ${FIELDS} } } } }`,
  '{ viewer { threads(first: 5) { nodes { id subject messageCount isUnread } } } }',
  '{ viewer { integrations { address mailboxes { nodes { id name totalMessages unreadMessages } } } } }',
  '{ viewer { messages(first: 2) { nodes { id body { text } attachments { filename } } } } }',
];

it('a kept answer about mail is right after each of many changes, by the user and elsewhere, on every instance', async () => {
  const seed = seedOf();
  const chance = new Chance(seed);
  const { token } = app;
  const anyOf = async (vendor: string) =>
    chance.one((await app.control<Dumped[]>(`/dump?vendor=${vendor}`)).slice(-10)).id;
  const flags = (isRead: boolean, isStarred: boolean) => ({ isRead, isStarred });
  for (let step = 0; step < 12; step++) {
    for (const query of MAIL) await keep(query, token);
    const vendor = chance.one(['google', 'microsoft']);
    const isOwn = chance.one([true, false]);
    const note = `seed ${seed}, step ${step}`;
    if (isOwn) {
      const url = chance.one(instances);
      const inbox = (await ask(url, INBOX, { token, isFresh: true })) as {
        data: { viewer: { messages: { nodes: { id: string; isRead: boolean; isStarred: boolean }[] } } };
      };
      const { id, isRead, isStarred } = chance.one(inbox.data.viewer.messages.nodes);
      const input = { ids: [id], ...flags(!isRead, !isStarred) };
      const changed = await ask(
        url,
        'mutation ($input: UpdateMessagesInput!) { updateMessages(input: $input) { results { problem { message } } userErrors { message } } }',
        { token, variables: { input } },
      );
      expect(JSON.stringify(changed), note).not.toContain('message');
      const { data } = (await ask(url, INBOX, { token })) as typeof inbox;
      expect(data.viewer.messages.nodes, note).toContainEqual(
        expect.objectContaining({ id, ...flags(!isRead, !isStarred) }),
      );
    } else if (chance.one([true, false])) {
      await app.control('/deliver', { vendor, from: 'ada@people.example', subject: `Lunch ${step}`, text: 'At noon.' });
    } else {
      const change = chance.one(['read', 'unread', 'star', 'unstar']);
      await app.control('/touch', { vendor, id: await anyOf(vendor), change });
    }
    await app.synced(token);
    for (const query of MAIL) await expectRightEverywhere(query, token, note);
  }
});
