import { PrismaPg } from '@prisma/adapter-pg';
import type { SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import pg from 'pg';
import type { Logger } from 'pino';
import type { Database, Row } from './database.ts';
import { DatabaseError, MAX_PAYLOAD_BYTES, TRANSACTION_OPTIONS } from './database.ts';
import { PostgresListener } from './postgres.listener.ts';
import { PrismaClient } from './prisma/client.ts';

/** A PostgreSQL server. Throws DatabaseError when it does not answer. */
export async function openPostgres(url: string, log: Logger): Promise<Database> {
  // The adapter writes times without a zone: a session in another one would shift them.
  const config = {
    connectionString: url,
    options: '-c timezone=UTC',
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  };
  const pool = new pg.Pool({ ...config, max: 10 });
  pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection was lost'));
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool), transactionOptions: TRANSACTION_OPTIONS });
  const database = new Server(pool, config, prisma, new PostgresListener(config, log));
  try {
    await checkTimeZone(pool);
  } catch (error) {
    await database.close();
    const { hostname, port, pathname } = new URL(url);
    throw new DatabaseError(
      `DATABASE_URL: the database ${pathname.slice(1)} at ${hostname}:${port || 5432} cannot be opened (${reason(error)}).`,
    );
  }
  return database;
}

/** A pooler may have passed over what we asked for: times would be written hours off, without a word. */
async function checkTimeZone(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ TimeZone: string }>('SHOW TimeZone');
  const zone = rows[0]?.TimeZone ?? '';
  if (!/^(Etc\/)?UTC$/i.test(zone))
    throw new Error(`its sessions are in ${zone}; ALTER DATABASE … SET TimeZone TO 'UTC'`);
}

function reason(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return message || code || 'no answer';
}

class Server implements Database {
  readonly kind = 'postgres';

  constructor(
    private readonly pool: pg.Pool,
    private readonly config: pg.ClientConfig,
    readonly prisma: PrismaClient,
    private readonly listener: PostgresListener,
  ) {}

  async ping(): Promise<void> {
    await this.pool.query('SELECT 1');
  }

  async close(): Promise<void> {
    await this.listener.close();
    await this.prisma.$disconnect();
    await this.pool.end();
  }

  listen(channel: string, onPayload: (payload: string) => void): Promise<() => Promise<void>> {
    return this.listener.listen(channel, onPayload);
  }

  async notify(channel: string, payload: string): Promise<void> {
    if (Buffer.byteLength(payload) > MAX_PAYLOAD_BYTES) throw new RangeError('The notification is too long.');
    await this.pool.query('SELECT pg_notify($1, $2)', [channel, payload]);
  }

  onGap(fn: () => void): () => void {
    return this.listener.onGap(fn);
  }

  async execute(sql: string, values?: unknown[]): Promise<{ rows: Row[] }> {
    const client = await this.pool.connect();
    try {
      // Without values pg answers a script with a list of results.
      const result: pg.QueryResult<Row> | pg.QueryResult<Row>[] = await client.query(sql, values);
      client.release();
      return Array.isArray(result) ? (result.at(-1) ?? { rows: [] }) : result;
    } catch (error) {
      client.release(true); // a script that failed half way has left its transaction open
      throw error;
    }
  }

  async exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
    // A connection of its own: the lock ends with it whatever happens. And a transaction: a pooler may give the
    // statements of a session to different connections, where a lock of the session's would stay for ever.
    const client = new pg.Client(this.config);
    client.on('error', () => {});
    await client.connect();
    try {
      await client.query('BEGIN');
      await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`postern/${name}`]);
      const result = await work();
      await client.query('COMMIT');
      return result;
    } finally {
      await client.end();
    }
  }

  migrationAdapter(): SqlMigrationAwareDriverAdapterFactory {
    return new PrismaPg(this.config);
  }
}
