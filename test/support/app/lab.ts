import { createHash, randomBytes } from 'node:crypto';
import { pino } from 'pino';

import { startSandbox } from '../../../sandbox/start.ts';
import { startWire } from '../../../sandbox/testing/wire.ts';
import type { Twin } from '../../../sandbox/twin.ts';
import { TWINS } from '../../../sandbox/twins.ts';
import type { HeaderSpelling, SubjectThreads } from '../../../sandbox/world.ts';
import { checkAnswered } from '../../../src/accounts/integrations/credential.ts';
import { readConfig } from '../../../src/config.ts';
import { isAuthorizationCode } from '../../../src/providers/contract/authorization-code.ts';
import type { Call } from '../../../src/providers/contract/call.ts';
import type { Access, ConnectMethod, Exchanged } from '../../../src/providers/contract/connect.ts';
import type { MailSession } from '../../../src/providers/contract/mail-session.ts';
import { isPassword } from '../../../src/providers/contract/password.ts';
import type { Capabilities, Provider, ProviderTimes } from '../../../src/providers/contract/provider.ts';
import { createRequestLimiter } from '../../../src/providers/limiter/request-limiter.ts';
import { registry } from '../../../src/providers/registry.ts';

/** Connects one provider adapter to the emulated vendors, without the gateway. */
export interface Lab {
  readonly provider: Provider;
  /** The method by which its accounts are connected. */
  readonly method: ConnectMethod;
  /** The capabilities of an account with the highest access that the provider offers. */
  readonly capabilities: Capabilities;
  readonly vendor: string;
  readonly twin: Twin;
  readonly operations: Twin['operations'];
  /**
   * Creates an account at the emulator, with so many built-in messages or none, and connects it as a person would. Without
   * `access` it has the highest one.
   */
  account(name: string, access?: Access, messages?: number): Promise<Account>;
  /** Connects an account that the emulator has. */
  authorize(address: string, access: Access, without?: readonly string[]): Promise<Exchanged<unknown>>;
  /** Creates and connects an account at another provider, which exchanges mail with this one. Without `providerId` it is the first other one. */
  elsewhere(name: string, access?: Access, providerId?: string): Promise<Account>;
  /** The URL to which the emulators send notifications. The contract suite listens there. */
  readonly publicUrl: string;
  close(): Promise<void>;
  control<T = unknown>(path: string, body?: unknown, method?: string): Promise<T>;
  forgetWire(): Promise<void>;
  /** Runs `work`, in which the vendor answers what its description does not allow. */
  ignoringWire<T>(work: () => Promise<T>): Promise<T>;
  /** Returns whether the vendors have delivered every notification so far. */
  hasNotified(): boolean;
}
export interface Account {
  readonly address: string;
  readonly session: MailSession;
  readonly grant: { secret: unknown; accessToken: string; expiresAt: Date };
  /** Delivers a message and returns the provider's id of it. */
  deliver(mail: Record<string, unknown>): Promise<string>;
  /** Changes a message as another client would: "delete", "read", "unread", "archive" or "trash". */
  touch(messageId: string, change: string): Promise<unknown>;
}

export const PROVIDER_IDS = TWINS.map(({ provider }) => provider);
/** The providers as the emulators configure them. They are asked for what they offer, and no more. */
const OFFERED = registry(
  readConfig({ NODE_ENV: 'test', ...Object.assign({}, ...TWINS.map((twin) => twin.environment('http://127.0.0.1:9'))) })
    .providers,
).filter(({ id }) => PROVIDER_IDS.includes(id));
/** Each provider with each method by which its accounts are connected. */
export const PROVIDERS_AND_METHODS = OFFERED.flatMap(({ id, connectMethods }) =>
  connectMethods.map(({ method }) => [id, method] as const),
);
/** Providers whose accounts can be connected on a consent page, and whose access tokens a token endpoint then renews. */
export const CONSENT_PROVIDER_IDS = PROVIDERS_AND_METHODS.filter(([, method]) => method === 'AUTHORIZATION_CODE').map(
  ([id]) => id,
);
/** The highest access that accounts of this provider can have. */
export const highestAccessOf = (providerId: string): Access =>
  OFFERED.find(({ id }) => id === providerId)?.accesses.at(-1) ?? 'FULL';
