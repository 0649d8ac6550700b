import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tokenOf } from '../../sandbox/consent.ts';
import type { Twin } from '../../sandbox/twin.ts';
import { TWINS } from '../../sandbox/twins.ts';
import { graphql } from '../generated/gql.ts';
import { type ControlLog, startApp, type TestApp } from '../support/app/app.ts';
import { consent, highestAccessOf } from '../support/app/lab.ts';

/**
 * A problem of a whole account is reported at its integration, whichever request meets it first, and does not affect
 * other accounts.
 */

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ demo: false, messages: 3, syncTimes: { probeIntervalMs: 1_000 }, env: { POLL_SECONDS: '1' } });
});
afterAll(() => app.close());

const VENDORS = TWINS.map((twin) => [twin.provider, twin] as const);
/** Those whose accounts may have no mailbox, and those where people sign in on a consent page. */
const WITHOUT_MAILBOXES = VENDORS.filter(([, { mailboxRefusals }]) => mailboxRefusals.length > 0);
const WITH_CONSENT = VENDORS.filter(([, { password }]) => password === null);
const pathsOf = ({ operations }: Twin) => Object.keys(PATHS).filter((path) => path !== 'a send' || operations.send);
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
/**
 * Connects two accounts for a new user: one that will fail, and one at the other provider, which must not be affected.
 */
async function pair({ provider, domain }: (typeof TWINS)[number]) {
  const n = ++people;
  const { token } = await app.user('trouble');
  const other = TWINS.find((twin) => twin.provider !== provider) ?? TWINS[0];
  const [failing, healthy] = [`failing${n}@${domain}`, `healthy${n}@${other?.domain}`];
  const id = await app.connect(token, provider, failing);
  await app.connect(token, other?.provider ?? '', healthy);
  return { token, failing, healthy, id };
}

/**
 * The ways in which the gateway meets the problem first: a user's page, the sync of a new mail, or a message to be
 * sent.
 */
const PATHS: Readonly<
  Record<string, (of: { token: string; id: string; vendor: string; failing: string }) => Promise<unknown>>
