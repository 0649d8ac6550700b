import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { ConfidentialClientApplication, CryptoProvider } from '@azure/msal-node';
import jwt from 'jsonwebtoken';
import { describe, expect, it } from 'vitest';
import { CLIENT, REDIRECT } from '../testing/emulator.ts';
import { ALL, consent, graphClient, ME, microsoftFor, signIn, startMicrosoft, token } from '../testing/microsoft.ts';

const { running } = microsoftFor('file', { scopes: [] });

/**
 * Configures msal-node as the gateway does. It refuses http authorities, but accepts http endpoints in their metadata.
 */
function msal(): ConfidentialClientApplication {
  const base = `${running().url}/common`;
  return new ConfidentialClientApplication({
    auth: {
      ...CLIENT,
      authority: 'https://login.localhost/common',
      knownAuthorities: ['login.localhost'],
      authorityMetadata: JSON.stringify({
        issuer: `${running().url}/{tenantid}/v2.0`,
        authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
        token_endpoint: `${base}/oauth2/v2.0/token`,
        jwks_uri: `${base}/discovery/v2.0/keys`,
      }),
    },
  });
}

describe('msal-node', () => {
  it('signs in with code and PKCE, then silently with the refresh token', async () => {
    const app = msal();
    const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
    const scopes = ['Mail.ReadWrite', 'User.Read'];
    const page = await app.getAuthCodeUrl({
      scopes,
      redirectUri: REDIRECT,
      state: 's-1',
      codeChallenge: challenge,
      codeChallengeMethod: 'S256',
      loginHint: ME,
    });
    const html = await (await fetch(page)).text();
    expect(html).toContain(`<option value="${ME}" selected>`);
    const form = new URLSearchParams({ account: ME, decision: 'approve' });
    for (const [, scope = ''] of html.matchAll(/name="scope" value="([^"]+)"/g)) form.append('scope', scope);
    const decided = await fetch(page, { method: 'POST', body: form, redirect: 'manual' });
    expect(decided.status).toBe(302);
    const answer = new URL(decided.headers.get('location') ?? '');
    expect(answer.searchParams.get('state')).toBe('s-1');

    const code = answer.searchParams.get('code') ?? '';
    const first = await app.acquireTokenByCode({ code, scopes, redirectUri: REDIRECT, codeVerifier: verifier });
    expect(first.account?.username).toBe(ME);
    expect(first.scopes).toEqual(expect.arrayContaining(['Mail.ReadWrite', 'User.Read']));
    const claims = first.idTokenClaims as Record<string, unknown>;
    expect(claims.email).toBe(ME);
    expect(claims).not.toHaveProperty('nonce');

    const again = await app.acquireTokenSilent({
      account: first.account as NonNullable<typeof first.account>,
      scopes,
      forceRefresh: true,
    });
    expect(again.accessToken).not.toBe(first.accessToken);
    const me = await graphClient(running().via, again.accessToken)('/me?$select=mail');
    expect(me.body.mail).toBe(ME);
  });

  it('reports a revoked grant as invalid_grant', async () => {
    const { refresh_token } = await signIn(running().url);
    running().emulator.revoke(ME);
    await expect(
      msal().acquireTokenByRefreshToken({ refreshToken: refresh_token, scopes: ['Mail.Read'] }),
    ).rejects.toMatchObject({ errorCode: 'invalid_grant' });
  });
});

