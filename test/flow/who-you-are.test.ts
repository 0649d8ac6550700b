import { createHmac } from 'node:crypto';
import jwt from 'jsonwebtoken';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../src/app.ts';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';
import { TEST_REDIS_URLS } from '../support/app/bus.ts';
import { createTestDatabaseUrl } from '../support/app/database-url.ts';
import { bodyOf } from '../support/clients/answer.ts';
import { documentText } from '../support/clients/document.ts';
import { Client } from '../support/clients/load.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ demo: false });
});
afterAll(() => app.close());

const ME = graphql(`{ viewer { email } }`);
const REGISTER = graphql(
  `mutation ($input: RegisterInput!) { register(input: $input) { session { accessToken refreshToken expiresAt viewer { email } } userErrors { code message field } } }`,
);
const SIGN_IN = graphql(
  `mutation ($input: SignInInput!) { signIn(input: $input) { session { accessToken refreshToken viewer { email } } userErrors { code message field } } }`,
);
const REFRESH = graphql(
  `mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { session { accessToken refreshToken } userErrors { code message } } }`,
);
const code = async (token: string | null) => (await app.query(ME, {}, token)).errors?.[0]?.extensions.code;

it('registers once per address, whatever its case, and signs in', async () => {
  const input = { email: 'Ada@People.example', password: 'correct horse battery' };
  const { register } = await app.data(REGISTER, { input }, null);
  expect(register).toMatchObject({ userErrors: [], session: { viewer: { email: 'ada@people.example' } } });
  expect((await app.data(ME, {}, register.session.accessToken)).viewer.email).toBe('ada@people.example');
  const twice = await app.data(REGISTER, { input: { ...input, email: 'ada@people.example' } }, null);
  expect(twice.register).toMatchObject({ session: null, userErrors: [{ code: 'CONFLICT' }] });
  const { signIn } = await app.data(
    SIGN_IN,
    { input: { email: 'ADA@people.example', password: input.password } },
    null,
  );
  expect(signIn.session.viewer.email).toBe('ada@people.example');
  const weak = await app.data(REGISTER, { input: { email: 'weak@people.example', password: 'short' } }, null);
  expect(weak.register).toMatchObject({ session: null, userErrors: [{ field: expect.arrayContaining(['password']) }] });
});

it('answers a wrong password and an unknown user alike', async () => {
  await app.data(REGISTER, { input: { email: 'bob@people.example', password: 'a good long password' } }, null);
  const wrong = await app.data(
    SIGN_IN,
    { input: { email: 'bob@people.example', password: 'a wrong long password' } },
    null,
  );
  const unknown = await app.data(
    SIGN_IN,
    { input: { email: 'nobody@people.example', password: 'a wrong long password' } },
    null,
  );
  expect(wrong.signIn.session).toBeNull();
  expect(wrong).toEqual(unknown);
});

it('rotates refresh tokens, and a replayed one ends the whole family at once', async () => {
  const { refreshToken, token } = await app.user('rotating');
  const { refreshSession } = await app.data(REFRESH, { input: { refreshToken } }, null);
  expect(refreshSession.session.refreshToken).not.toBe(refreshToken);
  expect(await code(refreshSession.session.accessToken)).toBeUndefined();
  const replay = await app.query(REFRESH, { input: { refreshToken } }, null);
  expect(replay.data?.refreshSession?.session ?? null).toBeNull();
  expect(await code(refreshSession.session.accessToken)).toBe('UNAUTHENTICATED');
  expect(await code(token)).toBe('UNAUTHENTICATED');
  const after = await app.query(REFRESH, { input: { refreshToken: refreshSession.session.refreshToken } }, null);
  expect(after.data?.refreshSession?.session ?? null).toBeNull();
});

