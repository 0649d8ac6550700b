import { createHash, randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { pino } from 'pino';
import { MIGRATIONS_DIRECTORY, migrationNames } from '../../../src/platform/asset-directories.ts';
import { openDatabase } from '../../../src/platform/database/database.open.ts';
import type { Database } from '../../../src/platform/database/database.ts';
import { migrate } from '../../../src/platform/database/migrations.ts';
import { openPglite } from '../../../src/platform/database/pglite.ts';
import { openQueue } from '../../../src/platform/queue/queue.ts';
import { createTestDatabaseUrl } from './database-url.ts';

export const silent = pino({ level: 'silent' });

/** The databases that this run can reach: always the embedded one, and PostgreSQL when TEST_DATABASE_URL names a server. */
export const TEST_DATABASES: readonly Database['kind'][] = process.env.TEST_DATABASE_URL
  ? ['pglite', 'postgres']
  : ['pglite'];

/** Opens a migrated database of its own, which is removed when it is closed. It is on PostgreSQL when there is a server, unless `kind` says otherwise. */
export async function openTestDatabase(kind: Database['kind'] = TEST_DATABASES.at(-1) ?? 'pglite'): Promise<Database> {
  return kind === 'postgres' ? openOnServer() : openEmbedded();
}

async function openOnServer(): Promise<Database> {
  const own = await createTestDatabaseUrl({ migrated: true });
  if (!own) throw new Error('TEST_DATABASE_URL names no server');
  const db = await openDatabase({ url: own.url, dataDir: null, log: silent });
  const close = db.close.bind(db);
  await migrate(db);
  return Object.assign(db, {
    close: async () => {
      await close();
      await own.drop();
    },
  });
}

/** The first start of PGlite and the migrations take seconds. A copy of their result takes a tenth of that. */
async function openEmbedded(): Promise<Database> {
  const snapshot = new Blob([readFileSync(join(await prepared(), 'pg.tar'))]);
  return openPglite({ dataDir: null, snapshot });
}

/** Copies a migrated embedded database, with the queue's tables, into a new data directory, for the same reason. */
export async function fillDataDir(dataDir: string): Promise<void> {
  cpSync(join(await prepared(), 'pg'), join(dataDir, 'pg'), { recursive: true });
}

/** A directory with a migrated database, as a dump and as files. The queue has created its tables in the files. */
async function prepared(): Promise<string> {
  const path = cachePath();
  if (existsSync(path)) return path;
  const draft = `${path}.${randomUUID()}`;
  mkdirSync(draft);
  await makeSmall(join(draft, 'pg'));
  const db = await openPglite({ dataDir: draft });
  await migrate(db);
  const dump = await (db as Database & { pg: PGlite }).pg.dumpDataDir('none');
  // The dump has no tables of the queue, because a test of the queue watches their creation.
  await (await openQueue(db, silent)).stop();
  await db.close();
  writeFileSync(join(draft, 'pg.tar'), Buffer.from(await dump.arrayBuffer()));
  try {
    renameSync(draft, path);
  } catch {
    rmSync(draft, { recursive: true }); // another worker was first
  }
  return path;
}

/**
 * Creates a database of few bytes, because they are copied for each test. Two thirds of a usual one are templates of further
 * databases and a log that starts at 16 MB, and the memory reserved for pages is filled with zeros at each start.
 */
async function makeSmall(directory: string): Promise<void> {
  const pg = await PGlite.create({ dataDir: directory, initDbStartParams: ['--wal-segsize=1'] });
  await pg.exec(`ALTER SYSTEM SET shared_buffers = '8MB'`);
  await pg.exec(`UPDATE pg_database SET datistemplate = false WHERE datname <> current_database()`);
  for (const name of ['template0', 'template1']) await pg.exec(`DROP DATABASE ${name}`);
  await pg.close();
}

/** The name contains a hash of everything that the database is made from. */
function cachePath(): string {
  const directory = join('node_modules', '.cache', 'postern');
  mkdirSync(directory, { recursive: true });
  const hash = createHash('sha256');
  hash.update(readFileSync(join('node_modules', '@electric-sql', 'pglite', 'package.json')));
  hash.update(readFileSync(join('node_modules', 'pg-boss', 'package.json')));
  hash.update(makeSmall.toString()).update(prepared.toString());
  for (const name of migrationNames(MIGRATIONS_DIRECTORY)) {
    for (const file of readdirSync(join(MIGRATIONS_DIRECTORY, name))) {
      hash.update(`${name}/${file}`).update(readFileSync(join(MIGRATIONS_DIRECTORY, name, file)));
    }
  }
  return join(directory, `pglite-${hash.digest('hex').slice(0, 16)}`);
}
