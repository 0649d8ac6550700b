import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/global-id.ts';
import { createLog } from '../../src/platform/log.ts';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';

/** HTTP_REVALIDATION, by curl and over the wire. */
let app: TestApp;
const logged: string[] = [];
beforeAll(async () => {
  const log = createLog('info', { write: (line) => void logged.push(line) });
  const env = { HTTP_REVALIDATION: 'on', CACHE_BYTES: '67108864', KEPT_ANSWERS: 'on' };
  app = await startApp({ demo: false, messages: 0, log, env });
});
afterAll(() => app.close());

interface Reply {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}
/** Asks by GET, as curl sends it. */
async function curl(parameters: Record<string, string>, token: string, ...more: string[]): Promise<Reply> {
  const given = Object.entries(parameters).flatMap(([name, value]) => ['--data-urlencode', `${name}=${value}`]);
  const { stdout } = await promisify(execFile)('curl', [
    ...['-sSG', '-D', '-', `${app.url}/graphql`, '-H', `authorization: Bearer ${token}`],
    ...given,
    ...more,
  ]);
  const end = stdout.indexOf('\r\n\r\n');
  const [line = '', ...headers] = stdout.slice(0, end).split('\r\n');
  return {
    status: Number(line.split(' ')[1]),
    headers: new Map(
      headers.map((header) => header.split(/: (.*)/, 2)).map(([name = '', value = '']) => [name.toLowerCase(), value]),
    ),
    body: stdout.slice(end + 4),
  };
}
const ifNoneMatch = ({ headers }: Reply) => ['-H', `if-none-match: ${headers.get('etag')}`];
const query = '{ viewer { email integrations { address status } } }';

it('an answer that is still right is not sent again, and one that is not is', async () => {
  const { token } = await app.user('reads');
  const first = await curl({ query }, token);
  expect(first.status).toBe(200);
  const again = await curl({ query }, token, ...ifNoneMatch(first));
  expect([again.status, again.body]).toEqual([304, '']);
  const { 'content-type': type, 'content-length': length, ...others } = Object.fromEntries(first.headers);
  expect([type, Number(length)]).toEqual(['application/json; charset=utf-8', Buffer.byteLength(first.body)]);
  const steady = ({ date: _date, 'x-request-id': _id, ...rest }: Record<string, string>) => rest;
  expect(steady(Object.fromEntries(again.headers))).toEqual(steady(others));
  expect(again.headers.get('date')).toBeTruthy();
  expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
  await app.connect(token, 'GMAIL', 'reads@gmail.example');
  const changed = await curl({ query }, token, ...ifNoneMatch(first));
  expect([changed.status, changed.body.includes('reads@gmail.example')]).toEqual([200, true]);
  expect((await curl({ query }, token, ...ifNoneMatch(changed))).status).toBe(304);
});

it('HEAD is answered as GET is, without a body', async () => {
  const { token } = await app.user('heads');
  const url = `${app.url}/graphql?query=${encodeURIComponent(query)}`;
  const asked = async (method: string, search = url, headers: Record<string, string> = {}) => {
    const response = await fetch(search, { method, headers: { authorization: `Bearer ${token}`, ...headers } });
    // The client closes the connection after HEAD.
    const varying = new Set(['date', 'x-request-id', 'connection', 'keep-alive']);
    const rest = Object.fromEntries([...response.headers].filter(([name]) => !varying.has(name)));
    return { status: response.status, headers: rest, body: await response.text() };
  };
  const [got, headed, keptHead] = [await asked('GET'), await asked('HEAD'), await asked('HEAD')];
  expect(got.body).toContain('heads');
  for (const head of [headed, keptHead]) expect(head).toEqual({ ...got, body: '' });
  const { etag = '' } = got.headers;
  // RFC 9110, section 13.2.1: a precondition is evaluated as for GET. With `fetch` it would ask for a fresh answer.
  const { stdout } = await promisify(execFile)('curl', [
    ...['-sSI', url, '-H', `authorization: Bearer ${token}`, '-H', `if-none-match: ${etag}`],
  ]);
  expect(stdout).toMatch(/^HTTP\/1\.1 304 /);
  const refused = await Promise.all(['GET', 'HEAD'].map((method) => asked(method, `${app.url}/graphql?query={`)));
  expect(refused[0]?.body).toContain('GRAPHQL_PARSE_FAILED');
  expect(refused[1]).toEqual({ ...refused[0], body: '' });
  const mutation = `${app.url}/graphql?query=${encodeURIComponent('mutation { signOut { userErrors { message } } }')}`;
  expect((await asked('HEAD', mutation)).status).toBe(405);
  expect((await asked('HEAD')).status).toBe(200);
});

it('a new token of the same user revalidates, and that of another user does not', async () => {
  const [ada, bob] = [await app.user('ada'), await app.user('bob')];
  const first = await curl({ query }, ada.token);
  const { refreshSession } = await app.data(
    graphql(
      `mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { session { accessToken } userErrors { message } } }`,
    ),
    { input: { refreshToken: ada.refreshToken } },
    null,
  );
  const token = refreshSession.session.accessToken as string;
  expect((await curl({ query }, token, ...ifNoneMatch(first))).status).toBe(304);
  const other = await curl({ query }, bob.token, ...ifNoneMatch(first));
  expect([other.status, other.body.includes(bob.email)]).toEqual([200, true]);
  const refused = await curl({ query }, 'no-token', ...ifNoneMatch(first));
  expect([refused.headers.get('cache-control'), refused.headers.has('etag')]).toEqual(['no-store', false]);
  expect(refused.body).toContain('UNAUTHENTICATED');
});

it('a long document is asked by its hash, and neither it nor its variables are in the log', async () => {
  const { token } = await app.user('hashes');
  const named =
    'query Hidden($secret: ID!, $all: Boolean!) { viewer { id @include(if: $all) integration(id: $secret) { id } } }';
  const secret = encodeId('Integration', randomUUID());
  const sha256Hash = createHash('sha256').update(named).digest('hex');
  const asked = {
    variables: JSON.stringify({ secret, all: true }),
    extensions: JSON.stringify({ persistedQuery: { version: 1, sha256Hash } }),
  };
  logged.length = 0;
  const unknown = await curl(asked, token);
  expect([unknown.body.includes('PERSISTED_QUERY_NOT_FOUND'), unknown.headers.has('etag')]).toEqual([true, false]);
  const first = await curl({ ...asked, query: named }, token);
  expect(first.status).toBe(200);
  expect((await curl(asked, token, ...ifNoneMatch(first))).status).toBe(304);
  const other = { ...asked, variables: JSON.stringify({ secret, all: false }) };
  expect((await curl(other, token, ...ifNoneMatch(first))).status).toBe(200);
  const lines = logged.join('');
  expect(lines).toContain('"status":304');
  for (const hidden of [secret, encodeURIComponent(secret), 'Hidden', '$all']) expect(lines).not.toContain(hidden);
});
