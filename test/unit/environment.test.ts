import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { ADAPTERS } from '../../src/providers/registry.ts';

const config = (env: Record<string, string> = {}) => readConfig(env);
const faultsOf = (env: Record<string, string>): string[] => {
  try {
    config(env);
    return [];
  } catch (error) {
    return (error as Error).message.split('\n');
  }
};

const named = [...readFileSync('.env.example', 'utf8').matchAll(/^([A-Z_]+)=(.*)$/gm)].map(
  ([, name = '', value = '']) => [name, value] as const,
);
/** Variables that docker-compose.yml reads for itself. */
const COMPOSE = ['POSTGRES_PASSWORD'];

describe('the environment', () => {
  it('needs nothing: the sandbox on loopback', () => {
    expect(config()).toMatchObject({
      production: false,
      host: '127.0.0.1',
      port: 4000,
      databaseUrl: null,
      registration: 'open',
      uploadMaxBytes: 150 * 1024 * 1024,
      sandbox: { port: 4001 },
    });
  });

  it('refuses production on defaults, naming every missing variable at once', () => {
    const faults = faultsOf({ NODE_ENV: 'production' });
    for (const name of ['DATABASE_URL', 'ENCRYPTION_KEYS', 'JWT_SECRET'])
      expect(faults.filter((f) => f.startsWith(`${name}:`))).toHaveLength(1);
  });

  it('has no sandbox in production, nor beside real credentials', () => {
    const real = { GOOGLE_CLIENT_ID: 'a', GOOGLE_CLIENT_SECRET: 'b' };
    expect(config(real).sandbox).toBeNull();
    expect(faultsOf({ NODE_ENV: 'production', SANDBOX: 'on' })[0]).toContain('SANDBOX');
    expect(config(real).registration).toBe('off');
  });

  it('leaves no mail in the caches of browsers, except in the sandbox or where the operator wants it', () => {
    const real = { GOOGLE_CLIENT_ID: 'a', GOOGLE_CLIENT_SECRET: 'b' };
    expect(config().httpRevalidation).toBe(true);
    expect(config(real).httpRevalidation).toBe(false);
    expect(config({ ...real, HTTP_REVALIDATION: 'on' }).httpRevalidation).toBe(true);
    expect(config({ HTTP_REVALIDATION: 'off' }).httpRevalidation).toBe(false);
  });

  it('refuses to expose the sandbox to a network', () => {
    for (const HOST of ['0.0.0.0', '::', '192.168.1.5', 'example.com']) expect(faultsOf({ HOST })[0]).toMatch(/^HOST:/);
    for (const HOST of ['localhost', '::1', '127.0.0.1']) expect(faultsOf({ HOST })).toEqual([]);
  });

  it.each([
    ['PORT', 'http'],
    ['PORT', '70000'],
    ['PUBLIC_URL', 'mail.example.com'],
    ['PUBLIC_URL', 'javascript:alert(1)'],
    ['ENCRYPTION_KEYS', 'secret'],
    ['ENCRYPTION_KEYS', `1:${Buffer.alloc(16).toString('base64')}`],
    ['JWT_SECRET', 'short'],
    ['DATABASE_URL', 'mysql://localhost/x'],
    ['REDIS_URL', 'http://:hunter2@localhost:6379'],
    ['REDIS_URL', ':hunter2@localhost'],
    ['REDIS_URL', 'redis://:hunter2@localhost/postern'],
    ['REGISTRATION', 'yes'],
    ['REDIRECT_URIS', 'app.example.com'],
    ['REDIRECT_URIS', 'https://app.example.com/inbox/../x'],
    ['REDIRECT_URIS', 'https://app.example.com/inbox, https://app.example.com/%2e%2e/x'],
    ['REDIRECT_URIS', 'myapp://done'],
    ['GOOGLE_CLIENT_SECRET', 'without an id'],
    ['SANDBOX_MESSAGES', '-1'],
    ['UPLOAD_MAX_BYTES', '150MB'],
    ['UPLOAD_MAX_BYTES', '3000000000'],
  ])('names %s when it is %s, and never repeats a secret', (name, value) => {
    const [fault, ...more] = faultsOf({ [name]: value });
    expect(more).toEqual([]);
    expect(fault).toMatch(/^[A-Z_]+: /);
    if (/KEYS|SECRET/.test(name)) expect(fault).not.toContain(value);
    expect(fault).not.toContain('hunter2');
  });

  it('takes an empty or blank variable for a missing one, and trims blanks around a value', () => {
    expect(config({ PORT: ' 4000 ', DATABASE_URL: '  ', JWT_SECRET: '\t' })).toEqual(config());
    expect(config({ PORT: '', DATABASE_URL: '', GOOGLE_CLIENT_ID: '', SANDBOX_MAIL: '' })).toEqual(config());
  });

  it('cannot be changed afterwards', () => {
    expect(() => Object.assign(config().providers, { GMAIL: {} })).toThrow(TypeError);
  });

  it('is documented: .env.example names what config.ts and the providers read, no more and no less, with the same defaults', () => {
    const source = readFileSync('src/config.ts', 'utf8');
    const read = [
      ...source.slice(source.indexOf('z.object'), source.indexOf('export interface')).matchAll(/^ {2}([A-Z_]+):/gm),
    ].map((m) => m[1]);
    const theirs = ADAPTERS.flatMap(({ settings }) => Object.keys(settings.shape));
    expect(named.map(([name]) => name).sort()).toEqual([...read, ...theirs, ...COMPOSE].sort());
    const given = Object.fromEntries(named.filter(([name, value]) => value && name !== 'NODE_ENV'));
    expect(config(given)).toEqual(config());
  });
});

