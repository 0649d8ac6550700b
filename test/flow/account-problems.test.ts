import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tokenOf } from '../../sandbox/consent.ts';
import { TWINS } from '../../sandbox/twins.ts';
import { graphql } from '../generated/gql.ts';
import { type ControlLog, startApp, type TestApp } from '../support/app/app.ts';
import { consent } from '../support/app/lab.ts';

/** What is wrong with an account as a whole is told at its integration, by whatever met it, and troubles nobody else. */

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ demo: false, messages: 3, syncTimes: { probeIntervalMs: 1_000 }, env: { POLL_SECONDS: '1' } });
});
afterAll(() => app.close());

const VENDORS = TWINS.map((twin) => [twin.provider, twin] as const);
const CONNECT = graphql(
  `mutation ($input: ConnectInput!) { connect(input: $input) { authorizationUrl userErrors { code message } } }`,
);
const FINISH = graphql(
  `mutation ($input: FinishConnectInput!) { finishConnect(input: $input) { integration { id } userErrors { code message } } }`,
);
const MINE = graphql(`{ viewer { integrations { id address status problem { code message } sync { live } } } }`);
const PAGE = graphql(
  `{ viewer { messages(first: 5) { nodes { subject } sources { state integration { address } problem { code message } } } } }`,
);
const SEND = graphql(
  `mutation ($input: SendInput!) { send(input: $input) { submission { id status } userErrors { message } } }`,
);

const integrationOf = async (token: string, address: string) =>
  (await app.data(MINE, {}, token)).viewer.integrations.find((i) => i.address === address);
const sourceOf = async (token: string, address: string) =>
  (await app.data(PAGE, {}, token)).viewer.messages.sources.find((s) => s.integration.address === address);
const deliver = (vendor: string, account: string, subject: string) =>
  app.control('/deliver', { vendor, account, from: 'a@example.org', subject, text: 'x' });

let people = 0;
/** A user with two accounts: one that will be in trouble, and one elsewhere that must not notice. */
async function pair({ provider, domain }: (typeof TWINS)[number]) {
  const n = ++people;
  const { token } = await app.user('trouble');
  const other = TWINS.find((twin) => twin.provider !== provider) ?? TWINS[0];
  const [ill, well] = [`ill${n}@${domain}`, `well${n}@${other?.domain}`];
  const id = await app.connect(token, provider, ill);
  await app.connect(token, other?.provider ?? '', well);
  return { token, ill, well, id };
}

/** What meets the trouble first: somebody's page, the news of a mail, the poll, a message that is sent. */
const PATHS: Readonly<
  Record<string, (of: { token: string; id: string; vendor: string; ill: string }) => Promise<unknown>>
> = {
  'a page': ({ token }) => app.data(PAGE, {}, token),
  'a sync': async ({ vendor, ill }) => deliver(vendor, ill, 'unread'),
  'a send': ({ token, id }) =>
    app.data(
      SEND,
      {
        input: {
          idempotencyKey: `trouble ${id}`,
          undoSeconds: 0,
          message: { integration: id, to: [{ address: 'zoe@example.org' }], subject: 's', text: 'x' },
        },
      },
      token,
    ),
};

it.each(VENDORS)('%s: an account without a mailbox is not connected, and is told why', async (provider, twin) => {
  const { vendor, domain, mailboxRefusals } = twin;
  for (const [n, refusal] of mailboxRefusals.entries()) {
    const address = `nobody${n}@${domain}`;
    await app.control('/accounts', { vendor, address, name: 'Nobody' });
    await app.control('/mailbox', { vendor, account: address, refusal });
    const { token } = await app.user('nobody');
    const { authorizationUrl } = (await app.data(CONNECT, { input: { provider, address, access: 'FULL' } }, token))
      .connect;
    const held = await tokenOf(
      await fetch(await consent(authorizationUrl, address, 'approve'), { redirect: 'manual' }),
    );
    const why = { code: 'UNSUPPORTED', message: expect.stringMatching(/no .*mailbox/) };
    const { finishConnect } = await app.data(FINISH, { input: { token: held } }, token);
    expect(finishConnect).toEqual({ integration: null, userErrors: [why] });
    const { viewer } = await app.data(
      graphql(`{ viewer { integrations { id } connectFlows { status problem { code message } } } }`),
      {},
      token,
    );
    expect(viewer).toEqual({ integrations: [], connectFlows: [{ status: 'FAILED', problem: why }] });
    // Mended, it is connected like any other.
    await app.control('/mailbox', { vendor, account: address, refusal: null });
    await app.connect(token, provider, address);
  }
});

