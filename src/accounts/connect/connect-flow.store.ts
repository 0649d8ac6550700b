import type { ErrorCode } from '../../domain/error.ts';
import { deleteInBatches } from '../../platform/database/batches.ts';
import type { Database } from '../../platform/database/database.ts';
import type { ConnectFlow, Prisma } from '../../platform/prisma/client.ts';
import type { Access } from '../../providers/contract/connect.ts';
import { isUuid } from '../integrations/integration.store.ts';
import { type ConnectFlowRecord, type ConnectFlowStatus, MAX_WRONG_CODES } from './connect-flow.ts';

type Transaction = Prisma.TransactionClient;
type Bytes = Uint8Array<ArrayBuffer>;

interface NewConnectFlow {
  readonly id: string;
  readonly stateHash: string;
  readonly userId: string;
  readonly provider: string;
  readonly access: Access;
  readonly address: string | null;
  readonly redirectUri: string | null;
  readonly codeVerifier: Bytes;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

const UNDER_WAY: ConnectFlowStatus[] = ['CONSENT', 'FINISH'];
/** What no flow keeps past its end. */
const WIPED = { codeVerifier: null, consent: null, claimOwner: null, claimUntil: null };

/** Every change names the status that it starts from, so that of two that come at once one is made. */
export class ConnectFlowStore {
  constructor(private readonly db: Database) {}

  async create(flow: NewConnectFlow): Promise<ConnectFlowRecord> {
    const status: ConnectFlowStatus = 'CONSENT';
    return recordOf(await this.db.prisma.connectFlow.create({ data: { ...flow, status } }));
  }

  async findByState(stateHash: string): Promise<ConnectFlowRecord | null> {
    const row = await this.db.prisma.connectFlow.findUnique({ where: { stateHash } });
    return row && recordOf(row);
  }

  /** Of this user only; null also for what is no id. */
  async find(userId: string, id: string): Promise<ConnectFlowRecord | null> {
    if (!isUuid(id)) return null;
    const row = await this.db.prisma.connectFlow.findFirst({ where: { id, userId } });
    return row && recordOf(row);
  }

  /** The newest first. */
  async ofUser(userId: string, since: Date, limit: number): Promise<readonly ConnectFlowRecord[]> {
    const where = { userId, createdAt: { gt: since } };
    const rows = await this.db.prisma.connectFlow.findMany({ where, orderBy: { createdAt: 'desc' }, take: limit });
    return rows.map(recordOf);
  }

  /** Keeps the sealed consent. False when the state was used before, or the flow is over. */
  async consented(id: string, consent: Bytes, now: Date): Promise<boolean> {
    const { count } = await this.db.prisma.connectFlow.updateMany({
      where: { id, status: 'CONSENT', expiresAt: { gt: now } },
      data: { status: 'FINISH', consent },
    });
    return count === 1;
  }

  /** The user's flows that wait for the token that a page passes on. */
  async awaitingToken(userId: string, now: Date): Promise<readonly ConnectFlowRecord[]> {
    const where = { userId, status: 'FINISH', redirectUri: { not: null }, expiresAt: { gt: now } };
    return (await this.db.prisma.connectFlow.findMany({ where })).map(recordOf);
  }

  /**
   * The user's flows that wait for a code, each with this try counted: before it is known whether the code is right, so
   * that guesses made all at once are no more than those made one by one.
   */
  async takeTry(userId: string, now: Date): Promise<readonly ConnectFlowRecord[]> {
    const rows = await this.db.prisma.connectFlow.updateManyAndReturn({
      where: {
        userId,
        status: 'FINISH',
        redirectUri: null,
        expiresAt: { gt: now },
        wrongCodes: { lt: MAX_WRONG_CODES },
      },
      data: { wrongCodes: { increment: 1 } },
    });
    return rows.map(recordOf);
  }

  /** The code was right. */
  async giveTryBack(ids: readonly string[]): Promise<void> {
    await this.db.prisma.connectFlow.updateMany({
      where: { id: { in: [...ids] } },
      data: { wrongCodes: { decrement: 1 } },
    });
  }

