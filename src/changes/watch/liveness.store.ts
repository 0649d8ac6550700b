import type { Database } from '../../platform/database/database.ts';
import type { ChangePosition } from '../change.store.ts';

/** A watched account of which nothing was heard for a while. */
export interface SilentAccount {
  readonly id: string;
  readonly provider: string;
  /**
   * The account's `changeMark` when all its changes were last read. Null: it had none, or only what notifications named was read
   * since. An instance of an earlier release, whose Outlook accounts have marks, reads such an account.
   */
  readonly mark: string | null;
  /** Only what notifications named was read since all its changes were. */
  readonly isReadInPart: boolean;
  /** How long ago all its changes were last read. */
  readonly readAgoMs: number;
  /** The number of notifications so far. */
  readonly notifications: number;
  /** Whether its watch is known not to notify. */
  readonly isDistrusted: boolean;
}

/** What is known of an account's watch and of the account itself. */
export interface Liveness {
  /** `lastReconciledAt` is the time before a lost history until that is recovered. */
  readonly position: Omit<ChangePosition, 'cursor' | 'notifications' | 'hints' | 'dueSince'> & {
    /** False before the first sync. */
    readonly hasCursor: boolean;
  };
  /** Null when there is no watch. */
  readonly watchExpiresAt: Date | null;
  /** It has a watch that has not expired and is not known to have missed a change. */
  readonly isWatched: boolean;
  /**
   * How long ago it was last known that no change was missing, by a sync or by an unchanged mark. It grows until a lost history is
   * recovered. Null before the first sync.
   */
  readonly confirmedAgoMs: number | null;
  /** For how long changes may have been missing in the log. Null while it is up to date. */
  readonly dueForMs: number | null;
  /** How long ago the latest change was logged. Null when there was none. */
  readonly changedAgoMs: number | null;
}

/** What decides when a connected account is polled next. */
interface PolledAccount {
  readonly id: string;
  /** See Liveness. */
  readonly isWatched: boolean;
  /** How long ago the log was last known to be up to date. Null before the first sync. */
  readonly readAgoMs: number | null;
}

type Found = Liveness['position'] & Omit<Liveness, 'position'>;

/** The position of an account that does not exist. */
const NEVER_SYNCED: Liveness['position'] = {
  hasCursor: false,
  sequence: 0n,
  lastEventAt: null,
  lastReconciledAt: null,
  historyLostAt: null,
};
/** How many accounts are claimed at once. */
export const MAX_CLAIMED = 50;

/**
 * Stores when each account was last known to be right, so that all instances agree on whether it is live. All times are by the
 * clock of the database.
 */
export class LivenessStore {
  constructor(private readonly db: Database) {}

  /**
   * Returns all that `live` is decided by, in one query, because it is asked once a second for each account in use. The
   * cursor itself is left in the database, as it may have a megabyte.
   */
  async read(integrationId: string): Promise<Liveness> {
    const [row] = await this.db.prisma.$queryRaw<Found[]>`
      SELECT w.expires_at AS "watchExpiresAt",
        COALESCE(w.expires_at > now() AND i.silent_since IS NULL, false) AS "isWatched",
        (extract(epoch FROM now() - COALESCE(i.history_lost_at, GREATEST(i.checked_at, i.last_reconciled_at))) * 1000)::float8
          AS "confirmedAgoMs",
        (extract(epoch FROM now() - i.sync_due_since) * 1000)::float8 AS "dueForMs",
        (extract(epoch FROM now() - i.last_event_at) * 1000)::float8 AS "changedAgoMs",
        i.sync_cursor IS NOT NULL AS "hasCursor", i.sequence, i.last_event_at AS "lastEventAt",
        COALESCE(i.history_lost_at, i.last_reconciled_at) AS "lastReconciledAt", i.history_lost_at AS "historyLostAt"
      FROM integrations i LEFT JOIN watches w ON w.integration_id = i.id WHERE i.id = ${integrationId}::uuid`;
    const { watchExpiresAt = null, isWatched = false, ...found }: Partial<Found> = row ?? {};
    const { confirmedAgoMs = null, dueForMs = null, changedAgoMs = null, ...position } = found;
    // The embedded database returns a small bigint as a number.
    return {
      watchExpiresAt,
      isWatched,
      confirmedAgoMs,
      dueForMs,
      changedAgoMs,
      position: { ...NEVER_SYNCED, ...position, sequence: BigInt(row?.sequence ?? 0) },
    };
  }

