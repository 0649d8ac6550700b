import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { channelOf } from '../../src/platform/bus/bus.open.ts';
import { createBus } from '../../src/platform/bus/bus.ts';
import { openDatabase } from '../../src/platform/database/database.open.ts';
import { lockDirectory } from '../../src/platform/database/directory.lock.ts';
import { migrate, pendingMigrations } from '../../src/platform/database/migrations.ts';
import { explainOpening } from '../../src/platform/database/postgres/postgres.fault.ts';
import { applyMigrations } from '../../src/platform/database/schema.engine.ts';
import { openTestDatabase, silent, TEST_DATABASES } from '../support/app/database.ts';
import { createTestDatabaseUrl } from '../support/app/database-url.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'postern-db-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const lock = () => join(dir, 'pg.lock');

describe('the data directory', () => {
  it('is refused while a live process holds it, naming the process and DATA_DIR', () => {
    const unlock = lockDirectory(dir);
    expect(() => lockDirectory(dir)).toThrow(new RegExp(`process ${process.pid}.*DATA_DIR`));
    unlock();
    lockDirectory(dir)();
    expect(existsSync(lock())).toBe(false);
    writeFileSync(lock(), `${process.ppid} \n`);
    expect(() => lockDirectory(dir)).toThrow(new RegExp(`process ${process.ppid}`));
  });

  it.each([
    ['a process that died', '4194000 12345\n'],
    ['an earlier life with our own id', `${process.pid} 1\n`],
    ['another process with the id of one that died', `${process.ppid} 1\n`],
    ['nobody', ''],
  ])('is taken over from %s', (_, text) => {
    writeFileSync(lock(), text);
    const unlock = lockDirectory(dir);
    expect(existsSync(lock())).toBe(true);
    unlock();
  });

  it('keeps what was committed when the process is killed, and opens again', async () => {
    const child = spawnHolder(dir);
    await printed(child, 'committed');
    await expect(openDatabase({ url: null, dataDir: dir, log: silent })).rejects.toThrow(
      new RegExp(`in use by process ${child.pid}.*DATA_DIR`),
    );
    const dead = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await dead;
    const db = await openDatabase({ url: null, dataDir: dir, log: silent });
    expect(await pendingMigrations(db)).toEqual([]);
    expect(await db.prisma.user.count()).toBe(1);
    await db.close();
  });
});

/** Starts a process that opens the directory, commits a row, prints a line, and keeps running. */
function spawnHolder(dataDir: string): ChildProcess {
  const program = `
    import { openDatabase } from './src/platform/database/database.open.ts';
    import { migrate } from './src/platform/database/migrations.ts';
    const db = await openDatabase({ url: null, dataDir: ${JSON.stringify(dataDir)}, log: console });
    await migrate(db);
    await db.prisma.user.create({ data: { id: crypto.randomUUID(), email: 'a@x.example', passwordHash: '' } });
    console.log('committed');
    setInterval(() => {}, 1000);`;
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

function printed(child: ChildProcess, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => chunk.includes(text) && resolve());
    child.once('exit', (code) => reject(new Error(`the process ended (${code})`)));
  });
}

it('a migration that fails is reported, leaves the session usable, and keeps the next start from continuing', async () => {
  mkdirSync(join(dir, '1_good'));
  mkdirSync(join(dir, '2_bad'));
  writeFileSync(join(dir, '1_good', 'migration.sql'), 'CREATE TABLE good (id int)');
  writeFileSync(join(dir, '2_bad', 'migration.sql'), 'CREATE TABLE bad (id int); SELECT nonsense;');
  writeFileSync(join(dir, 'migration_lock.toml'), 'provider = "postgresql"\n');
  const db = await openDatabase({ url: null, dataDir: null, log: silent });
  await expect(applyMigrations(db.migrationAdapter(), dir)).rejects.toThrow(/2_bad/);
  await db.ping();
  await expect(pendingMigrations(db)).rejects.toThrow(/2_bad failed half way/);
  await db.close();
});

it('a server that does not answer is reported in one clear line without the password', async () => {
  const opening = openDatabase({ url: 'postgres://me:hunter2@127.0.0.1:1/mail', dataDir: null, log: silent });
  const error: Error = await opening.then(
    () => new Error('opened'),
    (reason: Error) => reason,
  );
  expect(error.message).toMatch(/^DATABASE_URL: the database mail at 127\.0\.0\.1:1 cannot be opened/);
  expect(error.message).not.toContain('hunter2');
});

