import { z } from 'zod';
import { redirectEntryFault } from './accounts/redirect.ts';
import { ADAPTERS, registry } from './providers/registry.ts';
import { flag, list, port, positive, redisUrl, url } from './setting.ts';

/** The only reader of process.env. What a variable means is said in .env.example, which a test holds against this file. */

const variables = z.object({
  NODE_ENV: z.enum(['development', 'production', 'test']).default('development'),
  HOST: z.string().default('127.0.0.1'),
  PORT: port.default(4000),
  /** Where clients and providers reach us: links, the OAuth callback, webhooks. Default: http://HOST:PORT. */
  PUBLIC_URL: url.optional(),
  DATA_DIR: z.string().default('.data'),
  DATABASE_URL: z.string().optional(),
  REDIS_URL: redisUrl.optional(),
  /** Default: info; warn in the sandbox, where a person reads along. */
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).optional(),
  /** `version:base64 of 32 bytes`, comma-separated; the first seals, all open. */
  ENCRYPTION_KEYS: z.string().optional(),
  JWT_SECRET: z.string().min(32).optional(),
  REGISTRATION: z.enum(['open', 'invite', 'off']).optional(),
  TRUST_PROXY: z.string().default(''),
  /** Default: 3 in production, where a balancer has to notice; else 0. */
  DRAIN_DELAY_SECONDS: z.coerce.number().min(0).max(600).optional(),
  CORS_ORIGINS: list.default([]),
  /** Where a connect flow may send the browser back to: whole URLs, or origins. */
  REDIRECT_URIS: list.default([]),
  GRAPHIQL: flag.optional(),
  INTROSPECTION: flag.optional(),
  SOURCE_DEADLINE_MS: positive.default(10_000),
  SCAN_BUDGET: positive.default(500),
  POLL_SECONDS: positive.default(60),
  /** Exchange takes no larger file than the default, whatever the tenant allows. */
  UPLOAD_MAX_BYTES: positive.max(2_000_000_000).default(157_286_400),
  SOCKET_MAX_BUFFERED_BYTES: positive.default(8_388_608),
  USER_MAX_BUFFERED_BYTES: positive.default(33_554_432),
  SANDBOX: flag.optional(),
  SANDBOX_PORT: port.default(4001),
  SANDBOX_MAIL: z.string().optional(),
  SANDBOX_MESSAGES: z.coerce.number().int().min(0).max(1_000_000).default(300),
  /** Seconds between two mails that arrive by themselves; 0 for none. */
  SANDBOX_TRAFFIC_SECONDS: z.coerce.number().int().min(0).default(45),
  /** How the emulated Gmail lists header values. */
  SANDBOX_HEADERS: z.enum(['written', 'decoded']).default('written'),
});

export interface Key {
  readonly version: number;
  readonly bytes: Buffer;
}
export interface Config {
  readonly production: boolean;
  readonly host: string;
  readonly port: number;
  readonly publicUrl: string | null;
  readonly dataDir: string;
  /** Null: embedded PGlite under dataDir. */
  readonly databaseUrl: string | null;
  /** Null: instances tell each other over the database. */
  readonly redisUrl: string | null;
  readonly logLevel: string;
  /** Empty in the sandbox and in development: `main` then keeps generated ones under dataDir. */
  readonly encryptionKeys: readonly Key[];
  readonly jwtSecret: string | null;
  readonly registration: 'open' | 'invite' | 'off';
  readonly trustProxy: readonly string[] | number | false;
  /** How long a stop goes on accepting while /ready says 503. */
  readonly drainDelaySeconds: number;
  readonly corsOrigins: readonly string[];
  readonly redirectUris: readonly string[];
  readonly graphiql: boolean;
  readonly introspection: boolean;
  readonly sourceDeadlineMs: number;
  readonly scanBudget: number;
  readonly pollSeconds: number;
  /** The largest file that POST /upload takes. */
  readonly uploadMaxBytes: number;
  /** Bytes of answers that one connection may leave unread before no further operation of it starts. */
  readonly socketMaxBufferedBytes: number;
  /** The same for all connections of one user to this instance. */
  readonly userMaxBufferedBytes: number;
  /** Each provider's own settings, by its id. */
  readonly providers: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Null: no emulators. */
  readonly sandbox: {
    readonly port: number;
    readonly mail: string | null;
    readonly messages: number;
    readonly trafficSeconds: number;
    readonly headers: 'written' | 'decoded';
  } | null;
}

