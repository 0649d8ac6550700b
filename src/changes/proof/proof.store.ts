import { deleteInBatches } from '../../platform/database/batches.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { ChangeStore, NewChange } from '../change.store.ts';
import type { PassClaim } from './message-index.store.ts';
import { ClaimLost } from './message-index.store.ts';

/** The lifetime of a claim that is not renewed. An instance that dies holds up the comparison for no longer than this. */
const CLAIM_SECONDS = 10;
/** Milliseconds between two renewals by the instance that compares. */
export const RENEW_INTERVAL_MS = 3_000;

interface SnapshotPosition {
  /** Where the snapshot continues. */
  readonly cursor: string | null;
  /** All pages of the snapshot were read. */
  readonly pagesRead: boolean;
}

/** A comparison as its instance has claimed it. */
export interface ClaimedPass extends PassClaim, SnapshotPosition {
  /** This is the account's first snapshot. */
  readonly isBuilding: boolean;
  /** The provider has lost the history: what differs is what happened meanwhile. */
  readonly isRecovering: boolean;
}

/** An account whose comparison is due. */
export interface DueAccount {
  readonly id: string;
  readonly provider: string;
  /** What the comparison is for: events that are missing since a lost history, the first index, or what no event has reported. */
  readonly purpose: 'recover' | 'build' | 'check';
}

/** What a comparison has counted. */
interface PassCounts {
  readonly checked: number;
  readonly missing: number;
  readonly repaired: number;
}

/** What is known of an account's completeness. */
export interface ProofReport extends PassCounts {
  /** False where there is no index: it is switched off, or the provider cannot list all messages, or it is not begun. */
  readonly isIndexed: boolean;
  readonly isBuilt: boolean;
  /** When the last complete comparison ended. */
  readonly endedAt: Date | null;
}

const NO_PROOF: ProofReport = { isIndexed: false, isBuilt: false, endedAt: null, checked: 0, missing: 0, repaired: 0 };

/** As the sync reports a lost history where there is no index. */
const HISTORY_LOST = { kind: 'reset', subject: 'CURSOR_EXPIRED' } as const satisfies NewChange;

/** Which comparison of each account is due, in progress or done. All times are by the clock of the database. */
export class ProofStore {
  constructor(
    private readonly db: Database,
    private readonly changes: Pick<ChangeStore, 'append'>,
  ) {}

  /** Begins the index of each account that has been synchronised and has none. */
  async begin(): Promise<void> {
    await this.db.prisma.$executeRaw`
      INSERT INTO proofs (integration_id, first_sequence, due_at)
      SELECT id, sequence, now() FROM integrations i
      WHERE status = 'CONNECTED' AND last_reconciled_at IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM proofs p WHERE p.integration_id = i.id)
      ON CONFLICT DO NOTHING`;
  }

  /** Returns the connected accounts whose comparison is due and that no instance is comparing, those that were requested first. */
  async due(): Promise<DueAccount[]> {
    return this.db.prisma.$queryRaw<DueAccount[]>`
      SELECT i.id::text AS id, i.provider, CASE WHEN i.history_lost_at IS NOT NULL THEN 'recover'
        WHEN p.built_at IS NULL THEN 'build' ELSE 'check' END AS purpose
      FROM proofs p JOIN integrations i ON i.id = p.integration_id
      WHERE p.due_at <= now() AND (p.claim_until IS NULL OR p.claim_until < now()) AND i.status = 'CONNECTED'
      ORDER BY p.requested DESC, p.due_at`;
  }

  /** Requests a comparison that begins from now on. Returns false where there is no index. */
  async request(integrationId: string): Promise<boolean> {
    const count = await this.db.prisma.$executeRaw`
      UPDATE proofs SET requested = true, due_at = now()
      WHERE integration_id = ${integrationId}::uuid AND supported`;
    return count > 0;
  }

