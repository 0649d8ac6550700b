import { createHash, randomBytes } from 'node:crypto';
import Fastify from 'fastify';
import { OAuth2Client } from 'google-auth-library';
import { gmail, type gmail_v1 } from '@googleapis/gmail';
import { createFaults } from '../../sandbox/control/faults.ts';
import { openKeep } from '../../sandbox/control/keep.ts';
import { createRequestLog } from '../../sandbox/control/log.ts';
import { createGoogle } from '../../sandbox/google/index.ts';
import { composeRaw, type Letter } from '../../sandbox/mail/compose.ts';
import type { Mail, Placement } from '../../sandbox/mail/mail.ts';
import { INBOX_UNREAD, mailFromRaw } from '../../sandbox/mail/received.ts';
import type { Keep, World } from '../../sandbox/world.ts';

export const ME = 'demo@gmail.example';
export const CLIENT = { clientId: 'postern-sandbox', clientSecret: 'postern-sandbox-secret' };
export const REDIRECT = 'http://127.0.0.1:4000/oauth/callback';
export const MAIL_SCOPE = 'https://mail.google.com/';
export const scope = (name: string) => `https://www.googleapis.com/auth/gmail.${name}`;

export interface Posted {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** The Google emulator alone, on a free port, in a world of its own. */
export async function startGoogle(
  given: { keep?: Keep; deliverElsewhere?: (raw: Buffer, to: readonly string[]) => void } = {},
) {
  const posted: Posted[] = [];
  /** `at` makes it stand still. */
  const clock: { ahead: number; at: number | null } = { ahead: 0, at: null };
  const world: World = {
    log: createRequestLog(),
    faults: createFaults(),
    now: () => new Date((clock.at ?? Date.now()) + clock.ahead),
    signingKey: Buffer.alloc(32, 7),
    keep: given.keep ?? openKeep(null),
    post: (_vendor, _account, url, { headers, body }) => posted.push({ url, headers, body }),
  };
  const { emulator, plugin } = createGoogle(world, {
    ...CLIENT,
    pushServiceAccount: 'push@postern-sandbox.iam.example',
    pushEndpoint: () => 'http://127.0.0.1:4000/webhooks/gmail',
    ...(given.deliverElsewhere ? { deliverElsewhere: given.deliverElsewhere } : {}),
  });
  emulator.createAccount(ME, 'Demo User');
  const app = Fastify({ forceCloseConnections: true });
  await app.register(plugin);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return { url, world, clock, emulator, posted, close: () => app.close() };
}
export type Google = Awaited<ReturnType<typeof startGoogle>>;

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

/** Goes through consent as a browser would. `untick`: scopes that the user does not grant. */
export async function consent(
  url: string,
  scopes: readonly string[],
  more: { untick?: readonly string[]; decision?: string; query?: Record<string, string>; account?: string } = {},
): Promise<{ verifier: string; answer: URL }> {
  const verifier = randomBytes(48).toString('base64url');
  const query = new URLSearchParams({
    client_id: CLIENT.clientId,
    redirect_uri: REDIRECT,
    response_type: 'code',
    scope: scopes.join(' '),
    state: 'the state',
    access_type: 'offline',
    prompt: 'consent',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...more.query,
  });
  const form = new URLSearchParams({ account: more.account ?? ME, decision: more.decision ?? 'approve' });
  for (const each of scopes) if (!more.untick?.includes(each)) form.append('scope', each);
  const response = await fetch(`${url}/o/oauth2/v2/auth?${query}`, { method: 'POST', body: form, redirect: 'manual' });
  return { verifier, answer: new URL(response.headers.get('location') ?? 'about:blank') };
}

/** A signed-in client of the real SDK. `via`: another base URL for the API, such as a proxy's. */
export async function connect(url: string, scopes: readonly string[], via = url, account = ME) {
  const auth = oauthClient(url);
  const { verifier, answer } = await consent(url, scopes, { account });
  const { tokens } = await auth.getToken({ code: answer.searchParams.get('code') ?? '', codeVerifier: verifier });
  auth.setCredentials(tokens);
  const api: gmail_v1.Gmail = gmail({ version: 'v1', auth, rootUrl: `${via}/`, retry: false });
  return { api, auth, tokens };
}

let letters = 0;
export function letter(given: Partial<Letter> = {}): Letter {
  letters += 1;
  return {
    from: { name: 'Ada Lovelace', address: 'ada@example.org' },
    to: [{ name: 'Demo User', address: ME }],
    subject: `Letter ${letters}`,
    date: new Date('2026-03-01T10:00:00Z'),
    messageId: `<letter-${letters}@example.org>`,
    text: 'Hello there.\n',
    ...given,
  };
}

export function mail(given: Partial<Letter> = {}, placement: Partial<Placement> = {}): Mail {
  const written = letter(given);
  return mailFromRaw(composeRaw(written), {
    key: written.messageId,
    receivedAt: written.date,
    placement: { ...INBOX_UNREAD, ...placement },
  });
}

export const raw = (given: Partial<Letter>) => composeRaw(letter(given)).toString('base64url');

/** The status and reason of Google's refusal. */
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
