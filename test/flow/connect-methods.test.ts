import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { Provider } from '../../src/providers/contract/provider.ts';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';
import { type ClientCredentials, clientCredentials } from '../support/client-credentials.ts';
import { exchanged, fakeProvider, granted } from '../support/fakes/provider.ts';

// The one line in the list.
vi.mock('../../src/accounts/connect/connect-methods.ts', async (original) => {
  const { CONNECT_METHODS } = await original<typeof import('../../src/accounts/connect/connect-methods.ts')>();
  const { clientCredentials } = await import('../support/client-credentials.ts');
  return { CONNECT_METHODS: [...CONNECT_METHODS, clientCredentials] };
});

const revoked = vi.fn(async (_secret: unknown) => {});
const offered: ClientCredentials = {
  method: 'CLIENT_CREDENTIALS',
  acquire: async (address) => exchanged(address),
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

let app: TestApp;
let token: string;
beforeAll(async () => {
  app = await startApp({ demo: false, messages: 0, providers: [consenting, both] });
});
afterAll(() => app.close());
beforeEach(async () => {
  ({ token } = await app.user('member'));
});

const CONNECT = graphql(
  `mutation ($input: ConnectInput!) { connect(input: $input) { integration { id address status provider { id } } authorizationUrl flow { status } userErrors { code message field } } }`,
);
const connect = async (input: object) => (await app.data(CONNECT, { input }, token)).connect;
const ORGANISED = { provider: 'IMAP', address: 'ada@any.example', method: 'CLIENT_CREDENTIALS' };

it('is in the schema as soon as it is listed, and with each provider that offers it', async () => {
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
  ]);
});

it('connects an account, and ends its own grant', async () => {
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

it('stands beside the consent page of the same provider', async () => {
  const begun = await connect({ provider: 'IMAP' });
  expect(begun).toMatchObject({ integration: null, flow: { status: 'CONNECTING' }, userErrors: [] });
  expect(begun.authorizationUrl).toMatch(/^https:\/\/provider\.example\/auth/);
});

it.each([
  ['a provider that does not offer it', { ...ORGANISED, provider: 'GMAIL' }, 'UNSUPPORTED', 'method'],
  ['a password beside it', { ...ORGANISED, password: 'of nobody' }, 'INVALID', 'password'],
  ['what it asks for itself', { ...ORGANISED, address: null }, 'INVALID', 'address'],
])('is refused by the field at fault: %s', async (_what, input, code, field) => {
  const { integration, userErrors } = await connect(input);
  expect(integration).toBeNull();
  expect(userErrors).toMatchObject([{ code, field: ['input', field] }]);
});
