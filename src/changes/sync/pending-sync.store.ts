import type { Database } from '../../platform/database/database.ts';
import type { Hint } from '../../providers/contract/watch.ts';

/** Milliseconds between two heartbeats, by which an instance reports the accounts that it is synchronising. */
export const HEARTBEAT_INTERVAL_MS = 2_000;
/** The named messages of an account that are stored. When there are more, all its changes are read. */
const MAX_HINTS = 1_000;
/** Seconds after the last heartbeat for an account until other instances take it over, because the instance may have died. */
const HEARTBEAT_TIMEOUT_SECONDS = 6;

/**
 * Stores which accounts may have changes that are not in the log yet, so that any instance can synchronise them after a
 * crash. All times are by the clock of the database. ChangeStore settles a pending sync when it advances the cursor.
 */
export class PendingSyncStore {
  constructor(private readonly db: Database) {}

  /** Records a notification. Only a sync that begins after it settles it. The watch that sent it is trusted. */
  async note(integrationIds: readonly string[]): Promise<void> {
    if (integrationIds.length === 0) return;
    await this.db.prisma.$executeRaw`
      UPDATE integrations SET sync_signals = sync_signals + 1, silent_since = NULL, sync_due_since = COALESCE(sync_due_since, now())
      WHERE id = ANY(${[...integrationIds]}::uuid[])`;
  }

  /** Records a notification that names all the messages it is about. */
  async noteHints(integrationId: string, hints: readonly Hint[]): Promise<void> {
    const named = hints.map(({ kind, messageId }) => `${kind} ${messageId}`);
    await this.db.prisma.$executeRaw`
      UPDATE integrations SET sync_signals = sync_signals + 1, silent_since = NULL, sync_due_since = COALESCE(sync_due_since, now()),
        sync_hinted = CASE WHEN sync_hinted = sync_signals AND cardinality(sync_hints) < ${MAX_HINTS}::int
          THEN sync_signals + 1 ELSE sync_hinted END,
        sync_hints = CASE WHEN sync_hinted = sync_signals AND cardinality(sync_hints) < ${MAX_HINTS}::int
          THEN sync_hints || ARRAY(SELECT (sync_signals + 1) || ' ' || named FROM unnest(${named}::text[]) AS named)
          ELSE sync_hints END
      WHERE id = ${integrationId}::uuid AND status <> 'DISCONNECTED'`;
  }

  /** Marks an account as due without a notification, because it was never read or does not answer. */
  async mark(integrationId: string): Promise<void> {
    await this.db.prisma.$executeRaw`
      UPDATE integrations SET sync_due_since = COALESCE(sync_due_since, now()) WHERE id = ${integrationId}::uuid`;
  }

  /** Reports that this instance is synchronising the accounts, so that for a while no other instance does. */
  async heartbeat(integrationIds: readonly string[]): Promise<void> {
    if (integrationIds.length === 0) return;
    await this.db.prisma.$executeRaw`
      UPDATE integrations SET sync_retry_until = now() + make_interval(secs => ${HEARTBEAT_TIMEOUT_SECONDS}::int)
      WHERE id = ANY(${[...integrationIds]}::uuid[]) AND sync_due_since IS NOT NULL
        AND (sync_retry_until IS NULL OR sync_retry_until < now() + make_interval(secs => ${HEARTBEAT_TIMEOUT_SECONDS}::int))`;
  }

  /** Marks the account as due. This instance retries after the backoff, and another one only if this one does not. */
  async failed(integrationId: string, backoffMs: number): Promise<void> {
    const seconds = Math.ceil(backoffMs / 1_000) + HEARTBEAT_TIMEOUT_SECONDS;
    await this.db.prisma.$executeRaw`
      UPDATE integrations SET sync_due_since = COALESCE(sync_due_since, now()),
        sync_retry_until = now() + make_interval(secs => ${seconds}::int)
      WHERE id = ${integrationId}::uuid`;
  }

  /** Returns the connected accounts that are due and that no instance is synchronising. */
  async abandoned(): Promise<string[]> {
    const rows = await this.db.prisma.$queryRaw<{ id: string }[]>`
      SELECT id::text AS id FROM integrations
      WHERE sync_due_since < now() - make_interval(secs => ${HEARTBEAT_TIMEOUT_SECONDS}::int)
        AND (sync_retry_until IS NULL OR sync_retry_until < now()) AND status = 'CONNECTED'`;
    return rows.map(({ id }) => id);
  }
}
