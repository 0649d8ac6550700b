import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { encodeId, singleId } from '../../src/domain/global-id.ts';
import type { Dumped, TestApp } from '../support/app/app.ts';
import { startInstances } from '../support/app/instances.ts';
import { upstream } from '../support/clients/upstream.ts';
import { THROUGH_RETRIES } from '../support/run/polls.ts';
import { Chance, seedOf } from '../support/search-oracle/random.ts';

/**
 * The cache of several instances: what is changed elsewhere, or by a request to one of them, is right on all. There are two on
 * PostgreSQL, and one on the embedded database, which one process alone can open.
 */
const ACCOUNTS: Record<'google' | 'microsoft', [provider: 'GMAIL' | 'OUTLOOK', address: string]> = {
  google: ['GMAIL', 'demo@gmail.example'],
  microsoft: ['OUTLOOK', 'demo@outlook.example'],
};
type Vendor = keyof typeof ACCOUNTS;
const VENDORS = ['google', 'microsoft'] as const;
let app: TestApp;
/** The URLs of the instances. */
let instances: readonly string[];
let close: () => Promise<void>;
/** Another client of the same mailboxes. */
let otherToken: string;
beforeAll(async () => {
  const started = await startInstances({
    messages: 40,
    env: { CACHE_BYTES: '67108864' },
    providerTimes: { lagWaitsMs: [], indexSettleMs: 0 },
    syncTimes: { pollIntervalMs: 600_000, silenceMs: 900, lateMs: 3_000 },
  });
  ({ app, urls: instances, close } = started);
  otherToken = (await app.user('other')).token;
  for (const vendor of VENDORS) await app.connect(otherToken, ...ACCOUNTS[vendor]);
  await synced();
});
afterEach(() => app.control('/faults', undefined, 'DELETE'));
afterAll(() => close());

