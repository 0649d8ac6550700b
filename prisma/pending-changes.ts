import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { MIGRATIONS_DIRECTORY } from '../src/platform/asset-directories.ts';
import { pgliteAdapter } from '../src/platform/database/pglite.ts';
import { applyMigrations, diffToSchema } from '../src/platform/database/schema.engine.ts';

const SCHEMA = fileURLToPath(new URL('schema.prisma', import.meta.url));

/**
 * Returns the SQL that leads from the migrations to schema.prisma, or null when there is nothing to change. It applies the
 * migrations to a database in memory.
 */
export async function pendingChanges(): Promise<string | null> {
  const pg = new PGlite();
  try {
    await applyMigrations(pgliteAdapter(pg), MIGRATIONS_DIRECTORY);
    return await diffToSchema(pgliteAdapter(pg), SCHEMA);
  } finally {
    await pg.close();
  }
}
