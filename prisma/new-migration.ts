import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MIGRATIONS_DIRECTORY } from '../src/platform/asset-directories.ts';
import { pendingChanges } from './pending-changes.ts';

/** npm run migrations:new NAME: writes the migration that brings the database from the last one to schema.prisma. */

const name = process.argv[2] ?? '';
if (!/^[a-z0-9_]+$/.test(name)) {
  console.error('Name the migration in lower case: npm run migrations:new add_watches');
  process.exit(2);
}
const sql = await pendingChanges();
if (sql === null) {
  console.log('schema.prisma and the migrations agree: there is nothing to write.');
} else {
  const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  const directory = join(MIGRATIONS_DIRECTORY, `${stamp}_${name}`);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'migration.sql'), sql);
  const lock = join(MIGRATIONS_DIRECTORY, 'migration_lock.toml');
  if (!existsSync(lock))
    writeFileSync(lock, '# Read by the schema engine; keep it under version control.\nprovider = "postgresql"\n');
  console.log(`Wrote ${directory}/migration.sql. Read it before you commit it.`);
}
process.exit(0);