  /** Claims the account, and begins a comparison unless one is to be continued. Null: another instance has it, or none is due. */
  async claim(integrationId: string, owner: string): Promise<ClaimedPass | null> {
    const [row] = await this.db.prisma.$queryRaw<
      { pass: number; cursor: string | null; pagesRead: boolean; isBuilding: boolean; isRecovering: boolean }[]
    >`
      UPDATE proofs AS p SET claim_owner = ${owner}, claim_until = now() + make_interval(secs => ${CLAIM_SECONDS}::int),
        supported = true,
        pass = CASE WHEN started_at IS NULL THEN pass + 1 ELSE pass END,
        cursor = CASE WHEN started_at IS NULL THEN NULL ELSE cursor END,
        pages_read = CASE WHEN started_at IS NULL THEN false ELSE pages_read END,
        pass_checked = CASE WHEN started_at IS NULL THEN 0 ELSE pass_checked END,
        requested = CASE WHEN started_at IS NULL THEN false ELSE requested END,
        started_at = COALESCE(started_at, now())
      FROM integrations i
      WHERE p.integration_id = ${integrationId}::uuid AND i.id = p.integration_id AND p.due_at <= now()
        AND (p.claim_until IS NULL OR p.claim_until < now())
      RETURNING p.pass, p.cursor, p.pages_read AS "pagesRead", p.built_at IS NULL AS "isBuilding",
        i.history_lost_at IS NOT NULL AS "isRecovering"`;
    return row ? { integrationId, owner, ...row } : null;
  }

  /** Returns false when the claim was lost. */
  async renew({ integrationId, owner, pass }: PassClaim): Promise<boolean> {
    const count = await this.db.prisma.$executeRaw`
      UPDATE proofs SET claim_until = now() + make_interval(secs => ${CLAIM_SECONDS}::int)
      WHERE integration_id = ${integrationId}::uuid AND claim_owner = ${owner} AND pass = ${pass}::int
        AND started_at IS NOT NULL`;
    return count === 1;
  }

  /** Stores where the snapshot continues, and how many messages a page had. Throws ClaimLost. */
  async progress(claim: PassClaim, position: SnapshotPosition, checked = 0): Promise<void> {
    const { integrationId, owner, pass } = claim;
    const { count } = await this.db.prisma.proof.updateMany({
      where: { integrationId, claimOwner: owner, pass, startedAt: { not: null } },
      data: { ...position, passChecked: { increment: checked } },
    });
    if (count === 0) throw new ClaimLost();
  }

  /** Begins the snapshot again, in a comparison of its own: what the former pages had may have been deleted since. */
  async restart({ integrationId, owner, pass }: PassClaim): Promise<void> {
    await this.db.prisma.proof.updateMany({
      where: { integrationId, claimOwner: owner, pass },
      data: { startedAt: null, claimOwner: null, claimUntil: null, dueAt: new Date() },
    });
  }

  /**
   * Ends the comparison. What an earlier one had found before it was begun again counts too, because it was repaired then.
   * `mailboxSequence` is where the log ended when the mailboxes were compared. Returns also the entries that were appended to
   * the log. Throws ClaimLost.
   */
  async finish(
    { integrationId, owner, pass, isBuilding }: ClaimedPass,
    { nextInMs, mailboxSequence }: { readonly nextInMs: number; readonly mailboxSequence: bigint },
  ): Promise<{ readonly counts: PassCounts; readonly appended: readonly NewChange[] }> {
    const seconds = Math.ceil(nextInMs / 1_000);
    let counts: PassCounts | undefined;
    const appended = await this.changes.append(integrationId, async (tx) => {
      [counts] = await tx.$queryRaw<PassCounts[]>`
        UPDATE proofs SET started_at = NULL, cursor = NULL, claim_owner = NULL, claim_until = NULL,
          ended_at = now(), built_at = COALESCE(built_at, now()), mailbox_sequence = ${mailboxSequence}::bigint,
          checked = pass_checked, missing = pass_missing, repaired = pass_repaired,
          pass_missing = 0, pass_repaired = 0,
          due_at = CASE WHEN requested THEN now() ELSE now() + make_interval(secs => ${seconds}::int) END
        WHERE integration_id = ${integrationId}::uuid AND claim_owner = ${owner} AND pass = ${pass}::int
          AND started_at IS NOT NULL
        RETURNING checked, missing, repaired`;
      if (!counts) throw new ClaimLost();
      const reset = await this.giveUpHistory(tx, integrationId);
      // A first snapshot has nothing to compare with: the index in which the history was to be found was erased meanwhile.
      return isBuilding ? reset : [];
    });
    if (!counts) throw new ClaimLost();
    return { counts, appended };
  }

