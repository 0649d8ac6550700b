import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { MessageState } from '../../providers/contract/snapshot.ts';
import { CHANGES_UNREADABLE, type LogIndex, type NewChange } from '../change.store.ts';
import {
  type Difference,
  differenceOf,
  type IndexedEntry,
  type IndexedMessage,
  type MessageUpdate,
  partlyUpdated,
  type SubjectUpdate,
  updatesOf,
} from './index-update.ts';

/** A sync that finds the index further behind than this leaves it to the next comparison, because its transaction must be short. */
const MAX_FOLLOWED_ENTRIES = 1_000;

/** The claim under which a comparison writes. A run that has lost it must write nothing more. */
export interface PassClaim {
  readonly integrationId: string;
  readonly owner: string;
  readonly pass: number;
}

/** Another instance is comparing the account, the history was lost meanwhile, or the index was erased. */
export class ClaimLost extends Error {
  override readonly name = 'ClaimLost';
}

/**
 * The index of an account's messages. It follows the change log within the transactions that write it. Every transaction
 * locks the row of `proofs` before it writes rows of the index, and none writes where that row does not exist: so an index
 * that is being erased gets no new rows.
 */
export class MessageIndexStore implements LogIndex {
  constructor(private readonly db: Database) {}

  /**
   * A provider may report a message as updated that it has not reported before: Graph's delta does not tell them apart, and an
   * imported mail has an old date. It may also report one as new again, for example after its history was lost. `last` is the end of the log, which a complete index has followed.
   */
  async refine(
    tx: Transaction,
    integrationId: string,
    last: bigint,
    changes: readonly NewChange[],
  ): Promise<readonly NewChange[]> {
    const subjects = changes.flatMap(({ kind, subject }) =>
      kind === 'updated' || kind === 'created' ? [subject] : [],
    );
    if (subjects.length === 0) return changes;
    const proof = await this.followTo(tx, integrationId, last);
    if (!proof || proof.isBuilding) return changes;
    const rows = await readRows(tx, integrationId, subjects);
    return changes.map((change): NewChange => {
      const known = rows.get(change.subject);
      const isKnown = known?.isDeleted === false;
      if (change.kind === 'created')
        return isKnown && known.createdSequence > 0n ? { ...change, repeats: known.createdSequence } : change;
      return change.kind !== 'updated' || isKnown ? change : { ...change, kind: 'created', detail: undefined };
    });
  }

  /** Brings the index up to date with entries that are being appended to the log, from `first` on. */
  async follow(tx: Transaction, integrationId: string, first: bigint, entries: readonly IndexedEntry[]): Promise<void> {
    const proof = await this.followTo(tx, integrationId, first - 1n);
    const last = entries.at(-1)?.sequence;
    if (!proof || last === undefined) return;
    await this.apply(tx, integrationId, entries, proof.isBuilding);
    await tx.proof.update({ where: { integrationId }, data: { sequence: last } });
    // What the first pages of a snapshot had may have changed since without an entry.
    const isGap = entries.some(({ kind, subject }) => kind === 'reset' && subject !== CHANGES_UNREADABLE.subject);
    if (isGap && proof.isRunning) await this.historyLost(tx, integrationId);
  }

  /**
   * Brings the index up to date with the log up to `last`: an instance of an earlier release appends entries and keeps no
   * index. Returns undefined where there is no index, or it is too far behind.
   */
  private async followTo(tx: Transaction, integrationId: string, last: bigint): Promise<LockedProof | undefined> {
    const proof = await this.lock(tx, integrationId);
    if (!proof || proof.sequence >= last) return proof;
    if (last - proof.sequence > MAX_FOLLOWED_ENTRIES) return undefined;
    await this.apply(
      tx,
      integrationId,
      await this.logged(tx, integrationId, proof.sequence, last + 1n),
      proof.isBuilding,
    );
    await tx.proof.update({ where: { integrationId }, data: { sequence: last } });
    return { ...proof, sequence: last };
  }

