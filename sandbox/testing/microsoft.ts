import { expect } from 'vitest';
import type { Letter } from '../mail/compose.ts';
import type { Mail, Placement } from '../mail/mail.ts';
import { createMicrosoft } from '../microsoft/index.ts';
import { type Consent, consentAt } from './consent.ts';
import { CLIENT, during, type Given, type Lifetime, REDIRECT, startEmulator } from './emulator.ts';
import type { GraphAnswer, GraphBody } from './graph.answer.ts';
import { arriving, letterTo } from './letter.ts';
import { startWire } from './wire.ts';

export const ME = 'demo@outlook.example';
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

/** The suites request immutable and mutable ids side by side, which the wire checker would report. */
const ANY_KIND_OF_ID = /^Prefer: IdType/;

/** Starts the Microsoft emulator on a free port. */
export async function startMicrosoft({ keep, deliverElsewhere }: Given = {}) {
  const started = await startEmulator(ME, '/microsoft', keep, (world) =>
    createMicrosoft(world, { ...CLIENT, ...(deliverElsewhere ? { deliverElsewhere } : {}) }),
  );
  const wire = await startWire(() => started.url, [ANY_KIND_OF_ID]);
  const close = async () => {
    await started.close();
    await wire?.close();
  };
  // `via` is the URL of the wire checker, where there is one. Requests that are wrong on purpose use `url`.
  return { ...started, via: wire?.urlOf('microsoft') ?? started.url, close };
}

export const consent = (url: string, scopes: readonly string[], more: Partial<Consent> = {}) =>
  consentAt(`${url}/common/oauth2/v2.0/authorize`, scopes, { account: ME, ...more });

interface TokenAnswer {
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

/** Returns an access token with these scopes. */
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

type Graph = (
  path: string,
  init?: { method?: string; body?: unknown; headers?: Record<string, string> },
) => Promise<GraphAnswer>;

/** Calls Graph over plain HTTP, with immutable ids unless the headers say otherwise. A path that is a whole URL is used as it is. */
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
    return {
      status: response.status,
      headers: response.headers,
      body: (isJson ? JSON.parse(bytes.toString()) : {}) as GraphBody,
      bytes,
    };
  };
}

/**
 * Starts the Microsoft emulator for each test or for the file, and signs a client in. `running()` returns the emulator that runs.
 * `graph` sends its requests through the wire checker, where there is one, and `direct` past it.
 */
export function microsoftFor(lifetime: Lifetime, given: Given = {}) {
  const { scopes = ALL } = given;
  const running = during(lifetime, async () => {
    const microsoft = await startMicrosoft(given);
    return { ...microsoft, accessToken: scopes.length > 0 ? (await signIn(microsoft.url, scopes)).access_token : '' };
  });
  const graph: Graph = (...request) => graphClient(running().via, running().accessToken)(...request);
  const direct: Graph = (...request) => graphClient(running().url, running().accessToken)(...request);
  return {
    running,
    graph,
    direct,
    post: (path: string, body?: unknown) => graph(path, { method: 'POST', ...(body !== undefined && { body }) }),
    /** Sends this many requests and resolves when the emulator has received all of them. It answers them when the returned function is called. */
    async underWay(count: number, operation: string, path: string): Promise<() => Promise<GraphAnswer[]>> {
      const { faults } = running();
      faults.add({ vendor: 'microsoft', operation, hang: 'release', times: count });
      const answers = Promise.all(Array.from({ length: count }, () => direct(path)));
      await expect.poll(() => faults.list()).toEqual([]);
      return () => {
        faults.clear();
        return answers;
      };
    },
    /** Signs in again after a grant was revoked, and uses the new token from then on. */
    async signInAgain() {
      running().accessToken = (await signIn(running().url, scopes)).access_token;
    },
  };
}

export const letter = (given: Partial<Letter> = {}): Letter => letterTo(ME, given);

export const mail = (given: Partial<Letter> = {}, placement: Partial<Placement> = {}): Mail =>
  arriving(letter(given), placement);
