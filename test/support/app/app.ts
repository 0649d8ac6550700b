import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { tokenOf } from '../../../sandbox/consent.ts';
import type { totalsOf } from '../../../sandbox/control/log.ts';
import { connectDemo } from '../../../sandbox/demo.ts';
import { type Sandbox, startSandbox } from '../../../sandbox/start.ts';
import { startWire, type Wire } from '../../../sandbox/testing/wire.ts';
import { TWINS } from '../../../sandbox/twins.ts';
import type { Emulator, HeaderSpelling, HistoryLabels, PageTokens, RequestRecord } from '../../../sandbox/world.ts';
import type { AppOptions as GatewayOptions } from '../../../src/app.options.ts';
import { type App, createApp } from '../../../src/app.ts';
import { type Config, readConfig } from '../../../src/config.ts';
import { singleId } from '../../../src/domain/global-id.ts';
import type { StoreLimits } from '../../../src/platform/database/store/store.limits.ts';
import type { Logger } from '../../../src/platform/log.ts';
import type { StaleAnswer } from '../../../src/server/answers/shadow.ts';
import { graphql } from '../../generated/gql.ts';
import type { AnswerBody } from '../clients/answer.ts';
import { type Document, documentText, type Present } from '../clients/document.ts';
import { Hopeless } from '../run/polls.ts';
import { fillDataDir } from './database.ts';
import { createTestDatabaseUrl } from './database-url.ts';
import { consent, FIELD_BATCH_WIDTH, highestAccessOf, twinPlaying } from './lab.ts';
import { freePort } from './port.ts';
import { Relay } from './relay.ts';

/** The real gateway on a real database, with the emulators as its vendors, through the wire checker where there is one. */
export interface TestApp {
  readonly url: string;
  readonly config: Config;
  readonly sandbox: Sandbox;
  readonly wire: Wire | null;
  /** Null unless `relayed` was set. */
  readonly relay: Relay | null;
  /** The URL of the database itself, not of the relay. Null for the embedded one. */
  readonly databaseUrl: string | null;
  /** The access token of the demo user, whose accounts are connected. Empty with `demo: false`. */
  readonly token: string;
  /** Sends one GraphQL request as a client would. */
  query: Query;
  /** Does the same, and throws when the answer has errors. */
  data: Read;
  control<T>(path: string, body?: unknown, method?: string): Promise<T>;
  /** Registers a new user, who has a session. */
  user(name: string): Promise<{ email: string; token: string; refreshToken: string }>;
  /** Connects an account through the whole flow, and creates it at the emulator when it is new. Returns the integration's id. */
  connect(token: string, provider: string, address: string, access?: string): Promise<string>;
  /**
   * Resolves when each of the user's accounts has been synchronised with everything that its provider has announced so far.
   * Until then a sync uses up the provider's limits, meets faults that are meant for other requests, and appears in the log.
   */
  synced(token: string): Promise<void>;
  /** Stops the gateway, runs `meanwhile`, and starts it again on its stored data. */
  restart(meanwhile?: () => Promise<unknown>): Promise<void>;
  close(): Promise<void>;
}
type Rest = [variables?: Record<string, unknown>, token?: string | null];
interface Query {
  <T>(document: Document<T>, ...rest: Rest): Promise<Answer<Present<T>>>;
  /** For a document that is built as the test runs. The test declares the parts of the answer that it reads. */
  <T>(document: string, ...rest: Rest): Promise<Answer<T>>;
}
interface Read {
  <T>(document: Document<T>, ...rest: Rest): Promise<Present<T>>;
  <T>(document: string, ...rest: Rest): Promise<T>;
}
/** Codes of errors that a repetition does not cure. An unavailable account or a limit may be over at the next try. */
const HOPELESS = new Set([
  'BAD_USER_INPUT',
  'FORBIDDEN',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'INTERNAL',
  'QUERY_TOO_COMPLEX',
  'UNAUTHENTICATED',
  'UNSUPPORTED',
]);

interface Answer<T> extends AnswerBody<T> {
  readonly status: number;
}

/** The answers of the sandbox's control API at /log, /dump and /faults. */
export interface ControlLog {
  records: RequestRecord[];
  totals: ReturnType<typeof totalsOf>;
}
export type Dumped = ReturnType<Emulator['dump']>[number];
export type { SetFault } from '../../../sandbox/control/faults.ts';