  /** A comparison in progress begins again, because its pages may be older than what is known from now on. */
  async historyLost(tx: Transaction, integrationId: string): Promise<void> {
    await tx.$executeRaw`
      UPDATE proofs SET started_at = NULL, requested = true, due_at = now() WHERE integration_id = ${integrationId}::uuid`;
  }

  /**
   * A comparison from the beginning follows the one in progress, if there is one. The first snapshot is not begun again, because a
   * provider that goes on reporting such changes would keep it from ever being complete.
   */
  async changesUnreadable(tx: Transaction, integrationId: string): Promise<boolean> {
    const proof = await this.lock(tx, integrationId);
    if (!proof) return false;
    await tx.$executeRaw`
      UPDATE proofs SET requested = true, due_at = now() WHERE integration_id = ${integrationId}::uuid`;
    return !proof.isBuilding;
  }

  /** Brings the index up to date with the log, page by page, and returns the log's end. */
  async followLog(claim: PassClaim): Promise<bigint> {
    for (;;) {
      const end = await this.db.prisma.$transaction(async (tx) => {
        const { sequence: last } = await lockIntegration(tx, claim.integrationId);
        const proof = await this.lockClaimed(tx, claim);
        if (proof.sequence >= last) return last;
        const entries = await this.logged(tx, claim.integrationId, proof.sequence, last + 1n, MAX_FOLLOWED_ENTRIES);
        await this.apply(tx, claim.integrationId, entries, proof.isBuilding);
        const isEnd = entries.length < MAX_FOLLOWED_ENTRIES;
        const sequence = isEnd ? last : (entries.at(-1)?.sequence ?? last);
        await tx.proof.update({ where: { integrationId: claim.integrationId }, data: { sequence } });
        return isEnd ? last : null;
      });
      if (end !== null) return end;
    }
  }

  /**
   * Records that a page of the snapshot has these messages, and returns those that differ from the index. During the first
   * snapshot, messages that the index does not have are added instead.
   */
  mark(claim: PassClaim, messages: readonly MessageState[]): Promise<ReadonlyMap<string, Difference>> {
    const { integrationId, pass } = claim;
    return this.db.prisma.$transaction(async (tx) => {
      const { isBuilding } = await this.lockClaimed(tx, claim);
      const ids = messages.map(({ id }) => id);
      const rows = await readRows(tx, integrationId, ids);
      const added: MessageState[] = [];
      const differences = new Map<string, Difference>();
      for (const message of messages) {
        const difference = differenceOf(rows.get(message.id), message);
        if (isBuilding && !rows.has(message.id)) added.push(message);
        else if (difference) differences.set(message.id, difference);
      }
      if (added.length > 0) {
        const json = JSON.stringify(added.map(({ id, receivedAt, state }) => ({ id, receivedAt, state })));
        await tx.$executeRaw`
          INSERT INTO message_index (integration_id, message_id, received_at, state)
          SELECT ${integrationId}::uuid, x.id, x."receivedAt", x.state
          FROM jsonb_to_recordset(${json}::jsonb) AS x(id text, "receivedAt" timestamptz, state text)
          ON CONFLICT DO NOTHING`;
      }
      await tx.$executeRaw`
        UPDATE message_index SET pass = ${pass}::int
        WHERE integration_id = ${integrationId}::uuid AND message_id = ANY(${ids}::text[]) AND pass <> ${pass}::int`;
      return differences;
    });
  }

