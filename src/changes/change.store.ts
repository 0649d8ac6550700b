import { deleteInBatches } from '../platform/database/batches.ts';
import type { Database } from '../platform/database/database.ts';
import { ChangeDetail, MAX_DETAIL_LENGTH } from '../providers/contract/change-detail.ts';
import type { Hint } from '../providers/contract/watch.ts';

/** One entry of an integration's change log: what happened to which of the provider's ids, without any content of mail. */
export interface LoggedChange {
  readonly integrationId: string;
  /** Counts up by one within an integration, without a hole. */
  readonly sequence: bigint;
  readonly kind: 'created' | 'updated' | 'deleted' | 'mailbox' | 'reset';
  /** The provider's id of the message or mailbox; the reason for a reset. */
  readonly subject: string;
  /** What was updated about the message; null where the provider did not say. */
  readonly detail: ChangeDetail | null;
  readonly at: Date;
}

/** An entry as it is appended. */
export interface NewChange extends Pick<LoggedChange, 'kind' | 'subject'> {
  readonly detail?: ChangeDetail | undefined;
}

/** Where an integration's change feed has been read to. */
export interface ChangePosition {
  /** The provider's own cursor; null before the first sync. */
  readonly cursor: string | null;
  /** The last entry of the log; 0 when there is none. */
  readonly sequence: bigint;
  /** When something last happened in the account. */
  readonly lastEventAt: Date | null;
  /** When the log was last known to be level with all of the account. */
  readonly lastReconciledAt: Date | null;
  /** How often the provider has told of something. */
  readonly signals: number;
  /** What those signals named that are not paid for; null where one of them named nothing. */
  readonly hints: readonly Hint[] | null;
  /** Since when there may be changes that are not in the log; null while it is level. */
  readonly dueSince: Date | null;
}

const ROWS_AT_ONCE = 1_000;

export class ChangeStore {
  constructor(private readonly db: Database) {}

  /**
   * In one transaction: appends, bumps the integration's sequence, and moves its sync cursor from `from` to `to`.
   * False, and nothing done, when the cursor is no longer `from`: another run was first, or the integration is gone.
   * `levelAt`, where this was all there is: how often the provider had told of something when the reading began; nothing is
   * due any more unless it has done so since. `isWhole`: no part of the account was left out.
   */
  advance(
    integrationId: string,
    from: string | null,
    to: string,
    changes: readonly NewChange[],
    levelAt: number | null = null,
    isWhole = true,
  ): Promise<boolean> {
    const now = new Date();
    return this.db.prisma.$transaction(async (tx) => {
      // The update locks the row, so that the sequence it returns is ours until the commit.
      const [moved] = await tx.integration.updateManyAndReturn({
        where: { id: integrationId, syncCursor: from },
        data: {
          syncCursor: to,
          sequence: { increment: changes.length },
          ...(levelAt !== null && isWhole && { lastReconciledAt: now }),
          ...(changes.length > 0 && { lastEventAt: now }),
        },
        select: { sequence: true, syncSignals: true },
      });
      if (!moved) return false;
      if (moved.syncSignals === levelAt) {
        const level = { syncDueSince: null, syncRetryUntil: null, syncHints: [], syncHinted: levelAt };
        await tx.integration.updateMany({ where: { id: integrationId, syncDueSince: { not: null } }, data: level });
      } else if (levelAt !== null) {
        await tx.$executeRaw`
          UPDATE integrations
          SET sync_hints = ARRAY(SELECT hint FROM unnest(sync_hints) AS hint WHERE split_part(hint, ' ', 1)::int > ${levelAt}::int)
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

  /** Entries after `after`, oldest first. */
  async read(integrationId: string, after: bigint, limit: number): Promise<LoggedChange[]> {
    const rows = await this.db.prisma.change.findMany({
      where: { integrationId, sequence: { gt: after } },
      orderBy: { sequence: 'asc' },
      take: limit,
    });
    // A newer instance may have written more of a detail, which is left out, or another one altogether.
    return rows.map((row) => ({
      ...row,
      kind: row.kind as LoggedChange['kind'],
      detail: ChangeDetail.nullable().catch(null).parse(row.detail),
    }));
  }

  /** Of an integration that is gone: as if nothing had ever happened. */
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
      signals: row?.syncSignals ?? 0,
      hints: row && row.syncHinted === row.syncSignals ? row.syncHints.map(hintOf) : null,
      dueSince: row?.syncDueSince ?? null,
    };
  }

  /** Deletes entries older than `before`; returns how many. */
  prune(before: Date): Promise<number> {
    const where = { at: { lt: before } };
    return deleteInBatches((limit) => this.db.prisma.change.deleteMany({ where, limit }));
  }
}

/**
 * PostgreSQL's JSON takes neither NUL nor half a surrogate pair, which JSON.stringify escapes: an entry that cannot be stored
 * would hold up all of its account.
 */
function isStorable(detail: ChangeDetail): boolean {
  const text = JSON.stringify(detail);
  return text.length <= MAX_DETAIL_LENGTH && !text.includes('\\u');
}

/** As PendingSyncStore writes it: the number of the signal, the kind and the id. */
function hintOf(stored: string): Hint {
  const [, kind = '', messageId = ''] = /^\d+ (\w+) (.*)$/s.exec(stored) ?? [];
  return { kind: kind as Hint['kind'], messageId };
}