  /**
   * Ends those that have seen as many wrong codes as one may. Only those that the caller has tried: another's last try may
   * be the right code, which is given back in a moment.
   */
  async endExhausted(ids: readonly string[], problem: { code: ErrorCode; message: string }): Promise<void> {
    await this.db.prisma.connectFlow.updateMany({
      where: { id: { in: [...ids] }, status: 'FINISH', wrongCodes: { gte: MAX_WRONG_CODES } },
      data: { ...WIPED, status: 'FAILED', problemCode: problem.code, problem: problem.message },
    });
  }

  /** A flow of the user's that a token has finished, or failed to, and whose minutes are not over. */
  async endedWith(userId: string, finishedWith: string, now: Date): Promise<ConnectFlowRecord | null> {
    const row = await this.db.prisma.connectFlow.findFirst({
      where: { userId, finishedWith, expiresAt: { gt: now }, status: { in: ['CONNECTED', 'FAILED'] } },
    });
    return row && recordOf(row);
  }

  /** Whether `owner` is the one who trades the provider's code, until `until`. */
  async claim(id: string, owner: string, until: Date, now: Date): Promise<boolean> {
    const { count } = await this.db.prisma.connectFlow.updateMany({
      where: {
        id,
        status: 'FINISH',
        expiresAt: { gt: now },
        OR: [{ claimUntil: null }, { claimUntil: { lte: now } }],
      },
      data: { claimOwner: owner, claimUntil: until },
    });
    return count === 1;
  }

  /** The provider was away: the next call may try again, from the sealed consent where there is a newer one. */
  async release(id: string, claimOwner: string, consent: Bytes | null = null): Promise<void> {
    await this.db.prisma.connectFlow.updateMany({
      where: { id, claimOwner },
      data: { claimOwner: null, claimUntil: null, ...(consent && { consent }) },
    });
  }

  /**
   * False when the claim is lost, or the flow is over: nothing may be stored then. Once more the same, where the answer to the
   * commit was lost, is true.
   */
  async connected(
    flow: { id: string; claimOwner: string; finishedWith: string; integration: string },
    now: Date,
    tx: Transaction,
  ): Promise<boolean> {
    const { id, claimOwner, finishedWith, integration } = flow;
    const { count } = await tx.connectFlow.updateMany({
      where: {
        id,
        OR: [
          { claimOwner, status: 'FINISH', expiresAt: { gt: now } },
          { status: 'CONNECTED', finishedWith, integration },
        ],
      },
      data: { ...WIPED, status: 'CONNECTED', finishedWith, integration },
    });
    return count === 1;
  }

  /** Ends a flow that is in `from`, and no other. */
  async failed(
    id: string,
    from: 'CONSENT' | 'FINISH',
    problem: { code: ErrorCode; message: string },
    finishedWith: string | null = null,
  ): Promise<boolean> {
    const { count } = await this.db.prisma.connectFlow.updateMany({
      where: { id, status: from },
      data: { ...WIPED, status: 'FAILED', finishedWith, problemCode: problem.code, problem: problem.message },
    });
    return count === 1;
  }

  /** Takes from flows whose time is up what was sealed for them. */
  async expire(now: Date): Promise<number> {
    const { count } = await this.db.prisma.connectFlow.updateMany({
      where: { status: { in: UNDER_WAY }, expiresAt: { lte: now } },
      data: { ...WIPED, status: 'EXPIRED' },
    });
    return count;
  }

  /** Deletes what was over before, also of what the release before has left. */
  async prune(before: Date): Promise<number> {
    const where = { expiresAt: { lt: before } };
    const flows = await deleteInBatches((limit) => this.db.prisma.connectFlow.deleteMany({ where, limit }));
    return flows + (await deleteInBatches((limit) => this.db.prisma.oAuthState.deleteMany({ where, limit })));
  }
}

const recordOf = (row: ConnectFlow): ConnectFlowRecord => ({
  id: row.id,
  userId: row.userId,
  provider: row.provider,
  access: row.access as Access,
  address: row.address,
  redirectUri: row.redirectUri,
  status: row.status as ConnectFlowStatus,
  codeVerifier: row.codeVerifier,
  consent: row.consent,
  integrationId: row.integration,
  problem: row.problemCode ? { code: row.problemCode as ErrorCode, message: row.problem ?? '' } : null,
  createdAt: row.createdAt,
  expiresAt: row.expiresAt,
});
