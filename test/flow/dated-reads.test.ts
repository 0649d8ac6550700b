import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountId, encodeId, singleId } from '../../src/domain/global-id.ts';
import { type AnswerDates, stateOf } from '../../src/graphql/reads.ts';
import { type Dumped, startApp, type TestApp } from '../support/app/app.ts';
import { datedDoor } from '../support/dated-door.ts';
import { Chance, seedOf } from '../support/search-oracle/random.ts';

/**
 * The dates of answers: an answer that shows live accounts can be given again until one of them changes, and every other answer
 * says that it cannot. What the user's own rows date is not part of it.
 */
const VENDORS = ['google', 'microsoft'] as const;
type Vendor = (typeof VENDORS)[number];
const ACCOUNTS = { google: ['GMAIL', 'demo@gmail.example'], microsoft: ['OUTLOOK', 'demo@outlook.example'] } as const;
/** No account is asked whether it was silent, since a notification that is late on a busy machine would have its watch distrusted. */
const TIMES = {
  providerTimes: { lagWaitsMs: [], indexSettleMs: 0 },
  syncTimes: { pollIntervalMs: 600_000, silenceMs: 600_000, liveMs: 600_000 },
};
const SOON_ASKED = { ...TIMES, syncTimes: { pollIntervalMs: 600_000, silenceMs: 900, lateMs: 200 } };
let app: TestApp;
const door = datedDoor();
const ask = <T = unknown>(query: string, variables = {}, token = app.token) => door.ask<T>(query, token, { variables });
const fresh = async (query: string, variables = {}) =>
  (await door.ask(query, app.token, { variables, noCache: true })).data;

const FIELDS = 'id subject snippet isRead isStarred from { address } mailboxes { name }';
const INBOX = `{ viewer { messages(first: 8, filter: { role: INBOX }) { nodes { ${FIELDS} } pageInfo { endCursor } sources { state } } } }`;
const LATER = `query ($after: Cursor) { viewer { messages(first: 8, filter: { role: INBOX }, after: $after) { nodes { ${FIELDS} } } } }`;
const THREADS = '{ viewer { threads(first: 6) { nodes { id subject messageCount isUnread } } } }';
const MAILBOXES = '{ viewer { integrations { mailboxes { nodes { id name role totalMessages unreadMessages } } } } }';
const UNREAD = '{ viewer { messages(first: 6, filter: { isRead: false }) { nodes { id isRead } } } }';
const BODIES = '{ viewer { messages(first: 3) { nodes { id body { text } thread { messageCount } } } } }';
const MESSAGE = `query ($id: ID!) { node(id: $id) { ... on Message {
  ${FIELDS} body { text html isTruncated } headers { name value } references thread { id messages { nodes { id } } } } } }`;
interface Inbox {
  viewer: { messages: { nodes: { id: string; isRead: boolean }[]; pageInfo: { endCursor: string } } };
}

/** The state of an answer, after what is not known was asked. */
async function settled(dates: AnswerDates | null, now?: number): Promise<string> {
  if (!dates) return 'undated';
  const states = await Promise.all(dates.reads.map((read) => read.confirm()));
  return states.includes('changed') ? 'changed' : stateOf(dates, now);
}
type Dated<T> = { readonly data: T; readonly dates: AnswerDates };
/**
 * An answer with its dates, asked for until it has them and they hold. On a busy machine an account is not live for a moment at
 * any time, where the database says so late.
 */
async function datedAnswer<T>(query: string, variables = {}, token = app.token): Promise<Dated<T>> {
  let found: Dated<T> | null = null;
  await expect
    .poll(async () => {
      const { data, errors, dates, undatedBy } = await ask<T>(query, variables, token);
      found = dates && { data, dates };
      return [errors, undatedBy, await settled(dates)];
    })
    .toEqual([undefined, null, 'unchanged']);
  return found as unknown as Dated<T>;
}
const datesOf = async (query: string, variables = {}, token = app.token) =>
  (await datedAnswer(query, variables, token)).dates;
/** Expects that the answer is not dated for this reason, once the accounts are live. Null: that it is dated. */
const expectUndatedBy = (query: string, reason: string | null) =>
  expect.poll(async () => (await ask(query)).undatedBy, { message: query }).toBe(reason);
const integrationsOf = async (token: string) => {
  const { viewer } = await app.data<{ viewer: { integrations: { id: string; address: string }[] } }>(
    '{ viewer { integrations { id address } } }',
    {},
    token,
  );
  return new Map(
    VENDORS.map((vendor) => [vendor, viewer.integrations.find((one) => one.address === ACCOUNTS[vendor][1])?.id ?? '']),
  );
};
const mutate = (name: string, type: string, input: object, token = app.token) =>
  app.data(`mutation ($input: ${type}!) { ${name}(input: $input) { __typename } }`, { input }, token);
const touch = (vendor: Vendor, id: string, change: string) => app.control('/touch', { vendor, id, change });
const dump = (vendor: Vendor) => app.control<Dumped[]>(`/dump?vendor=${vendor}`);