  /**
   * Returns messages of the index, after `after` in the order of their ids, that no page of the snapshot had, and whether the log
   * has last mentioned them before the comparison began.
   */
  async unseen(
    { integrationId, pass }: PassClaim,
    after: string,
    limit: number,
  ): Promise<readonly { readonly id: string; readonly isOlder: boolean }[]> {
    return this.db.prisma.$queryRaw`
      SELECT m.message_id AS id, NOT EXISTS (
        SELECT 1 FROM changes c JOIN proofs p ON p.integration_id = c.integration_id
        WHERE c.integration_id = m.integration_id AND c.sequence = m.sequence AND c.at >= p.started_at) AS "isOlder"
      FROM message_index m
      WHERE m.integration_id = ${integrationId}::uuid AND m.message_id > ${after} AND m.pass <> ${pass}::int
        AND m.deleted_at IS NULL
      ORDER BY m.message_id LIMIT ${limit}::int`;
  }

  rows(
    integrationId: string,
    ids: readonly string[],
    tx: Transaction = this.db.prisma,
  ): Promise<ReadonlyMap<string, IndexedMessage>> {
    return readRows(tx, integrationId, ids);
  }

  /** Sets states that were not known, of the messages that the log has not mentioned after `sequence`. */
  async fill(claim: PassClaim, states: readonly MessageState[], sequence: bigint): Promise<void> {
    if (states.length === 0) return;
    const json = JSON.stringify(states.map(({ id, state }) => ({ id, state })));
    await this.db.prisma.$transaction(async (tx) => {
      await this.lockClaimed(tx, claim);
      await tx.$executeRaw`
        UPDATE message_index AS m SET state = x.state
        FROM jsonb_to_recordset(${json}::jsonb) AS x(id text, state text)
        WHERE m.integration_id = ${claim.integrationId}::uuid AND m.message_id = x.id AND m.state IS NULL
          AND m.deleted_at IS NULL AND m.sequence <= ${sequence}::bigint`;
    });
  }

  /** Deletes the rows of messages that were deleted before, whose log entries are no longer kept either. */
  async forgetDeleted(integrationId: string, before: Date): Promise<void> {
    await this.db.prisma.indexedMessage.deleteMany({ where: { integrationId, deletedAt: { lt: before } } });
  }

  /** Throws ClaimLost when the claim is no longer valid. */
  async lockClaimed(tx: Transaction, { integrationId, owner, pass }: PassClaim) {
    const proof = await this.lock(tx, integrationId);
    if (proof?.owner !== owner || proof.pass !== pass || !proof.isRunning) throw new ClaimLost();
    return proof;
  }

  /**
   * Counts differences that the transaction repairs. Counted within it, because after it nothing shows that they were there. The
   * comparison must be claimed.
   */
  async countRepaired(tx: Transaction, { integrationId }: PassClaim, missing: number): Promise<void> {
    if (missing === 0) return;
    const counted = { passMissing: { increment: missing }, passRepaired: { increment: missing } };
    await tx.proof.updateMany({ where: { integrationId }, data: counted });
  }

  private async lock(tx: Transaction, integrationId: string): Promise<LockedProof | undefined> {
    const [proof] = await tx.$queryRaw<LockedProof[]>`
      SELECT sequence, first_sequence AS "firstSequence", pass, claim_owner AS owner, built_at IS NULL AS "isBuilding",
        started_at IS NOT NULL AS "isRunning"
      FROM proofs WHERE integration_id = ${integrationId}::uuid AND supported FOR UPDATE`;
    return proof;
  }

  private async logged(
    tx: Transaction,
    integrationId: string,
    after: bigint,
    before: bigint,
    take?: number,
  ): Promise<IndexedEntry[]> {
    const rows = await tx.change.findMany({
      where: { integrationId, sequence: { gt: after, lt: before } },
      orderBy: { sequence: 'asc' },
      ...(take !== undefined && { take }),
    });
    return rows.map(({ sequence, kind, subject, repeats }) => ({
      sequence,
      kind: kind as IndexedEntry['kind'],
      subject,
      ...(repeats !== null && { repeats }),
    }));
  }

