import { z } from 'zod';
import { misspelt } from './misspelt.ts';
import type { Key } from './platform/secrets/seal.ts';
import { bindAddress, choice, decimal, flag, integer, port, redisUrl, url } from './platform/setting.ts';
import { ADAPTERS, registry } from './providers/registry.ts';
import { encryptionKeys, origins, postgresUrl, redirectUris, secret, trustProxy } from './setting.server.ts';

/**
 * The configuration. No other file reads a setting from process.env: runtime.ts, which adds .env to it first, only looks
 * whether a test runs. .env.example documents each variable, and a test compares it with this file.
 */

/** The maximum of a timer in Node, which treats a longer time as 1 ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

const variables = z.object({
  NODE_ENV: choice('development', 'production', 'test').default('development'),
  HOST: bindAddress.default('127.0.0.1'),
  PORT: port.default(4000),
  /**
   * The address at which clients and providers reach the gateway: for links, the OAuth callback and webhooks. Default:
   * http://HOST:PORT.
   */
  PUBLIC_URL: url.optional(),
  DATA_DIR: z.string().default('.data'),
  DATABASE_URL: postgresUrl.optional(),
  REDIS_URL: redisUrl.optional(),
  /** Default: info, or warn in the sandbox, where a person reads the output. */
  LOG_LEVEL: choice('trace', 'debug', 'info', 'warn', 'error', 'silent').optional(),
  ENCRYPTION_KEYS: encryptionKeys.optional(),
  JWT_SECRET: secret.optional(),
  REGISTRATION: choice('open', 'invite', 'off').optional(),
  TRUST_PROXY: trustProxy.default(false),
  /** Default: 3 in production, where a load balancer has to notice, otherwise 0. */
  DRAIN_DELAY_SECONDS: decimal(0, 600).optional(),
  CORS_ORIGINS: origins.default([]),
  /** The addresses to which a connect flow may send the browser back: whole URLs, or origins. */
  REDIRECT_URIS: redirectUris.default([]),
  GRAPHIQL: flag.optional(),
  INTROSPECTION: flag.optional(),
  SOURCE_DEADLINE_MS: integer(1, MAX_TIMER_MS).default(10_000),
  SCAN_BUDGET: integer(1).default(500),
  SYNC_INDEX: flag.default(true),
  /** Hours between two comparisons of an account with its index. */
  RECONCILE_HOURS: integer(1, 168).default(6),
  POLL_SECONDS: integer(1, Math.floor(MAX_TIMER_MS / 1_000)).default(60),
  /** 0: nothing is cached. */
  CACHE_BYTES: integer(0, 1_099_511_627_776).default(67_108_864),
  KEPT_ANSWERS: choice('on', 'off', 'shadow').default('on'),
  /** Default: on in the sandbox, off elsewhere, because mail then stays in the caches of browsers. */
  HTTP_REVALIDATION: flag.optional(),
  CHANGE_LOG_DAYS: integer(1, 3_650).default(30),
  /** Exchange accepts no file that is larger than the default, whatever the tenant allows. */
  UPLOAD_MAX_BYTES: integer(1, 2_000_000_000).default(157_286_400),
  SOCKET_MAX_BUFFERED_BYTES: integer(1).default(8_388_608),
  USER_MAX_BUFFERED_BYTES: integer(1).default(33_554_432),
  SANDBOX: flag.optional(),
  SANDBOX_PORT: port.default(4001),
  SANDBOX_MAIL: z.string().optional(),
  SANDBOX_MESSAGES: integer(0, 1_000_000).default(300),
  /** Seconds between two mails that arrive by themselves, or 0 for none. */
  SANDBOX_TRAFFIC_SECONDS: integer(0, Math.floor(MAX_TIMER_MS / 1_000)).default(45),
  /** The form in which the emulated Gmail lists header values. */
  SANDBOX_HEADERS: choice('written', 'decoded').default('written'),
});

