import { randomUUID } from 'node:crypto';
import { ANSWER_LOST_CODES, type ErrorCode, MailError } from '../../domain/error.ts';
import type { Database } from '../../platform/database/database.ts';
import { isUniqueViolation } from '../../platform/database/store/store.error.ts';
import { Prisma, type Submission } from '../../platform/prisma/client.ts';
import {
  type Claim,
  ClaimLost,
  type NewSubmission,
  type SubmissionChange,
  type SubmissionChangePosition,
  type SubmissionPosition,
  type SubmissionRecord,
  type SubmissionStatus,
} from './submission.ts';

/** A worker whose claim is older than this counts as crashed. Workers renew their claims three times in this period. */
export const LEASE_MS = 15_000;
const LEASE_SECONDS = LEASE_MS / 1_000;
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
const PENDING_STATUSES = ['SCHEDULED', 'SENDING'];
/** The statuses in which a submission holds its draft: it will send the draft, or has sent it. */
const HOLDING_STATUSES = [...PENDING_STATUSES, 'SENT'];

export class SubmissionStore {
  constructor(private readonly db: Database) {}

  /**
   * Null when the user has a submission with this key, or when another submission holds the draft. The `uploads` are kept
   * until the submission ends. Throws NOT_FOUND when one of them is missing.
   */
  async create(submission: NewSubmission, uploads: readonly string[]): Promise<SubmissionRecord | null> {
    const data = {
      ...submission,
      dueAt: submission.sendAt,
      uploads: { create: uploads.map((uploadId) => ({ uploadId })) },
    };
    try {
      return recordOf(await this.db.prisma.submission.create({ data }));
    } catch (error) {
      if (isUniqueViolation(error)) return null;
      if (!isKnown(error, 'P2003')) throw error;
      throw new MailError('NOT_FOUND', 'An upload among the attachments has expired.', {
        field: ['input', 'message', 'attachments'],
      });
    }
  }

  async byKey(userId: string, idempotencyKey: string): Promise<SubmissionRecord | null> {
    const where = { userId_idempotencyKey: { userId, idempotencyKey } };
    const row = await this.db.prisma.submission.findUnique({ where });
    return row && recordOf(row);
  }

  /** The submission that will send or has sent this draft, which is the user's own or was created for that submission. */
  async holder(integrationId: string, draftId: string): Promise<SubmissionRecord | null> {
    const row = await this.db.prisma.submission.findFirst({
      where: {
        integrationId,
        status: { in: HOLDING_STATUSES },
        OR: [{ heldDraftId: draftId }, { draftId, ownDraft: true }],
      },
    });
    return row && recordOf(row);
  }

  /** Releases the draft of a submission that an older release has ended without doing so. */
  async releaseDraft(integrationId: string, draftId: string): Promise<boolean> {
    const { count } = await this.db.prisma.submission.updateMany({
      where: { integrationId, heldDraftId: draftId, status: { notIn: HOLDING_STATUSES } },
      data: { heldDraftId: null },
    });
    return count > 0;
  }

  /** Null for another user's submission too. */
  async find(userId: string, id: string): Promise<SubmissionRecord | null> {
    if (!UUID.test(id)) return null;
    const row = await this.db.prisma.submission.findFirst({ where: { id, userId } });
    return row && recordOf(row);
  }

  /** Reads a submission of any user. Never call this with an id from a client. */
  async get(id: string): Promise<SubmissionRecord | null> {
    const row = await this.db.prisma.submission.findUnique({ where: { id } });
    return row && recordOf(row);
  }

  /** The user's submissions, newest first. */
  async list(
    userId: string,
    {
      statuses,
      after,
      limit,
    }: { statuses: readonly SubmissionStatus[] | null; after: SubmissionPosition | null; limit: number },
  ): Promise<SubmissionRecord[]> {
    const behind = after && {
      OR: [{ createdAt: { lt: after.createdAt } }, { createdAt: after.createdAt, id: { lt: after.id } }],
    };
    const rows = await this.db.prisma.submission.findMany({
      where: { userId, ...(statuses && { status: { in: [...statuses] } }), ...behind },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit,
    });
    return rows.map(recordOf);
  }