  /** Records that no change is missing, as all were read. `mark` is the account's mark from before that. Null: it has none. */
  async confirm(integrationId: string, mark: string | null): Promise<void> {
    await this.db.prisma.$executeRaw`
      UPDATE integrations SET checked_at = now(), change_mark = ${mark}
      WHERE id = ${integrationId}::uuid AND status <> 'DISCONNECTED'`;
  }

  /** Records that no change is missing, as the account's mark is the one that is kept. */
  async confirmUnchanged(integrationId: string): Promise<void> {
    await this.db.prisma.$executeRaw`
      UPDATE integrations SET checked_at = now() WHERE id = ${integrationId}::uuid AND status <> 'DISCONNECTED'`;
  }

  /**
   * Records a sync that read only what notifications named, and drops the mark. The present mark includes changes whose
   * notification was lost, and the one before differs in any case. No change was missing when all were last read, and it is not
   * known of any time after that.
   */
  async readInPart(integrationId: string): Promise<void> {
    await this.db.prisma.$executeRaw`
      UPDATE integrations SET checked_at = NULL, change_mark = NULL WHERE id = ${integrationId}::uuid AND checked_at IS NOT NULL`;
  }

  /**
   * Returns accounts that are watched and were silent for so long, and claims them for `claimMs`, so that no other instance
   * asks them too. An account that is due is left to its sync. There may be more when it returns MAX_CLAIMED.
   */
  claimSilent(silenceMs: number, claimMs: number, exceptProviders: readonly string[] = []): Promise<SilentAccount[]> {
    return this.db.prisma.$queryRaw<SilentAccount[]>`
      UPDATE integrations SET check_claimed_at = now()
      WHERE id IN (
        SELECT i.id FROM integrations i JOIN watches w ON w.integration_id = i.id
        WHERE i.status = 'CONNECTED' AND i.sync_due_since IS NULL AND i.last_reconciled_at IS NOT NULL AND w.expires_at > now()
          AND GREATEST(i.checked_at, i.last_reconciled_at) < now() - make_interval(secs => ${silenceMs / 1_000}::float8)
          AND i.provider <> ALL(${[...exceptProviders]}::text[])
          AND (i.check_claimed_at IS NULL OR i.check_claimed_at < now() - make_interval(secs => ${claimMs / 1_000}::float8))
        ORDER BY i.checked_at NULLS FIRST LIMIT ${MAX_CLAIMED}::int FOR UPDATE OF i SKIP LOCKED)
      RETURNING id::text AS id, provider, change_mark AS mark, checked_at IS NULL AS "isReadInPart", sync_signals AS notifications,
        silent_since IS NOT NULL AS "isDistrusted",
        (extract(epoch FROM now() - last_reconciled_at) * 1000)::float8 AS "readAgoMs"`;
  }

  /** Distrusts the watch of an account, unless there was a notification since. Returns false when there was one. */
  async distrust(integrationId: string, notifications: number): Promise<boolean> {
    const changed = await this.db.prisma.$executeRaw`
      UPDATE integrations SET silent_since = COALESCE(silent_since, now())
      WHERE id = ${integrationId}::uuid AND sync_signals = ${notifications}::int AND sync_due_since IS NULL`;
    return changed > 0;
  }

  /** Trusts the watch again, because it is a new one or has missed nothing. A notification does so too (PendingSyncStore). */
  async trust(integrationId: string): Promise<void> {
    await this.db.prisma.$executeRaw`
      UPDATE integrations SET silent_since = NULL WHERE id = ${integrationId}::uuid AND silent_since IS NOT NULL`;
  }

  /** Returns the connected accounts. */
  polled(): Promise<PolledAccount[]> {
    return this.db.prisma.$queryRaw`
      SELECT i.id::text AS id, COALESCE(w.expires_at > now() AND i.silent_since IS NULL, false) AS "isWatched",
        (extract(epoch FROM now() - i.last_reconciled_at) * 1000)::float8 AS "readAgoMs"
      FROM integrations i LEFT JOIN watches w ON w.integration_id = i.id WHERE i.status = 'CONNECTED'`;
  }
}
