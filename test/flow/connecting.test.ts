import { afterAll, beforeAll, expect, it } from 'vitest';
import { ADAPTERS } from '../../src/providers/registry.ts';
import { graphql } from '../generated/gql.ts';
import { type ControlLog, startApp, type TestApp } from '../support/app/app.ts';
import { consent } from '../support/app/lab.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ demo: false, messages: 5 });
});
afterAll(() => app.close());

const CONNECT = graphql(
  `mutation ($input: ConnectInput!) { connect(input: $input) { authorizationUrl userErrors { code message field } } }`,
);
const MINE = graphql(
  `{ viewer { integrations { id address status access scopes connectedAt problem { code message } provider { id } } } }`,
);
const FINISH = graphql(
  `mutation ($input: FinishConnectInput!) { finishConnect(input: $input) { integration { id status address } userErrors { code message field } } }`,
);
const FLOWS = graphql(
  `{ viewer { connectFlows { id status waitsFor access address provider { id } problem { code message } integration { id } startedAt expiresAt } } }`,
);
const finish = async (token: string, held: string | null) =>
  (await app.data(FINISH, { input: { token: held } }, token)).finishConnect;
const flows = async (token: string) => (await app.data(FLOWS, {}, token)).viewer.connectFlows;
const begin = async (token: string, input: object) => (await app.data(CONNECT, { input }, token)).connect;
const follow = async (url: URL | string) => fetch(url, { redirect: 'manual' });
const PROVIDERS = [
  ['GMAIL', 'demo@gmail.example', 'google'],
  ['OUTLOOK', 'demo@outlook.example', 'microsoft'],
] as const;

it('discovers who serves an address; unknown is an answer', async () => {
  const DISCOVER = graphql(
    `query ($address: EmailAddress!) { discover(address: $address) { address provider { id } connectMethods } }`,
  );
  for (const [address, id] of [
    ['x@gmail.com', 'GMAIL'],
    ['x@GoogleMail.com', 'GMAIL'],
    ['x@outlook.com', 'OUTLOOK'],
    ['x@hotmail.com', 'OUTLOOK'],
    ['x@gmail.example', 'GMAIL'],
    ['x@nowhere.invalid', null],
  ] as const) {
    const { discover } = await app.data(DISCOVER, { address }, null);
    expect([address, discover.provider?.id ?? null]).toEqual([address, id]);
  }
  expect((await app.query(DISCOVER, { address: 'not an address' }, null)).errors?.[0]?.extensions.code).toBe(
    'BAD_USER_INPUT',
  );
});

it.each(PROVIDERS)(
  '%s: connects with READ by default, redirects with an outcome, keeps its id on reconnecting with more',
  async (provider, address) => {
    const { token } = await app.user('connector');
    const { authorizationUrl } = await begin(token, {
      provider,
      address,
      redirectUri: 'http://app.example/inbox?tab=1',
    });
    const consentUrl = new URL(authorizationUrl);
    expect(consentUrl.searchParams.get('code_challenge_method')).toBe('S256');
    expect(consentUrl.searchParams.get('state')?.length).toBeGreaterThanOrEqual(32);
    expect(await flows(token)).toMatchObject([{ status: 'CONNECTING', waitsFor: 'CONSENT', access: 'READ', address }]);
    const callback = await consent(authorizationUrl, address, 'approve');
    const outcome = await follow(callback);
    const location = new URL(outcome.headers.get('location') ?? '');
    expect([outcome.status, location.origin + location.pathname]).toEqual([303, 'http://app.example/inbox']);
    expect(Object.fromEntries(location.searchParams)).toEqual({
      tab: '1',
      status: 'pending',
      token: expect.stringMatching(/^[\w-]{43}$/),
    });
    const held = location.searchParams.get('token');
    const [flow] = await flows(token);
    expect(flow).toMatchObject({ status: 'CONNECTING', waitsFor: 'FINISH', provider: { id: provider } });
    expect(Date.parse(flow?.expiresAt ?? '') - Date.parse(flow?.startedAt ?? '')).toBe(600_000);
    expect((await app.data(MINE, {}, token)).viewer.integrations).toEqual([]);
    // A page under development may load the callback again and finish twice at the same moment.
    expect((await follow(callback)).headers.get('location')).toBe(location.href);
    const finished = await Promise.all([finish(token, held), finish(token, held)]);
    const [first] = (await app.data(MINE, {}, token)).viewer.integrations;
    expect(first).toMatchObject({
      address,
      status: 'CONNECTED',
      access: 'READ',
      problem: null,
      provider: { id: provider },
    });
    const integration = { id: first?.id, status: 'CONNECTED', address };
    expect(finished).toEqual([0, 1].map(() => ({ integration, userErrors: [] })));
    // A client that lost the answer gets the same one again.
    expect(await finish(token, held)).toEqual(finished[0]);
    expect(await flows(token)).toMatchObject([{ status: 'CONNECTED', waitsFor: null, integration: { id: first?.id } }]);
    expect(
      (await app.data(graphql(`query ($id: ID!) { node(id: $id) { id } }`), { id: flow?.id }, token)).node,
    ).toEqual({
      id: flow?.id,
    });
    await app.synced(token);
    expect(await app.connect(token, provider, address, 'FULL')).toBe(first?.id);
    expect((await app.data(MINE, {}, token)).viewer.integrations).toMatchObject([{ id: first?.id, access: 'FULL' }]);
  },
);