  /** The submissions that have changed after a position, earliest first. `id` restricts them to one submission. */
  async changedAfter(
    userId: string,
    id: string | null,
    after: SubmissionChangePosition,
    limit: number,
  ): Promise<SubmissionRecord[]> {
    const { updatedAt } = after;
    const behind =
      after.id === null
        ? { updatedAt: { gte: updatedAt } }
        : { OR: [{ updatedAt: { gt: updatedAt } }, { updatedAt, id: { gt: after.id } }] };
    const rows = await this.db.prisma.submission.findMany({
      where: { AND: [{ userId, ...(id !== null && { id }) }, behind] },
      orderBy: [{ updatedAt: 'asc' }, { id: 'asc' }],
      take: limit,
    });
    return rows.map(recordOf);
  }

  /**
   * Claims a submission that is due and not claimed. It becomes SENDING, or stays SENT when only its sent copy is missing,
   * which does not count as a change. Null when it cannot be claimed. The time is the database's, which all instances
   * share; the clocks of the instances may be a little ahead of it.
   */
  async claim(id: string): Promise<Claim | null> {
    const owner = randomUUID();
    const count = await this.db.prisma.$executeRaw`
      UPDATE submissions SET claim_owner = ${owner}, claim_until = now() + make_interval(secs => ${LEASE_SECONDS}::int),
        tries = tries + 1, status = CASE WHEN status = 'SCHEDULED' THEN 'SENDING' ELSE status END,
        updated_at = CASE WHEN status = 'SENT' THEN updated_at ELSE now() END
      WHERE id = ${id}::uuid
        AND (status IN ('SCHEDULED', 'SENDING', 'CANCELLED') OR (status = 'SENT' AND message_id IS NULL))
        AND due_at <= now() + interval '2 seconds' AND (claim_until IS NULL OR claim_until < now())`;
    const record = count === 1 ? await this.get(id) : null;
    return record && { owner, record };
  }

  /** False when the claim is lost. */
  async renew({ owner, record }: Claim): Promise<boolean> {
    const count = await this.db.prisma.$executeRaw`
      UPDATE submissions SET claim_until = now() + make_interval(secs => ${LEASE_SECONDS}::int)
      WHERE id = ${record.id}::uuid AND claim_owner = ${owner}`;
    return count === 1;
  }

  /** Throws ClaimLost, without any change, when another worker has the claim. */
  change(claim: Claim, change: SubmissionChange): Promise<Claim> {
    return this.update(claim, columnsOf(change));
  }

  /** Like `change`, and releases the claim. The submission is due again at `dueAt`, or never when that is null. */
  async release(claim: Claim, change: SubmissionChange & { readonly dueAt: Date | null }): Promise<SubmissionRecord> {
    const { record } = await this.update(claim, { ...columnsOf(change), ...UNCLAIMED });
    return record;
  }

  /** Like `release`, but the submission ends: its payload and uploads are erased. */
  async finish(claim: Claim, change: SubmissionChange): Promise<SubmissionRecord> {
    const { record } = await this.update(claim, {
      ...columnsOf({ dueAt: null, attemptedAt: null, ...change }),
      ...UNCLAIMED,
      payload: null,
      // A sent draft stays held, because a provider may delete it much later, and it must not be sent again.
      ...((change.status ?? claim.record.status) !== 'SENT' && { heldDraftId: null }),
      uploads: { deleteMany: {} },
    });
    return record;
  }

  /** Like `finish`, but the submission is processed once more at that time. Its `updatedAt` does not change. */
  async finishAwaitingCopy(claim: Claim, dueAt: Date): Promise<void> {
    const { updatedAt } = claim.record;
    await this.update(claim, { dueAt, updatedAt, ...UNCLAIMED, payload: null, uploads: { deleteMany: {} } });
  }