  private async apply(
    tx: Transaction,
    integrationId: string,
    entries: readonly IndexedEntry[],
    isBuilding: boolean,
  ): Promise<void> {
    const partly = isBuilding ? [] : partlyUpdated(entries);
    const before = partly.length === 0 ? new Map() : await readRows(tx, integrationId, partly);
    const states = new Map([...before].map(([id, { state }]) => [id, state]));
    const { messages, subjects } = updatesOf(entries, states, isBuilding);
    if (messages.length > 0) await writeMessages(tx, integrationId, messages);
    if (subjects.length > 0) await writeSubjects(tx, integrationId, subjects);
  }
}

interface LockedProof {
  readonly sequence: bigint;
  readonly firstSequence: bigint;
  readonly pass: number;
  readonly owner: string | null;
  readonly isBuilding: boolean;
  readonly isRunning: boolean;
}

/** Locks the end of an integration's log. Every transaction that also locks `proofs` does this first. */
async function lockIntegration(tx: Transaction, integrationId: string): Promise<{ readonly sequence: bigint }> {
  const [row] = await tx.$queryRaw<{ sequence: bigint }[]>`
    SELECT sequence FROM integrations WHERE id = ${integrationId}::uuid FOR NO KEY UPDATE`;
  if (!row) throw new ClaimLost();
  return row;
}

async function readRows(
  tx: Transaction,
  integrationId: string,
  ids: readonly string[],
): Promise<Map<string, IndexedMessage>> {
  const rows = await tx.$queryRaw<IndexedMessage[]>`
    SELECT message_id AS id, state, sequence, created_sequence AS "createdSequence", deleted_at IS NOT NULL AS "isDeleted" FROM message_index
    WHERE integration_id = ${integrationId}::uuid AND message_id = ANY(${[...ids]}::text[])`;
  // The embedded database returns a small bigint as a number.
  return new Map(rows.map((row) => [row.id, { ...row, createdSequence: BigInt(row.createdSequence) }]));
}

async function writeMessages(tx: Transaction, integrationId: string, updates: readonly MessageUpdate[]): Promise<void> {
  const json = JSON.stringify(
    updates.map(({ sequence, createdSequence, ...rest }) => ({
      ...rest,
      sequence: `${sequence}`,
      created: `${createdSequence}`,
    })),
  );
  await tx.$executeRaw`
    INSERT INTO message_index AS m
      (integration_id, message_id, received_at, state, created_sequence, sequence, deleted_at)
    SELECT ${integrationId}::uuid, x.id, x."receivedAt", x.state, x.created, x.sequence, CASE WHEN x."isDeleted" THEN now() END
    FROM jsonb_to_recordset(${json}::jsonb) AS x(id text, "receivedAt" timestamptz, state text, created bigint,
      sequence bigint, "isDeleted" boolean)
    ON CONFLICT (integration_id, message_id) DO UPDATE SET
      received_at = COALESCE(EXCLUDED.received_at, m.received_at),
      state = EXCLUDED.state,
      created_sequence = GREATEST(EXCLUDED.created_sequence, m.created_sequence),
      sequence = EXCLUDED.sequence,
      deleted_at = EXCLUDED.deleted_at
    WHERE m.sequence < EXCLUDED.sequence`;
}

async function writeSubjects(tx: Transaction, integrationId: string, updates: readonly SubjectUpdate[]): Promise<void> {
  const json = JSON.stringify(updates.map(({ sequence, ...rest }) => ({ ...rest, sequence: `${sequence}` })));
  await tx.$executeRaw`
    INSERT INTO subject_index AS s (integration_id, kind, subject, sequence)
    SELECT ${integrationId}::uuid, x.kind, x.subject, x.sequence
    FROM jsonb_to_recordset(${json}::jsonb) AS x(kind text, subject text, sequence bigint)
    ON CONFLICT (integration_id, kind, subject) DO UPDATE SET sequence = GREATEST(EXCLUDED.sequence, s.sequence)`;
}
