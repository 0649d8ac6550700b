import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Data, startApp, type TestApp } from '../support/app.ts';
import { consent } from '../support/lab.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ demo: false, messages: 5 });
});
afterAll(() => app.close());

const CONNECT =
  'mutation ($input: ConnectInput!) { connect(input: $input) { authorizationUrl userErrors { code message field } } }';
const MINE =
  '{ viewer { integrations { id address status access scopes connectedAt problem { code message } provider { id } } } }';
const begin = async (token: string, input: object): Promise<Data> =>
  (await app.data(CONNECT, { input }, token)).connect;
const follow = async (url: URL | string) => fetch(url, { redirect: 'manual' });
const PROVIDERS = [
  ['GMAIL', 'demo@gmail.example', 'google'],
  ['OUTLOOK', 'demo@outlook.example', 'microsoft'],
] as const;

it('discovers who serves an address; unknown is an answer', async () => {
  const DISCOVER =
    'query ($address: EmailAddress!) { discover(address: $address) { address provider { id } connectMethods } }';
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
    const asked = new URL(authorizationUrl);
    expect(asked.searchParams.get('code_challenge_method')).toBe('S256');
    expect(asked.searchParams.get('state')?.length).toBeGreaterThanOrEqual(32);
    const callback = await consent(authorizationUrl, address, 'approve');
    const outcome = await follow(callback);
    const location = new URL(outcome.headers.get('location') ?? '');
    expect(location.origin + location.pathname).toBe('http://app.example/inbox');
    expect(location.searchParams.get('tab')).toBe('1');
    expect(location.searchParams.get('status')).toBe('connected');
    const [first] = (await app.data(MINE, {}, token)).viewer.integrations;
    expect(first).toMatchObject({
      address,
      status: 'CONNECTED',
      access: 'READ',
      problem: null,
      provider: { id: provider },
    });
    expect(location.searchParams.get('integration')).toBe(first.id);
    // The same code and state again are refused, and change nothing.
    const again = await follow(callback);
    expect(
      again.status === 400 || new URL(again.headers.get('location') ?? '').searchParams.get('status') === 'failed',
    ).toBe(true);
    await app.synced(token);
    expect(await app.connect(token, provider, address, 'FULL')).toBe(first.id);
    expect((await app.data(MINE, {}, token)).viewer.integrations).toMatchObject([{ id: first.id, access: 'FULL' }]);
  },
);

it.each(PROVIDERS)(
  '%s: a denied or partial consent leaves nothing behind and says what is missing',
  async (provider, address) => {
    const { token } = await app.user('denier');
    const denied = await begin(token, { provider, address, redirectUri: 'http://app.example/inbox' });
    const location = new URL(
      (await follow(await consent(denied.authorizationUrl, address, 'deny'))).headers.get('location') ?? '',
    );
    expect(location.searchParams.get('status')).toBe('failed');
    const partial = await begin(token, { provider, address, access: 'WRITE', redirectUri: 'http://app.example/inbox' });
    const answer = new URL(
      (await follow(await consent(partial.authorizationUrl, address, 'approve', ['modify', 'ReadWrite']))).headers.get(
        'location',
      ) ?? '',
    );
    expect(answer.searchParams.get('code')).toBe('CONSENT_REQUIRED');
    expect(answer.searchParams.get('message')).toMatch(/modify|ReadWrite/);
    expect((await app.data(MINE, {}, token)).viewer.integrations.filter((i: Data) => i.status === 'CONNECTED')).toEqual(
      [],
    );
  },
);

it('never redirects where it was not told to', async () => {
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
    const { data, errors } = await app.query<Data>(CONNECT, { input: { provider: 'GMAIL', redirectUri } }, token);
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

it("takes a state only for who began: what another user's browser brings is connected for the one who asked, never for the bearer", async () => {
  const ada = await app.user('ada');
  const eve = await app.user('eve');
  const { authorizationUrl } = await begin(ada.token, { provider: 'GMAIL', address: 'demo@gmail.example' });
  await follow(await consent(authorizationUrl, 'demo@gmail.example', 'approve'));
  expect((await app.data(MINE, {}, eve.token)).viewer.integrations).toEqual([]);
  expect((await app.data(MINE, {}, ada.token)).viewer.integrations).toHaveLength(1);
});

it.each(PROVIDERS)(
  '%s: disconnecting forgets the secret, and revokes only with the last one who holds the mailbox',
  async (provider, address, vendor) => {
    const DISCONNECT =
      'mutation ($input: IntegrationInput!) { disconnect(input: $input) { integration userErrors { code message } } }';
    const one = await app.user('first');
    const two = await app.user('second');
    const mine = await app.connect(one.token, provider, `shared@${address.split('@')[1]}`);
    const theirs = await app.connect(two.token, provider, `shared@${address.split('@')[1]}`);
    const stranger = await app.query<Data>(DISCONNECT, { input: { integration: theirs } }, one.token);
    expect(stranger.errors?.[0]?.extensions.code ?? stranger.data.disconnect.userErrors[0].code).toBe('NOT_FOUND');
    await app.control('/log', undefined, 'DELETE');
    expect((await app.data(DISCONNECT, { input: { integration: mine } }, one.token)).disconnect).toEqual({
      integration: mine,
      userErrors: [],
    });
    const INBOX = '{ viewer { messages(first: 1) { nodes { id } sources { state } } } }';
    expect((await app.data(INBOX, {}, two.token)).viewer.messages.sources).toMatchObject([{ state: 'COMPLETE' }]);
    expect((await app.data(INBOX, {}, one.token)).viewer.messages.nodes).toEqual([]);
    const revocations = async () =>
      (await app.control<Data>('/log')).records.filter((r: Data) => /revoke/.test(r.operation + r.path));
    expect(await revocations()).toHaveLength(0);
    await app.data(DISCONNECT, { input: { integration: theirs } }, two.token);
    expect(await revocations()).toHaveLength(vendor === 'google' ? 1 : 0);
  },
);

it('names every provider it knows and whether it is configured', async () => {
  const { providers } = await app.data('{ providers { id name configured connectMethods scopes } }', {}, null);
  expect(providers).toMatchObject([
    { id: 'GMAIL', configured: true },
    { id: 'OUTLOOK', configured: true },
  ]);
});
