import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { MailError } from '../../src/domain/error.ts';
import type { Provider } from '../../src/providers/contract/provider.ts';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';
import { type ClientCredentials, clientCredentials } from '../support/client-credentials.ts';
import { type DeviceCode, deviceCodeAt } from '../support/device-code.ts';
import { openDeviceEndpoint } from '../support/device-endpoint.ts';
import { exchanged, fakeProvider, granted } from '../support/fakes/provider.ts';

// The mock adds one line to the list for each method, as an author would.
vi.mock('../../src/accounts/connect/connect-methods.ts', async (original) => {
  const { CONNECT_METHODS } = await original<typeof import('../../src/accounts/connect/connect-methods.ts')>();
  const { clientCredentials } = await import('../support/client-credentials.ts');
  const { deviceCode } = await import('../support/device-code.ts');
  return { CONNECT_METHODS: [...CONNECT_METHODS, clientCredentials, deviceCode] };
});

const revoked = vi.fn(async (_secret: unknown) => {});
const acquired = vi.fn(async (address: string) => exchanged(address));
const offered: ClientCredentials = {
  method: 'CLIENT_CREDENTIALS',
  acquire: acquired,
  refresh: async (secret) => granted(secret),
  revoke: revoked,
  revokeAdvice: 'Ask the organisation.',
};
const consenting = fakeProvider({
  id: 'GMAIL',
  name: 'Consenting Mail',
  connect: { revoke: () => Promise.reject(new Error('not the grant of this way')) },
});
const both: Provider = {
  ...consenting,
  id: 'IMAP',
  name: 'Any Mail',
  connectMethods: [...consenting.connectMethods, offered],
};

let endpoint: Awaited<ReturnType<typeof openDeviceEndpoint>>;
let app: TestApp;
let token: string;
beforeAll(async () => {
  endpoint = await openDeviceEndpoint();
  const device: DeviceCode = deviceCodeAt(endpoint.url);
  const televisions: Provider = { ...consenting, id: 'OUTLOOK', name: 'Device Mail', connectMethods: [device] };
  app = await startApp({ demo: false, messages: 0, providers: [consenting, both, televisions] });
});
afterAll(async () => {
  await app.close();
  await endpoint.close();
});
beforeEach(async () => {
  ({ token } = await app.user('member'));
});

const CONNECT = graphql(
  `mutation ($input: ConnectInput!) { connect(input: $input) { integration { id address status provider { id } } authorizationUrl flow { status } userErrors { code message field } } }`,
);
const connect = async (input: object) => (await app.data(CONNECT, { input }, token)).connect;
const ORGANISED = { provider: 'IMAP', address: 'ada@any.example', method: 'CLIENT_CREDENTIALS' };

it('is in the schema as soon as it is listed, for each provider that offers it', async () => {
  const READ =
    '{ __type(name: "ConnectMethod") { enumValues { name description } } providers { id connectMethods scopes } }';
  const { __type, providers } = await app.data<{ __type: { enumValues: object[] }; providers: object[] }>(
    READ,
    {},
    null,
  );
  expect(__type.enumValues).toContainEqual({ name: 'CLIENT_CREDENTIALS', description: clientCredentials.description });
  expect(providers).toEqual([
    { id: 'GMAIL', connectMethods: ['AUTHORIZATION_CODE'], scopes: ['read'] },
    { id: 'IMAP', connectMethods: ['AUTHORIZATION_CODE', 'CLIENT_CREDENTIALS'], scopes: ['read'] },
    { id: 'OUTLOOK', connectMethods: ['DEVICE_CODE'], scopes: [] },
  ]);
});

it('connects an account, and revokes its grant when that is disconnected', async () => {
  const done = await connect(ORGANISED);
  expect(done).toMatchObject({
    integration: { address: 'ada@any.example', status: 'CONNECTED', provider: { id: 'IMAP' } },
    authorizationUrl: null,
    flow: null,
    userErrors: [],
  });
  const DISCONNECT = graphql(
    `mutation ($input: IntegrationInput!) { disconnect(input: $input) { notice userErrors { code } } }`,
  );
  const { disconnect } = await app.data(DISCONNECT, { input: { integration: done.integration.id } }, token);
  expect(disconnect).toEqual({ notice: null, userErrors: [] });
  expect(revoked.mock.calls).toEqual([[{ refreshToken: 'refresh of ada@any.example' }, expect.anything()]]);
});

it('limits attempts that the provider refuses, as every method that connects at once does', async () => {
  acquired.mockRejectedValue(new MailError('INVALID', 'The organisation has not named this mailbox.'));
  for (let attempt = 0; attempt < 10; attempt++)
    expect((await connect(ORGANISED)).userErrors).toMatchObject([{ code: 'INVALID' }]);
  await expect(connect(ORGANISED)).rejects.toThrow(/Too many attempts/);
  acquired.mockImplementation(async (address) => exchanged(address));
});

