import { deleteInBatches } from '../platform/database/batches.ts';
import type { Database } from '../platform/database/database.ts';
import type { Transaction } from '../platform/database/transaction.ts';
import type { ChangeDetail } from '../providers/contract/change-detail.ts';
import type { Hint } from '../providers/contract/watch.ts';
import type { LogBounds, LogPosition } from './log-position.ts';
import { detailOf, isStorable } from './stored-detail.ts';

/** One entry of an integration's change log. It says what happened to which of the provider's ids, without content of mail. */
export interface LoggedChange {
  readonly integrationId: string;
  /** Increases by one within an integration, without gaps. */
  readonly sequence: bigint;
  readonly kind: 'created' | 'updated' | 'deleted' | 'mailbox' | 'integration' | 'reset';
  /** The provider's id of the message or mailbox, the status of the integration, or the reason for a reset. */
  readonly subject: string;
  /** What was updated about the message. Null when the provider did not say. */
  readonly detail: ChangeDetail | null;
  /** The sequence of the entry that this one reports again, with the same kind and subject. Absent: it is no repetition. */
  readonly repeats?: bigint | undefined;
  /** When it was written, by the clock of the database. */
  readonly at: Date;
  /** The same by the monotonic clock of this process (`performance.now`). The clocks of the two may differ. */
  readonly writtenAt: number;
}

/** An entry to be appended. */
export interface NewChange extends Pick<LoggedChange, 'kind' | 'subject' | 'repeats'> {
  readonly detail?: ChangeDetail | undefined;
  /** The `stateDigest` of the message after the change, and when it was received, for the index. Absent: not known. */
  readonly state?: string | undefined;
  readonly receivedAt?: Date | undefined;
}

/** What follows the log within the transactions that write it. */
export interface LogIndex {
  /** Returns the changes with what the index knows better: an update of a message that it does not have reports a new one. */
  refine(
    tx: Transaction,
    integrationId: string,
    last: bigint,
    changes: readonly NewChange[],
  ): Promise<readonly NewChange[]>;
  follow(
    tx: Transaction,
    integrationId: string,
    first: bigint,
    entries: readonly (NewChange & { readonly sequence: bigint })[],
  ): Promise<void>;
  /** The provider has lost the history, and a comparison has to find what happened meanwhile. */
  historyLost(tx: Transaction, integrationId: string): Promise<void>;
  /**
   * Changes could not be read, and a comparison has to find them. Returns false where it cannot find them all, because the index
   * is not complete or there is none.
   */
  changesUnreadable(tx: Transaction, integrationId: string): Promise<boolean>;
}

interface AdvanceOptions {
  /** The provider has lost the history before `to`, and the entries are not all that happened. The index finds out the rest. */
  readonly isHistoryLost?: boolean;
  /** Changes before `to` could not be read, and no entry reports them. The index finds them, or a reset says that they are missing. */
  readonly hasUnreadable?: boolean;
}

/** How far an integration's change feed has been read. */
export interface ChangePosition {
  /** The provider's cursor. Null before the first sync, and until the next one of an account that was disconnected. */
  readonly cursor: string | null;
  /** The sequence of the last entry. 0 when there is none. */
  readonly sequence: bigint;
  /** When the account last changed. */
  readonly lastEventAt: Date | null;
  /** When the log was last up to date with the whole account, as far as the provider reports it: see `historyLostAt`. */
  readonly lastReconciledAt: Date | null;
  /** The number of notifications of the provider. */
  readonly notifications: number;
  /** What the notifications since the log was last up to date named. Null when one of them named nothing. */
  readonly hints: readonly Hint[] | null;
  /** Since when changes may be missing in the log. Null while it is up to date. */
  readonly dueSince: Date | null;
  /**
   * Since when it is not known what happened, because the history was lost: the last time before it that everything was known.
   * The account is being compared with the index. Null: everything is known.
   */
  readonly historyLostAt: Date | null;
}

const ROWS_AT_ONCE = 1_000;
/** Longer than any instance remembers what it has not been asked to forget, and than a transaction takes to commit. */
const RECENT_SECONDS = 300;

/** Changes are missing that the provider reported and nobody could read. */
export const CHANGES_UNREADABLE = { kind: 'reset', subject: 'CHANGES_UNREADABLE' } as const satisfies NewChange;

