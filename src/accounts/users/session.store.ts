import { randomUUID } from 'node:crypto';
import { storeErrorIn } from '../../domain/error.ts';
import { deleteInBatches } from '../../platform/database/batches.ts';
import type { Database } from '../../platform/database/database.ts';
import { retryUntilStoreIsBack } from '../../platform/database/store/store.retry.ts';

export type EndReason = 'SIGNED_OUT' | 'REPLAYED';

/** What became of a refresh token that was handed in. */
type Rotation =
  /** `next` is what it was traded for. */
  | { readonly outcome: 'rotated'; readonly sessionId: string; readonly userId: string }
  /** Used before: somebody else has it. */
  | { readonly outcome: 'replayed'; readonly sessionId: string }
  /** Never given out, expired, or of a session that has ended. */
  | { readonly outcome: 'refused' };

export interface NewRefreshToken {
  readonly hash: string;
  readonly expiresAt: Date;
}

/** How long a trade whose answer was lost is tried again before its client is told to. */
const RETRY_TIMEOUT_MS = 3_000;

export class SessionStore {
  constructor(private readonly db: Database) {}

  /** Opens a session with its first refresh token; returns its id. */
  async create(userId: string, expiresAt: Date, refreshToken: NewRefreshToken): Promise<string> {
    const id = randomUUID();
    await this.db.prisma.session.create({
      data: { id, userId, expiresAt, refreshTokens: { create: refreshToken } },
    });
    return id;
  }

  /**
   * Trades the refresh token with `hash` for `next`, in one transaction. `next` follows from the token: two tabs that
   * refresh at once, on two instances, are given the same one. Who comes when it has been used replays it; but not who
   * comes again, on whichever instance, because the answer to their own trade was lost on its way from the store, or found
   * its client `gone`.
   */
  async rotate(hash: string, next: NewRefreshToken, now: Date, gone?: AbortSignal): Promise<Rotation> {
    const before = await this.db.prisma.refreshToken.findUnique({ where: { hash }, select: { usedAt: true } });
    const isFirst = before?.usedAt === null;
    const trading = () => this.trade(hash, next, now, isFirst);
    const rotation = await (isFirst
      ? retryUntilStoreIsBack(trading, AbortSignal.timeout(RETRY_TIMEOUT_MS))
      : trading());
    if (rotation.outcome === 'rotated' && !gone?.aborted) await this.answered(hash);
    return rotation;
  }

  private trade(hash: string, next: NewRefreshToken, now: Date, isFirst: boolean): Promise<Rotation> {
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
      // Nobody can have used what nobody was given.
      const isLost =
        token.unanswered && (await tx.refreshToken.count({ where: { hash: next.hash, usedAt: null } })) > 0;
      return isFirst || isLost ? { outcome: 'rotated', sessionId: id, userId } : { outcome: 'replayed', sessionId: id };
    });
  }

  /** From here on the token is used up. Where this is not noted the trade holds all the same, and serves once more. */
  private async answered(hash: string): Promise<void> {
    const where = { hash, unanswered: true };
    await this.db.prisma.refreshToken.updateMany({ where, data: { unanswered: false } }).catch((error: unknown) => {
      if (!storeErrorIn(error)) throw error;
    });
  }

  /** False when it had ended before, or never was. */
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

  /** Deletes what ended or expired before `before`: sessions, and the refresh tokens of sessions that live on. */
  async prune(before: Date): Promise<number> {
    const over = { OR: [{ endedAt: { lt: before } }, { expiresAt: { lt: before } }] };
    const sessions = await deleteInBatches((limit) => this.db.prisma.session.deleteMany({ where: over, limit }));
    const where = { expiresAt: { lt: before } };
    await deleteInBatches((limit) => this.db.prisma.refreshToken.deleteMany({ where, limit }));
    return sessions;
  }
}