it.each(PROVIDERS)(
  '%s: ends at once when the provider refuses, and says what is missing when a scope was left out',
  async (provider, address) => {
    const { token } = await app.user('denier');
    const denied = await begin(token, { provider, address, redirectUri: 'http://app.example/inbox' });
    const refused = await follow(await consent(denied.authorizationUrl, address, 'deny'));
    const answer = new URL(refused.headers.get('location') ?? '').searchParams;
    expect(Object.fromEntries(answer)).toMatchObject({ status: 'failed', code: 'CONSENT_REQUIRED' });
    expect(answer.has('token')).toBe(false);
    expect(await flows(token)).toMatchObject([{ status: 'FAILED', problem: { code: 'CONSENT_REQUIRED' } }]);

    const partial = await begin(token, { provider, address, access: 'WRITE', redirectUri: 'http://app.example/inbox' });
    const landing = await follow(await consent(partial.authorizationUrl, address, 'approve', ['modify', 'ReadWrite']));
    const back = Object.fromEntries(new URL(landing.headers.get('location') ?? '').searchParams);
    // At Google nothing was ticked, which is a refusal. At Microsoft something was, and the exchange shows what is
    // missing.
    const [why] = back.token ? (await finish(token, back.token)).userErrors : [back];
    expect(why).toMatchObject({ code: 'CONSENT_REQUIRED', message: expect.stringMatching(/modify|ReadWrite/) });
    expect((await flows(token))[0]).toMatchObject({ status: 'FAILED', problem: { code: 'CONSENT_REQUIRED' } });
    expect((await app.data(MINE, {}, token)).viewer.integrations).toEqual([]);
  },
);

it.each(PROVIDERS)('%s: shows a code where there is no page to return to', async (provider, address) => {
  const { token, email } = await app.user('typist');
  const { authorizationUrl } = await begin(token, { provider, address, access: 'FULL' });
  const shown = await (await follow(await consent(authorizationUrl, address, 'approve'))).text();
  expect(shown).toContain(email);
  expect(shown).toContain('delete mail permanently');
  const code = /<output id="code">([^<]+)</.exec(shown)?.[1] ?? '';
  const { integration } = await finish(token, ` ${code.toLowerCase().replace('-', '')} `);
  expect(integration).toMatchObject({ status: 'CONNECTED', address });
});

it('does not change the account before the reconnection is finished', async () => {
  const { token } = await app.user('again');
  const id = await app.connect(token, 'GMAIL', 'demo@gmail.example', 'READ');
  const input = { provider: 'GMAIL', address: 'demo@gmail.example', access: 'FULL' };
  const { connect } = await app.data(
    graphql(
      `mutation ($input: ConnectInput!) { connect(input: $input) { authorizationUrl integration { id status access } flow { status waitsFor } } }`,
    ),
    { input },
    token,
  );
  expect(connect).toMatchObject({
    integration: { id, status: 'CONNECTED', access: 'READ' },
    flow: { status: 'CONNECTING', waitsFor: 'CONSENT' },
  });
  await follow(await consent(connect.authorizationUrl, 'demo@gmail.example', 'approve'));
  expect((await app.data(MINE, {}, token)).viewer.integrations).toMatchObject([
    { id, status: 'CONNECTED', access: 'READ' },
  ]);
});