describe('the token endpoint', () => {
  it('accepts a code once, with its verifier, its redirect URI and the secret', async () => {
    const exchange = async (change: Record<string, string>) => {
      const { verifier, answer } = await consent(running().url, ALL);
      const form = {
        grant_type: 'authorization_code',
        code: answer.searchParams.get('code') ?? '',
        redirect_uri: REDIRECT,
        code_verifier: verifier,
        ...change,
      };
      return { form, answer: await token(running().url, form) };
    };
    const { form, answer } = await exchange({});
    expect(answer.status).toBe(200);
    expect((await token(running().url, form)).body).toMatchObject({ error: 'invalid_grant', error_codes: [54005] });
    expect((await exchange({ code_verifier: 'x'.repeat(43) })).answer.body).toMatchObject({
      error: 'invalid_grant',
      error_codes: [501481],
    });
    expect((await exchange({ redirect_uri: 'http://127.0.0.1:1/other' })).answer.body).toMatchObject({
      error: 'invalid_grant',
    });
    const wrong = (await exchange({ client_secret: 'guess' })).answer;
    expect(wrong).toMatchObject({ status: 401, body: { error: 'invalid_client', error_codes: [7000215] } });
    expect(wrong.body).toHaveProperty('correlation_id');
  });

  it('refuses a code after ten minutes', async () => {
    const { verifier, answer } = await consent(running().url, ALL);
    running().clock.ahead += 601_000;
    const form = {
      grant_type: 'authorization_code',
      code: answer.searchParams.get('code') ?? '',
      redirect_uri: REDIRECT,
      code_verifier: verifier,
    };
    expect((await token(running().url, form)).body).toMatchObject({ error: 'invalid_grant', error_codes: [70008] });
  });

  it('gives a new refresh token each time, and the old one still works', async () => {
    const first = await signIn(running().url);
    const second = (await token(running().url, { grant_type: 'refresh_token', refresh_token: first.refresh_token }))
      .body;
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(
      (await token(running().url, { grant_type: 'refresh_token', refresh_token: first.refresh_token })).status,
    ).toBe(200);
  });

  it('gives only the scopes that were ticked, and requires consent for the others', async () => {
    const { verifier, answer } = await consent(running().url, ['offline_access', 'Mail.Read', 'Mail.Send'], {
      untick: ['Mail.Send'],
    });
    const form = {
      grant_type: 'authorization_code',
      code: answer.searchParams.get('code') ?? '',
      redirect_uri: REDIRECT,
      code_verifier: verifier,
    };
    const { body } = await token(running().url, form);
    expect(body.scope).toBe('Mail.Read');
    const more = await token(running().url, {
      grant_type: 'refresh_token',
      refresh_token: body.refresh_token,
      scope: 'Mail.Send',
    });
    expect(more.body).toMatchObject({ error: 'invalid_grant', error_codes: [65001], suberror: 'consent_required' });
  });

  it('has faults', async () => {
    running().faults.add({ vendor: 'microsoft', operation: 'token', status: 503, times: 1 });
    expect((await token(running().url, { grant_type: 'refresh_token', refresh_token: 'any' })).status).toBe(503);
    expect((await token(running().url, { grant_type: 'refresh_token', refresh_token: 'any' })).body).toMatchObject({
      error: 'invalid_grant',
    });
  });
});

describe('the consent page', () => {
  it('redirects a refusal with the state', async () => {
    const { answer } = await consent(running().url, ALL, { decision: 'deny' });
    expect(Object.fromEntries(answer.searchParams)).toMatchObject({ error: 'access_denied', state: 'the state' });
  });

  it('redirects to no address that is not registered, and for no other client', async () => {
    for (const query of [{ redirect_uri: 'https://evil.example/callback' }, { client_id: 'someone-else' }]) {
      const { status, answer } = await consent(running().url, ALL, { query: query as Record<string, string> });
      expect(status).toBe(400);
      expect(answer.href).toBe('about:blank');
    }
  });

  it('escapes what it shows', async () => {
    const query = new URLSearchParams({
      client_id: CLIENT.clientId,
      redirect_uri: REDIRECT,
      response_type: 'code',
      scope: '"><script>x()</script>',
    });
    const html = await (await fetch(`${running().url}/common/oauth2/v2.0/authorize?${query}`)).text();
    expect(html).not.toContain('<script>');
  });
});

it('signs id_tokens with the key it publishes', async () => {
  const { answer, verifier } = await consent(running().url, ALL, { query: { nonce: 'n-1' } });
  const form = {
    grant_type: 'authorization_code',
    code: answer.searchParams.get('code') ?? '',
    redirect_uri: REDIRECT,
    code_verifier: verifier,
  };
  const { body } = await token(running().url, form);
  const published = await fetch(`${running().url}/common/v2.0/.well-known/openid-configuration`);
  const configuration = (await published.json()) as { jwks_uri: string };
  const { keys } = (await (await fetch(configuration.jwks_uri)).json()) as { keys: JsonWebKey[] };
  const key = createPublicKey({ key: keys[0] as JsonWebKey, format: 'jwk' });
  const clockTimestamp = Math.floor(running().world.now().getTime() / 1000);
  const claims = jwt.verify(body.id_token ?? '', key, {
    algorithms: ['RS256'],
    audience: CLIENT.clientId,
    clockTimestamp,
  });
  expect(claims).toMatchObject({ nonce: 'n-1', preferred_username: ME });
});

it('keeps grants and revocations over a restart', async () => {
  const { refresh_token } = await signIn(running().url);
  const restarted = await startMicrosoft({ keep: running().world.keep });
  restarted.clock.ahead = running().clock.ahead;
  expect((await token(restarted.url, { grant_type: 'refresh_token', refresh_token })).status).toBe(200);
  restarted.emulator.revoke(ME);
  expect((await token(running().url, { grant_type: 'refresh_token', refresh_token })).body).toMatchObject({
    error: 'invalid_grant',
    error_codes: [50173],
  });
  await restarted.close();
});
