import type { Database } from '../../platform/database/database.ts';
import type { Hint } from '../../providers/contract/watch.ts';

/** How often an instance says which accounts it is at work on, in milliseconds. */
export const HEARTBEAT_INTERVAL_MS = 2_000;
/** So many named messages wait at most; where there are more, everything is asked for. */
const MAX_HINTS = 1_000;
/** How long an instance that says nothing of an account is believed to be at work on it; it may have been killed. */
const HEARTBEAT_TIMEOUT_SECONDS = 6;

/**
 * Which accounts may have changes that are not in the log yet, for all instances together and whatever becomes of them. By
 * the database's clock. A pending sync is settled where the cursor advances, in ChangeStore.
 */
export class PendingSyncStore {
  constructor(private readonly db: Database) {}

  /** A provider told of something: a sync that began before does not pay for it. */
  async note(integrationIds: readonly string[]): Promise<void> {
    if (integrationIds.length === 0) return;
    await this.db.prisma.$executeRaw`
      UPDATE integrations SET sync_signals = sync_signals + 1, sync_due_since = COALESCE(sync_due_since, now())
      WHERE id = ANY(${[...integrationIds]}::uuid[])`;
  }

  /** As `note`, where the provider named all that it told of. */
  async noteHints(integrationId: string, hints: readonly Hint[]): Promise<void> {
    const named = hints.map(({ kind, messageId }) => `${kind} ${messageId}`);
    await this.db.prisma.$executeRaw`
      UPDATE integrations SET sync_signals = sync_signals + 1, sync_due_since = COALESCE(sync_due_since, now()),
        sync_hinted = CASE WHEN sync_hinted = sync_signals AND cardinality(sync_hints) < ${MAX_HINTS}::int
          THEN sync_signals + 1 ELSE sync_hinted END,
        sync_hints = CASE WHEN sync_hinted = sync_signals AND cardinality(sync_hints) < ${MAX_HINTS}::int
          THEN sync_hints || ARRAY(SELECT (sync_signals + 1) || ' ' || named FROM unnest(${named}::text[]) AS named)
          ELSE sync_hints END
      WHERE id = ${integrationId}::uuid`;
  }

  /** It is not known to be level, though nobody told of anything: it was never asked, or does not answer. */
  async mark(integrationId: string): Promise<void> {
    await this.db.prisma.$executeRaw`
      UPDATE integrations SET sync_due_since = COALESCE(sync_due_since, now()) WHERE id = ${integrationId}::uuid`;
  }

  /** This instance is at work on them: for a while no other one need be. */
  async seenTo(integrationIds: readonly string[]): Promise<void> {
    if (integrationIds.length === 0) return;
    await this.db.prisma.$executeRaw`
      UPDATE integrations SET sync_retry_until = now() + make_interval(secs => ${HEARTBEAT_TIMEOUT_SECONDS}::int)
      WHERE id = ANY(${[...integrationIds]}::uuid[]) AND sync_due_since IS NOT NULL
        AND (sync_retry_until IS NULL OR sync_retry_until < now() + make_interval(secs => ${HEARTBEAT_TIMEOUT_SECONDS}::int))`;
  }

  /** As `mark`; this instance tries again after the pause, and another one only if it does not. */
  async failed(integrationId: string, pauseMs: number): Promise<void> {
    const seconds = Math.ceil(pauseMs / 1_000) + HEARTBEAT_TIMEOUT_SECONDS;
    await this.db.prisma.$executeRaw`
      UPDATE integrations SET sync_due_since = COALESCE(sync_due_since, now()),
        sync_retry_until = now() + make_interval(secs => ${seconds}::int)
      WHERE id = ${integrationId}::uuid`;
  }

  /** Connected accounts that are due and that nobody seems to see to. */
  async left(): Promise<string[]> {
    const rows = await this.db.prisma.$queryRaw<{ id: string }[]>`
      SELECT id::text AS id FROM integrations
      WHERE sync_due_since < now() - make_interval(secs => ${HEARTBEAT_TIMEOUT_SECONDS}::int)
        AND (sync_retry_until IS NULL OR sync_retry_until < now()) AND status = 'CONNECTED'`;
    return rows.map(({ id }) => id);
  }
}
