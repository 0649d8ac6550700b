import type { Logger } from 'pino';
import type { Database } from './database.ts';
import type { StoreLimits } from './store/store.limits.ts';

interface DatabaseOptions {
  /** A PostgreSQL URL. Null: PGlite in this process. */
  readonly url: string | null;
  /** The directory in which PGlite keeps its files (under pg/). Null: in memory, for tests. */
  readonly dataDir: string | null;
  readonly log: Logger;
  /** The limits of a server. STORE_LIMITS has the defaults; tests use shorter ones. */
  readonly limits?: Partial<StoreLimits> | undefined;
}

/** Throws DatabaseError if the directory is in use or the server does not answer. */
export async function openDatabase({ url, dataDir, log, limits }: DatabaseOptions): Promise<Database> {
  // A start loads only the driver that it needs.
  if (url) return (await import('./postgres/postgres.ts')).openPostgres(url, log, limits);
  return (await import('./pglite.ts')).openPglite({ dataDir });
}