/** One line per variable at fault, each naming it and saying what to do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '::1']);

/** `emulated` is what the sandbox has instead of real providers. */
export function readConfig(
  env: NodeJS.ProcessEnv = process.env,
  emulated: Readonly<Record<string, string>> = {},
): Config {
  // An empty variable is one that is not set: `FOO= npm start` and an unfilled line of a compose file mean that.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  // But for URLs, which win: what stands there, a proxy for example, passes on to the emulators.
  const urls = Object.fromEntries(Object.entries(given).filter(([name]) => name.endsWith('_URL')));
  const values = { ...given, ...emulated, ...urls };
  const parsed = variables.safeParse(values);
  const theirs = ADAPTERS.map((adapter) => ({ adapter, read: adapter.settings.safeParse(values) }));
  const faultsOf = ({ error }: { error?: z.ZodError | undefined }): string[] =>
    (error?.issues ?? []).map((i) => `${i.path.join('.')}: ${i.message}`);
  const faults = theirs.flatMap(({ read }) => faultsOf(read));
  if (!parsed.success) throw new ConfigError([...faultsOf(parsed), ...faults].join('\n'));
  const v = parsed.data;
  const providers = Object.fromEntries(theirs.map(({ adapter, read }) => [adapter.id, read.data ?? {}]));
  const production = v.NODE_ENV === 'production';
  const isConfigured = faults.length > 0 || registry({ providers }).some(({ configured }) => configured);
  const sandbox = v.SANDBOX ?? (!production && !isConfigured);

  if (production) {
    if (sandbox) faults.push('SANDBOX: the sandbox does not run with NODE_ENV=production; leave it out');
    if (!v.DATABASE_URL)
      faults.push('DATABASE_URL: missing; name a PostgreSQL database, postgres://user:password@host/name');
    if (!v.ENCRYPTION_KEYS) faults.push('ENCRYPTION_KEYS: missing; set 1:$(openssl rand -base64 32)');
    if (!v.JWT_SECRET) faults.push('JWT_SECRET: missing; set $(openssl rand -base64 48)');
  }
  if (sandbox && !LOOPBACK.has(v.HOST)) {
    faults.push(
      `HOST: the sandbox serves loopback only, and ${v.HOST} is not; use 127.0.0.1, or configure real providers`,
    );
  }
  if (v.DATABASE_URL && !/^postgres(ql)?:\/\//.test(v.DATABASE_URL)) {
    faults.push('DATABASE_URL: must begin with postgres:// or postgresql://');
  }
  for (const entry of v.REDIRECT_URIS) {
    const fault = redirectEntryFault(entry);
    if (fault) faults.push(`REDIRECT_URIS: ${entry} ${fault}, so that it would never match`);
  }
  let encryptionKeys: readonly Key[] = [];
  try {
    encryptionKeys = v.ENCRYPTION_KEYS ? parseKeys(v.ENCRYPTION_KEYS) : [];
  } catch (error) {
    faults.push((error as Error).message);
  }
  if (faults.length > 0) throw new ConfigError(faults.join('\n'));

  return deepFreeze({
    production,
    host: v.HOST,
    port: v.PORT,
    publicUrl: v.PUBLIC_URL ?? null,
    dataDir: v.DATA_DIR,
    databaseUrl: v.DATABASE_URL ?? null,
    redisUrl: v.REDIS_URL ?? null,
    logLevel: v.LOG_LEVEL ?? (sandbox ? 'warn' : 'info'),
    encryptionKeys,
    jwtSecret: v.JWT_SECRET ?? null,
    registration: v.REGISTRATION ?? (sandbox ? 'open' : 'off'),
    trustProxy: parseTrustProxy(v.TRUST_PROXY),
    drainDelaySeconds: v.DRAIN_DELAY_SECONDS ?? (production ? 3 : 0),
    corsOrigins: v.CORS_ORIGINS,
    redirectUris: v.REDIRECT_URIS,
    graphiql: v.GRAPHIQL ?? !production,
    introspection: v.INTROSPECTION ?? !production,
    sourceDeadlineMs: v.SOURCE_DEADLINE_MS,
    scanBudget: v.SCAN_BUDGET,
    pollSeconds: v.POLL_SECONDS,
    uploadMaxBytes: v.UPLOAD_MAX_BYTES,
    socketMaxBufferedBytes: v.SOCKET_MAX_BUFFERED_BYTES,
    userMaxBufferedBytes: v.USER_MAX_BUFFERED_BYTES,
    providers,
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

function parseKeys(text: string): readonly Key[] {
  const keys = text.split(',').map((part) => {
    const [version, base64 = ''] = part.trim().split(':');
    const bytes = Buffer.from(base64, 'base64');
    if (!/^[1-9]\d*$/.test(version ?? '') || bytes.length !== 32) {
      throw new ConfigError(
        'ENCRYPTION_KEYS: each key is VERSION:BASE64 of 32 bytes, for example 1:$(openssl rand -base64 32)',
      );
    }
    return { version: Number(version), bytes };
  });
  if (new Set(keys.map((k) => k.version)).size !== keys.length) {
    throw new ConfigError('ENCRYPTION_KEYS: two keys have the same version');
  }
  return keys;
}

function parseTrustProxy(text: string): readonly string[] | number | false {
  if (text === '' || text === 'false') return false;
  if (/^\d+$/.test(text)) return Number(text);
  return text.split(',').map((s) => s.trim());
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Buffer.isBuffer(value)) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}
