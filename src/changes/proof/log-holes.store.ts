import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { ChangeStore, LoggedChange, NewChange } from '../change.store.ts';
import type { MessageIndexStore, PassClaim } from './message-index.store.ts';

/** The entries that one transaction writes again. */
const MAX_FILLED_ENTRIES = 1_000;
/** Entries that are nearly as old as the log keeps them may just be in deletion. */
const PRUNING_MARGIN_MS = 3_600_000;

/** What one transaction of a comparison has repaired. */
export interface Repaired {
  /** The differences that no event had announced. */
  readonly missing: number;
  /** The entries that were appended to the log. */
  readonly appended: readonly NewChange[];
}

/** An entry that others can repeat, and the sequence that they then name. */
interface RepeatableEntry extends Pick<NewChange, 'kind' | 'subject'> {
  readonly repeats: bigint | null;
}

/** An entry that the log lacks, as far as the index knows it. */
interface LostEntry {
  readonly sequence: bigint;
  readonly entry: Pick<NewChange, 'kind' | 'subject'> | null;
}

/**
 * Finds the entries that the log has lost: sequences have no gaps. Each is written again, where it was for who reads the log
 * later, and at the end for who has read past it. The index names the subject of an entry unless a later entry is about the
 * same one, which then says all that the lost one said.
 */
export class LogHolesStore {
  constructor(
    private readonly db: Database,
    private readonly changes: Pick<ChangeStore, 'append'>,
    private readonly index: Pick<MessageIndexStore, 'lockClaimed' | 'countRepaired'>,
    /** How long the log keeps an entry, in milliseconds. */
    private readonly keptMs: number,
  ) {}

  /** Counts the entries that were missing as repaired. Calls `repaired` after each transaction that has filled some. */
  async fill(claim: PassClaim, repaired: (found: Repaired) => Promise<void>): Promise<void> {
    for (const lost of await this.find(claim.integrationId)) {
      for (let from = lost.from; from <= lost.to; from += BigInt(MAX_FILLED_ENTRIES)) {
        const to = min(lost.to, from + BigInt(MAX_FILLED_ENTRIES) - 1n);
        let missing = 0;
        const appended = await this.changes.append(claim.integrationId, async (tx) => {
          const { firstSequence } = await this.index.lockClaimed(tx, claim);
          const found = await this.lostEntries(tx, claim.integrationId, from, to);
          missing = found.length;
          await this.index.countRepaired(tx, claim, missing);
          if (found.length === 0) return [];
          const { status } = await tx.integration.findUniqueOrThrow({
            where: { id: claim.integrationId },
            select: { status: true },
          });
          await this.writeAgain(tx, claim.integrationId, found, status);
          return this.entriesToAppend(tx, claim.integrationId, found, { firstSequence, status });
        });
        if (missing > 0) await repaired({ missing, appended });
      }
    }
  }

  /** Returns the ranges of missing sequences. The beginning of the log is unknown once its oldest entries were deleted. */
  private find(integrationId: string): Promise<{ readonly from: bigint; readonly to: bigint }[]> {
    const oldest = new Date(Date.now() - this.keptMs + PRUNING_MARGIN_MS);
    return this.db.prisma.$queryRaw`
      WITH log AS (
        SELECT 0::bigint AS sequence FROM integrations WHERE id = ${integrationId}::uuid AND created_at >= ${oldest}
        UNION ALL
        SELECT sequence FROM changes WHERE integration_id = ${integrationId}::uuid AND at >= ${oldest}
        UNION ALL
        SELECT sequence + 1 FROM integrations WHERE id = ${integrationId}::uuid
      ), pairs AS (SELECT sequence, lead(sequence) OVER (ORDER BY sequence) AS next FROM log)
      SELECT sequence + 1 AS "from", next - 1 AS "to" FROM pairs WHERE next > sequence + 1 ORDER BY sequence`;
  }