/** Providers that change and send mail, for the suites about it. */
export const WRITING_PROVIDER_IDS = OFFERED.filter(({ accesses }) => accesses.includes('WRITE')).map(({ id }) => id);
/** Each provider with each way in which its vendor may list headers, for suites that read headers. */
export const PROVIDERS_AND_HEADERS = TWINS.flatMap(({ provider, spellings }) =>
  spellings.map((headers) => [provider, headers] as const),
);
/** Each provider with each way in which its vendor may join threads by subject, for suites about threads. */
export const PROVIDERS_AND_SUBJECTS = TWINS.flatMap(({ provider, subjectThreads }) =>
  subjectThreads.map((subjects) => [provider, subjects] as const),
);
/** The number of parts of a batch that the emulated Gmail answers in every suite. It was measured, and is less than Google advises. */
export const FIELD_BATCH_WIDTH = 25;

/** How a vendor is emulated that may do either. */
interface Ways {
  readonly headers?: HeaderSpelling;
  readonly subjectThreads?: SubjectThreads;
  /** How the provider's accounts are connected. Absent: the usual way. */
  readonly connectMethod?: string;
  /** How long the adapters wait. */
  readonly times?: ProviderTimes;
}

export function twinPlaying(providerId: string): Twin {
  const twin = TWINS.find(({ provider }) => provider === providerId);
  if (!twin) throw new Error(`no emulator plays ${providerId}`);
  return twin;
}

const silent = pino({ level: 'silent' });
export const interactive = (signal: AbortSignal = new AbortController().signal): Call => ({
  signal,
  priority: 'interactive',
});

