import type { Logger } from 'pino';
import type { Database } from './database.ts';
import type { StoreLimits } from './store/store.limits.ts';

interface DatabaseOptions {
  /** A PostgreSQL URL. Null: PGlite in this process. */
  readonly url: string | null;
  /** Where PGlite keeps its files (under pg/). Null: in memory, for tests. */
  readonly dataDir: string | null;
  readonly log: Logger;
  /** Of a server; those that are absent are STORE_LIMITS'. Tests have less time. */
  readonly limits?: Partial<StoreLimits> | undefined;
}

/** Throws DatabaseError when the directory is in use or the server does not answer. */
export async function openDatabase({ url, dataDir, log, limits }: DatabaseOptions): Promise<Database> {
  // A start loads the one that it opens.
  if (url) return (await import('./postgres/postgres.ts')).openPostgres(url, log, limits);
  return (await import('./pglite.ts')).openPglite({ dataDir });
}