it('never redirects to a page that is not allowed', async () => {
  const { token } = await app.user('redirector');
  const evil = [
    'http://evil.example/',
    'http://app.example.evil.example/inbox',
    'http://app.example@evil.example/inbox',
    'https://app.example/inbox',
    'http://app.example:8080/inbox',
    'http://app.example/inboxes',
    'http://app.example/inbox/../admin',
    'http://app.example/inbox/%2e%2e/admin',
    'javascript:alert(1)',
    '//app.example/inbox',
    'http://app.example\\@evil.example/inbox',
  ];
  for (const redirectUri of evil) {
    const { data, errors } = await app.query(CONNECT, { input: { provider: 'GMAIL', redirectUri } }, token);
    const refused =
      errors?.[0]?.extensions.code === 'BAD_USER_INPUT' ||
      (data?.connect?.authorizationUrl === null && data.connect.userErrors.length > 0);
    expect([redirectUri, refused]).toEqual([redirectUri, true]);
  }
  for (const query of [
    '?redirectUri=http://evil.example',
    '?state=unknown&code=x',
    '?error=access_denied&state=%00',
    '',
    '?state=a&state=b&code=c&code=d',
  ]) {
    const response = await follow(`${app.url}/oauth/callback${query}`);
    expect(response.headers.get('location')).toBeNull();
    expect(response.status).toBe(400);
    expect(await response.text()).not.toContain('evil.example');
  }
});

it.each(PROVIDERS)(
  '%s: disconnecting forgets the secret, and revokes only with the last one who holds the mailbox',
  async (provider, address, vendor) => {
    const DISCONNECT = graphql(
      `mutation ($input: IntegrationInput!) { disconnect(input: $input) { integration { id status } viewer { integrations { id } } userErrors { code message } } }`,
    );
    const one = await app.user('first');
    const two = await app.user('second');
    const mine = await app.connect(one.token, provider, `shared@${address.split('@')[1]}`);
    const theirs = await app.connect(two.token, provider, `shared@${address.split('@')[1]}`);
    const stranger = await app.query(DISCONNECT, { input: { integration: theirs } }, one.token);
    expect(stranger.errors?.[0]?.extensions.code ?? stranger.data.disconnect.userErrors[0]?.code).toBe('NOT_FOUND');
    await app.control('/log', undefined, 'DELETE');
    expect((await app.data(DISCONNECT, { input: { integration: mine } }, one.token)).disconnect).toEqual({
      integration: { id: mine, status: 'DISCONNECTED' },
      viewer: { integrations: [] },
      userErrors: [],
    });
    const INBOX = graphql(`{ viewer { messages(first: 1) { nodes { id } sources { state } } } }`);
    expect((await app.data(INBOX, {}, two.token)).viewer.messages.sources).toMatchObject([{ state: 'COMPLETE' }]);
    expect((await app.data(INBOX, {}, one.token)).viewer.messages.nodes).toEqual([]);
    const revocations = async () =>
      (await app.control<ControlLog>('/log')).records.filter((r) => /revoke/.test(r.operation + r.path));
    expect(await revocations()).toHaveLength(0);
    await app.data(DISCONNECT, { input: { integration: theirs } }, two.token);
    expect(await revocations()).toHaveLength(vendor === 'google' ? 1 : 0);
  },
);

it('names every provider it knows and whether it is configured', async () => {
  const { providers } = await app.data(
    graphql(`{ providers { id name configured accesses connectMethods scopes } }`),
    {},
    null,
  );
  expect(providers.map(({ id, configured }) => [id, configured])).toEqual(ADAPTERS.map(({ id }) => [id, true]));
  expect(providers.find(({ id }) => id === 'GMAIL')).toMatchObject({ accesses: ['READ', 'WRITE', 'FULL'] });
});
