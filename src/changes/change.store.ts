import { deleteInBatches } from '../platform/database/batches.ts';
import type { Database } from '../platform/database/database.ts';
import { ChangeDetail, MAX_DETAIL_LENGTH } from '../providers/contract/change-detail.ts';
import type { Hint } from '../providers/contract/watch.ts';

/** One entry of an integration's change log. It says what happened to which of the provider's ids, without content of mail. */
export interface LoggedChange {
  readonly integrationId: string;
  /** Increases by one within an integration, without gaps. */
  readonly sequence: bigint;
  readonly kind: 'created' | 'updated' | 'deleted' | 'mailbox' | 'reset';
  /** The provider's id of the message or mailbox, or the reason for a reset. */
  readonly subject: string;
  /** What was updated about the message. Null when the provider did not say. */
  readonly detail: ChangeDetail | null;
  readonly at: Date;
}

/** An entry to be appended. */
export interface NewChange extends Pick<LoggedChange, 'kind' | 'subject'> {
  readonly detail?: ChangeDetail | undefined;
}

/** How far an integration's change feed has been read. */
export interface ChangePosition {
  /** The provider's cursor. Null before the first sync. */
  readonly cursor: string | null;
  /** The sequence of the last entry. 0 when there is none. */
  readonly sequence: bigint;
  /** When the account last changed. */
  readonly lastEventAt: Date | null;
  /** When the log was last known to be up to date with the whole account. */
  readonly lastReconciledAt: Date | null;
  /** The number of notifications of the provider. */
  readonly notifications: number;
  /** What the notifications since the log was last up to date named. Null when one of them named nothing. */
  readonly hints: readonly Hint[] | null;
  /** Since when changes may be missing in the log. Null while it is up to date. */
  readonly dueSince: Date | null;
}

const ROWS_AT_ONCE = 1_000;

export class ChangeStore {
  constructor(private readonly db: Database) {}

  /**
   * Appends entries, increases the integration's sequence, and moves its sync cursor from `from` to `to`, in one transaction.
   * Returns false and changes nothing when the cursor is no longer `from`: another run was first, or the integration was
   * deleted. `upToNotification` is given when nothing is left to read: the number of notifications when the read began. Then no sync
   * is due any more, unless there was another notification since. `isComplete` is true when no part of the account was left out.
   */
  advance(
    integrationId: string,
    from: string | null,
    to: string,
    changes: readonly NewChange[],
    upToNotification: number | null = null,
    isComplete = true,
  ): Promise<boolean> {
    const now = new Date();
    return this.db.prisma.$transaction(async (tx) => {
      // The update locks the row, so no other run gets the same sequence before the commit.
      const [moved] = await tx.integration.updateManyAndReturn({
        where: { id: integrationId, syncCursor: from },
        data: {
          syncCursor: to,
          sequence: { increment: changes.length },
          ...(upToNotification !== null && isComplete && { lastReconciledAt: now }),
          ...(changes.length > 0 && { lastEventAt: now }),
        },
        select: { sequence: true, syncSignals: true },
      });
      if (!moved) return false;
      if (moved.syncSignals === upToNotification) {
        const settled = { syncDueSince: null, syncRetryUntil: null, syncHints: [], syncHinted: upToNotification };
        await tx.integration.updateMany({ where: { id: integrationId, syncDueSince: { not: null } }, data: settled });
      } else if (upToNotification !== null) {
        await tx.$executeRaw`
          UPDATE integrations
          SET sync_hints = ARRAY(SELECT hint FROM unnest(sync_hints) AS hint WHERE split_part(hint, ' ', 1)::int > ${upToNotification}::int)
          WHERE id = ${integrationId}::uuid`;
      }
      const first = moved.sequence - BigInt(changes.length) + 1n;
      const rows = changes.map(({ kind, subject, detail }, index) => ({
        integrationId,
        sequence: first + BigInt(index),
        kind,
        subject,
        ...(detail && isStorable(detail) && { detail }),
        at: now,
      }));
      for (let start = 0; start < rows.length; start += ROWS_AT_ONCE) {
        await tx.change.createMany({ data: rows.slice(start, start + ROWS_AT_ONCE) });
      }
      return true;
    });
  }

  /** Returns the entries after `after`, the oldest first. */
  async read(integrationId: string, after: bigint, limit: number): Promise<LoggedChange[]> {
    const rows = await this.db.prisma.change.findMany({
      where: { integrationId, sequence: { gt: after } },
      orderBy: { sequence: 'asc' },
      take: limit,
    });
    // A newer instance may have written a detail with more fields, which are dropped, or of another kind, which is null here.
    return rows.map((row) => ({
      ...row,
      kind: row.kind as LoggedChange['kind'],
      detail: ChangeDetail.nullable().catch(null).parse(row.detail),
    }));
  }

  /** Returns the position of an integration. For a deleted one it is the initial position. */
  async position(integrationId: string): Promise<ChangePosition> {
    const row = await this.db.prisma.integration.findUnique({
      where: { id: integrationId },
      select: {
        syncCursor: true,
        sequence: true,
        lastEventAt: true,
        lastReconciledAt: true,
        syncSignals: true,
        syncHinted: true,
        syncHints: true,
        syncDueSince: true,
      },
    });
    return {
      cursor: row?.syncCursor ?? null,
      sequence: row?.sequence ?? 0n,
      lastEventAt: row?.lastEventAt ?? null,
      lastReconciledAt: row?.lastReconciledAt ?? null,
      notifications: row?.syncSignals ?? 0,
      hints: row && row.syncHinted === row.syncSignals ? row.syncHints.map(hintOf) : null,
      dueSince: row?.syncDueSince ?? null,
    };
  }

  /** Deletes the entries older than `before`, and returns their number. */
  prune(before: Date): Promise<number> {
    const where = { at: { lt: before } };
    return deleteInBatches((limit) => this.db.prisma.change.deleteMany({ where, limit }));
  }
}

/**
 * PostgreSQL's JSON accepts neither NUL nor half a surrogate pair, which JSON.stringify escapes. An entry that cannot be
 * stored would block the sync of its account.
 */
function isStorable(detail: ChangeDetail): boolean {
  const text = JSON.stringify(detail);
  return text.length <= MAX_DETAIL_LENGTH && !text.includes('\\u');
}

/** Reads a hint as PendingSyncStore writes it: the number of the notification, the kind and the id. */
function hintOf(stored: string): Hint {
  const [, kind = '', messageId = ''] = /^\d+ (\w+) (.*)$/s.exec(stored) ?? [];
  return { kind: kind as Hint['kind'], messageId };
}
