import { createHash, randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { pino } from 'pino';
import { openDatabase } from '../../src/platform/database.open.ts';
import type { Database } from '../../src/platform/database.ts';
import { MIGRATIONS_DIRECTORY, migrationNames } from '../../src/platform/migration.files.ts';
import { migrate } from '../../src/platform/migrations.ts';
import { openPglite } from '../../src/platform/pglite.ts';
import { createTestDatabaseUrl } from './database-url.ts';

export const silent = pino({ level: 'silent' });

/** The databases that this run can reach: always the embedded one, and PostgreSQL when TEST_DATABASE_URL names a server. */
export const TEST_DATABASES: readonly Database['kind'][] = process.env.TEST_DATABASE_URL
  ? ['pglite', 'postgres']
  : ['pglite'];

/** A migrated database of its own, gone when it is closed; on PostgreSQL when there is a server, unless `kind` says. */
export async function openTestDatabase(kind: Database['kind'] = TEST_DATABASES.at(-1) ?? 'pglite'): Promise<Database> {
  return kind === 'postgres' ? openOnServer() : openEmbedded();
}

async function openOnServer(): Promise<Database> {
  const own = await createTestDatabaseUrl();
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

/** The first start of PGlite and the first migration take seconds; a copy of what they made takes a tenth. */
async function openEmbedded(): Promise<Database> {
  const path = `${cachePath()}.tar`;
  if (!existsSync(path)) {
    const db = await openPglite({ dataDir: null });
    await migrate(db);
    const snapshot = await (db as Database & { pg: PGlite }).pg.dumpDataDir('none');
    await db.close();
    const draft = `${path}.${randomUUID()}`;
    writeFileSync(draft, Buffer.from(await snapshot.arrayBuffer()));
    renameSync(draft, path);
  }
  return openPglite({ dataDir: null, snapshot: new Blob([readFileSync(path)]) });
}

/** Puts a migrated embedded database into a new data directory, for the same reason. */
export async function fillDataDir(dataDir: string): Promise<void> {
  const path = cachePath();
  if (!existsSync(path)) {
    const draft = `${path}.${randomUUID()}`;
    const db = await openPglite({ dataDir: draft });
    await migrate(db);
    await db.close();
    try {
      renameSync(draft, path);
    } catch {
      rmSync(draft, { recursive: true }); // another worker was first
    }
  }
  cpSync(join(path, 'pg'), join(dataDir, 'pg'), { recursive: true });
}

/** Named after all that goes into it. */
function cachePath(): string {
  const directory = join('node_modules', '.cache', 'postern');
  mkdirSync(directory, { recursive: true });
  const hash = createHash('sha256');
  hash.update(readFileSync(join('node_modules', '@electric-sql', 'pglite', 'package.json')));
  for (const name of migrationNames(MIGRATIONS_DIRECTORY)) {
    for (const file of readdirSync(join(MIGRATIONS_DIRECTORY, name))) {
      hash.update(`${name}/${file}`).update(readFileSync(join(MIGRATIONS_DIRECTORY, name, file)));
    }
  }
  return join(directory, `pglite-${hash.digest('hex').slice(0, 16)}`);
}
