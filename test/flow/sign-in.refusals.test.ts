import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tokenOf } from '../../sandbox/consent.ts';
import { TWINS } from '../../sandbox/twins.ts';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';
import { consent } from '../support/app/lab.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ demo: false, messages: 2, syncTimes: { probeIntervalMs: 1_000 }, env: { POLL_SECONDS: '1' } });
});
afterAll(() => app.close());

const CONNECT = graphql(
  `mutation ($input: ConnectInput!) { connect(input: $input) { authorizationUrl userErrors { code message } } }`,
);
const FINISH = graphql(
  `mutation ($input: FinishConnectInput!) { finishConnect(input: $input) { integration { id } userErrors { code message } } }`,
);
const MINE = graphql(
  `{ viewer { integrations { id address status problem { code message } } connectFlows { status waitsFor problem { code message } } } }`,
);
const PAGE = graphql(`{ viewer { messages(first: 1) { sources { state problem { code message } } } } }`);
const DISCONNECT = graphql(
  `mutation ($input: IntegrationInput!) { disconnect(input: $input) { integration { id } notice userErrors { code } } }`,
);

const refuse = (vendor: string, account: string, refusal: string | null, at?: string) =>
  app.control('/sign-in', { vendor, account, refusal, ...(at && { at: [at] }) });
const begin = async (token: string, provider: string, redirectUri: string | null = null): Promise<string> =>
  (await app.data(CONNECT, { input: { provider, access: 'FULL', redirectUri } }, token)).connect.authorizationUrl;
const mine = async (token: string) => (await app.data(MINE, {}, token)).viewer;
const browse = async (url: URL | string) => {
  const response = await fetch(url, { redirect: 'manual' });
  return { status: response.status, headers: response.headers, body: await response.text() };
};
const finish = async (token: string, finishToken: string) =>
  (await app.data(FINISH, { input: { token: finishToken } }, token)).finishConnect;
const account = async (vendor: string, address: string) =>
  app.control('/accounts', { vendor, address, name: address.split('@')[0] });

/** One refusal for each outcome. The contract tests all of them, without the gateway. */
const TESTED = new Set(
  'invalid_rapt admin_policy_enforced invalid_client AADSTS90094 AADSTS50076 AADSTS53003 AADSTS7000222'.split(' '),
);
const CASES = TWINS.flatMap(({ signInRefusals, ...twin }) =>
  signInRefusals
    .filter((refusal) => TESTED.has(refusal))
    .map((refusal) => [twin.provider, refusal, twin.vendor, twin.domain] as const),
);

it.each(CASES)(
  '%s refuses with %s: the flow and the integration say why',
  async (provider, refusal, vendor, domain) => {
    const { token } = await app.user('refused');
    const address = `${refusal.toLowerCase()}@${domain}`;
    await account(vendor, address);
    await refuse(vendor, address, refusal, 'consent');
    const back = await browse(await consent(await begin(token, provider), address, 'approve'));
    const [first] = (await mine(token)).connectFlows;
    expect(first).toMatchObject({
      status: 'FAILED',
      problem: { code: expect.stringMatching(/INVALID|CONSENT|FORBIDDEN/) },
    });
    expect(back.status).toBe(400);
    expect(back.body).toContain(first?.problem.message.split('’')[0]);

    await refuse(vendor, address, refusal, 'exchange');
    const finishToken = await tokenOf(
      await fetch(await consent(await begin(token, provider), address, 'approve'), { redirect: 'manual' }),
    );
    expect(await finish(token, finishToken)).toEqual({ integration: null, userErrors: [first?.problem] });
    expect((await mine(token)).connectFlows[0]).toMatchObject({ status: 'FAILED', problem: first?.problem });
    expect((await mine(token)).integrations).toEqual([]);

    await refuse(vendor, address, null);
    await app.connect(token, provider, address);
    await refuse(vendor, address, refusal, 'refresh');
    await app.control('/expire-tokens', { vendor, account: address });
    const { sources } = (await app.data(PAGE, {}, token)).viewer.messages;
    const { status, problem } = (await mine(token)).integrations[0] ?? {};
    expect(sources).toEqual([{ state: 'FAILED', problem }]);
    expect(problem?.message).toBe(first?.problem.message);
    const isForAdministrator = first?.problem.code === 'FORBIDDEN';
    expect([status, problem?.code]).toEqual(
      isForAdministrator ? ['ERROR', 'FORBIDDEN'] : ['RECONNECT_REQUIRED', 'RECONNECT_REQUIRED'],
    );

    // A problem that an administrator has to solve ends without the user.
    await refuse(vendor, address, null);
    if (!isForAdministrator) await app.connect(token, provider, address);
    await expect
      .poll(async () => (await mine(token)).integrations[0])
      .toMatchObject({ status: 'CONNECTED', problem: null });
  },
);

it.each(TWINS.map((twin) => [twin.provider, twin] as const))(
  '%s: disconnecting an account whose grant has ended reports no failed revocation',
  async (provider, { vendor, domain }) => {
    const { token } = await app.user('leaver');
    const id = await app.connect(token, provider, `leaver@${domain}`);
    await app.control('/revoke', { vendor, account: `leaver@${domain}` });
    const { disconnect } = await app.data(DISCONNECT, { input: { integration: id } }, token);
    expect(disconnect).toMatchObject({ integration: { id }, userErrors: [] });
    expect(disconnect.notice ?? '').not.toContain('could not be revoked');
  },
);

