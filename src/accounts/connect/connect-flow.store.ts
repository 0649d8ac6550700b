import { randomBytes } from 'node:crypto';
import type { ErrorCode } from '../../domain/error.ts';
import { deleteInBatches } from '../../platform/database/batches.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { ConnectFlow } from '../../platform/prisma/client.ts';
import { sha256 } from '../../platform/secrets/digest.ts';
import type { Access } from '../../providers/contract/connect.ts';
import { isUuid } from '../integrations/integration.store.ts';
import {
  type ConnectFlowRecord,
  type ConnectFlowStatus,
  DEFAULT_FLOW_METHOD,
  type FlowProblem,
  MAX_WRONG_CODES,
} from './connect-flow.ts';

type Bytes = Uint8Array<ArrayBuffer>;

interface NewConnectFlow {
  readonly id: string;
  readonly userId: string;
  readonly provider: string;
  readonly method: string;
  readonly access: Access;
  readonly address: string | null;
  readonly redirectUri: string | null;
  /** The hash of the state parameter. Absent for a method whose provider sends no browser back. */
  readonly stateHash?: string;
  readonly codeVerifier?: Bytes;
  /** What the method stores, sealed by the method. */
  readonly consent?: Bytes;
  /** Nobody polls for the flow before this time. */
  readonly claimUntil?: Date;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

const UNDER_WAY: ConnectFlowStatus[] = ['CONSENT', 'FINISH'];
/** What is erased when a flow ends. */
const WIPED = { codeVerifier: null, consent: null, claimOwner: null, claimUntil: null };

/** Every change names the status that it starts from, so that only one of two simultaneous changes is made. */
export class ConnectFlowStore {
  constructor(private readonly db: Database) {}

  async create(flow: NewConnectFlow): Promise<ConnectFlowRecord> {
    const status: ConnectFlowStatus = 'CONSENT';
    // The column is unique and required: a flow without a state gets one that nobody knows.
    const { stateHash = sha256(randomBytes(32).toString('base64url')), ...rest } = flow;
    return recordOf(await this.db.prisma.connectFlow.create({ data: { ...rest, stateHash, status } }));
  }

  async findByState(stateHash: string): Promise<ConnectFlowRecord | null> {
    const row = await this.db.prisma.connectFlow.findUnique({ where: { stateHash } });
    return row && recordOf(row);
  }

  /** Returns null for a flow of another user, and for a text that is not an id. */
  async find(userId: string, id: string): Promise<ConnectFlowRecord | null> {
    if (!isUuid(id)) return null;
    const row = await this.db.prisma.connectFlow.findFirst({ where: { id, userId } });
    return row && recordOf(row);
  }

  /** Returns the flow of any user, so never call it with an id from a client. */
  async get(id: string): Promise<ConnectFlowRecord | null> {
    const row = await this.db.prisma.connectFlow.findUnique({ where: { id } });
    return row && recordOf(row);
  }

  /** Returns the flows of a user, the newest first. */
  async ofUser(userId: string, since: Date, limit: number): Promise<readonly ConnectFlowRecord[]> {
    const where = { userId, createdAt: { gt: since } };
    const rows = await this.db.prisma.connectFlow.findMany({ where, orderBy: { createdAt: 'desc' }, take: limit });
    return rows.map(recordOf);
  }

  /** Stores the sealed consent. Returns false when the state was used before, or the flow has ended. */
  async consented(id: string, consent: Bytes, now: Date): Promise<boolean> {
    const { count } = await this.db.prisma.connectFlow.updateMany({
      where: { id, status: 'CONSENT', expiresAt: { gt: now } },
      data: { status: 'FINISH', consent },
    });
    return count === 1;
  }

  /** Returns the user's flows of this method that wait for the token that a page passes on. */
  async awaitingToken(userId: string, method: string, now: Date): Promise<readonly ConnectFlowRecord[]> {
    const where = { userId, ...ofMethod(method), status: 'FINISH', redirectUri: { not: null }, expiresAt: { gt: now } };
    return (await this.db.prisma.connectFlow.findMany({ where })).map(recordOf);
  }

  /**
   * Returns the user's flows of this method that wait for a code, and counts a try for each. It counts before the code is compared, so that
   * simultaneous guesses are limited like successive ones.
   */
  async takeTry(userId: string, method: string, now: Date): Promise<readonly ConnectFlowRecord[]> {
    const rows = await this.db.prisma.connectFlow.updateManyAndReturn({
      where: {
        userId,
        ...ofMethod(method),
        status: 'FINISH',
        redirectUri: null,
        expiresAt: { gt: now },
        wrongCodes: { lt: MAX_WRONG_CODES },
      },
      data: { wrongCodes: { increment: 1 } },
    });
    return rows.map(recordOf);
  }

  /** Takes back the counted try of a code that was right. */
  async giveTryBack(ids: readonly string[]): Promise<void> {
    await this.db.prisma.connectFlow.updateMany({
      where: { id: { in: [...ids] } },
      data: { wrongCodes: { decrement: 1 } },
    });
  }

  /**
   * Ends the flows that have received the maximum of wrong codes. The caller passes only the flows that it has tried: a
   * simultaneous call may just have counted the right code as the last try, and takes it back in a moment.
   */
  async endExhausted(ids: readonly string[], problem: FlowProblem): Promise<void> {
    await this.db.prisma.connectFlow.updateMany({
      where: { id: { in: [...ids] }, status: 'FINISH', wrongCodes: { gte: MAX_WRONG_CODES } },
      data: { ...WIPED, status: 'FAILED', problemCode: problem.code, problem: problem.message },
    });
  }