export interface AppOptions {
  messages?: number;
  headers?: HeaderSpelling;
  /** Whether Gmail gives an unchanged page the same token again. Default: 'stable'. */
  pageTokens?: PageTokens;
  /** Which labels the messages of Gmail's history have. Default: 'then'. */
  historyLabels?: HistoryLabels;
  mail?: string;
  /** The parts of a Gmail batch that are answered. Default: the number measured in the field. */
  batchWidth?: number;
  /** Whether the demo user is connected. Default: true. */
  demo?: boolean;
  /** Matches findings of the wire checker about requests that the suite causes on purpose. */
  onPurpose?: readonly RegExp[];
  /** Drops the vendors' notifications, so that the first sync of each account is the only request that no test made. */
  unannounced?: boolean;
  env?: Record<string, string>;
  /** Puts a relay between the gateway and PostgreSQL. */
  relayed?: boolean;
  storeLimits?: Partial<StoreLimits>;
  /** The log. Default: a silent one. */
  log?: Logger;
  lanes?: GatewayOptions['lanes'];
  syncTimes?: GatewayOptions['syncTimes'];
  sendTimes?: GatewayOptions['sendTimes'];
  providerTimes?: GatewayOptions['providerTimes'];
  sessionTimes?: GatewayOptions['sessionTimes'];
  streamTimes?: GatewayOptions['streamTimes'];
  authenticators?: GatewayOptions['authenticators'];
  doors?: GatewayOptions['doors'];
  /** The providers. Default: those that the sandbox emulates. */
  providers?: GatewayOptions['providers'];
}

/** Where no notification comes, the gateway would ask each account after a minute, and later no longer count on its watch. */
const NEVER_ASKED = { silenceMs: 86_400_000, liveMs: 86_400_000 };