const KEY = Buffer.alloc(32, 1).toString('base64');
const PRODUCTION = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://postern:hunter2@db.example:5432/postern',
  ENCRYPTION_KEYS: `1:${KEY}`,
  JWT_SECRET: 'hunter2'.repeat(6),
  GOOGLE_CLIENT_ID: 'an id',
  GOOGLE_CLIENT_SECRET: 'hunter2',
  GOOGLE_PUBSUB_SERVICE_ACCOUNT: 'push@project.example',
};
const NOT_NUMBERS = ['x', '-1', 'NaN', 'Infinity', '1e3', '0x10', '5,000', '10s', '1 000'];
const NOT_URLS = [
  'x.example',
  'ftp://x.example',
  'https://',
  'https://:hunter2@x.example',
  'https://x.example/?a=b',
  'https://x.example#',
];
const FLAGS = ['yes', 'ON', 'enabled', '2'];

/** Values that each setting refuses. The settings of a new provider get their entries here. */
const WRONG: Readonly<Record<string, readonly string[]>> = {
  NODE_ENV: ['prod', 'Production'],
  DATABASE_URL: [
    'db.example',
    'mysql://postern:hunter2@db.example/postern',
    'postgres://postern:hunter2#2@db.example/postern',
    'postgres://postern:hunter2@db.example:99999/postern',
    'postgres:///postern',
    'postgres://postern:hunter2@db.example',
    'postgres://postern:hunter2@db.example/',
    'postgres://postern:hunter2@db.example/postern?sslmode=required',
    'postgres://postern:hunter2@db.example/postern?sslmode=require&schema=mail',
  ],
  REDIS_URL: [
    'cache.example',
    'http://:hunter2@cache.example',
    'redis://',
    'redis://:hunter2@cache.example/postern',
    'redis://:hunter2%@cache.example',
  ],
  ENCRYPTION_KEYS: [
    'hunter2',
    KEY,
    '1:',
    '1:hunter2',
    `0:${KEY}`,
    `-1:${KEY}`,
    `a:${KEY}`,
    `1:${Buffer.alloc(16, 1).toString('base64')}`,
    `1:${Buffer.alloc(33, 1).toString('base64')}`,
    `1:${KEY.replace('Q', '!')}`,
    `1:${KEY},1:${Buffer.alloc(32, 2).toString('base64')}`,
    `2:${KEY};1:${KEY}`,
    ',',
  ],
  JWT_SECRET: ['hunter2'],
  HOST: ['http://127.0.0.1', '127.0.0.1:4000', '[::1]', '*', 'two words', '999.1.1.1:80'],
  PORT: [...NOT_NUMBERS, '65536', '80.5'],
  PUBLIC_URL: NOT_URLS,
  TRUST_PROXY: ['true', 'yes', '-1', '10.0.0.0/99', 'proxy.example', '10.0.0.1;10.0.0.2', ','],
  DRAIN_DELAY_SECONDS: [...NOT_NUMBERS, '601'],
  CORS_ORIGINS: [
    '*',
    'app.example',
    'https://app.example/',
    'https://app.example/inbox',
    'HTTPS://app.example',
    'https://app.example:443',
    'null',
    'https://*.app.example/x',
    'https://*.app.example',
  ],
  REDIRECT_URIS: [
    '*',
    'app.example',
    '/inbox',
    'https://app.example/inbox?a=b',
    'https://app.example/a/../b',
    'javascript:alert(1)',
  ],
  REGISTRATION: ['yes', 'closed', 'on'],
  GRAPHIQL: FLAGS,
  INTROSPECTION: FLAGS,
  LOG_LEVEL: ['verbose', 'INFO', '3'],
  SOURCE_DEADLINE_MS: [...NOT_NUMBERS, '0', '1.5', '3000000000'],
  SCAN_BUDGET: [...NOT_NUMBERS, '0', '1.5'],
  CHANGE_LOG_DAYS: [...NOT_NUMBERS, '0', '1.5', '4000'],
  SYNC_INDEX: FLAGS,
  RECONCILE_HOURS: [...NOT_NUMBERS, '0', '1.5', '169'],
  POLL_SECONDS: [...NOT_NUMBERS, '0', '1.5', '3000000'],
  KEPT_ANSWERS: ['yes', 'true', 'Shadow'],
  HTTP_REVALIDATION: FLAGS,
  CACHE_BYTES: [...NOT_NUMBERS, '-1', '64MB', '1.5'],
  UPLOAD_MAX_BYTES: [...NOT_NUMBERS, '0', '150MB', '2000000001'],
  SOCKET_MAX_BUFFERED_BYTES: [...NOT_NUMBERS, '0', '8MB'],
  USER_MAX_BUFFERED_BYTES: [...NOT_NUMBERS, '0', '32MB'],
  GOOGLE_PUBSUB_TOPIC: ['mail', 'projects/p/subscriptions/s'],
  GOOGLE_PUBSUB_SERVICE_ACCOUNT: ['push'],
  GOOGLE_DOMAINS: ['https://x.example', '@x.example', 'x.example; y.example'],
  GOOGLE_OAUTH_URL: NOT_URLS,
  GOOGLE_API_URL: NOT_URLS,
  MICROSOFT_TENANT: ['two words', 'a/b'],
  MICROSOFT_DOMAINS: ['https://x.example'],
  MICROSOFT_LOGIN_URL: NOT_URLS,
  MICROSOFT_GRAPH_URL: NOT_URLS,
  SANDBOX: ['on', 'yes'],
  SANDBOX_PORT: NOT_NUMBERS,
  SANDBOX_MESSAGES: [...NOT_NUMBERS, '1000001'],
  SANDBOX_TRAFFIC_SECONDS: NOT_NUMBERS,
  SANDBOX_HEADERS: ['raw'],
};
/** Settings that accept any text: only using the value shows whether it is right. */
const FREE = ['DATA_DIR', 'SANDBOX_MAIL'];
/** Settings that are valid only together with another one. */
const PAIRS = { MICROSOFT_CLIENT_ID: 'MICROSOFT_CLIENT_SECRET', MICROSOFT_CLIENT_SECRET: 'MICROSOFT_CLIENT_ID' };