it.each(VENDORS)('%s: an account whose new token is refused is not connected, and says so', async (provider, twin) => {
  const { vendor, domain } = twin;
  const address = `refused@${domain}`;
  await app.control('/accounts', { vendor, address, name: 'Refused' });
  const { token } = await app.user('refused');
  const { authorizationUrl } = (await app.data(CONNECT, { input: { provider, address, access: 'FULL' } }, token))
    .connect;
  const held = await tokenOf(await fetch(await consent(authorizationUrl, address, 'approve'), { redirect: 'manual' }));
  await app.control('/refuse-tokens', { vendor, account: address, areRefused: true });
  const why = { code: 'RECONNECT_REQUIRED', message: expect.stringMatching(/connect/i) };
  const { finishConnect } = await app.data(FINISH, { input: { token: held } }, token);
  expect(finishConnect).toEqual({ integration: null, userErrors: [why] });
  const { viewer } = await app.data(
    graphql(`{ viewer { connectFlows { status problem { code message } } } }`),
    {},
    token,
  );
  expect(viewer.connectFlows).toEqual([{ status: 'FAILED', problem: why }]);
  await app.control('/refuse-tokens', { vendor, account: address, areRefused: false });
  await app.connect(token, provider, address);
});

it.each(VENDORS.flatMap(([provider, twin]) => Object.keys(PATHS).map((path) => [provider, path, twin] as const)))(
  '%s: an account that loses its mailbox says so at its integration, met by %s, and is read again when it is back',
  async (_provider, path, twin) => {
    const { vendor, mailboxRefusals } = twin;
    const { token, ill, well, id } = await pair(twin);
    await app.control('/mailbox', { vendor, account: ill, refusal: mailboxRefusals[0] ?? '' });
    await PATHS[path]?.({ token, id, vendor, ill });
    const problem = { code: 'UNSUPPORTED', message: expect.stringMatching(/no .*mailbox/) };
    await expect
      .poll(() => integrationOf(token, ill))
      .toMatchObject({ status: 'ERROR', problem, sync: { live: false } });
    expect(await sourceOf(token, ill)).toMatchObject({ state: 'FAILED', problem });
    expect(await sourceOf(token, well)).toMatchObject({ state: 'COMPLETE', problem: null });
    expect(await integrationOf(token, well)).toMatchObject({ status: 'CONNECTED', problem: null });

    await app.control('/mailbox', { vendor, account: ill, refusal: null });
    await deliver(vendor, ill, 'and on');
    // The next page is enough, and without one the account is asked now and then.
    if (path === 'a page') expect(await sourceOf(token, ill)).toMatchObject({ state: 'COMPLETE', problem: null });
    await expect.poll(() => integrationOf(token, ill)).toMatchObject({ status: 'CONNECTED', problem: null });
    await expect.poll(async () => (await integrationOf(token, ill))?.sync.live).toBe(true);
    expect((await app.data(PAGE, {}, token)).viewer.messages.nodes).toContainEqual({ subject: 'and on' });
    if (path !== 'a send') return;
    const SUBMISSIONS = graphql(`{ viewer { submissions(first: 1) { nodes { status } } } }`);
    await expect
      .poll(async () => (await app.data(SUBMISSIONS, {}, token)).viewer.submissions.nodes)
      .toEqual([{ status: 'SENT' }]);
  },
);