  private async lostEntries(tx: Transaction, integrationId: string, from: bigint, to: bigint): Promise<LostEntry[]> {
    const sequences = await tx.$queryRaw<{ sequence: bigint }[]>`
      SELECT s AS sequence FROM generate_series(${from}::bigint, ${to}::bigint) AS s
      WHERE NOT EXISTS (SELECT 1 FROM changes c WHERE c.integration_id = ${integrationId}::uuid AND c.sequence = s)
      ORDER BY s`;
    if (sequences.length === 0) return [];
    const known = await tx.$queryRaw<{ sequence: bigint; kind: LoggedChange['kind']; subject: string }[]>`
      SELECT sequence, CASE WHEN deleted_at IS NOT NULL THEN 'deleted' WHEN created_sequence = sequence THEN 'created' ELSE 'updated' END AS kind,
        message_id AS subject
      FROM message_index WHERE integration_id = ${integrationId}::uuid AND sequence BETWEEN ${from}::bigint AND ${to}::bigint
      UNION ALL
      SELECT created_sequence, 'created', message_id FROM message_index
      WHERE integration_id = ${integrationId}::uuid AND created_sequence BETWEEN ${from}::bigint AND ${to}::bigint
        AND created_sequence <> sequence
      UNION ALL
      SELECT sequence, kind, subject FROM subject_index
      WHERE integration_id = ${integrationId}::uuid AND sequence BETWEEN ${from}::bigint AND ${to}::bigint`;
    const bySequence = new Map(known.map(({ sequence, kind, subject }) => [sequence, { kind, subject }]));
    return sequences.map(({ sequence }) => ({ sequence, entry: bySequence.get(sequence) ?? null }));
  }

  /**
   * Fills the hole. Where the index does not know an entry, the next one is repeated, so that the hole is not found again. Instead of
   * a reset, which would have its reader read everything once for each entry, the present status of the account is repeated.
   */
  private async writeAgain(
    tx: Transaction,
    integrationId: string,
    lost: readonly LostEntry[],
    status: string,
  ): Promise<void> {
    const last = lost.at(-1)?.sequence;
    if (last === undefined) return;
    const following = await tx.change.findFirst({
      where: { integrationId, sequence: { gt: last } },
      orderBy: { sequence: 'asc' },
    });
    const at = following?.at ?? new Date();
    let next: RepeatableEntry = following
      ? {
          kind: following.kind as NewChange['kind'],
          subject: following.subject,
          repeats: following.repeats ?? following.sequence,
        }
      : { kind: 'reset', subject: LOG_INCOMPLETE, repeats: null };
    let isResetStored = following?.kind === 'reset';
    const rows = [...lost].reverse().map(({ sequence, entry }) => {
      if (entry) next = { ...entry, repeats: sequence };
      const isFiller = !entry && isResetStored;
      isResetStored = next.kind === 'reset';
      const { kind, subject, repeats }: RepeatableEntry = isFiller
        ? { kind: 'integration', subject: status, repeats: null }
        : next;
      return { integrationId, sequence, at, kind, subject, ...(repeats !== sequence && { repeats }) };
    });
    await tx.change.createMany({ data: rows });
  }

  /**
   * Returns one entry for each subject. An earlier status of the account is left out, because it would be reported as the present
   * one. Nothing is known of entries before the index began, so these need a reset.
   */
  private async entriesToAppend(
    tx: Transaction,
    integrationId: string,
    lost: readonly LostEntry[],
    { firstSequence, status }: { readonly firstSequence: bigint; readonly status: string },
  ): Promise<NewChange[]> {
    const messages = new Map<string, NewChange>();
    const others = new Map<string, NewChange>();
    for (const { entry: known, sequence } of lost) {
      if (!known || (known.kind === 'integration' && known.subject !== status)) continue;
      const entry: NewChange = { ...known, repeats: sequence };
      const isMessage = ['created', 'updated', 'deleted'].includes(entry.kind);
      if (!isMessage) others.set(`${entry.kind} ${entry.subject}`, entry);
      else if (entry.kind === 'deleted' || !messages.has(entry.subject)) messages.set(entry.subject, entry);
    }
    // A message whose arrival was lost may have been deleted since, which the log says.
    const states = await tx.indexedMessage.findMany({
      where: { integrationId, messageId: { in: [...messages.keys()] } },
      select: { messageId: true, state: true, receivedAt: true, deletedAt: true, sequence: true },
    });
    const entries = states.map(({ messageId, state, receivedAt, deletedAt, sequence }): NewChange => {
      const lost = messages.get(messageId);
      // The last entry about a deleted message is that of its deletion.
      const repeats = deletedAt ? sequence : lost?.repeats;
      const kind = deletedAt ? 'deleted' : (lost?.kind ?? 'updated');
      return { kind, subject: messageId, repeats, ...(state && { state }), ...(receivedAt && { receivedAt }) };
    });
    const isUnknown = lost.some(({ sequence, entry }) => !entry && sequence <= firstSequence);
    return [
      ...entries,
      ...others.values(),
      ...(isUnknown ? [{ kind: 'reset', subject: LOG_INCOMPLETE } as const] : []),
    ];
  }
}

/** The reason of a reset for entries that were lost and that nothing else names. */
const LOG_INCOMPLETE = 'LOG_INCOMPLETE';

const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