export interface Config {
  readonly production: boolean;
  readonly host: string;
  readonly port: number;
  readonly publicUrl: string | null;
  readonly dataDir: string;
  /** Null: embedded PGlite under dataDir. */
  readonly databaseUrl: string | null;
  /** Null: instances notify each other over the database. */
  readonly redisUrl: string | null;
  readonly logLevel: string;
  /** Empty in the sandbox and in development, where generated keys are kept under dataDir. */
  readonly encryptionKeys: readonly Key[];
  readonly jwtSecret: string | null;
  readonly registration: 'open' | 'invite' | 'off';
  readonly trustProxy: readonly string[] | number | false;
  /** The time for which a stop still accepts requests while /ready answers 503. */
  readonly drainDelaySeconds: number;
  readonly corsOrigins: readonly string[];
  readonly redirectUris: readonly string[];
  readonly graphiql: boolean;
  readonly introspection: boolean;
  readonly sourceDeadlineMs: number;
  readonly scanBudget: number;
  /** Whether the ids and digests of each account's messages are kept, to find what no event has announced. */
  readonly syncIndex: boolean;
  readonly reconcileHours: number;
  readonly pollSeconds: number;
  /** The bytes of mail that are kept in memory, in objects and in whole answers. 0: none. */
  readonly cacheBytes: number;
  /** Whether whole answers are given again. 'shadow': they are only compared with fresh ones. */
  readonly keptAnswers: 'on' | 'off' | 'shadow';
  /** Whether answers over GET have an entity tag, with which the client asks whether they are still right. */
  readonly httpRevalidation: boolean;
  /** How long the change logs are kept. */
  readonly changeLogDays: number;
  /** The maximum size of a file for POST /upload. */
  readonly uploadMaxBytes: number;
  /**
   * The bytes of responses that one connection may leave unread. Above it, no further operation of the connection
   * starts.
   */
  readonly socketMaxBufferedBytes: number;
  /** The same for all connections of one user to this instance. */
  readonly userMaxBufferedBytes: number;
  /** The settings of each provider, by its id. */
  readonly providers: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Warnings for the log about variables that are probably misspelt. */
  readonly warnings: readonly string[];
  /** Null: no emulators. */
  readonly sandbox: {
    readonly port: number;
    readonly mail: string | null;
    readonly messages: number;
    readonly trafficSeconds: number;
    readonly headers: 'written' | 'decoded';
  } | null;
}

