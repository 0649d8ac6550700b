import type { Logger } from 'pino';
import { openBus } from './bus/bus.open.ts';
import type { Bus } from './bus/bus.ts';
import { openDatabase } from './database/database.open.ts';
import type { Database } from './database/database.ts';
import { migrate } from './database/migrations.ts';
import type { StoreLimits } from './database/store/store.limits.ts';
import { openQueue, type Queue } from './queue/queue.ts';
import { checkKeys } from './secrets/key.check.ts';
import { openKeys } from './secrets/keys.ts';
import { type Key, Sealer } from './secrets/seal.ts';

interface PlatformSettings {
  /** A PostgreSQL URL. Null: PGlite under `dataDir`. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  /** Null: instances notify each other over the database. */
  readonly redisUrl: string | null;
  /** If keys or secret are missing, they are generated once and kept under `dataDir`. */
  readonly encryptionKeys: readonly Key[];
  readonly jwtSecret: string | null;
}

interface PlatformOptions {
  readonly log: Logger;
  /** The defaults are in STORE_LIMITS. */
  readonly limits?: Partial<StoreLimits> | undefined;
  /**
   * Collects the functions that close what was opened, in the order of opening. The caller runs the last one first,
   * also if a later room fails to open.
   */
  readonly closers: Closers;
}

export type Closers = (() => unknown)[];

/** The services that every room above uses. */
export interface Platform {
  readonly db: Database;
  readonly bus: Bus;
  readonly queue: Queue;
  readonly sealer: Sealer;
  readonly jwtSecret: string;
  readonly log: Logger;
  readonly closers: Closers;
}

/** Opens the store, migrates it and checks its keys. Throws StartError, DatabaseError, KeyError or BusError. */
export async function openPlatform(settings: PlatformSettings, options: PlatformOptions): Promise<Platform> {
  const { log, limits, closers } = options;
  const { databaseUrl, dataDir, redisUrl } = settings;
  const { encryptionKeys, jwtSecret } = openKeys(settings);
  const db = await openDatabase({ url: databaseUrl, dataDir, log, limits });
  closers.push(() => db.close());
  await migrate(db);
  await checkKeys(db, encryptionKeys);
  const bus = await openBus({ db, redisUrl, log });
  closers.push(() => bus.close());
  const queue = await openQueue(db, log);
  closers.push(() => queue.stop());
  return { db, bus, queue, sealer: new Sealer(encryptionKeys), jwtSecret, log, closers };
}