/** The answer of one instance. `isFresh`: the cache takes no part in it. */
async function ask<T = unknown>(
  url: string,
  query: string,
  { token = app.token, isFresh = false, variables = {} } = {},
) {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${token}`,
      ...(isFresh ? { 'cache-control': 'no-cache' } : {}),
    },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data: T; errors?: unknown };
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

const synced = async () => {
  await app.synced(app.token);
  await app.synced(otherToken);
};
const FIELDS = 'id subject isRead isStarred mailboxes { name }';
const PAGE = `{ viewer {
  inbox: messages(first: 12, filter: { role: INBOX }) { nodes { ${FIELDS} } pageInfo { hasNextPage } sources { state } }
  unread: messages(first: 6, filter: { isRead: false }) { nodes { ${FIELDS} } }
  starred: messages(first: 5, filter: { isStarred: true }) { nodes { id isStarred } }
  trash: messages(first: 5, filter: { role: TRASH }) { nodes { id } }
  threads(first: 6) { nodes { id subject messageCount isUnread } }
  integrations { address mailboxes { nodes { id name role parent { id } totalMessages unreadMessages } } }
} }`;
const MAILBOXES = `{ viewer {
  integrations { mailboxes { nodes { id name role parent { id } totalMessages unreadMessages } } }
  messages(first: 3) { nodes { id mailboxes { name } } }
} }`;
const INBOX = `{ viewer { messages(first: 12, filter: { role: INBOX }) { nodes { ${FIELDS} } } } }`;
type Inbox = { viewer: { messages: { nodes: { id: string; isRead: boolean }[] } } };

/** Waits until each instance, by its cache, answers as the providers do. An instance that does not wake up is never right. */
async function expectRightEverywhere(why: string, query = PAGE): Promise<void> {
  for (const url of instances)
    await expect
      .poll(() => ask(url, query), { message: `${why}, at ${url}` })
      .toEqual(await ask(app.url, query, { isFresh: true }));
}
const anyOf = async (vendor: Vendor, chance: Chance) =>
  chance.one((await app.control<Dumped[]>(`/dump?vendor=${vendor}`)).slice(-30)).id;
const deliver = (vendor: Vendor, subject: string) =>
  app.control('/deliver', { vendor, from: 'ada@people.example', subject, text: 'At noon.' });
/** The type of a mutation's input is named after it, or shared. */
const INPUTS: Readonly<Record<string, string>> = { deleteMailbox: 'MailboxInput', disconnect: 'IntegrationInput' };
const mutate = (url: string, name: string, input: object, token = app.token) => {
  const type = INPUTS[name] ?? `${name[0]?.toUpperCase()}${name.slice(1)}Input`;
  const made = name === 'createMailbox' ? 'mailbox { id }' : '';
  const text = `mutation ($input: ${type}!) { ${name}(input: $input) { userErrors { message } ${made} } }`;
  return ask<Record<string, { mailbox?: { id: string } }>>(url, text, { token, variables: { input } });
};
const integrationOf = async (vendor: Vendor, token = app.token) => {
  const { viewer } = await ask<{
    viewer: { integrations: { id: string; address: string; sync: { live: boolean } }[] };
  }>(app.url, '{ viewer { integrations { id address sync { live } } } }', { token });
  const found = viewer.integrations.find(({ address }) => address === ACCOUNTS[vendor][1]);
  if (!found) throw new Error(`${vendor} is not connected`);
  return found;
};

const STEPS = Number(process.env.CACHE_STEPS ?? 12);
it(`is right on every instance after each of ${STEPS} random changes elsewhere`, async () => {
  const chance = new Chance(seedOf());
  const done: string[] = [];
  for (const url of instances) await ask(url, PAGE);
  for (let step = 0; step < STEPS; step++) {
    const vendor = chance.one(VENDORS);
    const change = chance.one(['read', 'unread', 'star', 'unstar', 'archive', 'trash', 'inbox', 'delete', 'deliver']);
    done.push(`${vendor} ${change}`);
    if (change === 'deliver') await deliver(vendor, `Lunch ${step}`);
    else await app.control('/touch', { vendor, id: await anyOf(vendor, chance), change });
    await expectRightEverywhere(`SEED=${chance.seed}, after ${done.join(', ')}`);
  }
});

it.each(VENDORS)('shows a mutation at once where it was made, and soon on the others: %s', async (vendor) => {
  await synced();
  const prefix = singleId((await integrationOf(vendor)).id, 'Integration');
  // The random changes may have left few messages of the account among the newest.
  for (const url of instances) await deliver(vendor, `Changed at ${url}`);
  await expectRightEverywhere(`new messages of ${vendor}`, INBOX);
  for (const [turn, url] of instances.entries()) {
    for (const each of instances) await ask<Inbox>(each, INBOX);
    const ids = await app.control<Dumped[]>(`/dump?vendor=${vendor}`);
    const own = new Set(ids.map(({ id }) => encodeId('Message', prefix, id)));
    const { viewer } = await ask<Inbox>(url, INBOX);
    const message = viewer.messages.nodes.filter(({ id }) => own.has(id))[turn];
    if (!message) throw new Error('the inbox has too few messages');
    await mutate(url, 'updateMessages', { ids: [message.id], isRead: !message.isRead });
    const shown = async (where: string) =>
      (await ask<Inbox>(where, INBOX)).viewer.messages.nodes.find(({ id }) => id === message.id)?.isRead;
    expect(await shown(url)).toBe(!message.isRead);
    for (const each of instances) await expect.poll(() => shown(each)).toBe(!message.isRead);
    await expectRightEverywhere(`isRead of a message of ${vendor}`, INBOX);
  }
});

it.each([
  ['google', 'LABEL'],
  ['microsoft', 'FOLDER'],
] as const)('shows a mailbox that another client creates, renames, moves and deletes: %s', async (vendor, kind) => {
  await synced();
  const { id: integration } = await integrationOf(vendor, otherToken);
  const create = async (name: string): Promise<string> => {
    const { createMailbox } = await mutate(app.url, 'createMailbox', { integration, name, kind }, otherToken);
    return createMailbox?.mailbox?.id ?? '';
  };
  const rightAfter = async (step: string) => {
    // Not every change of mailboxes is announced. The sync of the next message finds it.
    await deliver(vendor, step);
    await expectRightEverywhere(`${vendor}: ${step}`, MAILBOXES);
  };
  for (const url of instances) await ask(url, MAILBOXES);
  const [outerOne, innerOne] = [await create('Plans'), await create('Trips')];
  await rightAfter('created');
  await mutate(app.url, 'updateMailbox', { mailbox: innerOne, name: 'Journeys', parent: outerOne }, otherToken);
  await rightAfter('renamed and moved');
  await mutate(app.url, 'deleteMailbox', { mailbox: innerOne }, otherToken);
  await rightAfter('deleted');
});

it.each(VENDORS)('asks the provider for each page while the account is not live: %s', async (vendor) => {
  await synced();
  const account = ACCOUNTS[vendor][1];
  const isLive = async () => (await integrationOf(vendor)).sync.live;
  await expect.poll(isLive).toBe(true);
  for (const url of instances) await ask(url, INBOX);
  const operation = vendor === 'google' ? 'watch' : 'POST /subscriptions';
  await app.control('/faults', { vendor, account, operation, status: 503 });
  await app.control('/silence-watches', { vendor, account });
  await deliver(vendor, 'announced by nobody');
  await expect.poll(isLive).toBe(false);
  for (const url of instances) {
    // The lease that it was live ends within a second.
    const asks = async () => {
      await app.control('/log', undefined, 'DELETE');
      await ask(url, INBOX);
      return (await upstream(app)).some((one) => one.vendor === vendor && /messages/i.test(one.operation));
    };
    await expect.poll(asks).toBe(true);
  }
  await expectRightEverywhere(`${vendor} is not live`, INBOX);
  await app.control('/faults', undefined, 'DELETE');
  // The longer the watch could not be made, the longer is the wait before the next try.
  await expect.poll(isLive, THROUGH_RETRIES).toBe(true);
  await expectRightEverywhere(`${vendor} is live again`, INBOX);
});

it.each(VENDORS)('keeps nothing of an account that is disconnected and connected again: %s', async (vendor) => {
  await synced();
  for (const url of instances) await ask(url, INBOX);
  await mutate(app.url, 'disconnect', { integration: (await integrationOf(vendor)).id });
  await expectRightEverywhere(`${vendor} is disconnected`, INBOX);
  await deliver(vendor, 'while it was disconnected');
  await app.connect(app.token, ...ACCOUNTS[vendor]);
  await expectRightEverywhere(`${vendor} is connected again`, INBOX);
});