/** Each line of the message names a wrong variable and says what to do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '::1']);

/** Reads the configuration. `emulated` has the settings that the sandbox sets instead of real providers. */
export function readConfig(
  env: NodeJS.ProcessEnv = process.env,
  emulated: Readonly<Record<string, string>> = {},
): Config {
  // An empty variable counts as not set, which is what `FOO= npm start` and an unfilled line of a compose file mean.
  const trimmed = Object.entries(env).map(([name, value]) => [name, value?.trim()] as const);
  const present = Object.fromEntries(trimmed.filter(([, value]) => value !== ''));
  // URLs take precedence over the emulators: a proxy, for example, passes requests on to them.
  const urls = Object.fromEntries(Object.entries(present).filter(([name]) => name.endsWith('_URL')));
  const values = { ...present, ...emulated, ...urls };
  const parsed = variables.safeParse(values);
  const theirs = ADAPTERS.map((adapter) => ({ adapter, read: adapter.settings.safeParse(values) }));
  const providers = Object.fromEntries(theirs.map(({ adapter, read }) => [adapter.id, read.data ?? {}]));
  const isConfigured =
    theirs.some(({ read }) => !read.success) || registry(providers).some(({ configured }) => configured);
  // This reads the text instead of the parsed value, so that these faults are reported together with all others.
  const production = values.NODE_ENV === 'production';
  const sandbox = flag.safeParse(values.SANDBOX).data ?? (!production && !isConfigured);
  const faults = [parsed, ...theirs.map(({ read }) => read)].flatMap(({ error }) =>
    (error?.issues ?? []).map((issue) => `${issue.path.join('.')}: ${issue.message}`),
  );
  if (production) faults.push(...missingInProduction(values, sandbox, isConfigured));
  const host = values.HOST ?? '127.0.0.1';
  if (sandbox && bindAddress.safeParse(host).success && !LOOPBACK.has(host)) {
    faults.push(
      `HOST: the sandbox serves loopback only, and ${host} is not; use 127.0.0.1, or configure real providers`,
    );
  }
  const names = [...Object.keys(variables.shape), ...ADAPTERS.flatMap(({ settings }) => Object.keys(settings.shape))];
  const warnings = misspelt(Object.keys(present), names);
  if (!parsed.success || faults.length > 0) throw new ConfigError([...faults, ...warnings].join('\n'));
  const v = parsed.data;

  return deepFreeze({
    production,
    host: v.HOST,
    port: v.PORT,
    publicUrl: v.PUBLIC_URL ?? null,
    dataDir: v.DATA_DIR,
    databaseUrl: v.DATABASE_URL ?? null,
    redisUrl: v.REDIS_URL ?? null,
    logLevel: v.LOG_LEVEL ?? (sandbox ? 'warn' : 'info'),
    encryptionKeys: v.ENCRYPTION_KEYS ?? [],
    jwtSecret: v.JWT_SECRET ?? null,
    registration: v.REGISTRATION ?? (sandbox ? 'open' : 'off'),
    trustProxy: v.TRUST_PROXY,
    drainDelaySeconds: v.DRAIN_DELAY_SECONDS ?? (production ? 3 : 0),
    corsOrigins: v.CORS_ORIGINS,
    redirectUris: v.REDIRECT_URIS,
    graphiql: v.GRAPHIQL ?? !production,
    introspection: v.INTROSPECTION ?? !production,
    sourceDeadlineMs: v.SOURCE_DEADLINE_MS,
    scanBudget: v.SCAN_BUDGET,
    syncIndex: v.SYNC_INDEX,
    reconcileHours: v.RECONCILE_HOURS,
    pollSeconds: v.POLL_SECONDS,
    cacheBytes: v.CACHE_BYTES,
    keptAnswers: v.KEPT_ANSWERS,
    httpRevalidation: v.HTTP_REVALIDATION ?? sandbox,
    changeLogDays: v.CHANGE_LOG_DAYS,
    uploadMaxBytes: v.UPLOAD_MAX_BYTES,
    socketMaxBufferedBytes: v.SOCKET_MAX_BUFFERED_BYTES,
    userMaxBufferedBytes: v.USER_MAX_BUFFERED_BYTES,
    providers,
    warnings,
    sandbox: sandbox
      ? {
          port: v.SANDBOX_PORT,
          mail: v.SANDBOX_MAIL ?? null,
          messages: v.SANDBOX_MESSAGES,
          trafficSeconds: v.SANDBOX_TRAFFIC_SECONDS,
          headers: v.SANDBOX_HEADERS,
        }
      : null,
  });
}

/** Returns the address of the gateway: PUBLIC_URL, or that of the listener. */
export const urlOf = (config: Config, port: number): string =>
  config.publicUrl ??
  `http://${config.host === '0.0.0.0' || config.host === '::' ? 'localhost' : config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;

function missingInProduction(
  values: Readonly<Record<string, string | undefined>>,
  sandbox: boolean,
  isConfigured: boolean,
): string[] {
  const faults: string[] = [];
  if (sandbox) faults.push('SANDBOX: the sandbox does not run with NODE_ENV=production; leave it out');
  if (!values.DATABASE_URL)
    faults.push('DATABASE_URL: missing; name a PostgreSQL database, postgres://user:password@host/name');
  if (!values.ENCRYPTION_KEYS) faults.push('ENCRYPTION_KEYS: missing; set 1:$(openssl rand -base64 32)');
  if (!values.JWT_SECRET) faults.push('JWT_SECRET: missing; set $(openssl rand -base64 48)');
  if (!isConfigured) {
    // The first setting of each provider is the one that it requires.
    const [first, ...others] = ADAPTERS.map(({ settings }) => Object.keys(settings.shape)[0]);
    faults.push(
      `${first}: missing; no provider is configured: set it${others.map((name) => `, or ${name}`).join('')}, with the secret beside it`,
    );
  }
  return faults;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Buffer.isBuffer(value)) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}
