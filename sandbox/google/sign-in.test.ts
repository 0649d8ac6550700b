import jwt from 'jsonwebtoken';
import { expect, onTestFinished, test } from 'vitest';
import {
  connect,
  consent,
  googleFor,
  MAIL_SCOPE,
  ME,
  oauthClient,
  refusal,
  scope,
  startGoogle,
  USER,
} from '../testing/google.ts';

const { running } = googleFor('test', { scopes: [] });

test('the code flow with PKCE gives tokens, an id_token that verifies, and a state handed back', async () => {
  const { verifier, answer } = await consent(running().url, ['openid', 'email', scope('readonly')]);
  expect(answer.searchParams.get('state')).toBe('the state');
  const auth = oauthClient(running().url);
  const code = answer.searchParams.get('code') ?? '';
  const { tokens } = await auth.getToken({ code, codeVerifier: verifier });
  expect(tokens.refresh_token).toBeTruthy();
  expect(tokens.scope?.split(' ')).toContain(scope('readonly'));

  const { keys } = (await (await fetch(`${running().url}/oauth2/v3/certs`)).json()) as { keys: JsonWebKey[] };
  const { createPublicKey } = await import('node:crypto');
  const claims = jwt.verify(tokens.id_token ?? '', createPublicKey({ key: keys[0] as never, format: 'jwk' }), {
    algorithms: ['RS256'],
    issuer: 'https://accounts.google.com',
    audience: 'postern-sandbox',
  });
  expect(claims).toMatchObject({ email: ME, email_verified: true });
  await expect(auth.getToken({ code, codeVerifier: verifier })).rejects.toThrow('invalid_grant');
});

test('a wrong verifier, secret or redirect is refused with the messages of Google', async () => {
  const exchange = async (change: Record<string, string>) => {
    const { verifier, answer } = await consent(running().url, [scope('readonly')]);
    const body = new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: 'postern-sandbox',
      client_secret: 'postern-sandbox-secret',
      redirect_uri: 'http://127.0.0.1:4000/oauth/callback',
      code: answer.searchParams.get('code') ?? '',
      code_verifier: verifier,
      ...change,
    });
    const response = await fetch(`${running().url}/token`, { method: 'POST', body });
    return [response.status, ((await response.json()) as { error: string }).error];
  };
  expect(await exchange({ code_verifier: 'x'.repeat(50) })).toEqual([400, 'invalid_grant']);
  expect(await exchange({ client_secret: 'no' })).toEqual([401, 'invalid_client']);
  expect(await exchange({ redirect_uri: 'http://127.0.0.1/other' })).toEqual([400, 'redirect_uri_mismatch']);
  expect(await exchange({ grant_type: 'password' })).toEqual([400, 'unsupported_grant_type']);
});

test('the consent page is for people: it escapes, cannot be framed, and refuses foreign redirects by a page', async () => {
  const query = (change: Record<string, string>) =>
    new URLSearchParams({
      client_id: 'postern-sandbox',
      redirect_uri: 'http://127.0.0.1:4000/cb',
      response_type: 'code',
      scope: `openid ${scope('modify')}`,
      state: '"><script>alert(1)</script>',
      login_hint: ME,
      ...change,
    });
  const page = await fetch(`${running().url}/o/oauth2/v2/auth?${query({})}`);
  const html = await page.text();
  expect(page.headers.get('x-frame-options')).toBe('DENY');
  expect(html).toContain(`<option value="${ME}" selected>`);
  expect(html).toContain(`name="scope" value="${scope('modify')}" checked`);
  expect(html).not.toContain('<script');
  for (const change of [
    { redirect_uri: 'https://evil.example/cb' },
    { client_id: 'someone-else' },
    { scope: 'https://www.googleapis.com/auth/nothing' },
    { response_type: 'token' },
  ]) {
    const refused = await fetch(`${running().url}/o/oauth2/v2/auth?${query(change)}`, { redirect: 'manual' });
    expect([400, 401]).toContain(refused.status);
    expect(refused.headers.get('location')).toBeNull();
  }
});

test('a user may deny, or grant a part of the scopes', async () => {
  const denied = await consent(running().url, [scope('readonly')], { decision: 'deny' });
  expect(denied.answer.searchParams.get('error')).toBe('access_denied');
  const partial = await consent(running().url, ['openid', scope('readonly'), scope('send')], {
    untick: [scope('send')],
  });
  expect(partial.answer.searchParams.get('scope')).toBe(`openid ${scope('readonly')}`);
});

test('a refresh token comes at the first consent only, unless consent is prompted for', async () => {
  const auth = oauthClient(running().url);
  const exchange = async (query: Record<string, string>) => {
    const { verifier, answer } = await consent(running().url, [scope('readonly')], { query });
    const { tokens } = await auth.getToken({ code: answer.searchParams.get('code') ?? '', codeVerifier: verifier });
    return tokens.refresh_token !== undefined;
  };
  expect(await exchange({ access_type: 'online' })).toBe(false);
  expect(await exchange({ prompt: '' })).toBe(true);
  expect(await exchange({ prompt: '' })).toBe(false);
  expect(await exchange({ prompt: 'consent' })).toBe(true);
});

test('expired tokens refresh, revoked grants do not, and both outlive a restart', async () => {
  const { api, auth, tokens } = await connect(running().url, [MAIL_SCOPE]);
  running().emulator.expireTokens(ME);
  const { status, headers } = await fetch(`${running().url}/gmail/v1/users/me/profile`, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  });
  expect(status).toBe(401);
  expect(headers.get('www-authenticate')).toContain('invalid_token');
  await auth.refreshAccessToken();
  expect((await api.users.getProfile(USER)).data.emailAddress).toBe(ME);

  const restarted = await startGoogle({ keep: running().world.keep });
  onTestFinished(() => restarted.close());
  const again = oauthClient(restarted.url);
  again.setCredentials({ refresh_token: tokens.refresh_token ?? '' });
  expect((await again.getAccessToken()).token).toBeTruthy();
  restarted.emulator.revoke(ME);
  await expect(again.refreshAccessToken()).rejects.toThrow('invalid_grant');
});

test('revoking any token ends the whole grant', async () => {
  const { api, auth, tokens } = await connect(running().url, [MAIL_SCOPE]);
  await auth.revokeToken(tokens.access_token ?? '');
  auth.setCredentials({ access_token: tokens.access_token ?? '' });
  expect(await refusal(api.users.getProfile(USER))).toMatchObject({ status: 401, reason: 'authError' });
  await expect(auth.revokeToken(tokens.refresh_token ?? '')).rejects.toThrow();
});

test('faults apply to the token endpoint', async () => {
  const { auth } = await connect(running().url, [MAIL_SCOPE]);
  running().faults.add({ vendor: 'google', account: ME, operation: 'token', status: 400, times: 1 });
  await expect(auth.refreshAccessToken()).rejects.toThrow('invalid_grant');
  await auth.refreshAccessToken();
  expect(
    running()
      .world.log.all()
      .filter(({ operation }) => operation === 'token')
      .map(({ status }) => status),
  ).toEqual([200, 400, 200]);
});
