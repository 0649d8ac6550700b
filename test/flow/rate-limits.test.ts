import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { type ControlLog, startApp, type TestApp } from '../support/app/app.ts';
import { THROUGH_RETRIES } from '../support/run/polls.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ syncTimes: { pollIntervalMs: 250 } });
});
afterEach(() => app.control('/faults', undefined, 'DELETE'));
afterAll(() => app.close());

const DOMAINS: Readonly<Record<string, string>> = { google: 'gmail.example', microsoft: 'outlook.example' };
const PROVIDERS: Readonly<Record<string, string>> = { google: 'GMAIL', microsoft: 'OUTLOOK' };
const inTenMinutes = () => new Date(Date.now() + 600_000).toUTCString();

const PAGE = graphql(`query { viewer {
  messages(first: 5) { sources { problem { code retryAfter } } }
  threads(first: 5) { sources { problem { code retryAfter } } }
  found: messages(first: 5, search: "hello") { sources { problem { code retryAfter } } }
  integrations { drafts(first: 5) { nodes { id } } mailboxes { nodes { id } } } } }`);
const SEND = graphql(
  `mutation ($input: SendInput!) { send(input: $input) { submission { id } userErrors { message } } }`,
);
const SUBMISSIONS = graphql(`{ viewer { submissions(first: 1) { nodes { problem { code } } } } }`);

/** Creates a user with one account. */
async function person(name: string, vendor: string) {
  const { token } = await app.user(name);
  const address = `${name}@${DOMAINS[vendor]}`;
  const integrationId = await app.connect(token, PROVIDERS[vendor] ?? '', address);
  return { token, address, integrationId, vendor };
}
type Person = Awaited<ReturnType<typeof person>>;

const requests = async ({ vendor, address }: Person) =>
  (await app.control<ControlLog>(`/log?vendor=${vendor}&account=${address}&limit=100000`)).records;

/** Returns the problem that each part of a page reports about the account. */
async function problemsOf({ token }: Person) {
  const { data, errors = [] } = await app.query(PAGE, {}, token);
  const { integrations: _, ...lists } = data.viewer;
  const problems = Object.values(lists).map((list) => list.sources[0]?.problem);
  const refusals = errors.map(({ extensions: { code, retryAfter } }) => ({ code, retryAfter: String(retryAfter) }));
  return [...problems, ...refusals];
}

/** Causes everything that may send requests to the provider: a notification, a message to send, and pages. */
async function askInEveryWay(someone: Person): Promise<void> {
  const { vendor, address, token, integrationId } = someone;
  await app.control('/deliver', { vendor, account: address, from: 'a@example.org', subject: 'news', text: 'x' });
  const message = { integration: integrationId, to: [{ address: 'b@example.org' }], subject: 'hello', text: 'x' };
  const { send } = await app.data(SEND, { input: { message, idempotencyKey: `key of ${address}` } }, token);
  expect(send.userErrors).toEqual([]);
  await Promise.all([problemsOf(someone), problemsOf(someone)]);
  const problem = async () => (await app.data(SUBMISSIONS, {}, token)).viewer.submissions.nodes[0]?.problem?.code;
  await expect.poll(problem, THROUGH_RETRIES).toBeDefined();
}

/** Waits until the accounts that are not limited have been polled. */
async function pollsComeRound(): Promise<void> {
  const unlimited = { vendor: 'google', address: 'demo@gmail.example' } as Person;
  const polls = async () => (await requests(unlimited)).filter(({ operation }) => operation === 'history.list').length;
  const before = await polls();
  await expect.poll(polls).toBeGreaterThan(before);
}

async function pollIsRefused(someone: Person): Promise<void> {
  await expect.poll(async () => (await requests(someone)).some(({ status }) => status === 403)).toBe(true);
}

/** Whether the provider has refused the request because of a limit. */
const isRefused = ({ status }: ControlLog['records'][number]) => [403, 429, 503].includes(status);

