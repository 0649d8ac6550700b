import { createHash, randomBytes } from 'node:crypto';
import Fastify from 'fastify';
import { createFaults } from '../../sandbox/control/faults.ts';
import { openKeep } from '../../sandbox/control/keep.ts';
import { createRequestLog } from '../../sandbox/control/log.ts';
import { composeRaw, type Letter } from '../../sandbox/mail/compose.ts';
import type { Mail, Placement } from '../../sandbox/mail/mail.ts';
import { INBOX_UNREAD, mailFromRaw } from '../../sandbox/mail/received.ts';
import { createMicrosoft } from '../../sandbox/microsoft/index.ts';
import type { Keep, World } from '../../sandbox/world.ts';
import { startWire } from './wire.ts';

export const ME = 'demo@outlook.example';
export const CLIENT = { clientId: 'postern-sandbox', clientSecret: 'postern-sandbox-secret' };
export const REDIRECT = 'http://127.0.0.1:4000/oauth/callback';
export const ALL = [
  'openid',
  'profile',
  'email',
  'offline_access',
  'User.Read',
  'Mail.ReadWrite',
  'Mail.Send',
  'MailboxSettings.ReadWrite',
];

export interface Posted {
  readonly url: string;
  readonly value: readonly Record<string, unknown>[];
}

/** Ids of both kinds are tried side by side, as by clients that ask for one kind each. */
const ANY_KIND_OF_ID = /^Prefer: IdType/;

/** The Microsoft emulator alone, on a free port, in a world of its own. */
export async function startMicrosoft(
  given: { keep?: Keep; deliverElsewhere?: (raw: Buffer, to: readonly string[]) => void } = {},
) {
  const posted: Posted[] = [];
  const clock = { ahead: 0 };
  const keep = given.keep ?? openKeep(null);
  const faults = createFaults();
  const world: World = {
    log: createRequestLog(),
    faults,
    now: () => new Date(Date.now() + clock.ahead),
    signingKey: Buffer.alloc(32, 7),
    keep,
    post: (_vendor, _account, url, { body }) => posted.push({ url, value: JSON.parse(body).value }),
  };
  const { emulator, plugin } = createMicrosoft(world, {
    ...CLIENT,
    ...(given.deliverElsewhere ? { deliverElsewhere: given.deliverElsewhere } : {}),
  });
  emulator.createAccount(ME, 'Demo User');
  const app = Fastify({ forceCloseConnections: true, routerOptions: { maxParamLength: 2_000 } });
  await app.register(plugin, { prefix: '/microsoft' });
  const url = `${await app.listen({ host: '127.0.0.1', port: 0 })}/microsoft`;
  const wire = await startWire(() => url, [ANY_KIND_OF_ID]);
  const close = async () => {
    await app.close();
    await wire?.close();
  };
  // `via` passes by the wire checker where there is one; what is wrong on purpose goes to `url`.
  return { url, via: wire?.urlOf('microsoft') ?? url, world, faults, keep, clock, emulator, posted, close };
}
export type Microsoft = Awaited<ReturnType<typeof startMicrosoft>>;

/** Goes through consent as a browser would. `untick`: scopes that the user does not grant. */
export async function consent(
  url: string,
  scopes: readonly string[],
  more: { untick?: readonly string[]; decision?: string; query?: Record<string, string>; account?: string } = {},
): Promise<{ verifier: string; answer: URL; status: number }> {
  const verifier = randomBytes(48).toString('base64url');
  const query = new URLSearchParams({
    client_id: CLIENT.clientId,
    redirect_uri: REDIRECT,
    response_type: 'code',
    scope: scopes.join(' '),
    state: 'the state',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...more.query,
  });
  const form = new URLSearchParams({ account: more.account ?? ME, decision: more.decision ?? 'approve' });
  for (const each of scopes) if (!more.untick?.includes(each)) form.append('scope', each);
  const page = `${url}/common/oauth2/v2.0/authorize?${query}`;
  const response = await fetch(page, { method: 'POST', body: form, redirect: 'manual' });
  return { verifier, answer: new URL(response.headers.get('location') ?? 'about:blank'), status: response.status };
}

export interface TokenAnswer {
  readonly status: number;
  readonly body: Record<string, never> & {
    access_token: string;
    refresh_token: string;
    scope: string;
    error: string;
    error_codes: number[];
  };
}

export async function token(url: string, form: Record<string, string>): Promise<TokenAnswer> {
  const body = new URLSearchParams({ client_id: CLIENT.clientId, client_secret: CLIENT.clientSecret, ...form });
  const response = await fetch(`${url}/common/oauth2/v2.0/token`, { method: 'POST', body });
  return { status: response.status, body: (await response.json()) as TokenAnswer['body'] };
}

/** An access token of those scopes. */
export async function signIn(url: string, scopes: readonly string[] = ALL): Promise<TokenAnswer['body']> {
  const { verifier, answer } = await consent(url, scopes);
  const form = {
    grant_type: 'authorization_code',
    code: answer.searchParams.get('code') ?? '',
    redirect_uri: REDIRECT,
    code_verifier: verifier,
  };
  return (await token(url, form)).body;
}

export interface GraphAnswer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: the tests read what is there, and fail where it is not
  readonly body: any;
}
export type Graph = (
  path: string,
  init?: { method?: string; body?: unknown; headers?: Record<string, string> },
) => Promise<GraphAnswer>;

/** Calls Graph by plain HTTP, with immutable ids unless the headers say otherwise. A link is followed as it is. */
export function graphClient(url: string, accessToken: string): Graph {
  return async (path, { method = 'GET', body, headers = {} } = {}) => {
    const isText = typeof body === 'string';
    const response = await fetch(path.startsWith('http') ? path : `${url}/v1.0${path}`, {
      method,
      headers: {
        authorization: `Bearer ${accessToken}`,
        prefer: 'IdType="ImmutableId"',
        ...(body === undefined ? {} : { 'content-type': isText ? 'text/plain' : 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(bytes.toString()) : bytes };
  };
}

let letters = 0;
export function letter(given: Partial<Letter> = {}): Letter {
  letters += 1;
  return {
    from: { name: 'Ada Lovelace', address: 'ada@example.org' },
    to: [{ name: 'Demo User', address: ME }],
    subject: `Letter ${letters}`,
    date: new Date(Date.UTC(2026, 2, 1, 10, 0, letters)),
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