describe('an account without its mailbox', () => {
  let seldom: TestApp;
  beforeAll(async () => {
    seldom = await startApp({ demo: false, messages: 0, env: { POLL_SECONDS: '1' } });
  });
  afterAll(() => seldom.close());

  it.each(VENDORS)('%s: is asked no more than now and then', async (_provider, twin) => {
    const { vendor, mailboxRefusals } = twin;
    const { token } = await seldom.user('seldom');
    const [ill, canary] = [`seldom@${twin.domain}`, `canary@${twin.domain}`];
    await seldom.connect(token, twin.provider, ill);
    await seldom.connect(token, twin.provider, canary);
    await seldom.control('/mailbox', { vendor, account: ill, refusal: mailboxRefusals[0] ?? '' });
    await seldom.data(PAGE, {}, token);
    const ids = (await seldom.data(MINE, {}, token)).viewer.integrations;
    expect(ids.find((i) => i.address === ill)).toMatchObject({ status: 'ERROR' });
    await seldom.control('/log', undefined, 'DELETE');
    const asked = async (account: string) =>
      (await seldom.control<ControlLog>(`/log?vendor=${vendor}&account=${account}&limit=1000`)).records.length;
    // Its neighbour is read for each mail meanwhile.
    for (let n = 0; n < 5; n++) {
      const before = await asked(canary);
      for (const account of [ill, canary])
        await seldom.control('/deliver', { vendor, account, from: 'a@example.org', subject: `${n}`, text: 'x' });
      await expect.poll(() => asked(canary)).toBeGreaterThan(before);
    }
    expect(await asked(ill)).toBe(0);
  });
});

it.each(VENDORS.flatMap(([provider, twin]) => Object.keys(PATHS).map((path) => [provider, path, twin] as const)))(
  '%s: an account whose tokens are refused, however new, has to be connected again, met by %s',
  async (provider, path, twin) => {
    const { vendor } = twin;
    const { token, ill, well, id } = await pair(twin);
    await app.control('/log', undefined, 'DELETE');
    await app.control('/refuse-tokens', { vendor, account: ill, areRefused: true });
    await PATHS[path]?.({ token, id, vendor, ill });
    const problem = { code: 'RECONNECT_REQUIRED', message: expect.stringMatching(/connect/i) };
    await expect.poll(() => integrationOf(token, ill)).toMatchObject({ status: 'RECONNECT_REQUIRED', problem });
    expect(await sourceOf(token, ill)).toMatchObject({ state: 'FAILED', problem });
    expect(await sourceOf(token, well)).toMatchObject({ state: 'COMPLETE' });
    const refreshes = async () =>
      (await app.control<ControlLog>(`/log?vendor=${vendor}&account=${ill}&limit=1000`)).records.filter(
        ({ operation }) => operation === 'token',
      ).length;
    const after = await refreshes();
    expect(after).toBeLessThanOrEqual(6);
    for (let n = 0; n < 3; n++) await sourceOf(token, ill);
    expect(await refreshes()).toBe(after);

    await app.control('/refuse-tokens', { vendor, account: ill, areRefused: false });
    expect(await app.connect(token, provider, ill)).toBe(id);
    expect(await integrationOf(token, ill)).toMatchObject({ status: 'CONNECTED', problem: null });
  },
);

it.each(VENDORS)('%s: a token that a newer one cures leaves the account as it is', async (_provider, twin) => {
  const { token, ill } = await pair(twin);
  await app.control('/expire-tokens', { vendor: twin.vendor, account: ill });
  expect(await sourceOf(token, ill)).toMatchObject({ state: 'COMPLETE' });
  expect(await integrationOf(token, ill)).toMatchObject({ status: 'CONNECTED', problem: null });
});
