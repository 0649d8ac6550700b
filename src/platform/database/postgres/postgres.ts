import { setTimeout as delay } from 'node:timers/promises';
import { PrismaPg } from '@prisma/adapter-pg';
import type { SqlDriverAdapter, SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import pg from 'pg';
import type { Logger } from 'pino';
import { timeLimited } from '../../abort.ts';
import type { PrismaClient } from '../../prisma/client.ts';
import type { Database, Row } from '../database.ts';
import { DatabaseError, MAX_PAYLOAD_BYTES } from '../database.ts';
import { openPrisma } from '../prisma.open.ts';
import { StoreBreaker } from '../store/store.breaker.ts';
import { withStoreBudget } from '../store/store.budget.ts';
import { mapStoreErrors, StoreTimeout } from '../store/store.error.ts';
import { STORE_LIMITS, type StoreLimits } from '../store/store.limits.ts';
import { limitedClient } from './postgres.client.ts';
import { explainOpening } from './postgres.fault.ts';
import { PostgresListener } from './postgres.listener.ts';
import { createPool, isTooMany, type RoomyPool } from './postgres.pool.ts';

/** The time for a connection at the start, when no client waits for a response yet. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Enough time for two statements, and one for which they wait. */
const TRANSACTION_OPTIONS = { maxWait: 10_000, timeout: 15_000 };
/**
 * The limits of the server, which are longer than those of this process. They end an abandoned statement, so that it
 * keeps no lock or connection: a statement that waits for a lock would not notice that its client has disconnected.
 */
const SERVER_LIMITS =
  '-c statement_timeout=30s -c idle_in_transaction_session_timeout=60s -c client_connection_check_interval=2s';

/** Opens a database on a PostgreSQL server. Throws DatabaseError if it does not answer. */
export async function openPostgres(url: string, log: Logger, limits: Partial<StoreLimits> = {}): Promise<Database> {
  const all = { ...STORE_LIMITS, ...limits };
  const open = async (serverLimits: string): Promise<Database> => {
    const database = new Server(url, serverLimits, all, log);
    try {
      await database.check();
      return database;
    } catch (error) {
      await database.close();
      throw error;
    }
  };
  try {
    return await open(SERVER_LIMITS).catch((error: unknown) => {
      // A pooler in transaction mode does not allow these limits. The limits of this process still apply.
      if (!isRefusedParameter(error)) throw error;
      return open('');
    });
  } catch (error) {
    throw new DatabaseError(explainOpening(error, url));
  }
}

/**
 * Recognises the refusal of PgBouncer and similar poolers, and of a server whose system cannot check whether a client
 * is still connected (22023).
 */
const isRefusedParameter = (error: unknown): boolean =>
  /unsupported startup parameter/i.test((error as Error).message) ||
  ['08P01', '22023'].includes(String((error as { code?: unknown }).code));

/**
 * Executes each script as a whole, and so in one transaction. The adapter cuts it at every semicolon, also at those inside the
 * body of a function.
 */
const withWholeScripts = <T extends SqlDriverAdapter>(adapter: T): T =>
  Object.assign(adapter, {
    executeScript: async (sql: string) => void (await adapter.executeRaw({ sql, args: [], argTypes: [] })),
  });

class Server implements Database {
  readonly kind = 'postgres';
  readonly prisma: PrismaClient;
  private readonly config: pg.ClientConfig;
  private readonly breaker: StoreBreaker;
  private readonly Client: typeof pg.Client;
  private readonly pool: RoomyPool;
  private readonly listener: PostgresListener;

  constructor(
    url: string,
    serverLimits: string,
    private readonly limits: StoreLimits,
    private readonly log: Logger,
  ) {
    // The adapter writes times without a zone, so a session in another zone would shift them.
    this.config = {
      connectionString: url,
      options: '-c timezone=UTC',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
    };
    this.breaker = new StoreBreaker({ probe: () => this.probe(), probeEveryMs: limits.probeEveryMs, log });
    this.Client = limitedClient({ limits, hung: () => this.breaker.suspect() });
    const config = { ...this.config, options: `-c timezone=UTC ${serverLimits}`.trim() };
    this.pool = createPool({ config, Client: this.Client, breaker: this.breaker, limits, log });
    this.prisma = openPrisma(new PrismaPg(this.pool), TRANSACTION_OPTIONS);
    // A heartbeat that is not answered within the statement time-out of a request counts as failed.
    const beating = { ...limits, backgroundMs: limits.statementMs };
    const Listening = limitedClient({ limits: beating, hung: () => this.breaker.suspect() });
    const listening = async () => {
      try {
        return await this.connection(Listening, limits.connectMs);
      } catch (error) {
        // The listener tries again soon. It needs the connection more than the pool does, which can work with one less.
        if (isTooMany(error)) this.pool.makeRoom();
        throw error;
      }
    };
    this.listener = new PostgresListener(listening, log);
    this.breaker.onClosed(() => this.listener.check());
  }

  /**
   * Checks the session. A pooler may have ignored the start parameters, and times would silently be written hours off.
   * A database in another encoding rejects names with characters that it does not have.
   */
  async check(): Promise<void> {
    const { rows } = await this.pool.query<{ zone: string; encoding: string }>(
      "SELECT current_setting('TimeZone') AS zone, current_setting('server_encoding') AS encoding",
    );
    const { zone = '', encoding = '' } = rows[0] ?? {};
    if (encoding !== 'UTF8')
      throw new Error(`its encoding is ${encoding}; create it with ENCODING 'UTF8' TEMPLATE template0`);
    if (!/^(Etc\/)?UTC$/i.test(zone))
      throw new Error(`its sessions have the time zone ${zone}; run ALTER DATABASE … SET TimeZone TO 'UTC'`);
  }

  async ping(): Promise<void> {
    await mapStoreErrors(this.pool.query('SELECT 1'));
  }

  async close(): Promise<void> {
    this.breaker.stop();
    await this.listener.close();
    await this.prisma.$disconnect();
    await this.pool.end();
  }

  listen(channel: string, onPayload: (payload: string) => void): Promise<() => Promise<void>> {
    return this.listener.listen(channel, onPayload);
  }

  async notify(channel: string, payload: string): Promise<void> {
    if (Buffer.byteLength(payload) > MAX_PAYLOAD_BYTES) throw new RangeError('The notification is too long.');
    await mapStoreErrors(this.pool.query('SELECT pg_notify($1, $2)', [channel, payload]));
  }

  get isListening(): boolean {
    return this.listener.isOpen;
  }

  onGap(fn: () => void): () => void {
    return this.listener.onGap(fn);
  }

  async execute(sql: string, values?: unknown[]): Promise<{ rows: Row[] }> {
    // A connection on which something failed is not used again, because a script that failed half way has left its
    // transaction open. Without values pg answers a script with a list of results.
    const result: pg.QueryResult<Row> | pg.QueryResult<Row>[] = await mapStoreErrors(this.pool.query(sql, values));
    return Array.isArray(result) ? (result.at(-1) ?? { rows: [] }) : result;
  }

  limited<T>(work: (end: () => void) => T, options?: { readonly streamed: boolean }): T {
    return withStoreBudget(options?.streamed ? Number.POSITIVE_INFINITY : this.limits.requestMs, work);
  }

  async exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
    // The lock has a connection of its own and ends with it, whatever happens. It also has a transaction: a pooler may
    // send the statements of a session over different connections, on which a session lock would never be released.
    const client = await mapStoreErrors(this.connection(this.Client));
    try {
      await mapStoreErrors(this.lock(client, `postern/${name}`));
      const result = await work();
      await client.query('COMMIT').catch((err: unknown) => {
        // The work is done, and the lock was released with the connection.
        this.log.warn({ err, name }, 'the connection that held a lock was lost');
      });
      return result;
    } finally {
      await client.end();
    }
  }

  /** Polls the lock. A statement that waits as long as another instance works would look like a server that hangs. */
  private async lock(client: pg.Client, name: string): Promise<void> {
    await client.query('BEGIN');
    for (;;) {
      const sql = 'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS taken';
      const { rows } = await client.query<{ taken: boolean }>(sql, [name]);
      if (rows[0]?.taken) return;
      await delay(LOCK_POLL_INTERVAL_MS);
    }
  }

  migrationAdapter(): SqlMigrationAwareDriverAdapterFactory {
    const factory = new PrismaPg(this.config);
    const connect = factory.connect.bind(factory);
    return Object.assign(factory, { connect: async () => withWholeScripts(await connect()) });
  }

  /** Opens a connection outside the pool, without the limits of the server. */
  private async connection(Client: typeof pg.Client, connectMs = CONNECT_TIMEOUT_MS): Promise<pg.Client> {
    const client = new Client({ ...this.config, connectionTimeoutMillis: connectMs });
    try {
      await client.connect();
      return client;
    } catch (error) {
      client.end().catch(() => {});
      throw error;
    }
  }

  private async probe(): Promise<void> {
    const { probeMs } = this.limits;
    const client = new pg.Client({ ...this.config, connectionTimeoutMillis: probeMs, query_timeout: probeMs });
    client.on('error', () => {});
    const answer = client.connect().then(() => client.query('SELECT 1'));
    try {
      await timeLimited(answer, probeMs, () => new StoreTimeout(`No answer within ${probeMs} ms.`));
    } finally {
      client.connection.stream.destroy();
    }
  }
}

/** How often a lock that another instance has is tried again. */
const LOCK_POLL_INTERVAL_MS = 100;
