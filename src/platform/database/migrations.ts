import { MIGRATIONS_DIRECTORY, migrationNames } from '../asset-directories.ts';
import type { Database } from './database.ts';
import { DatabaseError } from './database.ts';
import { explainMigrating } from './postgres/postgres.fault.ts';

/**
 * Applies the pending migrations in order. If several instances start together, one of them applies the migrations and
 * the others wait for it. Migrations that a newer release has applied are left alone, so an old instance can still
 * start beside a new one.
 */
export async function migrate(db: Database): Promise<{ applied: string[] }> {
  if ((await pendingMigrations(db)).length === 0) return { applied: [] };
  return db.exclusively('migrations', async () => {
    const pending = await pendingMigrations(db);
    if (pending.length === 0) return { applied: [] };
    // Only a start that applies migrations loads these megabytes of WebAssembly.
    const { applyMigrations } = await import('./schema.engine.ts');
    try {
      return { applied: await applyMigrations(db.migrationAdapter(), MIGRATIONS_DIRECTORY) };
    } catch (error) {
      throw db.kind === 'postgres' ? new DatabaseError(explainMigrating(error), { cause: error }) : error;
    }
  });
}

/** Returns the names of the migrations that the database lacks. Throws DatabaseError if one has failed half way. */
export async function pendingMigrations(db: Database): Promise<string[]> {
  const [{ known } = { known: false }] = await db.prisma.$queryRaw<{ known: boolean }[]>`
    SELECT to_regclass('_prisma_migrations') IS NOT NULL AS known`;
  const names = migrationNames(MIGRATIONS_DIRECTORY);
  if (!known) return names;
  const rows = await db.prisma.$queryRaw<{ name: string; finished: boolean }[]>`
    SELECT migration_name AS name, finished_at IS NOT NULL AS finished
    FROM _prisma_migrations WHERE rolled_back_at IS NULL`;
  const failed = rows.find((row) => !row.finished && !rows.some((other) => other.finished && other.name === row.name));
  if (failed) {
    throw new DatabaseError(
      `The migration ${failed.name} failed half way. Repair the database, then delete its row from _prisma_migrations.`,
    );
  }
  const applied = new Set(rows.map((row) => row.name));
  return names.filter((name) => !applied.has(name));
}
