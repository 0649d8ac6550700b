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

  it('refuses to show the sandbox to a network', () => {
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

  it('takes an empty variable as one that is not set', () => {
    expect(config({ PORT: '', DATABASE_URL: '', GOOGLE_CLIENT_ID: '', SANDBOX_MAIL: '' })).toEqual(config());
  });

  it('cannot be changed afterwards', () => {
    expect(() => Object.assign(config().providers, { GMAIL: {} })).toThrow(TypeError);
  });

  it('is documented: .env.example names what config.ts and the providers read, no more and no less, with the same defaults', () => {
    const named = [...readFileSync('.env.example', 'utf8').matchAll(/^([A-Z_]+)=(.*)$/gm)].map(
      ([, name, value]) => [name, value] as const,
    );
    const source = readFileSync('src/config.ts', 'utf8');
    const read = [
      ...source.slice(source.indexOf('z.object'), source.indexOf('export interface')).matchAll(/^ {2}([A-Z_]+):/gm),
    ].map((m) => m[1]);
    const theirs = ADAPTERS.flatMap(({ settings }) => Object.keys(settings.shape));
    expect(named.map(([name]) => name).sort()).toEqual([...read, ...theirs].sort());
    const given = Object.fromEntries(named.filter(([name, value]) => value && name !== 'NODE_ENV'));
    expect(config(given)).toEqual(config());
  });
});
