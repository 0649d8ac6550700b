import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
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
const TIMES = {
  providerTimes: { lagWaitsMs: [], indexSettleMs: 0 },
  syncTimes: { pollIntervalMs: 600_000, silenceMs: 900, lateMs: 200 },
};
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
/** The dates of an answer, asked until the accounts are live. */
async function datesOf(query: string, variables = {}, token = app.token): Promise<AnswerDates> {
  let dates: AnswerDates | null = null;
  await expect
    .poll(async () => {
      const answer = await ask(query, variables, token);
      dates = answer.dates;
      return [answer.errors, answer.undatedBy];
    })
    .toEqual([undefined, null]);
  return dates as unknown as AnswerDates;
}
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

describe.each([
  ['with a cache', '67108864'],
  ['without one', '0'],
])('%s', (_, CACHE_BYTES) => {
  beforeAll(async () => {
    app = await startApp({ messages: 40, env: { CACHE_BYTES }, doors: [door.create], ...TIMES });
  });
  afterEach(() => app.control('/faults', undefined, 'DELETE'));
  afterAll(() => app.close());

  it('dates pages, threads, mailboxes and messages of live accounts, until one of these changes', async () => {
    await app.synced(app.token);
    await datesOf(INBOX);
    const { data, undatedBy } = await ask<Inbox>(INBOX);
    expect(undatedBy).toBeNull();
    const { nodes, pageInfo } = data.viewer.messages;
    const { id = '' } = nodes[0] ?? {};
    const asked: [string, object][] = [
      [INBOX, {}],
      [LATER, { after: pageInfo.endCursor }],
      [THREADS, {}],
      [MAILBOXES, {}],
      [MESSAGE, { id }],
    ];
    const dates = await Promise.all(asked.map(([query, variables]) => datesOf(query, variables)));
    expect(dates.map(({ reads }) => reads.length)).toEqual([2, 2, 2, 2, 1]);
    expect(await Promise.all(dates.map((one) => settled(one)))).toEqual(asked.map(() => 'unchanged'));
    // Names of labels and categories are announced by nobody.
    const inFiveMinutes = Date.now() + 5 * 60_000;
    for (const [n, { until }] of dates.entries())
      expect(until <= inFiveMinutes, asked[n]?.[0]).toBe(asked[n]?.[0] !== THREADS);
    const mailboxes = dates[3] as AnswerDates;
    expect([await settled(mailboxes, mailboxes.until), await settled(mailboxes, mailboxes.until - 1)]).toEqual([
      'changed',
      'unchanged',
    ]);

    const google = singleId((await integrationsOf(app.token)).get('google') ?? '', 'Integration');
    const changed = nodes.find((node) => accountId(node.id, 'Message').integrationId === google);
    if (!changed) throw new Error('the page has no message of google');
    await touch('google', accountId(changed.id, 'Message').providerId, changed.isRead ? 'unread' : 'read');
    await app.synced(app.token);
    await expect.poll(() => settled(dates[0] ?? null)).toBe('changed');
    // The other account has not changed.
    const [one, other] = await Promise.all((dates[0] as AnswerDates).reads.map((read) => read.confirm()));
    expect([one, other].sort()).toEqual(['changed', 'unchanged']);
  });

  it.each(VENDORS)('ends the date of an answer when the user changes something here: %s', async (vendor) => {
    await app.synced(app.token);
    const prefix = singleId((await integrationsOf(app.token)).get(vendor) ?? '', 'Integration');
    const id = encodeId('Message', prefix, (await dump(vendor))[0]?.id ?? '');
    const dates = await datesOf(MESSAGE, { id });
    expect(await settled(dates)).toBe('unchanged');
    await mutate('updateMessages', 'UpdateMessagesInput', { ids: [id], isStarred: true });
    expect(stateOf(dates)).toBe('changed');
  });

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
    await expect.poll(async () => (await ask(INBOX)).undatedBy).toBe('an account that is not live');
    expect(await settled(dates)).toBe('changed');
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
    expect((await ask(`{ node(id: "${integration}") { id ... on Integration { address } } }`)).undatedBy).toBeNull();
    const reasons: Record<string, string | null> = {};
    for (const [name, query] of Object.entries({
      words: '{ viewer { messages(first: 3, search: "lunch") { nodes { id } } } }',
      drafts: '{ viewer { integrations { drafts(first: 3) { nodes { id } } } } }',
      draft: `{ node(id: "${saveDraft.draft.id}") { ... on Draft { version } } }`,
      sync: '{ viewer { integrations { sync { live } } } }',
      missing: `{ node(id: "${encodeId('Message', '00000000-0000-4000-8000-000000000000', 'x')}") { ... on Message { subject } } }`,
      error: '{ viewer { messages(first: 0) { nodes { id } } } }',
    }))
      reasons[name] = (await ask(query)).undatedBy;
    expect(reasons).toEqual({
      words: 'a list that is not exact',
      drafts: 'Integration.drafts',
      draft: 'the node type Draft',
      sync: 'Integration.sync',
      missing: 'an account that does not exist',
      error: 'an error',
    });
  });

  it('holds no longer than its links are valid for ten more minutes', async () => {
    await datesOf(INBOX);
    const { id = '' } = (await ask<Inbox>(INBOX)).data.viewer.messages.nodes[0] ?? {};
    const query = 'query ($id: ID!) { node(id: $id) { ... on Message { raw { url expiresAt } } } }';
    const { data, dates } = await ask<{ node: { raw: { expiresAt: string } } }>(query, { id });
    expect(dates?.until).toBe(new Date(data.node.raw.expiresAt).getTime() - 10 * 60_000);
  });

  it('ends when its account is disconnected, and those of others do not', async () => {
    const { token } = await app.user('leaving');
    for (const vendor of VENDORS) await app.connect(token, ACCOUNTS[vendor][0], ACCOUNTS[vendor][1]);
    const [own, others] = [await datesOf(INBOX), await datesOf(INBOX, {}, token)];
    const keys = (dates: AnswerDates) => dates.reads.map(({ key }) => key);
    expect(keys(others).filter((key) => keys(own).includes(key))).toEqual([]);
    await mutate('disconnect', 'IntegrationInput', { integration: (await integrationsOf(token)).get('google') }, token);
    expect(await Promise.all(others.reads.map((read) => read.confirm()))).toContain('changed');
    expect(await settled(own)).toBe('unchanged');
  });

  const STEPS = Number(process.env.CACHE_STEPS ?? 12);
  it(`equals a fresh answer as long as nothing of it has changed, over ${STEPS} random changes`, async () => {
    const chance = new Chance(seedOf());
    const integrations = await integrationsOf(app.token);
    const ofOne = (integration: string) =>
      `{ viewer { messages(first: 5, integrations: ["${integration}"]) { nodes { ${FIELDS} } } } }`;
    const inboxes = [...integrations.values()].map(ofOne);
    const queries = [INBOX.replace('pageInfo { endCursor }', ''), THREADS, MAILBOXES, UNREAD, BODIES, ...inboxes];
    const kept = new Map<string, { data: unknown; dates: AnswerDates }>();
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
        const { data, dates } = await ask(query);
        if (dates) kept.set(query, { data, dates });
        else kept.delete(query);
      }
    }
    expect([...kept.keys()].sort()).toEqual([...queries].sort());
    expect(given).toBeGreaterThan(0);
  });
});