it.each(TEST_DATABASES.filter((kind) => kind === 'postgres'))(
  'a %s server with too few connections for a start is reported in one clear line',
  async () => {
    const own = await createTestDatabaseUrl();
    if (!own) return;
    const direct = await openDatabase({ url: own.url, dataDir: null, log: silent });
    const role = `postern_test_${randomUUID().replaceAll('-', '')}`;
    await direct.execute(`CREATE ROLE ${role} LOGIN PASSWORD 'hunter2' CONNECTION LIMIT 1`);
    try {
      const config = readConfig({
        NODE_ENV: 'test',
        PORT: '0',
        DATA_DIR: dir,
        LOG_LEVEL: 'silent',
        SANDBOX: 'off',
        DATABASE_URL: Object.assign(new URL(own.url), { username: role, password: 'hunter2' }).href,
      });
      await expect(createApp(config)).rejects.toMatchObject({
        name: 'DatabaseError',
        message: expect.stringMatching(
          /^DATABASE_URL: the database was lost during the start \(too many connections .*\)\.$/,
        ),
      });
    } finally {
      await direct.execute(`DROP ROLE ${role}`);
      await direct.close();
      await own.drop();
    }
  },
);

/** Several instances need a server, since the embedded database belongs to one process. */
describe.each(TEST_DATABASES.filter((kind) => kind === 'postgres'))('several instances on one %s server', () => {
  it("migrate it once, share one channel, receive each other's messages, and notice a gap", async () => {
    const own = await createTestDatabaseUrl();
    if (!own) return;
    const open = () => openDatabase({ url: own.url, dataDir: null, log: silent });
    const [a, b] = await Promise.all([open(), open()]);
    try {
      const applied = await Promise.all([migrate(a), migrate(b)]);
      expect(applied.filter((run) => run.applied.length > 0)).toHaveLength(1);

      const other = await openTestDatabase('postgres');
      const channels = await Promise.all([a, b, other].map(channelOf));
      await other.close();
      expect(channels[1]).toBe(channels[0]);
      expect(channels[2]).not.toBe(channels[0]);

      const buses = await Promise.all([createBus(a, silent), createBus(b, silent)]);
      const received: unknown[] = [];
      buses[1].subscribe('t', (payload) => void received.push(payload));
      await buses[0].publish('t', 1);
      await expect.poll(() => received).toEqual([1]);

      const gap = vi.fn();
      buses[1].onGap(gap);
      await a.prisma.$executeRaw`
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND query ILIKE 'LISTEN%'`;
      await expect.poll(() => gap).toHaveBeenCalled();
      await buses[0].publish('t', 2);
      await expect.poll(() => received).toEqual([1, 2]);
    } finally {
      await Promise.all([a.close(), b.close()]);
      await own.drop();
    }
  });
});

describe('a database that cannot be opened', () => {
  const URL_OF = (host: string, name = 'mail') => `postgres://postern:hunter2@${host}/${name}`;
  const refusalOf = async (url: string): Promise<string> => {
    const opening = openDatabase({ url, dataDir: null, log: silent });
    return opening.then(
      () => 'it was opened',
      (error: Error) => error.message,
    );
  };

  it.each([
    ['127.0.0.1:1', /at 127\.0\.0\.1:1 .*; start PostgreSQL there, or correct host and port/],
    ['nowhere.invalid', /at nowhere\.invalid:5432 .*; correct the host/],
  ])('at %s is reported in one line with advice, without the password', async (host, expected) => {
    const line = await refusalOf(URL_OF(host));
    expect(line).toMatch(/^DATABASE_URL: the database mail [^\n]*$/);
    expect(line).toMatch(expected);
    expect(line).not.toContain('hunter2');
  });

  it("is explained by PostgreSQL's own message", () => {
    const explained = (message: string, code?: string) =>
      explainOpening(Object.assign(new Error(message), { code }), URL_OF('db.example'));
    expect(explained('password authentication failed for user "postern"', '28P01')).toMatch(
      /; correct user and password/,
    );
    expect(explained('database "mail" does not exist', '3D000')).toMatch(/; create it, or correct the name$/);
    expect(explained('The server does not support SSL connections')).toMatch(/; correct sslmode/);
    expect(explained('timeout exceeded when trying to connect')).toMatch(/nothing answers$/);
    expect(explained('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string')).toMatch(
      /; correct user and password/,
    );
    expect(explained('something else\nat length')).toMatch(/\(something else\); correct the URL/);
  });
});
