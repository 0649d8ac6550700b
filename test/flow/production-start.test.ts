import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabaseUrl, type TestDatabaseUrl } from '../support/app/database-url.ts';
import { type Build, buildProgram } from '../support/app/process.ts';

const SECRETS = {
  ENCRYPTION_KEYS: `1:${Buffer.alloc(32, 3).toString('base64')}`,
  JWT_SECRET: 'signs the tokens of a gateway in production',
  GOOGLE_CLIENT_ID: 'an id',
  GOOGLE_CLIENT_SECRET: 'a secret',
};
const NOWHERE = 'postgres://postern:hunter2@127.0.0.1:1/postern';

let build: Build;
let directory: string;
let database: TestDatabaseUrl | null;
beforeAll(async () => {
  build = await buildProgram();
  directory = mkdtempSync(join(tmpdir(), 'postern-production-'));
  database = await createTestDatabaseUrl({ migrated: true });
});
afterAll(async () => {
  build.remove();
  rmSync(directory, { recursive: true, force: true });
  await database?.drop();
});

/** Runs the gateway in a directory of its own. The .env there is its whole configuration. */
function run(args: readonly string[], env: Record<string, string>) {
  const lines = Object.entries({ NODE_ENV: 'production', PORT: '0', ...SECRETS, ...env });
  writeFileSync(join(directory, '.env'), lines.map(([name, value]) => `${name}=${value}\n`).join(''));
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, args, { cwd: directory, env: { PATH, HOME } });
  const output = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    output.out += chunk;
    if (output.out.includes('Postern listens')) child.kill('SIGINT');
  });
  child.stderr.on('data', (chunk) => {
    output.err += chunk;
  });
  return once(child, 'close').then(([code]) => ({ code: code as number | null, ...output }));
}
const start = (env: Record<string, string>) => run([join(build.directory, 'main.js')], env);
const invite = (env: Record<string, string>) =>
  run([join(build.directory, 'invite.command.js'), 'ada@people.example'], env);

/** Starts a server that answers the first message of every client with this error, as PostgreSQL does. */
async function refusingServer(code: string, message: string) {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(fields.length + 4, 1);
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () => socket.end(Buffer.concat([head, fields])));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

it('a wrong password of the database is one line, which names the variable and shows no secret', async () => {
  const server = await refusingServer('28P01', 'password authentication failed for user "postern"');
  const { code, out, err } = await start({ DATABASE_URL: `postgres://postern:hunter2@127.0.0.1:${server.port}/mail` });
  server.close();
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toMatch(
    /^DATABASE_URL: the database mail at [^\n]*password authentication failed[^\n]*correct user and password[^\n]*\n$/,
  );
  expect(err).not.toContain('hunter2');
});

it('a .env that cannot be read is one line, and nothing is started', async () => {
  expect(await start({ 'A NAME': 'hunter2' })).toEqual({
    code: 1,
    out: '',
    err: '.env: a line of it sets nothing; each is NAME=value\n',
  });
});

it('an invitation is made with the settings of the gateway alone', async () => {
  expect(await invite({ DATABASE_URL: NOWHERE, REGISTRATION: 'invite' })).toEqual({
    code: 0,
    out: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+\n$/),
    err: '',
  });
  const closed = await invite({ DATABASE_URL: NOWHERE });
  expect(closed).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/^REGISTRATION: off, .*\n$/) });
});

it('every line of a start is JSON, and the first says where it listens', async () => {
  // The embedded database is for development only, so this needs PostgreSQL.
  for (const { url } of database ? [database] : []) {
    const { code, out, err } = await start({ DATABASE_URL: url, LOG_LEVEL: 'silent' });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const [first, ...more] = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(more).toEqual([]);
    expect(first).toMatchObject({ level: 'info', host: '127.0.0.1', port: expect.any(Number) });
    expect(first.url).toBe(`http://127.0.0.1:${first.port}`);
    expect(first.msg).toContain(`Postern listens on 127.0.0.1 port ${first.port}`);
  }
});