  /** Returns the user's flow that this token has connected or failed, until the flow expires. */
  async endedWith(userId: string, finishedWith: string, now: Date): Promise<ConnectFlowRecord | null> {
    const row = await this.db.prisma.connectFlow.findFirst({
      where: { userId, finishedWith, expiresAt: { gt: now }, status: { in: ['CONNECTED', 'FAILED'] } },
    });
    return row && recordOf(row);
  }

  /** Returns true when `owner` alone may redeem the user's consent at the provider, until `until`. */
  async claim(id: string, status: 'CONSENT' | 'FINISH', owner: string, until: Date, now: Date): Promise<boolean> {
    const { count } = await this.db.prisma.connectFlow.updateMany({
      where: {
        id,
        status,
        expiresAt: { gt: now },
        OR: [{ claimUntil: null }, { claimUntil: { lte: now } }],
      },
      data: { claimOwner: owner, claimUntil: until },
    });
    return count === 1;
  }

  /**
   * Gives up a claim, so that another call may try again, but not before `notBefore`. `consent` replaces what the method
   * has stored.
   */
  async release(
    id: string,
    claimOwner: string,
    consent: Bytes | null = null,
    notBefore: Date | null = null,
  ): Promise<void> {
    await this.db.prisma.connectFlow.updateMany({
      where: { id, claimOwner },
      data: { claimOwner: null, claimUntil: notBefore, ...(consent && { consent }) },
    });
  }

  /** Returns the ids of the flows of these methods that wait for a consent and that nobody has claimed. */
  async unclaimed(methods: readonly string[], now: Date): Promise<readonly string[]> {
    const rows = await this.db.prisma.connectFlow.findMany({
      where: {
        method: { in: [...methods] },
        status: 'CONSENT',
        expiresAt: { gt: now },
        OR: [{ claimUntil: null }, { claimUntil: { lte: now } }],
      },
      select: { id: true },
    });
    return rows.map(({ id }) => id);
  }

  /**
   * Ends a flow with its account. Returns false when the claim was lost or the flow has ended: then nothing may be stored.
   * Without `claimOwner` the claim does not matter, because the caller holds a grant that nobody else can redeem.
   * A repetition returns true, because the answer to the first commit may have been lost.
   */
  async connected(
    flow: { id: string; claimOwner?: string; finishedWith: string; integration: string },
    now: Date,
    tx: Transaction,
  ): Promise<boolean> {
    const { id, claimOwner, finishedWith, integration } = flow;
    const { count } = await tx.connectFlow.updateMany({
      where: {
        id,
        OR: [
          { ...(claimOwner && { claimOwner }), status: { in: UNDER_WAY }, expiresAt: { gt: now } },
          { status: 'CONNECTED', finishedWith, integration },
        ],
      },
      data: { ...WIPED, status: 'CONNECTED', finishedWith, integration },
    });
    return count === 1;
  }

  /** Ends a flow whose status is `from`, and which `claimOwner` has claimed if one is given. Returns false for any other. */
  async failed(
    id: string,
    from: 'CONSENT' | 'FINISH',
    problem: FlowProblem,
    finishedWith: string | null = null,
    claimOwner?: string,
  ): Promise<boolean> {
    const { count } = await this.db.prisma.connectFlow.updateMany({
      where: { id, status: from, ...(claimOwner !== undefined && { claimOwner }) },
      data: { ...WIPED, status: 'FAILED', finishedWith, problemCode: problem.code, problem: problem.message },
    });
    return count === 1;
  }

  /** Ends the flows whose time is up, and erases what was sealed for them. */
  async expire(now: Date): Promise<number> {
    const { count } = await this.db.prisma.connectFlow.updateMany({
      where: { status: { in: UNDER_WAY }, expiresAt: { lte: now } },
      data: { ...WIPED, status: 'EXPIRED' },
    });
    return count;
  }

  /** Deletes the flows that expired before this time, including those that the previous release stored in its own table. */
  async prune(before: Date): Promise<number> {
    const where = { expiresAt: { lt: before } };
    const flows = await deleteInBatches((limit) => this.db.prisma.connectFlow.deleteMany({ where, limit }));
    return flows + (await deleteInBatches((limit) => this.db.prisma.oAuthState.deleteMany({ where, limit })));
  }
}

const ofMethod = (method: string) =>
  method === DEFAULT_FLOW_METHOD ? { OR: [{ method }, { method: null }] } : { method };

const recordOf = (row: ConnectFlow): ConnectFlowRecord => ({
  id: row.id,
  userId: row.userId,
  provider: row.provider,
  method: row.method ?? DEFAULT_FLOW_METHOD,
  access: row.access as Access,
  address: row.address,
  redirectUri: row.redirectUri,
  status: row.status as ConnectFlowStatus,
  codeVerifier: row.codeVerifier,
  consent: row.consent,
  isClaimed: row.claimOwner !== null,
  integrationId: row.integration,
  problem: row.problemCode ? { code: row.problemCode as ErrorCode, message: row.problem ?? '' } : null,
  createdAt: row.createdAt,
  expiresAt: row.expiresAt,
});