> = {
  'a page': ({ token }) => app.data(PAGE, {}, token),
  'a sync': async ({ vendor, failing }) => deliver(vendor, failing, 'unread'),
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

it.each(WITHOUT_MAILBOXES.filter((one) => WITH_CONSENT.includes(one)))(
  '%s: an account without a mailbox is not connected, and the answer says why',
  async (provider, twin) => {
    const { vendor, domain, mailboxRefusals } = twin;
    for (const [n, refusal] of mailboxRefusals.entries()) {
      const address = `nobody${n}@${domain}`;
      await app.control('/accounts', { vendor, address, name: 'Nobody' });
      await app.control('/mailbox', { vendor, account: address, refusal });
      const { token } = await app.user('nobody');
      const { authorizationUrl } = (
        await app.data(CONNECT, { input: { provider, address, access: highestAccessOf(provider) } }, token)
      ).connect;
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
      // Once its mailbox is back, the account is connected like any other.
      await app.control('/mailbox', { vendor, account: address, refusal: null });
      await app.connect(token, provider, address);
    }
  },
);

it.each(WITH_CONSENT)(
  '%s: an account whose new token is refused is not connected, and says so',
  async (provider, twin) => {
    const { vendor, domain } = twin;
    const address = `refused@${domain}`;
    await app.control('/accounts', { vendor, address, name: 'Refused' });
    const { token } = await app.user('refused');
    const { authorizationUrl } = (
      await app.data(CONNECT, { input: { provider, address, access: highestAccessOf(provider) } }, token)
    ).connect;
    const held = await tokenOf(
      await fetch(await consent(authorizationUrl, address, 'approve'), { redirect: 'manual' }),
    );
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
  },
);

it.each(WITHOUT_MAILBOXES.flatMap(([provider, twin]) => pathsOf(twin).map((path) => [provider, path, twin] as const)))(
  '%s: an account that loses its mailbox says so at its integration, met by %s, and is read again when it is back',
  async (_provider, path, twin) => {
    const { vendor, mailboxRefusals } = twin;
    const { token, failing, healthy, id } = await pair(twin);
    await app.control('/mailbox', { vendor, account: failing, refusal: mailboxRefusals[0] ?? '' });
    await PATHS[path]?.({ token, id, vendor, failing });
    const problem = { code: 'UNSUPPORTED', message: expect.stringMatching(/no .*mailbox/) };
    await expect
      .poll(() => integrationOf(token, failing))
      .toMatchObject({ status: 'ERROR', problem, sync: { live: false } });
    expect(await sourceOf(token, failing)).toMatchObject({ state: 'FAILED', problem });
    expect(await sourceOf(token, healthy)).toMatchObject({ state: 'COMPLETE', problem: null });
    expect(await integrationOf(token, healthy)).toMatchObject({ status: 'CONNECTED', problem: null });

    await app.control('/mailbox', { vendor, account: failing, refusal: null });
    await deliver(vendor, failing, 'back');
    // The next page clears the problem. Without one, the account is polled now and then.
    if (path === 'a page') expect(await sourceOf(token, failing)).toMatchObject({ state: 'COMPLETE', problem: null });
    await expect.poll(() => integrationOf(token, failing)).toMatchObject({ status: 'CONNECTED', problem: null });
    await expect.poll(async () => (await integrationOf(token, failing))?.sync.live).toBe(true);
    expect((await app.data(PAGE, {}, token)).viewer.messages.nodes).toContainEqual({ subject: 'back' });
    if (path !== 'a send') return;
    const SUBMISSIONS = graphql(`{ viewer { submissions(first: 1) { nodes { status } } } }`);
    await expect
      .poll(async () => (await app.data(SUBMISSIONS, {}, token)).viewer.submissions.nodes)
      .toEqual([{ status: 'SENT' }]);
  },
);

describe('an account whose mailbox is missing', () => {
  let polled: TestApp;
  beforeAll(async () => {
    polled = await startApp({ demo: false, messages: 0, env: { POLL_SECONDS: '1' } });
  });
  afterAll(() => polled.close());

  it.each(WITHOUT_MAILBOXES)('%s: is polled only now and then', async (_provider, twin) => {
    const { vendor, mailboxRefusals } = twin;
    const { token } = await polled.user('polled');
    const [failing, canary] = [`polled@${twin.domain}`, `canary@${twin.domain}`];
    await polled.connect(token, twin.provider, failing);
    await polled.connect(token, twin.provider, canary);
    await polled.control('/mailbox', { vendor, account: failing, refusal: mailboxRefusals[0] ?? '' });
    await polled.data(PAGE, {}, token);
    const ids = (await polled.data(MINE, {}, token)).viewer.integrations;
    expect(ids.find((i) => i.address === failing)).toMatchObject({ status: 'ERROR' });
    await polled.control('/log', undefined, 'DELETE');
    const requestsOf = async (account: string) =>
      (await polled.control<ControlLog>(`/log?vendor=${vendor}&account=${account}&limit=1000`)).records.length;
    // The healthy account beside it is read for each mail.
    for (let n = 0; n < 5; n++) {
      const before = await requestsOf(canary);
      for (const account of [failing, canary])
        await polled.control('/deliver', { vendor, account, from: 'a@example.org', subject: `${n}`, text: 'x' });
      await expect.poll(() => requestsOf(canary)).toBeGreaterThan(before);
    }
    expect(await requestsOf(failing)).toBe(0);
  });
});

it.each(VENDORS.flatMap(([provider, twin]) => pathsOf(twin).map((path) => [provider, path, twin] as const)))(
  '%s: an account whose tokens are refused, however new, has to be connected again, met by %s',
  async (provider, path, twin) => {
    const { vendor } = twin;
    const { token, failing, healthy, id } = await pair(twin);
    await app.control('/log', undefined, 'DELETE');
    await app.control('/refuse-tokens', { vendor, account: failing, areRefused: true });
    await PATHS[path]?.({ token, id, vendor, failing });
    const problem = { code: 'RECONNECT_REQUIRED', message: expect.stringMatching(/connect/i) };
    await expect.poll(() => integrationOf(token, failing)).toMatchObject({ status: 'RECONNECT_REQUIRED', problem });
    expect(await sourceOf(token, failing)).toMatchObject({ state: 'FAILED', problem });
    expect(await sourceOf(token, healthy)).toMatchObject({ state: 'COMPLETE' });
    const refreshes = async () =>
      (await app.control<ControlLog>(`/log?vendor=${vendor}&account=${failing}&limit=1000`)).records.filter(
        ({ operation }) => operation === 'token',
      ).length;
    const after = await refreshes();
    expect(after).toBeLessThanOrEqual(6);
    for (let n = 0; n < 3; n++) await sourceOf(token, failing);
    expect(await refreshes()).toBe(after);

    await app.control('/refuse-tokens', { vendor, account: failing, areRefused: false });
    expect(await app.connect(token, provider, failing)).toBe(id);
    expect(await integrationOf(token, failing)).toMatchObject({ status: 'CONNECTED', problem: null });
  },
);

it.each(VENDORS)(
  '%s: an expired token that is refreshed does not change the status of the account',
  async (_provider, twin) => {
    const { token, failing } = await pair(twin);
    await app.control('/expire-tokens', { vendor: twin.vendor, account: failing });
    expect(await sourceOf(token, failing)).toMatchObject({ state: 'COMPLETE' });
    expect(await integrationOf(token, failing)).toMatchObject({ status: 'CONNECTED', problem: null });
  },
);
