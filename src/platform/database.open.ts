import type { Logger } from 'pino';
import type { Database } from './database.ts';
import { openPglite } from './pglite.ts';
import { openPostgres } from './postgres.ts';

export interface DatabaseOptions {
  /** A PostgreSQL URL. Null: PGlite in this process. */
  readonly url: string | null;
  /** Where PGlite keeps its files (under pg/). Null: in memory, for tests. */
  readonly dataDir: string | null;
  readonly log: Logger;
}

/** Throws DatabaseError when the directory is in use or the server does not answer. */
export function openDatabase(options: DatabaseOptions): Promise<Database> {
  return options.url ? openPostgres(options.url, options.log) : openPglite({ dataDir: options.dataDir });
}
