import { afterAll, beforeAll, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';
import { consent } from '../support/app/lab.ts';

/** Connecting without a public page to return to: during development, and from an app (RFC 8252). */

let app: TestApp;
beforeAll(async () => {
  const REDIRECT_URIS = 'com.example.app:/oauth2redirect, https://app.example/inbox';
  app = await startApp({ demo: false, messages: 2, env: { SANDBOX: 'on', REDIRECT_URIS } });
});
afterAll(() => app.close());

const CONNECT = graphql(
  `mutation ($input: ConnectInput!) { connect(input: $input) { authorizationUrl userErrors { code message field } } }`,
);
const cameBack = async (authorizationUrl: string): Promise<URL> => {
  const callback = await consent(authorizationUrl, 'demo@gmail.example', 'approve');
  return new URL((await fetch(callback, { redirect: 'manual' })).headers.get('location') ?? '');
};

it.each([
  'http://127.0.0.1:5173/inbox',
  'http://127.0.0.1:51004/callback/of/app?x=1',
  'http://[::1]:51004/',
  'http://localhost:3000/inbox',
  'com.example.app:/oauth2redirect',
])('redirects to %s', async (redirectUri) => {
  const { token } = await app.user('app');
  const { connect } = await app.data(CONNECT, { input: { provider: 'GMAIL', redirectUri } }, token);
  const back = await cameBack(connect.authorizationUrl);
  expect(back.href.startsWith(redirectUri)).toBe(true);
  const input = { token: back.searchParams.get('token') };
  const FINISH = graphql(
    `mutation ($input: FinishConnectInput!) { finishConnect(input: $input) { integration { status } } }`,
  );
  expect((await app.data(FINISH, { input }, token)).finishConnect.integration.status).toBe('CONNECTED');
});

it.each([
  'http://127.0.0.1.evil.example/',
  'http://127.1:5173/',
  'http://localhost@evil.example/',
  'com.example.app:/other',
  'com.example.app2:/oauth2redirect',
  'app:/oauth2redirect',
  'https://app.example/inbox/..;/x',
])('does not redirect to %s', async (redirectUri) => {
  const { token } = await app.user('app');
  const { data, errors } = await app.query(CONNECT, { input: { provider: 'GMAIL', redirectUri } }, token);
  expect(errors ?? []).toEqual([]);
  expect(data.connect).toMatchObject({
    authorizationUrl: null,
    userErrors: [{ code: 'INVALID', field: ['input', 'redirectUri'] }],
  });
});