export class ChangeStore {
  constructor(
    private readonly db: Database,
    /** Null: no index of the messages is kept. */
    private readonly index: LogIndex | null = null,
  ) {}

  /**
   * Appends entries, increases the integration's sequence, and moves its sync cursor from `from` to `to`, in one transaction.
   * Returns false and changes nothing when the cursor is no longer `from`: another run was first, or the account was
   * disconnected. `upToNotification` is given when nothing is left to read: the number of notifications when the read began. Then no sync
   * is due any more, unless there was another notification since. `isComplete` is true when no part of the account was left out.
   */
  advance(
    integrationId: string,
    from: string | null,
    to: string,
    changes: readonly NewChange[],
    upToNotification: number | null = null,
    isComplete = true,
    { isHistoryLost = false, hasUnreadable = false }: AdvanceOptions = {},
  ): Promise<boolean> {
    const isUpToDate = upToNotification !== null && isComplete;
    // A cursor may have a megabyte. One that stays is not written, since the database would store all of it again.
    const isKept = to === from;
    return this.db.prisma.$transaction(async (tx) => {
      // The update locks the row, so no other run gets the same sequence before the commit. All times are by the clock of the
      // database, which they are compared with.
      const [moved] = await tx.$queryRaw<{ sequence: bigint; syncSignals: number; now: Date }[]>`
        UPDATE integrations SET sync_cursor = CASE WHEN ${isKept}::boolean THEN sync_cursor ELSE ${isKept ? null : to}::text END,
          sequence = sequence + ${changes.length}::int,
          last_reconciled_at = CASE WHEN ${isUpToDate}::boolean THEN now() ELSE last_reconciled_at END,
          last_event_at = CASE WHEN ${changes.length > 0}::boolean THEN now() ELSE last_event_at END,
          history_lost_at = CASE WHEN ${isHistoryLost}::boolean THEN COALESCE(history_lost_at, last_reconciled_at, now())
            ELSE history_lost_at END
        WHERE id = ${integrationId}::uuid AND sync_cursor IS NOT DISTINCT FROM ${from}::text AND status <> 'DISCONNECTED'
        RETURNING sequence, sync_signals AS "syncSignals", now() AS now`;
      if (!moved) return false;
      if (isHistoryLost) await this.index?.historyLost(tx, integrationId);
      if (moved.syncSignals === upToNotification) {
        const settled = { syncDueSince: null, syncRetryUntil: null, syncHints: [], syncHinted: upToNotification };
        await tx.integration.updateMany({ where: { id: integrationId, syncDueSince: { not: null } }, data: settled });
      } else if (upToNotification !== null) {
        await tx.$executeRaw`
          UPDATE integrations
          SET sync_hints = ARRAY(SELECT hint FROM unnest(sync_hints) AS hint WHERE split_part(hint, ' ', 1)::int > ${upToNotification}::int)
          WHERE id = ${integrationId}::uuid`;
      }
      // The embedded database returns a small bigint as a number.
      const last = BigInt(moved.sequence);
      const before = last - BigInt(changes.length);
      const refined = (await this.index?.refine(tx, integrationId, before, changes)) ?? changes;
      await this.write(tx, integrationId, last, refined, moved.now);
      if (hasUnreadable && !(await this.index?.changesUnreadable(tx, integrationId)))
        await this.appendLocked(tx, integrationId, [CHANGES_UNREADABLE], moved.now);
      return true;
    });
  }

  /**
   * Appends the entries that `entriesOf` returns, and leaves the sync cursor as it is. The end of the log is locked while
   * `entriesOf` decides, so that it can compare with the log and the index. Returns the entries.
   */
  append(
    integrationId: string,
    entriesOf: (tx: Transaction, last: bigint) => Promise<readonly NewChange[]>,
  ): Promise<readonly NewChange[]> {
    return this.db.prisma.$transaction(async (tx) => {
      const [locked] = await tx.$queryRaw<{ sequence: bigint; now: Date }[]>`
        SELECT sequence, now() AS now FROM integrations WHERE id = ${integrationId}::uuid FOR NO KEY UPDATE`;
      if (!locked) return [];
      const changes = await entriesOf(tx, BigInt(locked.sequence));
      if (changes.length > 0) await this.appendLocked(tx, integrationId, changes, locked.now);
      return changes;
    });
  }

