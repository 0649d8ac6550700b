import { connect } from 'node:net';
import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../src/platform/log.ts';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';

let app: TestApp;
const logged: string[] = [];
beforeAll(async () => {
  const log = createLog('warn', { write: (line) => void logged.push(line) });
  app = await startApp({ demo: false, messages: 0, log, env: { CORS_ORIGINS: 'https://mail.example' } });
});
afterAll(() => app.close());

const post = (body: string, headers: Record<string, string> = {}) =>
  fetch(`${app.url}/graphql`, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
const query = (text: string) => post(JSON.stringify({ query: text }));
const codeOf = async (response: Response): Promise<unknown> => {
  const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
  return errors[0]?.extensions.code;
};

describe('GraphQL over HTTP', () => {
  const audits = serverAudits({ url: () => `${app.url}/graphql` });

  it('has all the audits', () => expect(audits).toHaveLength(61));

  it.each(audits.map((audit) => [`${audit.id} ${audit.name}`, audit] as const))('%s', async (_name, audit) => {
    const result = await audit.fn();
    expect(result.status === 'ok' ? 'ok' : `${result.status}: ${result.reason}`).toBe('ok');
  });
});

describe('the gateway refuses', () => {
  it.each([
    ['200 levels', `{ ${'viewer { '.repeat(200)} id ${'}'.repeat(200)} }`],
    ['10,000 aliases', `{ ${Array.from({ length: 10_000 }, (_, i) => `a${i}: __typename`).join(' ')} }`],
    [
      'a fragment bomb',
      `{ ...f0 } ${Array.from({ length: 60 }, (_, i) => `fragment f${i} on Query { ...f${i + 1} ...f${i + 1} }`).join(' ')} fragment f60 on Query { __typename }`,
    ],
    ['a page of 5,000', '{ viewer { messages(first: 5000) { nodes { id } } } }'],
    [
      'pages in pages in pages',
      '{ viewer { messages(first: 100) { nodes { thread { messages { nodes { thread { messages { nodes { id } } } } } } } } } }',
    ],
  ])('%s: QUERY_TOO_COMPLEX, at once', async (_name, text) => {
    expect(await codeOf(await query(text))).toBe('QUERY_TOO_COMPLEX');
  });

  it('a body of 50 MB', async () => {
    const response = await post(`{"query":"${'x'.repeat(50_000_000)}"}`);
    expect(response.status).toBe(413);
    expect(await response.text()).toContain('larger than 8388608 bytes');
    expect((await query('{ __typename }')).status).toBe(200);
  });

  it('a token of a million characters', async () => {
    const response = await post('{"query":"{ viewer { id } }"}', { authorization: `Bearer ${'x'.repeat(1_000_000)}` });
    expect(response.status).toBe(431);
    const long = await post('{"query":"{ viewer { id } }"}', { authorization: `Bearer ${'x'.repeat(10_000)}` });
    expect(await codeOf(long)).toBe('UNAUTHENTICATED');
  });

  it('bodies that are no JSON, without showing a stack', async () => {
    const response = await post('{"query":');
    expect(response.status).toBe(400);
    expect(await response.text()).not.toMatch(/node_modules|at /);
  });
});

describe('authentication', () => {
  it('nobody by cookie: no cookie is read or set', async () => {
    const { token } = await app.user('cookie');
    const response = await post('{"query":"{ viewer { id } }"}', {
      cookie: `authorization=Bearer ${token}; token=${token}; session=${token}`,
    });
    expect(response.headers.get('set-cookie')).toBeNull();
    expect(await codeOf(response)).toBe('UNAUTHENTICATED');
  });

  it('signing in and refreshing work with an expired token in the header', async () => {
    const { email, refreshToken } = await app.user('stale');
    const { errors, data } = await app.query(
      graphql(
        `mutation ($in: SignInInput!, $re: RefreshSessionInput!) { signIn(input: $in) { session { accessToken } } refreshSession(input: $re) { session { accessToken } } }`,
      ),
      { in: { email, password: 'a good long password' }, re: { refreshToken } },
      'stale.stale.stale',
    );
    expect(errors).toBeUndefined();
    expect(data.signIn.session.accessToken).toEqual(expect.any(String));
    expect(data.refreshSession.session.accessToken).toEqual(expect.any(String));
  });

  it('allows other origins by the list only', async () => {
    const preflight = (origin: string) =>
      fetch(`${app.url}/graphql`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
      });
    expect((await preflight('https://mail.example')).headers.get('access-control-allow-origin')).toBe(
      'https://mail.example',
    );
    expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('monitoring', () => {
  it('/health and /ready answer', async () => {
    expect(await (await fetch(`${app.url}/health`)).json()).toEqual({ status: 'alive' });
    const ready = await fetch(`${app.url}/ready`);
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready' }]);
  });
});

/**
 * Sends the bytes and returns the answer up to the end of the connection. With `hangUp` the client ends it, once the
 * bytes are sent.
 */
const raw = (bytes: string, { hangUp = false } = {}) =>
  new Promise<string>((resolve) => {
    let answer = '';
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1', () => {
      socket.write(bytes.replaceAll('\n', '\r\n'), () => hangUp && socket.destroy());
    });
    socket.on('data', (chunk) => (answer += chunk)).on('error', () => {});
    socket.on('close', () => resolve(answer));
  });
const HOST = 'Host: gateway.example\nConnection: close\n';
const upgradeOf = (path: string, protocol: string) =>
  `GET ${path} HTTP/1.1\nHost: gateway.example\nConnection: Upgrade\nUpgrade: ${protocol}\nSec-WebSocket-Version: 13\n\n`;
const SENT = '"><script>alert(1)</script>';

describe('an invalid request', () => {
  it.each([
    [400, 'a path that does not decode', `GET /%ZZ${SENT.replaceAll(' ', '')} HTTP/1.1\n${HOST}\n`],
    [400, 'a path that is no UTF-8', `GET /download/%ED%A0%80 HTTP/1.1\n${HOST}\n`],
    [404, 'a NUL in a path', `GET /%00 HTTP/1.1\n${HOST}\n`],
    [404, 'a NUL in a link', `GET /download/%00 HTTP/1.1\n${HOST}\n`],
    [404, 'two slashes', `GET //evil.example/ HTTP/1.1\n${HOST}\n`],
    [400, 'a NUL in a callback', `GET /oauth/callback?state=%00&code=%00 HTTP/1.1\n${HOST}\n`],
    [400, 'variables that are no JSON', `GET /graphql?query={__typename}&variables=%00 HTTP/1.1\n${HOST}\n`],
    [431, 'a URL that is too long', `GET /${'a'.repeat(80_000)} HTTP/1.1\n${HOST}\n`],
    [431, 'a header that is too long', `GET / HTTP/1.1\n${HOST}X: ${'a'.repeat(80_000)}\n\n`],
    [400, 'a header that is none', `GET / HTTP/1.1\n${HOST}${SENT}\n\n`],
    [400, 'a NUL in a header', `GET / HTTP/1.1\n${HOST}X: a\u0000b\n\n`],
    [400, 'a method that is none', `${SENT} / HTTP/1.1\n${HOST}\n`],
    [400, 'no host', 'GET /health HTTP/1.1\nConnection: close\n\n'],
    [400, 'a host that is none', `GET /graphql?query={__typename} HTTP/1.1\nHost: ${SENT}\nConnection: close\n\n`],
    [400, 'GraphQL without a host', 'GET /graphql?query={__typename} HTTP/1.0\n\n'],
    [400, 'TLS', '\u0016\u0003\u0001\u0000'],
    [
      415,
      'a body in an encoding',
      `POST /graphql HTTP/1.1\n${HOST}Content-Encoding: gzip\nContent-Type: application/json\nContent-Length: 2\n\n{}`,
    ],
    [
      415,
      'a body in two',
      `POST /webhooks/gmail HTTP/1.1\n${HOST}Content-Encoding: identity, br\nContent-Length: 2\n\n{}`,
    ],
    [400, 'HEAD of the API without a query', `HEAD /graphql HTTP/1.1\n${HOST}\n`],
    [405, 'HEAD of a callback, which would use its flow up', `HEAD /oauth/callback?state=a&code=b HTTP/1.1\n${HOST}\n`],
    [404, 'a WebSocket elsewhere', upgradeOf('/elsewhere', 'websocket')],
    [400, 'a WebSocket without a key', upgradeOf('/graphql', 'websocket')],
    [426, 'another protocol', upgradeOf('/graphql', 'h2c')],
  ])('%i for %s, with our headers and without an echo', async (status, _what, bytes) => {
    const answer = await raw(bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toMatch(/^x-content-type-options: nosniff\r$/im);
    expect(answer).toMatch(/^content-security-policy: default-src 'none'/im);
    expect(answer).toMatch(/^x-request-id: [\w-]{36}\r$/im);
    expect(answer).not.toMatch(/script|ZZ|aaaa|INTERNAL/);
  });

  it('an old health check without Host, an unknown expectation and the identity encoding are answered', async () => {
    expect(await raw('GET /health HTTP/1.0\n\n')).toContain('200 OK');
    expect(await raw(`GET /health HTTP/1.1\n${HOST}Expect: the-unexpected\n\n`)).toContain('200 OK');
    const response = await post('{"query":"{ __typename }"}', { 'content-encoding': 'identity' });
    expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
  });

  it('a subscription over HTTP is refused with the address of the WebSocket', async () => {
    const subscription = 'subscription { messageReceived { cursor } }';
    const get = fetch(`${app.url}/graphql?query=${encodeURIComponent(subscription)}`);
    const named = post(
      JSON.stringify({ query: `query Q { __typename } ${subscription.replace(' ', ' S ')}`, operationName: 'S' }),
    );
    for (const response of await Promise.all([query(subscription), get, named])) {
      expect(response.status).toBe(400);
      expect(await response.text()).toMatch(/WebSocket.*BAD_REQUEST/);
    }
  });

  it('logs nothing when a client hangs up in the middle of its request', async () => {
    const { token } = await app.user('gone');
    const head = (path: string) =>
      `POST ${path} HTTP/1.1\n${HOST}Authorization: Bearer ${token}\nContent-Type: application/json\n`;
    await raw(`${head('/graphql')}Content-Length: 500\n\n{"query"`, { hangUp: true });
    await raw(`${head('/graphql')}Content-Length: 24\n\n{"query":"{ viewer{id}}"}`, { hangUp: true });
    await raw(`${head('/upload')}Content-Length: 500000\n\n${'x'.repeat(50_000)}`, { hangUp: true });
    await raw(
      `${head('/upload').replace('application/json', 'multipart/form-data; boundary=b')}Content-Length: 5000\n\n--b\n`,
      { hangUp: true },
    );
    await raw(`GET /health HTTP/1.1\nHost: gate`, { hangUp: true });
    expect((await query('{ __typename }')).status).toBe(200);
    expect(logged).toEqual([]);
  });
});
