import { randomUUID } from 'node:crypto';
import { storeErrorIn } from '../../domain/error.ts';
import { deleteInBatches } from '../../platform/database/batches.ts';
import type { Database } from '../../platform/database/database.ts';
import { retryUntilStoreIsBack } from '../../platform/database/store/store.retry.ts';

export type EndReason = 'SIGNED_OUT' | 'REPLAYED';

/** The result of using a refresh token. */
type Rotation =
  /** The token was exchanged for the next one. */
  | { readonly outcome: 'rotated'; readonly sessionId: string; readonly userId: string }
  /** The token was used before, so somebody else has it. */
  | { readonly outcome: 'replayed'; readonly sessionId: string }
  /** The token does not exist, has expired, or belongs to a session that has ended. */
  | { readonly outcome: 'refused' };

export interface NewRefreshToken {
  readonly hash: string;
  readonly expiresAt: Date;
}

/** How long an exchange whose answer was lost is repeated before the client receives an error. */
const RETRY_TIMEOUT_MS = 3_000;

export class SessionStore {
  constructor(private readonly db: Database) {}

  /** Starts a session with its first refresh token, and returns its id. */
  async create(userId: string, expiresAt: Date, refreshToken: NewRefreshToken): Promise<string> {
    const id = randomUUID();
    await this.db.prisma.session.create({
      data: { id, userId, expiresAt, refreshTokens: { create: refreshToken } },
    });
    return id;
  }

  /**
   * Exchanges the refresh token with `hash` for `next`, in one transaction. `next` is derived from the token, so two tabs that
   * refresh at once, on two instances, receive the same one. A later use of the token is a replay, except when the answer to
   * the first exchange was lost on its way from the store, or when the client had `disconnected` before it.
   */
  async rotate(hash: string, next: NewRefreshToken, now: Date, disconnected?: AbortSignal): Promise<Rotation> {
    const before = await this.db.prisma.refreshToken.findUnique({ where: { hash }, select: { usedAt: true } });
    const isFirst = before?.usedAt === null;
    const exchange = () => this.exchange(hash, next, now, isFirst);
    const rotation = await (isFirst
      ? retryUntilStoreIsBack(exchange, AbortSignal.timeout(RETRY_TIMEOUT_MS))
      : exchange());
    if (rotation.outcome === 'rotated' && !disconnected?.aborted) await this.answered(hash);
    return rotation;
  }

  private exchange(hash: string, next: NewRefreshToken, now: Date, isFirst: boolean): Promise<Rotation> {
    return this.db.prisma.$transaction(async (tx) => {
      const { count } = await tx.refreshToken.updateMany({
        where: { hash, usedAt: null, expiresAt: { gt: now }, session: { endedAt: null, expiresAt: { gt: now } } },
        data: { usedAt: now, unanswered: true },
      });
      const token = await tx.refreshToken.findUnique({ where: { hash }, include: { session: true } });
      if (!token) return { outcome: 'refused' };
      const { id, userId, expiresAt, endedAt } = token.session;
      if (count === 1) {
        const ends = new Date(Math.min(next.expiresAt.getTime(), expiresAt.getTime()));
        await tx.refreshToken.create({ data: { hash: next.hash, expiresAt: ends, sessionId: id } });
        return { outcome: 'rotated', sessionId: id, userId };
      }
      if (!token.usedAt || endedAt || expiresAt <= now) return { outcome: 'refused' };
      // The client never received `next`, so nobody can have used it.
      const isLost =
        token.unanswered && (await tx.refreshToken.count({ where: { hash: next.hash, usedAt: null } })) > 0;
      return isFirst || isLost ? { outcome: 'rotated', sessionId: id, userId } : { outcome: 'replayed', sessionId: id };
    });
  }

  /**
   * Records that the client has the answer, so that a later use is a replay. If this fails, the exchange is still valid, and
   * the token can be used once more.
   */
  private async answered(hash: string): Promise<void> {
    const where = { hash, unanswered: true };
    await this.db.prisma.refreshToken.updateMany({ where, data: { unanswered: false } }).catch((error: unknown) => {
      if (!storeErrorIn(error)) throw error;
    });
  }

  /** Returns false when the session had already ended, or does not exist. */
  async end(sessionId: string, reason: EndReason, now: Date): Promise<boolean> {
    const { count } = await this.db.prisma.session.updateMany({
      where: { id: sessionId, endedAt: null },
      data: { endedAt: now, endReason: reason },
    });
    return count === 1;
  }

  async endedSince(since: Date): Promise<readonly string[]> {
    const rows = await this.db.prisma.session.findMany({ where: { endedAt: { gte: since } }, select: { id: true } });
    return rows.map((row) => row.id);
  }

  /** Deletes the sessions that ended or expired before this time, and the expired refresh tokens of the other sessions. */
  async prune(before: Date): Promise<number> {
    const over = { OR: [{ endedAt: { lt: before } }, { expiresAt: { lt: before } }] };
    const sessions = await deleteInBatches((limit) => this.db.prisma.session.deleteMany({ where: over, limit }));
    const where = { expiresAt: { lt: before } };
    await deleteInBatches((limit) => this.db.prisma.refreshToken.deleteMany({ where, limit }));
    return sessions;
  }
}
