import { join } from 'node:path';
import { PGlite, types } from '@electric-sql/pglite';
import type { SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import type { PrismaClient } from '../prisma/client.ts';
import type { Database, Row } from './database.ts';
import { MAX_PAYLOAD_BYTES } from './database.ts';
import { lockDirectory, openDataDirectory } from './directory.lock.ts';
import { openPrisma } from './prisma.open.ts';
import { mapStoreErrors } from './store/store.error.ts';

/**
 * Replaces the conversion of the package, which creates a number and a string for each byte and takes seconds for a
 * file.
 */
const SERIALIZERS = { [types.BYTEA]: (bytes: Uint8Array) => `\\x${Buffer.from(bytes).toString('hex')}` };

/**
 * There is only one session, and all other work waits for a transaction. So use only `tx` inside `$transaction`, and
 * send no request to anything else.
 */
const TRANSACTION_OPTIONS = { maxWait: 30_000, timeout: 30_000 };

/**
 * Opens PGlite in this process. It has one session, so transactions run one after another. `snapshot` is a dump of
 * another database.
 */
export async function openPglite(options: { dataDir: string | null; snapshot?: Blob }): Promise<Database> {
  const { dataDir, snapshot } = options;
  if (dataDir) openDataDirectory(dataDir);
  // PGlite has no lock of its own, and two processes in one directory corrupt it silently.
  const unlock = dataDir ? lockDirectory(dataDir) : () => {};
  try {
    const pg = await PGlite.create({
      ...(dataDir && { dataDir: join(dataDir, 'pg') }),
      ...(snapshot && { loadDataDir: snapshot }),
      serializers: SERIALIZERS,
    });
    await pg.exec(`SET TIME ZONE 'UTC'`);
    const prisma = openPrisma(pgliteAdapter(pg), TRANSACTION_OPTIONS);
    return new Embedded(pg, prisma, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

class Embedded implements Database {
  readonly kind = 'pglite';
  private readonly queues = new Map<string, Promise<unknown>>();

  constructor(
    readonly pg: PGlite,
    readonly prisma: PrismaClient,
    private readonly unlock: () => void,
  ) {}

  async ping(): Promise<void> {
    await this.pg.query('SELECT 1');
  }

  async close(): Promise<void> {
    await this.prisma.$disconnect();
    if (!this.pg.closed) await this.pg.close();
    this.unlock();
  }

  async listen(channel: string, onPayload: (payload: string) => void): Promise<() => Promise<void>> {
    const stop = await this.pg.listen(channel, onPayload);
    return async () => {
      if (!this.pg.closed) await stop();
    };
  }

  async notify(channel: string, payload: string): Promise<void> {
    if (Buffer.byteLength(payload) > MAX_PAYLOAD_BYTES) throw new RangeError('The notification is too long.');
    await mapStoreErrors(this.pg.query('SELECT pg_notify($1, $2)', [channel, payload]));
  }

  /** The notifications come from this process. */
  readonly isListening = true;

  onGap(): () => void {
    return () => {}; // No connection can be lost.
  }

  execute(sql: string, values: unknown[] = []): Promise<{ rows: Row[] }> {
    return mapStoreErrors(this.run(sql, values));
  }

  /** The embedded database is in this process, so it cannot be unavailable. */
  limited<T>(work: (end: () => void) => T): T {
    return work(() => {});
  }

  private async run(sql: string, values: unknown[]): Promise<{ rows: Row[] }> {
    if (values.length > 0) return this.pg.query<Row>(sql, values);
    const results = await this.pg.exec(sql).catch(async (error: unknown) => {
      await this.pg.exec('ROLLBACK').catch(() => {}); // Otherwise the session stays in the failed transaction.
      throw error;
    });
    return { rows: (results.findLast(({ rows }) => rows.length > 0)?.rows ?? []) as Row[] };
  }

  async exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.queues.get(name) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.queues.set(name, mine);
    return mine;
  }

  migrationAdapter(): SqlMigrationAwareDriverAdapterFactory {
    return pgliteAdapter(this.pg);
  }
}

/**
 * Returns an adapter that waits for scripts. That of the package does not wait, so a failed migration would count as
 * applied.
 */
export function pgliteAdapter(pg: PGlite): SqlMigrationAwareDriverAdapterFactory {
  const factory = new PrismaPGlite(pg);
  const awaited = async (connecting: ReturnType<typeof factory.connect>, client: PGlite) =>
    Object.assign(await connecting, {
      executeScript: async (script: string) => {
        try {
          await client.exec(script);
        } catch (error) {
          await client.exec('ROLLBACK').catch(() => {}); // Otherwise the session stays in the failed transaction.
          throw error;
        }
      },
    });
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: () => awaited(factory.connect(), pg),
    connectToShadowDb: () => factory.connectToShadowDb(),
  };
}