describe('an administrator’s approval', () => {
  const [vendor, domain] = ['microsoft', 'outlook.example'];
  const approve = async (link: string, decision: string) => {
    const answer = await fetch(link, { method: 'POST', body: new URLSearchParams({ decision }), redirect: 'manual' });
    return new URL(answer.headers.get('location') ?? '');
  };

  it('is asked for with a link, given in another browser, and then the person signs in', async () => {
    const { token } = await app.user('asking');
    const address = `asking@${domain}`;
    await account(vendor, address);
    await refuse(vendor, address, 'AADSTS90094');
    const refused = await browse(
      await consent(await begin(token, 'OUTLOOK', 'http://app.example/inbox'), address, 'approve'),
    );
    const redirected = new URL(refused.headers.get('location') ?? '').searchParams;
    expect(redirected.get('code')).toBe('CONSENT_REQUIRED');
    expect(redirected.get('message')).toMatch(/administrator/);
    const link = /https?:\S+$/.exec(redirected.get('message') ?? '')?.[0] ?? '';
    expect(new URL(link).pathname).toMatch(/\/organizations\/adminconsent$/);
    expect([...new URL(link).searchParams.keys()]).toEqual(['client_id']);

    // The flow begins before the approval, and is still valid after it.
    const consentUrl = await begin(token, 'OUTLOOK');
    const cancelled = await browse(await approve(link, 'deny'));
    expect([cancelled.status, cancelled.body]).toEqual([200, expect.stringContaining('Not approved')]);
    const given = await approve(link, 'approve');
    expect(Object.fromEntries(given.searchParams)).toEqual({ admin_consent: 'True', tenant: expect.any(String) });
    const thanked = await browse(given);
    expect([thanked.status, thanked.body]).toEqual([200, expect.stringContaining('Thank you')]);
    expect((await mine(token)).connectFlows[0]).toMatchObject({ status: 'CONNECTING', waitsFor: 'CONSENT' });
    const finishToken = await tokenOf(
      await fetch(await consent(consentUrl, address, 'approve'), { redirect: 'manual' }),
    );
    expect(await finish(token, finishToken)).toMatchObject({ userErrors: [] });
  });

  it('comes back to a page of its own with any state, and leaves every flow as it is', async () => {
    const { token } = await app.user('bystander');
    const address = `bystander@${domain}`;
    await account(vendor, address);
    const stateOf = (url: string) => new URL(url).searchParams.get('state') ?? '';
    const [waiting, consented, finished] = [
      await begin(token, 'OUTLOOK', 'http://app.example/inbox'),
      await begin(token, 'OUTLOOK'),
      await begin(token, 'OUTLOOK'),
    ];
    const finishToken = await tokenOf(
      await fetch(await consent(consented, address, 'approve'), { redirect: 'manual' }),
    );
    const done = await tokenOf(await fetch(await consent(finished, address, 'approve'), { redirect: 'manual' }));
    await finish(token, done);
    const before = await mine(token);
    const markup = '"><script>alert(1)</script>';
    for (const state of [stateOf(waiting), stateOf(consented), stateOf(finished), 'unknown', markup, null])
      for (const error of [null, 'consent_required', markup]) {
        const url = new URL('/oauth/callback', app.url);
        url.searchParams.set('admin_consent', 'True');
        url.searchParams.set('tenant', markup);
        url.searchParams.set('scope', markup);
        if (state !== null) url.searchParams.set('state', state);
        if (error !== null) url.searchParams.set('error', error);
        const { status, headers, body } = await browse(url);
        expect([status, headers.get('location')]).toEqual([200, null]);
        expect(body).toContain(error === null ? 'Thank you' : 'Not approved');
        expect(body).not.toMatch(/<script|alert|<output|consent_required/);
        expect(headers.get('content-security-policy')).toContain("default-src 'none'");
        expect([headers.get('cache-control'), headers.get('referrer-policy')]).toEqual(['no-store', 'no-referrer']);
      }
    const known = stateOf(waiting);
    for (const query of [
      // The answer has no state, as after a cancelled consent.
      'error=access_denied&error_description=AADSTS65004',
      'error=access_denied&error_subcode=cancel&state=',
      `error=access_denied&tenant=${encodeURIComponent(markup)}&state=${known}`,
      'error=access_denied&tenant=t&state=unknown',
      // A code beside an error is ignored.
      `admin_consent=True&error=access_denied&code=x&state=${known}`,
    ]) {
      const { status, body, headers } = await browse(new URL(`/oauth/callback?${query}`, app.url));
      expect([query, status, headers.get('location')]).toEqual([query, 200, null]);
      expect(body).toContain('Not approved');
      expect(body).not.toMatch(/<script|alert|AADSTS/);
    }
    expect(await mine(token)).toEqual(before);
    expect(await finish(token, finishToken)).toMatchObject({ userErrors: [] });
    const last = await browse(await consent(waiting, address, 'approve'));
    expect(new URL(last.headers.get('location') ?? '').searchParams.get('status')).toBe('pending');
  });
});