  /** Appends entries to a log whose end is locked. */
  private async appendLocked(
    tx: Transaction,
    integrationId: string,
    changes: readonly NewChange[],
    at: Date,
  ): Promise<void> {
    const { sequence } = await tx.integration.update({
      where: { id: integrationId },
      data: { sequence: { increment: changes.length }, lastEventAt: at },
      select: { sequence: true },
    });
    await this.write(tx, integrationId, sequence, changes, at);
  }

  /** Writes the entries that end with the sequence `last`, into the log and the index. */
  private async write(
    tx: Transaction,
    integrationId: string,
    last: bigint,
    changes: readonly NewChange[],
    at: Date,
  ): Promise<void> {
    if (changes.length === 0) return;
    const first = last - BigInt(changes.length) + 1n;
    const entries = changes.map((change, index) => ({ ...change, sequence: first + BigInt(index) }));
    const rows = entries.map(({ kind, subject, detail, repeats, sequence }) => ({
      integrationId,
      sequence,
      kind,
      subject,
      ...(detail && isStorable(detail) && { detail }),
      ...(repeats !== undefined && { repeats }),
      at,
    }));
    for (let start = 0; start < rows.length; start += ROWS_AT_ONCE) {
      await tx.change.createMany({ data: rows.slice(start, start + ROWS_AT_ONCE) });
    }
    await this.index?.follow(tx, integrationId, first, entries);
  }

  /** Returns the entries after `after`, the oldest first. */
  async read(integrationId: string, after: bigint, limit: number): Promise<LoggedChange[]> {
    // Prisma takes longer to map the rows than the database to read them, and a client that was away reads thousands.
    const { rows } = await this.db.execute(READ, [integrationId, String(after), limit]);
    const now = performance.now();
    return rows.map((row) => {
      const { sequence, kind, subject, detail, repeats, at, ageMs } = row as unknown as StoredChange;
      return {
        integrationId,
        sequence: BigInt(sequence),
        kind,
        subject,
        detail: detailOf(detail),
        ...(repeats !== null && { repeats: BigInt(repeats) }),
        at: new Date(Number(at)),
        writtenAt: now - Number(ageMs),
      };
    });
  }

  /**
   * Returns the entries of several logs, of each at most `limit` after its sequence, the oldest of each first. One query reads
   * them all, because a page of changes spans all accounts of a user.
   */
  async readAll(after: ReadonlyMap<string, bigint>, limit: number): Promise<LoggedChange[]> {
    const { ids, sequences } = columnsOf(after);
    const rows = await this.db.prisma.$queryRaw<ChangeRow[]>`
      SELECT c.integration_id::text AS "integrationId", c.sequence, c.kind, c.subject, c.detail, c.repeats, c.at,
        (extract(epoch FROM clock_timestamp() - c.at) * 1000)::float8 AS "ageMs"
      FROM unnest(${ids}::text[], ${sequences}::text[]) AS p(id, sequence)
      CROSS JOIN LATERAL (
        SELECT * FROM changes
        WHERE integration_id = p.id::uuid AND sequence > p.sequence::bigint
        ORDER BY sequence LIMIT ${limit}::int
      ) AS c`;
    const now = performance.now();
    return rows.map((row) => entryOfRow(row, now));
  }

  /** Returns the position behind the last entry of each log. A deleted integration is left out. */
  async ends(ids: readonly string[]): Promise<ReadonlyMap<string, LogPosition>> {
    const rows = await this.db.prisma.$queryRaw<{ id: string; last: bigint; at: bigint | null }[]>`
      SELECT i.id::text AS id, i.sequence AS last, (extract(epoch FROM c.at) * 1000)::bigint AS at
      FROM integrations i LEFT JOIN changes c ON c.integration_id = i.id AND c.sequence = i.sequence
      WHERE i.id = ANY(${ids}::uuid[])`;
    return new Map(
      rows.map(({ id, last, at }) => [id, { sequence: BigInt(last), at: at === null ? null : Number(at) }]),
    );
  }