  /**
   * Cancels a submission. A worker that processes it loses its claim. Null, without any change, when the provider may
   * already have been asked to send it.
   */
  async cancel(record: SubmissionRecord, dueAt: Date): Promise<SubmissionRecord | null> {
    const where = { id: record.id, status: { in: PENDING_STATUSES }, attemptedAt: null };
    const erased = { payload: null, heldDraftId: null, problemCode: null, problemMessage: null };
    const data = { status: 'CANCELLED', ...erased, dueAt, tries: 0 };
    try {
      const change = { ...data, ...UNCLAIMED, uploads: { deleteMany: {} } };
      return recordOf(await this.db.prisma.submission.update({ where, data: change }));
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /** Submissions that were due before that time and have no claim, the longest overdue first. */
  async overdue(
    before: Date,
    limit: number,
  ): Promise<Pick<SubmissionRecord, 'id' | 'integrationId' | 'sendAt' | 'dueAt' | 'claimUntil'>[]> {
    const rows = await this.db.prisma.submission.findMany({
      where: { dueAt: { lt: before }, OR: [{ claimUntil: null }, { claimUntil: { lt: before } }] },
      select: { id: true, integrationId: true, sendAt: true, createdAt: true, dueAt: true, claimUntil: true },
      orderBy: { dueAt: 'asc' },
      take: limit,
    });
    return rows.map(({ createdAt, ...row }) => ({ ...row, sendAt: row.sendAt ?? createdAt }));
  }

  /** Postpones a submission without a claim when no slot is free. */
  async postpone(id: string, dueAt: Date): Promise<void> {
    const where = { id, claimOwner: null, dueAt: { lt: dueAt } };
    await this.db.prisma.submission.updateMany({ where, data: { dueAt } });
  }

  /** Ids of submissions that are due, including claimed ones. */
  async due(by: Date, limit: number): Promise<string[]> {
    const rows = await this.db.prisma.submission.findMany({
      where: { dueAt: { lt: by } },
      select: { id: true },
      orderBy: { dueAt: 'asc' },
      take: limit,
    });
    return rows.map(({ id }) => id);
  }

  /** Makes the waiting submissions of an account, or of one of its drafts, due now. */
  async retryNow(integrationId: string, now: Date, heldDraftId?: string): Promise<string[]> {
    const waiting = { status: 'SENDING', dueAt: { gt: now }, claimOwner: null };
    const rows = await this.db.prisma.submission.updateManyAndReturn({
      where: { integrationId, ...waiting, ...(heldDraftId !== undefined && { heldDraftId }) },
      data: { dueAt: now },
      select: { id: true },
    });
    return rows.map(({ id }) => id);
  }

  /**
   * Like `retryNow`, for all accounts of a provider that is available again. It selects those that wait because of an
   * outage or timeout, but not those updated within the last two seconds.
   */
  async retryNowForProvider(provider: string): Promise<string[]> {
    const rows = await this.db.prisma.$queryRaw<{ id: string }[]>`
      UPDATE submissions s SET due_at = now() FROM integrations i
      WHERE i.id = s.integration_id AND i.provider = ${provider} AND s.status = 'SENDING' AND s.claim_owner IS NULL
        AND s.due_at > now() AND s.problem_code = ANY(${[...ANSWER_LOST_CODES]})
        AND s.updated_at < now() - interval '2 seconds'
      RETURNING s.id::text AS id`;
    return rows.map(({ id }) => id);
  }

  private async update({ owner, record }: Claim, data: Prisma.SubmissionUpdateInput): Promise<Claim> {
    try {
      const where = { id: record.id, claimOwner: owner };
      return { owner, record: recordOf(await this.db.prisma.submission.update({ where, data })) };
    } catch (error) {
      if (isMissing(error)) throw new ClaimLost();
      throw error;
    }
  }
}

const UNCLAIMED = { claimOwner: null, claimUntil: null };

const isKnown = (error: unknown, code: string): boolean =>
  error instanceof Prisma.PrismaClientKnownRequestError && error.code === code;
const isMissing = (error: unknown): boolean => isKnown(error, 'P2025');

function columnsOf({ problem, ...fields }: SubmissionChange) {
  return {
    ...fields,
    ...(problem !== undefined && { problemCode: problem?.code ?? null, problemMessage: problem?.message ?? null }),
  };
}

function recordOf(row: Submission): SubmissionRecord {
  const { problemCode, problemMessage, sendAt, ...columns } = row;
  const { idempotencyKey: _key, claimOwner: _owner, heldDraftId: _held, ...fields } = columns;
  return {
    ...fields,
    sendAt: sendAt ?? row.createdAt,
    status: row.status as SubmissionStatus,
    problem: problemCode === null ? null : { code: problemCode as ErrorCode, message: problemMessage ?? '' },
  };
}