const CACHES = [
  ['with a cache', '67108864'],
  ['without one', '0'],
] as const;
describe.each(CACHES)('%s', (_, CACHE_BYTES) => {
  beforeAll(async () => {
    app = await startApp({ messages: 40, env: { CACHE_BYTES }, doors: [door.create], ...TIMES });
  });
  afterAll(() => app.close());

  it('dates pages, threads, mailboxes and messages of live accounts, until one of these changes', async () => {
    await app.synced(app.token);
    const { data } = await datedAnswer<Inbox>(INBOX);
    const { nodes, pageInfo } = data.viewer.messages;
    const { id = '' } = nodes[0] ?? {};
    const asked: [string, object][] = [
      [INBOX, {}],
      [LATER, { after: pageInfo.endCursor }],
      [THREADS, {}],
      [MAILBOXES, {}],
      [MESSAGE, { id }],
    ];
    let dates: AnswerDates[] = [];
    // All of them hold at the same time.
    await expect
      .poll(async () => {
        dates = await Promise.all(asked.map(([query, variables]) => datesOf(query, variables)));
        return Promise.all(dates.map((one) => settled(one)));
      })
      .toEqual(asked.map(() => 'unchanged'));
    expect(dates.map(({ reads }) => reads.length)).toEqual([2, 2, 2, 2, 1]);
    // Names of labels and categories are announced by nobody.
    const inFiveMinutes = Date.now() + 5 * 60_000;
    for (const [n, { until }] of dates.entries())
      expect(until <= inFiveMinutes, asked[n]?.[0]).toBe(asked[n]?.[0] !== THREADS);
    const mailboxes = dates[3] as AnswerDates;
    expect(await settled(mailboxes, mailboxes.until)).toBe('changed');
    await expect.poll(() => settled(mailboxes, mailboxes.until - 1)).toBe('unchanged');

    const google = singleId((await integrationsOf(app.token)).get('google') ?? '', 'Integration');
    const changed = nodes.find((node) => accountId(node.id, 'Message').integrationId === google);
    if (!changed) throw new Error('the page has no message of google');
    await touch('google', accountId(changed.id, 'Message').providerId, changed.isRead ? 'unread' : 'read');
    await app.synced(app.token);
    await expect.poll(() => settled(dates[0] ?? null)).toBe('changed');
    // The other account has not changed.
    const states = () => Promise.all((dates[0] as AnswerDates).reads.map((read) => read.confirm()));
    await expect.poll(async () => (await states()).sort()).toEqual(['changed', 'unchanged']);
  });

  it.each(VENDORS)('ends the date of an answer when the user changes something here: %s', async (vendor) => {
    await app.synced(app.token);
    const prefix = singleId((await integrationsOf(app.token)).get(vendor) ?? '', 'Integration');
    const id = encodeId('Message', prefix, (await dump(vendor))[0]?.id ?? '');
    const dates = await datesOf(MESSAGE, { id });
    await mutate('updateMessages', 'UpdateMessagesInput', { ids: [id], isStarred: true });
    expect(stateOf(dates)).toBe('changed');
  });
});

describe.each(CACHES)('%s, while an account cannot be followed', (_, CACHE_BYTES) => {
  beforeAll(async () => {
    app = await startApp({ messages: 40, env: { CACHE_BYTES }, doors: [door.create], ...SOON_ASKED });
  });
  afterAll(() => app.close());

  it('does not date an answer of which an account is missing, or of an account that is not live', async () => {
    await app.synced(app.token);
    await datesOf(INBOX);
    await app.control('/faults', { vendor: 'google', operation: 'messages.list', status: 500 });
    await app.control('/faults', { vendor: 'google', operation: 'messages.get', status: 500 });
    const later = 'query { viewer { messages(first: 3, filter: { role: SENT }) { nodes { id } sources { state } } } }';
    expect((await ask(later)).undatedBy).not.toBeNull();
    await app.control('/faults', undefined, 'DELETE');
    const dates = await datesOf(INBOX);
    const account = ACCOUNTS.google[1];
    await app.control('/faults', { vendor: 'google', account, operation: 'watch', status: 503 });
    await app.control('/silence-watches', { vendor: 'google', account });
    await app.control('/deliver', { vendor: 'google', from: 'ada@people.example', subject: 'Unannounced', text: 'Hi' });
    await expect.poll(() => settled(dates)).toBe('changed');
    await expectUndatedBy(INBOX, 'an account that is not live');
    await app.control('/faults', undefined, 'DELETE');
    await datesOf(INBOX);
  });
});

