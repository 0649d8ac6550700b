import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { Database } from '../database/database.ts';
import { type Bus, createBus } from './bus.ts';

interface BusOptions {
  /** The database, with all migrations applied. */
  readonly db: Database;
  /** Null: the bus uses the notifications of the database. */
  readonly redisUrl: string | null;
  readonly log: Logger;
}

/** Throws BusError if Redis is configured and does not answer. */
export async function openBus({ db, redisUrl, log }: BusOptions): Promise<Bus> {
  if (!redisUrl) return createBus(db, log);
  // A start without Redis does not load its client.
  const { openRedisBus } = await import('./bus.redis.ts');
  return openRedisBus({ url: redisUrl, channel: await channelOf(db), log });
}

/**
 * Returns the channel of a database. Instances that share a database share a channel, and no others do, whatever else
 * uses that Redis; its numbered databases do not separate channels. The id of the first migration identifies a database
 * whatever its address is, and the name distinguishes it from a copy.
 */
export async function channelOf(db: Database): Promise<string> {
  const [row] = await db.prisma.$queryRaw<{ identity: string }[]>`
    SELECT id || '/' || current_database() AS identity FROM _prisma_migrations ORDER BY started_at, id LIMIT 1`;
  if (!row) throw new Error('The database has not been migrated.');
  return `postern:${createHash('sha256').update(row.identity).digest('hex').slice(0, 24)}`;
}