export async function startApp(options: AppOptions = {}): Promise<TestApp> {
  const dataDir = mkdtempSync(join(tmpdir(), 'postern-test-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const sandbox = await startSandbox({
    host: '127.0.0.1',
    port: 0,
    dataDir: null,
    publicUrl: url,
    mail: options.mail ?? null,
    messages: options.messages ?? 120,
    trafficSeconds: 0,
    batchWidth: options.batchWidth ?? FIELD_BATCH_WIDTH,
    ...(options.headers ? { headers: options.headers } : {}),
    ...(options.pageTokens ? { pageTokens: options.pageTokens } : {}),
    ...(options.historyLabels ? { historyLabels: options.historyLabels } : {}),
    log: () => {},
  });
  const wire = await startWire(sandbox.urlOf, options.onPurpose);
  const database = await createTestDatabaseUrl({ migrated: true });
  if (!database) await fillDataDir(dataDir);
  const relay = database && options.relayed ? await Relay.open(database.url) : null;
  const config = readConfig({
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    PORT: String(port),
    PUBLIC_URL: url,
    DATA_DIR: dataDir,
    LOG_LEVEL: 'silent',
    JWT_SECRET: randomBytes(32).toString('base64'),
    ENCRYPTION_KEYS: `1:${randomBytes(32).toString('base64')}`,
    REGISTRATION: 'open',
    REDIRECT_URIS: 'http://app.example/inbox',
    // A page may take long on a busy machine. Tests about hanging set a deadline of their own.
    SOURCE_DEADLINE_MS: '60000',
    // Most suites count requests, or plant a fault that the next read must meet. Those of the cache set a size.
    CACHE_BYTES: '0',
    // Every answer that would have been given again is compared with a fresh one.
    KEPT_ANSWERS: 'shadow',
    // The first snapshot of an account would make requests that no test has asked for. Tests of the index turn it on.
    SYNC_INDEX: 'off',
    ...sandbox.environment(wire?.urlOf),
    ...(database ? { DATABASE_URL: relay?.url ?? database.url } : {}),
    ...options.env,
  });
  const stale: StaleAnswer[] = [];
  const given = {
    onStaleAnswer: (answer: StaleAnswer) => void stale.push(answer),
    ...(options.storeLimits && { storeLimits: options.storeLimits }),
    ...(options.log && { log: options.log }),
    ...(options.lanes && { lanes: options.lanes }),
    ...(options.sendTimes && { sendTimes: options.sendTimes }),
    ...((options.unannounced || options.syncTimes) && {
      syncTimes: { ...(options.unannounced && NEVER_ASKED), ...options.syncTimes },
    }),
    ...(options.providerTimes && { providerTimes: options.providerTimes }),
    ...(options.sessionTimes && { sessionTimes: options.sessionTimes }),
    ...(options.streamTimes && { streamTimes: options.streamTimes }),
    ...(options.authenticators && { authenticators: options.authenticators }),
    ...(options.doors && { doors: options.doors }),
    ...(options.providers && { providers: options.providers }),
  };
  const start = () => createApp(config, given);
  let app: App = await start();
  let demoToken = '';
  let isClosed = false;
  const query: Query = async <T>(
    document: Document<T> | string,
    variables: Record<string, unknown> = {},
    token: string | null = demoToken,
  ): Promise<Answer<T>> => {
    if (isClosed) throw new Hopeless('the gateway is closed');
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
      body: JSON.stringify({ query: documentText(document), variables }),
    });
    return { ...((await response.json()) as Answer<T>), status: response.status };
  };
  const data: Read = async <T>(document: Document<T> | string, ...rest: Rest): Promise<T> => {
    const answer = await query<T>(documentText(document), ...rest);
    if (answer.errors) {
      const message = JSON.stringify(answer.errors);
      throw answer.errors.some(({ extensions }) => HOPELESS.has(extensions.code))
        ? new Hopeless(message)
        : new Error(message);
    }
    return answer.data;
  };
  const control = async <T>(path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST'): Promise<T> => {
    const response = await fetch(`${sandbox.controlUrl}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`control ${path}: ${response.status} ${text}`);
    return JSON.parse(text || 'null') as T;
  };
  const self: TestApp = {
    url,
    config,
    sandbox,
    wire,
    relay,
    databaseUrl: database?.url ?? null,
    get token() {
      return demoToken;
    },
    query,
    data,
    control,
    async user(name: string) {
      const email = `${name}-${randomBytes(4).toString('hex')}@people.example`;
      const { register } = await data(
        graphql(
          `mutation ($input: RegisterInput!) { register(input: $input) { session { accessToken refreshToken } userErrors { message } } }`,
        ),
        { input: { email, password: 'a good long password' } },
        null,
      );
      return {
        email,
        token: register.session.accessToken as string,
        refreshToken: register.session.refreshToken as string,
      };
    },
    async connect(token: string, provider: string, address: string, access = highestAccessOf(provider)) {
      const { vendor, password } = twinPlaying(provider);
      const accounts = await control<{ vendor: string; address: string }[]>('/accounts');
      if (!accounts.some((a) => a.vendor === vendor && a.address === address)) {
        await control('/accounts', { vendor, address, name: address.split('@')[0] });
      }
      const { connect } = await data(
        graphql(
          `mutation ($input: ConnectInput!) { connect(input: $input) { authorizationUrl userErrors { message } } }`,
        ),
        { input: { provider, address, access, ...(password === null ? {} : { method: 'PASSWORD', password }) } },
        token,
      );
      if (connect.userErrors.length > 0) throw new Error(connect.userErrors[0]?.message);
      if (password === null) {
        const callback = await consent(connect.authorizationUrl, address, 'approve');
        const input = { token: await tokenOf(await fetch(callback, { redirect: 'manual' })) };
        const { finishConnect } = await data(
          graphql(`mutation ($input: FinishConnectInput!) { finishConnect(input: $input) { userErrors { message } } }`),
          { input },
          token,
        );
        if (finishConnect.userErrors.length > 0) throw new Error(finishConnect.userErrors[0]?.message);
      }
      await self.synced(token);
      const { viewer } = await data(graphql(`{ viewer { integrations { id address provider { id } } } }`), {}, token);
      return viewer.integrations.find((i) => i.address === address && i.provider.id === provider)?.id as string;
    },
    async synced(token: string) {
      const read = async () =>
        (await data(graphql(`{ viewer { integrations { id sync { lastReconciledAt } } } }`), {}, token)).viewer
          .integrations;
      // The first sync of a new account runs after the answer.
      const begun = async () => (await read()).every(({ sync }) => sync.lastReconciledAt !== null);
      await vi.waitUntil(begun, { interval: 50, timeout: 150_000 });
      // Gmail confirms a new watch with a notification at once, so a second sync follows the first.
      await vi.waitUntil(() => sandbox.hasNotified(), { interval: 5, timeout: 150_000 });
      for (const { id } of await read()) await app.idle(singleId(id, 'Integration'));
    },
    async restart(meanwhile) {
      await app.close();
      await meanwhile?.();
      app = await start();
    },
    async close() {
      isClosed = true;
      await app.close();
      relay?.cut();
      await sandbox.close();
      await database?.drop();
      rmSync(dataDir, { recursive: true, force: true });
      await wire?.close();
      if (stale.length > 0) throw new Error(`kept answers would have been stale: ${JSON.stringify(stale)}`);
    },
  };
  if (options.unannounced) for (const { vendor } of TWINS) await control('/faults', { vendor, webhook: 'lose' });
  if (options.demo !== false) {
    demoToken = (await connectDemo({ gatewayUrl: url })).accessToken;
    await self.synced(demoToken);
  }
  return self;
}