describe('an answer that is not dated by its accounts alone', () => {
  beforeAll(async () => {
    app = await startApp({ messages: 40, env: { CACHE_BYTES: '67108864' }, doors: [door.create], ...TIMES });
    await app.synced(app.token);
  });
  afterAll(() => app.close());

  it('is not dated', async () => {
    await datesOf(INBOX);
    const integration = (await integrationsOf(app.token)).get('google') ?? '';
    const { saveDraft } = await app.data<{ saveDraft: { draft: { id: string } } }>(
      'mutation ($input: ComposeInput!) { saveDraft(input: $input) { draft { id } } }',
      { input: { integration, subject: 'Later' } },
    );
    // The user's own rows are dated by what the server notes for every answer.
    await expectUndatedBy(`{ node(id: "${integration}") { id ... on Integration { address } } }`, null);
    const missing = encodeId('Message', '00000000-0000-4000-8000-000000000000', 'x');
    for (const [query, reason] of [
      ['{ viewer { messages(first: 3, search: "lunch") { nodes { id } } } }', 'a list that is not exact'],
      ['{ viewer { integrations { drafts(first: 3) { nodes { id } } } } }', 'Integration.drafts'],
      [`{ node(id: "${saveDraft.draft.id}") { ... on Draft { version } } }`, 'the node type Draft'],
      ['{ viewer { integrations { sync { live } } } }', 'Integration.sync'],
      [`{ node(id: "${missing}") { ... on Message { subject } } }`, 'an account that does not exist'],
      ['{ viewer { messages(first: 0) { nodes { id } } } }', 'an error'],
    ] as const)
      await expectUndatedBy(query, reason);
  });

  it('holds no longer than its links are valid for ten more minutes', async () => {
    const { id = '' } = (await datedAnswer<Inbox>(INBOX)).data.viewer.messages.nodes[0] ?? {};
    const query = 'query ($id: ID!) { node(id: $id) { ... on Message { raw { url expiresAt } } } }';
    const { data, dates } = await datedAnswer<{ node: { raw: { expiresAt: string } } }>(query, { id });
    expect(dates.until).toBe(new Date(data.node.raw.expiresAt).getTime() - 10 * 60_000);
  });

  it('ends when its account is disconnected, and those of others do not', async () => {
    const { token } = await app.user('leaving');
    for (const vendor of VENDORS) await app.connect(token, ACCOUNTS[vendor][0], ACCOUNTS[vendor][1]);
    // A new watch of the same mailbox may notify the first user too.
    await app.synced(app.token);
    const [own, others] = [await datesOf(INBOX), await datesOf(INBOX, {}, token)];
    const keys = (dates: AnswerDates) => dates.reads.map(({ key }) => key);
    expect(keys(others).filter((key) => keys(own).includes(key))).toEqual([]);
    await mutate('disconnect', 'IntegrationInput', { integration: (await integrationsOf(token)).get('google') }, token);
    expect(await settled(others)).toBe('changed');
    await expect.poll(() => settled(own)).toBe('unchanged');
  });

  const STEPS = Number(process.env.CACHE_STEPS ?? 12);
  it(`equals a fresh answer as long as nothing of it has changed, over ${STEPS} random changes`, async () => {
    const chance = new Chance(seedOf());
    const integrations = await integrationsOf(app.token);
    const ofOne = (integration: string) =>
      `{ viewer { messages(first: 5, integrations: ["${integration}"]) { nodes { ${FIELDS} } } } }`;
    const inboxes = [...integrations.values()].map(ofOne);
    const queries = [INBOX.replace('pageInfo { endCursor }', ''), THREADS, MAILBOXES, UNREAD, BODIES, ...inboxes];
    const kept = new Map<string, Dated<unknown>>();
    const done: string[] = [];
    let given = 0;
    for (let step = 0; step < STEPS; step++) {
      const [vendor, change] = [
        chance.one(VENDORS),
        chance.one(['read', 'unread', 'star', 'archive', 'trash', 'delete', 'deliver', 'own']),
      ];
      done.push(`${vendor} ${change}`);
      const { id } = chance.one((await dump(vendor)).slice(-20));
      const prefix = singleId(integrations.get(vendor) ?? '', 'Integration');
      if (change === 'deliver')
        await app.control('/deliver', {
          vendor,
          from: 'ada@people.example',
          subject: `Lunch ${step}`,
          text: 'At noon.',
        });
      else if (change === 'own')
        await mutate('updateMessages', 'UpdateMessagesInput', {
          ids: [encodeId('Message', prefix, id)],
          isRead: chance.is(0.5),
        });
      else await touch(vendor, id, change);
      await app.synced(app.token);
      for (const query of queries) {
        const known = kept.get(query);
        if (known && (await settled(known.dates)) === 'unchanged') {
          const now = await fresh(query);
          if (isDeepStrictEqual(known.data, now)) given++;
          // The change was not announced yet when the answer would have been given.
          else
            await expect
              .poll(() => settled(known.dates), { message: `SEED=${chance.seed}, ${query}, after ${done.join(', ')}` })
              .toBe('changed');
          continue;
        }
        kept.set(query, await datedAnswer<unknown>(query));
      }
    }
    expect(given).toBeGreaterThan(0);
  });
});