  /** Frees the claim, and continues the comparison later. */
  async release({ integrationId, owner }: PassClaim, afterMs: number): Promise<void> {
    await this.db.prisma.$executeRaw`
      UPDATE proofs SET claim_owner = NULL, claim_until = NULL, due_at = now() + make_interval(secs => ${Math.ceil(afterMs / 1_000)}::int)
      WHERE integration_id = ${integrationId}::uuid AND claim_owner = ${owner}`;
  }

  /**
   * Records that the provider cannot list all messages, and looks again after a day, when a new release may. Returns the
   * entries that were appended to the log.
   */
  unsupported({ integrationId, owner }: PassClaim): Promise<readonly NewChange[]> {
    return this.changes.append(integrationId, async (tx) => {
      const count = await tx.$executeRaw`
        UPDATE proofs SET supported = false, started_at = NULL, claim_owner = NULL, claim_until = NULL,
          due_at = now() + make_interval(days => 1)
        WHERE integration_id = ${integrationId}::uuid AND claim_owner = ${owner}`;
      return count === 0 ? [] : this.giveUpHistory(tx, integrationId);
    });
  }

  async report(integrationId: string): Promise<ProofReport> {
    const row = await this.db.prisma.proof.findUnique({ where: { integrationId } });
    if (!row?.supported) return NO_PROOF;
    const { checked, missing, repaired, endedAt, builtAt } = row;
    return { isIndexed: true, isBuilt: builtAt !== null, endedAt, checked, missing, repaired };
  }

  /** Returns whether what happened during a lost history can be found out. */
  async canRecover(integrationId: string): Promise<boolean> {
    return (await this.report(integrationId)).isBuilt;
  }

  /**
   * Erases the index of an account. From the first transaction on, nothing is written to it any more. Returns the entries that
   * were appended to the log.
   */
  async erase(integrationId: string): Promise<readonly NewChange[]> {
    const { prisma } = this.db;
    const appended = await this.changes.append(integrationId, async (tx) => {
      await tx.proof.deleteMany({ where: { integrationId } });
      return this.giveUpHistory(tx, integrationId);
    });
    await deleteInBatches((limit) => prisma.indexedMessage.deleteMany({ where: { integrationId }, limit }));
    await prisma.indexedSubject.deleteMany({ where: { integrationId } });
    return appended;
  }

  /** Returns the reset that reports a lost history, which nothing finds out without the index. It is then not lost any more. */
  private async giveUpHistory(tx: Transaction, integrationId: string): Promise<readonly NewChange[]> {
    const { count } = await tx.integration.updateMany({
      where: { id: integrationId, historyLostAt: { not: null } },
      data: { historyLostAt: null },
    });
    return count === 0 ? [] : [HISTORY_LOST];
  }

  /** Returns the accounts that have an index although they are disconnected, or of all accounts. */
  async erasable(which: 'disconnected' | 'all'): Promise<string[]> {
    const isAll = which === 'all';
    const rows = await this.db.prisma.$queryRaw<{ id: string }[]>`
      SELECT i.id::text AS id FROM integrations i
      WHERE (${isAll}::boolean OR i.status = 'DISCONNECTED') AND (
        EXISTS (SELECT 1 FROM proofs p WHERE p.integration_id = i.id)
        OR EXISTS (SELECT 1 FROM message_index m WHERE m.integration_id = i.id)
        OR EXISTS (SELECT 1 FROM subject_index s WHERE s.integration_id = i.id))`;
    return rows.map(({ id }) => id);
  }
}