it('signs out at once, this session only', async () => {
  const one = await app.user('leaver');
  const { signIn } = await app.data(SIGN_IN, { input: { email: one.email, password: 'a good long password' } }, null);
  await app.data(graphql(`mutation { signOut { userErrors { message } } }`), {}, one.token);
  expect(await code(one.token)).toBe('UNAUTHENTICATED');
  expect(await code(signIn.session.accessToken)).toBeUndefined();
});

it('takes no forged token', async () => {
  const { token } = await app.user('forged');
  const [header, payload, signature] = token.split('.') as [string, string, string];
  const claims = jwt.decode(token) as jwt.JwtPayload;
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const secret = app.config.jwtSecret ?? '';
  const now = Math.floor(Date.now() / 1000);
  const forged = [
    `${part({ alg: 'none', typ: 'JWT' })}.${payload}.`,
    `${part({ alg: 'None' })}.${payload}.${signature}`,
    `${header}.${part({ ...claims, sub: '00000000-0000-0000-0000-000000000000' })}.${signature}`,
    `${header}.${payload}.${createHmac('sha256', 'guess').update(`${header}.${payload}`).digest('base64url')}`,
    jwt.sign({ ...claims, exp: now - 10 }, secret, { algorithm: 'HS256' }),
    jwt.sign(claims, secret, { algorithm: 'HS512' }),
    jwt.sign({ ...claims, aud: 'another' }, secret, { algorithm: 'HS256' }),
    'x'.repeat(8000),
    '..',
    'Bearer',
  ];
  for (const attempt of forged)
    expect([attempt.slice(0, 60), await code(attempt)]).toEqual([attempt.slice(0, 60), 'UNAUTHENTICATED']);
  expect(await code(null)).toBe('UNAUTHENTICATED');
  expect(await code(token)).toBeUndefined();
});

it('reads no cookie', async () => {
  const { token } = await app.user('cookie');
  const response = await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie: `authorization=Bearer ${token}; token=${token}` },
    body: JSON.stringify({ query: documentText(ME) }),
  });
  const { errors } = await bodyOf(response);
  expect(errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  expect(response.headers.get('set-cookie')).toBeNull();
});

it('limits password guesses', async () => {
  let limited: unknown;
  for (let i = 0; i < 40 && !limited; i++) {
    const answer = await app.query(
      SIGN_IN,
      { input: { email: 'guessed@people.example', password: `guess number ${i}` } },
      null,
    );
    limited =
      answer.errors?.find((e) => e.extensions.code === 'RATE_LIMITED') ??
      answer.data?.signIn?.userErrors.find((e) => e.code === 'RATE_LIMITED');
  }
  expect(limited).toBeDefined();
});

/** Several instances need a database server, because only one process can open the embedded database. */
describe.each(process.env.TEST_DATABASE_URL ? TEST_REDIS_URLS : [])('two instances with REDIS_URL', (redisUrl) => {
  it('share a sign-out, and have no connection that listens for notifications of the database', async () => {
    const own = await createTestDatabaseUrl();
    const databaseUrl = own?.url ?? '';
    const config = { ...app.config, port: 0, publicUrl: null, databaseUrl, redisUrl };
    const [here, there] = await Promise.all([createApp(config), createApp(config)]);
    const database = new pg.Client({ connectionString: databaseUrl });
    await database.connect();
    try {
      const input = { email: 'two@people.example', password: 'a good long password' };
      const { register } = await new Client(here.url, '').query(REGISTER, { input });
      const at = ({ url }: { url: string }) => new Client(url, register.session.accessToken);
      expect(await at(there).query(ME)).toEqual({ viewer: { email: input.email } });
      await at(here).query(graphql(`mutation { signOut { userErrors { message } } }`));
      await expect.poll(() => at(there).query(ME).catch(String)).toContain('This session has ended');
      const { rows } = await database.query(
        "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND query ILIKE 'LISTEN%'",
      );
      expect(rows).toEqual([]);
    } finally {
      await Promise.all([here.close(), there.close()]);
      await database.end();
      await own?.drop();
    }
  });
});