it('can be used beside the consent page of the same provider', async () => {
  const begun = await connect({ provider: 'IMAP' });
  expect(begun).toMatchObject({ integration: null, flow: { status: 'CONNECTING' }, userErrors: [] });
  expect(begun.authorizationUrl).toMatch(/^https:\/\/provider\.example\/auth/);
});

it.each([
  ['a provider that does not offer it', { ...ORGANISED, provider: 'GMAIL' }, 'UNSUPPORTED', 'method'],
  ['a password beside it', { ...ORGANISED, password: 'of nobody' }, 'INVALID', 'password'],
  [
    'a page to return to, which it does not have',
    { ...ORGANISED, redirectUri: 'https://app.example/' },
    'INVALID',
    'redirectUri',
  ],
  ['what it asks for itself', { ...ORGANISED, address: null }, 'INVALID', 'address'],
])('is refused by the field at fault: %s', async (_what, input, code, field) => {
  const { integration, userErrors } = await connect(input);
  expect(integration).toBeNull();
  expect(userErrors).toMatchObject([{ code, field: ['input', field] }]);
});

describe('a device code', () => {
  // Codegen does not type this document, because the method exists in this process only.
  const BEGIN = graphql(
    `mutation BeginDevice($input: ConnectInput!) { connect(input: $input) { integration { id } authorizationUrl flow { id status waitsFor instructions } userErrors { code message } } }`,
  );
  const FLOW = graphql(
    `query DeviceFlow($id: ID!) { node(id: $id) { ... on ConnectFlow { status waitsFor instructions problem { code message } integration { address status } } } }`,
  );
  const FINISH = graphql(
    `mutation FinishDevice($input: FinishConnectInput!) { finishConnect(input: $input) { userErrors { code } } }`,
  );
  const begin = async () => {
    const input: object = { provider: 'OUTLOOK', method: 'DEVICE_CODE' };
    const { connect } = await app.data(BEGIN, { input }, token);
    const { flow } = connect;
    if (!flow) throw new Error('no flow was begun');
    return { ...connect, flow, grant: endpoint.grantIn(flow.instructions ?? '') };
  };
  const flowOf = async (id: string, as = token) => {
    const { node } = await app.data(FLOW, { id }, as);
    return node && 'status' in node ? node : null;
  };

  it('is shown to the user who began, and connects the account as soon as the provider has their consent', async () => {
    const { flow, grant, authorizationUrl, integration, userErrors } = await begin();
    expect([integration, userErrors, authorizationUrl]).toEqual([null, [], 'https://device.example/']);
    expect(flow).toMatchObject({ status: 'CONNECTING', waitsFor: 'CONSENT' });
    await expect.poll(() => grant.polls).toBeGreaterThan(2);
    expect(await flowOf(flow.id)).toMatchObject({ status: 'CONNECTING', integration: null });
    // Another user neither sees the code nor can end the flow with it.
    const stranger = await app.user('stranger');
    expect(await flowOf(flow.id, stranger.token)).toBeNull();
    const { finishConnect } = await app.data(FINISH, { input: { token: grant.userCode } }, token);
    expect(finishConnect.userErrors).toEqual([{ code: 'NOT_FOUND' }]);

    grant.decision = 'approved';
    await expect.poll(async () => (await flowOf(flow.id))?.status).toBe('CONNECTED');
    const address = `${grant.userCode.toLowerCase()}@device.example`;
    expect(await flowOf(flow.id)).toMatchObject({
      waitsFor: null,
      instructions: null,
      integration: { address, status: 'CONNECTED' },
    });
    expect(grant.redemptions).toBe(1);
  });

  it.each([
    ['denied', 'CONSENT_REQUIRED', /declined/],
    ['expired', 'INVALID', /expired/],
  ] as const)('that is %s ends the flow with the reason', async (decision, code, message) => {
    const { flow, grant } = await begin();
    grant.decision = decision;
    await expect.poll(async () => (await flowOf(flow.id))?.status).toBe('FAILED');
    expect((await flowOf(flow.id))?.problem).toEqual({ code, message: expect.stringMatching(message) });
    // A flow that has ended is not polled again. Meanwhile, a flow that began later is.
    const polls = grant.polls;
    const { grant: later } = await begin();
    await expect.poll(() => later.polls).toBeGreaterThan(2);
    expect(grant.polls).toBe(polls);
  });

  it.each(['slow_down', 'unavailable'] as const)(
    'waits when the endpoint answers %s, and goes on after it',
    async (answer) => {
      const { flow, grant } = await begin();
      grant.decision = answer;
      await expect.poll(() => grant.polls).toBe(1);
      const { grant: later } = await begin();
      await expect.poll(() => later.polls).toBeGreaterThan(2);
      expect(grant.polls).toBe(1);
      grant.decision = 'approved';
      await expect.poll(async () => (await flowOf(flow.id))?.status).toBe('CONNECTED');
      expect([grant.polls, grant.redemptions]).toEqual([2, 1]);
    },
  );
});
