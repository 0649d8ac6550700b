import pg from 'pg';
import type { Logger } from 'pino';
import type { StoreBreaker } from '../store/store.breaker.ts';
import { counted, storeBudget } from '../store/store.budget.ts';
import { isConnectionLost, StoreTimeout } from '../store/store.error.ts';
import type { StoreLimits } from '../store/store.limits.ts';

interface PoolOptions {
  readonly config: pg.ClientConfig;
  readonly Client: typeof pg.Client;
  readonly breaker: StoreBreaker;
  readonly limits: Pick<StoreLimits, 'connectMs'>;
  readonly log: Logger;
}

const CONNECTIONS = 10;
/** Attempts of a repeatable query: a server that closes its connections closes several. */
const MAX_TRIES = 3;
/**
 * How long the pool keeps its reduced size. It is longer than the retry interval of callers that wait for a connection.
 */
const SHRUNK_COOLDOWN_MS = 10_000;

export interface RoomyPool extends pg.Pool {
  /** Closes one connection, unless it is the last, for a caller that needs one outside the pool. */
  makeRoom(): void;
}

/**
 * Creates a pool in which no query waits longer than the limits, and none waits at all while the breaker is open.
 * Prisma uses it too, so it supports callbacks as well as promises.
 */
export function createPool({ config, Client, breaker, limits, log }: PoolOptions): RoomyPool {
  const pool = new pg.Pool({
    ...config,
    max: CONNECTIONS,
    connectionTimeoutMillis: limits.connectMs,
    Client: Client as unknown as NonNullable<pg.PoolConfig['Client']>,
  });
  pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection was lost'));
  const openedAt = new WeakMap<pg.PoolClient, number>();
  const open = new Set<pg.PoolClient>();
  pool.on('connect', (client) => {
    openedAt.set(client, breaker.timeouts);
    open.add(client);
    client.once('end', () => open.delete(client));
  });
  let growing: NodeJS.Timeout | undefined;
  /**
   * Shares the existing connections for a while after the server has refused another one, instead of trying to open one
   * each time.
   */
  const stayAt = (connections: number) => {
    pool.options.max = connections;
    clearTimeout(growing);
    growing = setTimeout(() => {
      pool.options.max = CONNECTIONS;
    }, SHRUNK_COOLDOWN_MS).unref();
  };
  const connect = pool.connect.bind(pool) as () => Promise<pg.PoolClient>;
  const query = pool.query.bind(pool) as unknown as (...args: unknown[]) => Promise<unknown>;

  /** Gets a connection. No statement has been sent yet, so this may be retried whatever the statement is. */
  const acquire = async (): Promise<pg.PoolClient> => {
    const retryUntil = performance.now() + limits.connectMs;
    for (let tries = 1; ; ) {
      await breaker.pass();
      try {
        const client = await waitFor(connect());
        if (openedAt.get(client) === breaker.timeouts && open.size <= pool.options.max) return client;
        open.delete(client);
        client.release(true);
      } catch (error) {
        if (isTooMany(error) && open.size > 0 && performance.now() < retryUntil) stayAt(open.size);
        else if (!isConnectionLost(error) || ++tries > MAX_TRIES) throw error;
      }
    }
  };

  const waitFor = (connecting: Promise<pg.PoolClient>): Promise<pg.PoolClient> =>
    new Promise((resolve, reject) => {
      let isSettled = false;
      const finish = (settle: () => void) => {
        isSettled = true;
        clearTimeout(timer);
        forget();
        settle();
      };
      const ms = Math.min(limits.connectMs, storeBudget()?.leftMs ?? limits.connectMs);
      const timer = setTimeout(() => {
        // A request that spent its time elsewhere does not show that the database is slow.
        if (ms === limits.connectMs) breaker.suspect();
        finish(() => reject(new StoreTimeout(`No connection was free within ${Math.round(ms)} ms.`)));
      }, ms);
      const forget = breaker.onOpened((error) => finish(() => reject(error)));
      connecting.then(
        (client) => (isSettled ? client.release() : finish(() => resolve(client))),
        (error: unknown) => isSettled || finish(() => reject(error)),
      );
    });

  const nothing = () => {};
  return Object.assign(pool, {
    makeRoom() {
      if (open.size > 1) stayAt(open.size - 1);
    },
    connect(callback?: (error: unknown, client: pg.PoolClient | undefined, release: unknown) => void) {
      const acquiring = counted(acquire);
      if (!callback) return acquiring;
      acquiring.then(
        (client) => callback(undefined, client, client.release),
        (error: unknown) => callback(error, undefined, nothing),
      );
    },
    async query(...args: unknown[]) {
      if (typeof args.at(-1) === 'function') return query(...args);
      for (let tries = 1; ; tries++) {
        try {
          return await query(...args);
        } catch (error) {
          if (tries >= MAX_TRIES || !isConnectionLost(error) || !isRepeatable(args[0])) throw error;
        }
      }
    },
  }) as RoomyPool;
}

/** Returns whether the server, a database or a role has too many connections. */
export const isTooMany = (error: unknown): boolean => (error as { code?: unknown }).code === '53300';

/**
 * Returns whether a query may be repeated. Reads may be, and a repeated notification does no harm. It is unknown
 * whether an unanswered write was carried out.
 */
function isRepeatable(query: unknown): boolean {
  const text = typeof query === 'string' ? query : (query as { text?: unknown } | undefined)?.text;
  return typeof text === 'string' && /^\s*SELECT\b/i.test(text) && !/\bFOR\s+(?:NO KEY )?UPDATE\b/i.test(text);
}
