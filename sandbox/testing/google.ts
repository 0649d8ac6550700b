import { OAuth2Client } from 'google-auth-library';
import { gmail, type gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import { createGoogle } from '../google/index.ts';
import { composeRaw, type Letter } from '../mail/compose.ts';
import type { Mail, Placement } from '../mail/mail.ts';
import { type Consent, consentAt } from './consent.ts';
import { CLIENT, during, type Given, type Lifetime, REDIRECT, startEmulator } from './emulator.ts';
import { arriving, letterTo } from './letter.ts';

export const ME = 'demo@gmail.example';
export const USER = { userId: 'me' } as const;
export const MAIL_SCOPE = 'https://mail.google.com/';
export const scope = (name: string) => `https://www.googleapis.com/auth/gmail.${name}`;

/** Starts the Google emulator on a free port. */
export const startGoogle = ({ keep, deliverElsewhere }: Given = {}) =>
  startEmulator(ME, '', keep, (world) =>
    createGoogle(world, {
      ...CLIENT,
      pushServiceAccount: 'push@postern-sandbox.iam.example',
      pushEndpoint: () => 'http://127.0.0.1:4000/webhooks/gmail',
      ...(deliverElsewhere ? { deliverElsewhere } : {}),
    }),
  );

export function oauthClient(url: string): OAuth2Client {
  return new OAuth2Client({
    ...CLIENT,
    redirectUri: REDIRECT,
    endpoints: {
      oauth2AuthBaseUrl: `${url}/o/oauth2/v2/auth`,
      oauth2TokenUrl: `${url}/token`,
      oauth2RevokeUrl: `${url}/revoke`,
      oauth2FederatedSignonJwkCertsUrl: `${url}/oauth2/v3/certs`,
    },
  });
}

export const consent = (url: string, scopes: readonly string[], more: Partial<Consent> = {}) =>
  consentAt(`${url}/o/oauth2/v2/auth`, scopes, {
    account: ME,
    ...more,
    query: { access_type: 'offline', prompt: 'consent', ...more.query },
  });

/** Signs a client of Google's own SDK in. */
export async function connect(url: string, scopes: readonly string[], account = ME) {
  const auth = oauthClient(url);
  const { verifier, answer } = await consent(url, scopes, { account });
  const { tokens } = await auth.getToken({ code: answer.searchParams.get('code') ?? '', codeVerifier: verifier });
  auth.setCredentials(tokens);
  const api: gmail_v1.Gmail = gmail({ version: 'v1', auth, rootUrl: `${url}/`, retry: false });
  return { api, auth, tokens };
}

/** Starts the Google emulator for each test or for the file, and signs a client in. `running()` returns the emulator that runs. */
export function googleFor(lifetime: Lifetime, given: Given = {}) {
  const { scopes = [MAIL_SCOPE] } = given;
  const running = during(lifetime, async () => {
    const google = await startGoogle(given);
    const client = scopes.length > 0 ? await connect(google.url, scopes) : null;
    return {
      ...google,
      accessToken: client?.tokens.access_token ?? '',
      get users() {
        if (!client) throw new Error('no client was signed in');
        return client.api.users;
      },
    };
  });
  return { running };
}

export const letter = (given: Partial<Letter> = {}): Letter => letterTo(ME, given);

export const mail = (given: Partial<Letter> = {}, placement: Partial<Placement> = {}): Mail =>
  arriving(letter(given), placement);

export const raw = (given: Partial<Letter>) => composeRaw(letter(given)).toString('base64url');

/** Returns the status and the reason of Google's refusal. */
export async function refusal(call: Promise<unknown>): Promise<{ status: number; reason: string; message: string }> {
  try {
    await call;
  } catch (error) {
    const { response } = error as {
      response: { status: number; data: { error: { errors: { reason: string }[]; message: string } } };
    };
    return {
      status: response.status,
      reason: response.data.error.errors[0]?.reason ?? '',
      message: response.data.error.message,
    };
  }
  throw new Error('was not refused');
}
