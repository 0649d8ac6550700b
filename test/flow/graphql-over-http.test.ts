import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ demo: false, messages: 0, env: { CORS_ORIGINS: 'https://mail.example' } });
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

describe('what the front door refuses', () => {
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

describe('who is let in', () => {
  it('nobody by cookie: no cookie is read or set', async () => {
    const { token } = await app.user('cookie');
    const response = await post('{"query":"{ viewer { id } }"}', {
      cookie: `authorization=Bearer ${token}; token=${token}; session=${token}`,
    });
    expect(response.headers.get('set-cookie')).toBeNull();
    expect(await codeOf(response)).toBe('UNAUTHENTICATED');
  });

  it('signing in and refreshing work beside a stale token', async () => {
    const { email, refreshToken } = await app.user('stale');
    const { errors, data } = await app.query(
      'mutation ($in: SignInInput!, $re: RefreshSessionInput!) { signIn(input: $in) { session { accessToken } } refreshSession(input: $re) { session { accessToken } } }',
      { in: { email, password: 'a good long password' }, re: { refreshToken } },
      'stale.stale.stale',
    );
    expect(errors).toBeUndefined();
    expect(data.signIn.session.accessToken).toEqual(expect.any(String));
    expect(data.refreshSession.session.accessToken).toEqual(expect.any(String));
  });

  it('other origins by the allow-list only', async () => {
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

describe('what monitors ask', () => {
  it('/health and /ready answer', async () => {
    expect(await (await fetch(`${app.url}/health`)).json()).toEqual({ status: 'alive' });
    const ready = await fetch(`${app.url}/ready`);
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready' }]);
  });
});