it('docker compose reads nothing that .env.example does not name, and gives the gateway what it needs', () => {
  const compose = readFileSync('docker-compose.yml', 'utf8');
  const read = [...compose.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name);
  expect(new Set(read)).toEqual(new Set([...COMPOSE, 'PORT']));
  const given = [...compose.slice(compose.indexOf('gateway:')).matchAll(/^ {6}([A-Z_]+): (.*)$/gm)];
  const env = Object.fromEntries(given.map(([, name, value]) => [name, value?.replace(/\$\{\w+\}/, 'x')]));
  const { DATABASE_URL: _ours, ...filled } = PRODUCTION;
  expect(config({ ...filled, ...env })).toMatchObject({ production: true, host: '0.0.0.0', port: 4000 });
});

describe('a wrong setting in production', () => {
  it('is tested for every variable of .env.example', () => {
    const looked = [...Object.keys(WRONG), ...FREE, ...Object.keys(PAIRS), 'GOOGLE_CLIENT_ID', 'GOOGLE_CLIENT_SECRET'];
    expect([...looked, ...COMPOSE].sort()).toEqual(named.map(([name]) => name).sort());
    expect(faultsOf(PRODUCTION)).toEqual([]);
  });

  it.each(Object.entries(WRONG).flatMap(([name, values]) => values.map((value) => [name, value] as const)))(
    '%s=%s is reported in one line that names it, says what is valid, and shows no secret',
    (name, value) => {
      const [fault, ...more] = faultsOf({ ...PRODUCTION, [name]: value });
      expect(more).toEqual([]);
      expect(fault).toMatch(new RegExp(`^${name}: .{15,}`));
      expect(fault).not.toMatch(/hunter2|invalid|expected|received|\bNaN\b|undefined/i);
      expect(fault).not.toContain(KEY.slice(0, 20));
    },
  );

  it.each([...Object.entries(PAIRS), ['GOOGLE_PUBSUB_TOPIC', 'GOOGLE_PUBSUB_SERVICE_ACCOUNT']])(
    '%s without %s is refused as incomplete',
    (set, missing) => {
      const faults = faultsOf({ ...PRODUCTION, [set]: 'projects/p/topics/t', [missing]: '' });
      expect(faults).toEqual([`${missing}: missing; ${set} is set and needs it`]);
    },
  );

  it('is reported together with all the others, also when nothing is right', () => {
    const faults = faultsOf({
      NODE_ENV: 'production',
      DATABASE_URI: 'postgres://postern:hunter2@db.example/postern',
      PORT: 'x',
      CORS_ORIGINS: '*',
      ENCRYPTION_KEYS: 'hunter2',
      SANDBOX: 'on',
      MICROSOFT_CLIENT_SECRET: 'hunter2',
      GOOGLE_API_URL: 'x',
      MICROSOFT_LOGIN_URL: 'x',
    });
    const names = [
      'PORT',
      'CORS_ORIGINS',
      'ENCRYPTION_KEYS',
      'SANDBOX',
      'MICROSOFT_CLIENT_ID',
      'GOOGLE_API_URL',
      'MICROSOFT_LOGIN_URL',
    ];
    expect(faults.map((fault) => fault.split(':')[0]).sort()).toEqual(
      [...names, 'DATABASE_URL', 'JWT_SECRET', 'DATABASE_URI'].sort(),
    );
    expect(faults.join()).not.toContain('hunter2');
  });

  it('is not an sslmode that the driver treats as verify-full: it is read as verify-full, without a warning of the driver', () => {
    const read = (query: string) =>
      config({ ...PRODUCTION, DATABASE_URL: `${PRODUCTION.DATABASE_URL}${query}` }).databaseUrl?.split(
        ':5432/postern',
      )[1];
    for (const mode of ['prefer', 'require', 'verify-ca', 'verify-full'])
      expect(read(`?sslmode=${mode}`)).toBe('?sslmode=verify-full');
    expect(read('?a=b&sslmode=require&c=d')).toBe('?a=b&sslmode=verify-full&c=d');
    for (const kept of ['', '?sslmode=disable', '?sslmode=no-verify', '?uselibpqcompat=true&sslmode=require'])
      expect(read(kept)).toBe(kept);
  });

  it('is to configure no provider at all', () => {
    const { GOOGLE_CLIENT_ID: _id, GOOGLE_CLIENT_SECRET: _secret, ...without } = PRODUCTION;
    expect(faultsOf(without)).toEqual([
      expect.stringMatching(/^GOOGLE_CLIENT_ID: .*no provider is configured.*MICROSOFT_CLIENT_ID/),
    ]);
  });

  it('is a misspelt name, which is warned about but stops nothing', () => {
    const { warnings } = config({
      ...PRODUCTION,
      CORS_ORIGIN: 'https://app.example',
      google_clientid: 'x',
      PORTS: '1',
    });
    expect(warnings).toEqual(['CORS_ORIGIN: is not a setting of Postern; is CORS_ORIGINS meant?']);
  });
});