  /** Returns what each log has, seen from a sequence in it. A deleted integration is left out. */
  async bounds(sequences: ReadonlyMap<string, bigint>): Promise<ReadonlyMap<string, LogBounds>> {
    const columns = columnsOf(sequences);
    const rows = await this.db.prisma.$queryRaw<
      {
        id: string;
        last: bigint;
        isSynchronised: boolean;
        isRecent: boolean | null;
        lastAt: bigint | null;
        oldest: bigint | null;
        at: bigint | null;
      }[]
    >`
      SELECT i.id::text AS id, i.sequence AS last, i.last_reconciled_at IS NOT NULL AS "isSynchronised",
        (SELECT (extract(epoch FROM c.at) * 1000)::bigint FROM changes c
          WHERE c.integration_id = i.id AND c.sequence = i.sequence) AS "lastAt",
        (SELECT c.at > now() - ${RECENT_SECONDS}::int * interval '1 second' FROM changes c
          WHERE c.integration_id = i.id AND c.sequence = i.sequence) AS "isRecent",
        (SELECT min(c.sequence) FROM changes c WHERE c.integration_id = i.id) AS oldest,
        (SELECT (extract(epoch FROM c.at) * 1000)::bigint FROM changes c
          WHERE c.integration_id = i.id AND c.sequence = p.sequence::bigint) AS at
      FROM unnest(${columns.ids}::text[], ${columns.sequences}::text[]) AS p(id, sequence)
      JOIN integrations i ON i.id = p.id::uuid`;
    const ms = (value: bigint | null): number | null => (value === null ? null : Number(value));
    return new Map(
      rows.map(({ id, last, lastAt, oldest, at, isSynchronised, isRecent }) => {
        const end = { sequence: BigInt(last), at: ms(lastAt) };
        const first = oldest === null ? null : BigInt(oldest);
        return [id, { end, oldest: first, at: ms(at), isSynchronised, isRecent: isRecent === true }];
      }),
    );
  }

  /**
   * Whether a log has an entry after a sequence that changes existing mail, and is so new that an instance which has not heard of it
   * may still show what was before it.
   */
  async hasAltered(integrationId: string, after: bigint): Promise<boolean> {
    const [latest] = await this.db.prisma.$queryRaw<{ isRecent: boolean }[]>`
      SELECT at > now() - ${RECENT_SECONDS}::int * interval '1 second' AS "isRecent" FROM changes
      WHERE integration_id = ${integrationId}::uuid AND sequence > ${after}::bigint AND kind <> 'created'
      ORDER BY sequence DESC LIMIT 1`;
    return latest?.isRecent === true;
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
        historyLostAt: true,
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
      historyLostAt: row?.historyLostAt ?? null,
    };
  }

  /** Deletes the entries older than `before`, and returns their number. */
  prune(before: Date): Promise<number> {
    const where = { at: { lt: before } };
    return deleteInBatches((limit) => this.db.prisma.change.deleteMany({ where, limit }));
  }
}

/** The order is that of the column: `sequence` alone would be the text that is returned. */
const READ = `
  SELECT sequence::text, kind, subject, detail, repeats::text, (extract(epoch FROM at) * 1000)::bigint::text AS at,
    (extract(epoch FROM clock_timestamp() - at) * 1000)::bigint::text AS "ageMs"
  FROM changes WHERE integration_id = $1::uuid AND sequence > $2::bigint ORDER BY changes.sequence LIMIT $3::int`;

/** A row of READ. Numbers are text, because the databases return them as different types. */
interface StoredChange extends Pick<LoggedChange, 'kind' | 'subject'> {
  readonly sequence: string;
  readonly detail: unknown;
  readonly repeats: string | null;
  /** In Unix milliseconds. */
  readonly at: string;
  readonly ageMs: string;
}

interface ChangeRow extends Omit<LoggedChange, 'detail' | 'repeats' | 'writtenAt'> {
  readonly detail: unknown;
  readonly repeats: bigint | null;
  readonly ageMs: number;
}

const entryOfRow = (row: ChangeRow, now: number): LoggedChange => ({
  integrationId: row.integrationId,
  sequence: BigInt(row.sequence),
  kind: row.kind,
  subject: row.subject,
  detail: detailOf(row.detail),
  ...(row.repeats !== null && { repeats: BigInt(row.repeats) }),
  at: row.at,
  writtenAt: now - row.ageMs,
});

const columnsOf = (sequences: ReadonlyMap<string, bigint>): { ids: string[]; sequences: string[] } => ({
  ids: [...sequences.keys()],
  sequences: [...sequences.values()].map(String),
});

/** Reads a hint as PendingSyncStore writes it: the number of the notification, the kind and the id. */
function hintOf(stored: string): Hint {
  const [, kind = '', messageId = ''] = /^\d+ (\w+) (.*)$/s.exec(stored) ?? [];
  return { kind: kind as Hint['kind'], messageId };
}