export async function openLab(
  providerId: string,
  publicUrl = 'http://127.0.0.1:9',
  { headers = 'written', subjectThreads = 'join', times, connectMethod }: Ways = {},
): Promise<Lab> {
  const twin = twinPlaying(providerId);
  const sandbox = await startSandbox({
    host: '127.0.0.1',
    port: 0,
    dataDir: null,
    publicUrl,
    mail: null,
    messages: 0,
    trafficSeconds: 0,
    headers,
    batchWidth: FIELD_BATCH_WIDTH,
    subjectThreads,
    log: () => {},
  });
  const wire = await startWire(sandbox.urlOf);
  const config = readConfig({
    NODE_ENV: 'test',
    PUBLIC_URL: publicUrl,
    ...sandbox.environment(wire?.urlOf),
  });
  const providers = registry(config.providers, times);
  const played = (id: string): Provider => {
    const provider = providers.find((p) => p.id === id);
    if (!provider) throw new Error(`${id} is not in the registry`);
    return provider;
  };
  const provider = played(providerId);
  const methodOf = (of: Provider): ConnectMethod =>
    (of === provider && of.connectMethods.find(({ method }) => method === connectMethod)) || of.connectMethods[0];

  const control = async <T>(path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST'): Promise<T> => {
    const response = await fetch(`${sandbox.controlUrl}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    if (!response.ok) throw new Error(`control ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };

  const connect = async (of: Provider, name: string, access = highestAccess(of), messages = 0): Promise<Account> => {
    const method = methodOf(of);
    const { vendor: at, domain } = twinPlaying(of.id);
    const address = `${name}@${domain}`;
    await control('/accounts', { vendor: at, address, name, messages });
    const exchanged = await authorize(of, address, access, [], method);
    const grant = { secret: exchanged.secret, accessToken: exchanged.accessToken, expiresAt: exchanged.expiresAt };
    const session = of.open({
      address,
      access,
      scopes: exchanged.scopes,
      limiter: createRequestLimiter(of.limits, { log: silent }),
      async accessToken(signal, rejected) {
        if (rejected !== undefined && rejected === grant.accessToken)
          Object.assign(grant, await method.refresh(grant.secret, signal));
        return grant.accessToken;
      },
    });
    return {
      address,
      session,
      grant,
      touch: (messageId, change) => control('/touch', { vendor: at, account: address, id: messageId, change }),
      deliver: async (mail) =>
        (await control<{ id: string }>('/deliver', { vendor: at, account: address, ...mail })).id,
    };
  };

  return {
    provider,
    method: methodOf(provider),
    capabilities: provider.capabilities({ address: '', access: highestAccess(provider), scopes: [] }),
    vendor: twin.vendor,
    twin,
    operations: twin.operations,
    publicUrl,
    control,
    hasNotified: () => sandbox.hasNotified(),
    forgetWire: async () => wire?.reset(),
    ignoringWire: (work) => (wire ? wire.ignoring(work) : work()),
    account: (name, access, messages) => connect(provider, name, access, messages),
    authorize: (address, access, without) => authorize(provider, address, access, without, methodOf(provider)),
    elsewhere: (name, access, otherId = PROVIDER_IDS.find((one) => one !== providerId) ?? '') =>
      connect(played(otherId), name, access),
    async close() {
      await sandbox.close();
      await wire?.close();
    },
  };
}

export const highestAccess = ({ accesses }: Provider): Access => accesses.at(-1) ?? 'READ';

/** Connects an account as a person would: with its password, or by the authorization code flow and its consent page. */
export async function authorize(
  provider: Provider,
  address: string,
  access: Access,
  without: readonly string[] = [],
  method: ConnectMethod = provider.connectMethods[0],
): Promise<Exchanged<unknown>> {
  if (isPassword(method)) {
    const password = twinPlaying(provider.id).password ?? '';
    return method.signIn({ address, password, access }, new AbortController().signal);
  }
  if (!isAuthorizationCode(method)) throw new Error(`no suite connects by ${method.method}`);
  const codeVerifier = randomBytes(32).toString('base64url');
  const redirectUri = 'http://127.0.0.1:9/oauth/callback';
  const authorizationUrl = await method.authorizationUrl({
    state: 'state-of-the-suite',
    codeChallenge: createHash('sha256').update(codeVerifier).digest('base64url'),
    redirectUri,
    access,
    loginHint: address,
  });
  const location = await consent(authorizationUrl, address, 'approve', without);
  const code = location.searchParams.get('code');
  if (!code) throw new Error(`no code in ${location}`);
  const { signal } = new AbortController();
  const traded = await method.exchange({ code, codeVerifier, redirectUri, access }, signal);
  checkAnswered(traded);
  const exchanged = { ...traded, address: await method.identify(traded, signal) };
  await method.checkMailbox?.(traded, createRequestLimiter(provider.limits, { log: silent }), signal);
  return exchanged;
}

/** Submits the emulator's consent page and returns the URL that it redirects to. */
export async function consent(
  authorizationUrl: string,
  account: string,
  decision: 'approve' | 'deny',
  without: readonly string[] = [],
): Promise<URL> {
  const page = await (await fetch(authorizationUrl)).text();
  const scopes = [...page.matchAll(/name="scope"[^>]*value="([^"]*)"|value="([^"]*)"[^>]*name="scope"/g)].map(
    (m) => m[1] ?? m[2] ?? '',
  );
  const form = new URLSearchParams({ account, decision });
  for (const [, name, value] of page.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)) {
    if (name && value !== undefined) form.set(name, value.replaceAll('&amp;', '&'));
  }
  for (const scope of scopes) if (!without.some((w) => scope.includes(w))) form.append('scope', scope);
  const answer = await fetch(authorizationUrl, { method: 'POST', body: form, redirect: 'manual' });
  const location = answer.headers.get('location');
  if (!location) throw new Error(`the consent page answered ${answer.status}: ${await answer.text()}`);
  return new URL(location);
}