const LIMITS: readonly (readonly [what: string, vendor: string, fault: object])[] = [
  ['a 429 without a time', 'google', { error: 'rateLimitExceeded' }],
  ['a 403 without a time', 'google', { error: 'userRateLimitExceeded' }],
  ['a 403 that tells it in words', 'google', { error: 'userRateLimitExceeded', retryAfterSeconds: 600 }],
  ['a 429 without a time', 'microsoft', { error: 'ApplicationThrottled' }],
  ['a 429 with seconds', 'microsoft', { error: 'ApplicationThrottled', retryAfterSeconds: 600 }],
  ['a 503 with a date', 'microsoft', { error: 'ServiceUnavailable', retryAfter: inTenMinutes() }],
];

it.each(LIMITS)(
  '%s, %s: sends no request to an account that its provider limits, whatever asks for it, and reports in each part of a page until when',
  async (what, vendor, fault) => {
    const someone = await person(`limited${what}${vendor}`.replace(/\W/g, '').toLowerCase(), vendor);
    await app.control('/faults', { vendor, account: someone.address, ...fault });
    // The wire checker takes what comes more than 20 ms after a refusal with a time as early, also when it was under way. So
    // the only request in this account is a poll's until it is refused.
    if (vendor === 'google' && 'retryAfterSeconds' in fault) await pollIsRefused(someone);
    const problems = await problemsOf(someone);
    await app.synced(someone.token);
    const before = await requests(someone);
    // The machine may be slow, so the times are compared with that of the refusal, and not with now.
    const heldUntil = Math.min(...before.filter(isRefused).map(({ startedAt }) => startedAt)) + 30_000;
    expect(problems).toHaveLength(5);
    for (const problem of problems) {
      expect(problem).toMatchObject({ code: expect.stringMatching(/^(RATE_LIMITED|PROVIDER_UNAVAILABLE)$/) });
      expect(Date.parse(problem?.retryAfter ?? '')).toBeGreaterThan(heldUntil);
    }
    await askInEveryWay(someone);
    await pollsComeRound();
    const more = (await requests(someone)).slice(before.length);
    expect(more.filter(({ startedAt }) => startedAt < heldUntil)).toEqual([]);
  },
);

it.each([
  ['google', { error: 'rate_limit_exceeded' }],
  ['google', { error: 'backendError' }],
  ['google', { status: 403, body: '<html>Sorry' }],
  ['microsoft', { status: 429 }],
  ['microsoft', { status: 429, body: 'Too Many Requests' }],
  ['microsoft', { error: 'temporarily_unavailable' }],
] as const)('%s, %j: its token endpoint is asked once, and then not before its time', async (vendor, fault) => {
  const someone = await person(`tokenless${JSON.stringify(fault).replace(/\W/g, '')}`.toLowerCase(), vendor);
  const { address } = someone;
  await app.control('/faults', { vendor, account: address, operation: 'token', retryAfterSeconds: 600, ...fault });
  await app.control('/expire-tokens', { vendor, account: address });
  for (const problem of await problemsOf(someone)) {
    expect(problem?.code).toMatch(/^(RATE_LIMITED|PROVIDER_UNAVAILABLE)$/);
    expect(Date.parse(problem?.retryAfter ?? '')).toBeGreaterThan(Date.now() + 30_000);
  }
  await askInEveryWay(someone);
  expect(
    (await requests(someone)).filter(({ operation, status }) => operation === 'token' && status >= 400),
  ).toHaveLength(1);
});

it('reads the parts that were refused because the batch was too wide', async () => {
  const someone = await person('wide', 'google');
  const { vendor, address } = someone;
  for (let n = 0; n < 6; n++)
    await app.control('/deliver', { vendor, account: address, from: 'a@example.org', subject: `wide ${n}`, text: 'x' });
  await app.synced(someone.token);
  await app.control('/faults', {
    vendor,
    account: address,
    operation: 'messages.get',
    error: 'rateLimitExceeded',
    times: 2,
  });
  const { viewer } = await app.data(
    graphql(`{ viewer { messages(first: 6) { nodes { subject } sources { state problem { code } } } } }`),
    {},
    someone.token,
  );
  expect(viewer.messages.sources).toEqual([{ state: 'COMPLETE', problem: null }]);
  // Messages that are delivered within one millisecond come in the order of the provider.
  const subjects = viewer.messages.nodes.map(({ subject }) => subject);
  expect(subjects.sort()).toEqual([0, 1, 2, 3, 4, 5].map((n) => `wide ${n}`));
});
