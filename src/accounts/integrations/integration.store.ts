import { randomUUID } from 'node:crypto';
import type { ErrorCode } from '../../domain/error.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { Integration, Prisma } from '../../platform/prisma/client.ts';
import type { Access } from '../../providers/contract/connect.ts';
import type { IntegrationRecord, IntegrationStatus } from './integration.ts';

interface IntegrationUpsert {
  readonly userId: string;
  readonly provider: string;
  readonly address: string;
  readonly access: Access;
  readonly scopes: readonly string[];
}

/** What the sync keeps in the row, which may have a megabyte. */
const SYNC_STATE = { syncCursor: true, syncHints: true } as const;

export class IntegrationStore {
  constructor(private readonly db: Database) {}

  /** `work` uses only `tx`, and makes no request. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.db.prisma.$transaction(work);
  }

  /** Returns a user's integrations in the order in which they were first connected. */
  async ofUser(userId: string): Promise<readonly IntegrationRecord[]> {
    const rows = await this.db.prisma.integration.findMany({
      where: { userId },
      omit: SYNC_STATE,
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    });
    return rows.map(recordOf);
  }

  /** Returns what `ofUser` returns, for several users by one query. */
  async ofUsers(userIds: readonly string[]): Promise<ReadonlyMap<string, readonly IntegrationRecord[]>> {
    const rows = await this.db.prisma.integration.findMany({
      where: { userId: { in: [...userIds] } },
      omit: SYNC_STATE,
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    });
    const users = new Map(userIds.map((userId): [string, IntegrationRecord[]] => [userId, []]));
    for (const row of rows) users.get(row.userId)?.push(recordOf(row));
    return users;
  }

  /** Returns null for an integration of another user. */
  async find(userId: string, id: string): Promise<IntegrationRecord | null> {
    const row = await this.db.prisma.integration.findFirst({ where: { id, userId } });
    return row && recordOf(row);
  }

  async ownerOf(id: string): Promise<string | null> {
    if (!isUuid(id)) return null;
    const row = await this.db.prisma.integration.findUnique({ where: { id }, select: { userId: true } });
    return row?.userId ?? null;
  }

  async inStatus(status: IntegrationStatus): Promise<readonly IntegrationRecord[]> {
    return (await this.db.prisma.integration.findMany({ where: { status } })).map(recordOf);
  }

  /** Creates or updates an integration. The same address of the same user and provider keeps its id. */
  async connect(account: IntegrationUpsert, tx: Transaction): Promise<IntegrationRecord> {
    const { userId, provider, address } = account;
    const addressKey = address.toLowerCase();
    const fields = {
      address,
      status: 'CONNECTED' satisfies IntegrationStatus,
      access: account.access,
      scopes: [...account.scopes],
      problemCode: null,
      problemMessage: null,
      connectedAt: new Date(),
    };
    const row = await tx.integration.upsert({
      where: { userId_provider_addressKey: { userId, provider, addressKey } },
      create: { id: randomUUID(), userId, provider, addressKey, sequence: 1n, ...fields },
      update: { ...fields, sequence: { increment: 1 } },
    });
    await logStatus(row, 'CONNECTED', tx);
    return recordOf(row);
  }

  /** Returns false when the status was not in `from`. */
  async changeStatus(
    id: string,
    from: readonly IntegrationStatus[],
    to: IntegrationStatus,
    problem: { code: ErrorCode; message: string },
    tx: Transaction,
  ): Promise<boolean> {
    return this.setStatus({ id, status: { in: [...from] } }, to, problem, tx);
  }

  /**
   * Changes the status of the connection that the record describes, and not of a later one. Returns false when the account
   * was connected again since, or when its status is not in `from`. `problem` is null when the account works again.
   */
  async changeHealth(
    { id, connectedAt }: Pick<IntegrationRecord, 'id' | 'connectedAt'>,
    from: readonly IntegrationStatus[],
    to: IntegrationStatus,
    problem: { code: ErrorCode; message: string } | null,
  ): Promise<boolean> {
    const where = { id, connectedAt, status: { in: [...from] } };
    return this.transaction((tx) => this.setStatus(where, to, problem, tx));
  }

  private async setStatus(
    where: Prisma.IntegrationWhereInput,
    to: IntegrationStatus,
    problem: { code: ErrorCode; message: string } | null,
    tx: Transaction,
  ): Promise<boolean> {
    const [row] = await tx.integration.updateManyAndReturn({
      where,
      data: {
        status: to,
        problemCode: problem?.code ?? null,
        problemMessage: problem?.message ?? null,
        sequence: { increment: 1 },
      },
      select: { id: true, sequence: true },
    });
    if (row) await logStatus(row, to, tx);
    return row !== undefined;
  }

  /**
   * Erases the position in the provider's history, which has hashes and ids of labels, and the ids that notifications named. A
   * sync after the account is connected again treats the history before it as lost.
   */
  async forgetSync(id: string, tx: Transaction): Promise<void> {
    await tx.integration.updateMany({
      where: { id },
      data: { syncCursor: null, changeMark: null, checkedAt: null, syncHints: [] },
    });
  }

  /** Returns true when another integration, of any user, has the same mailbox. */
  async isShared(record: IntegrationRecord): Promise<boolean> {
    const others = await this.db.prisma.integration.count({
      where: {
        provider: record.provider,
        addressKey: record.address.toLowerCase(),
        id: { not: record.id },
        status: { not: 'DISCONNECTED' },
      },
    });
    return others > 0;
  }
}

/**
 * Appends a change of status to the change log of the integration, whose row has just got the entry's sequence in the same
 * transaction. The log belongs to a room above; what every client follows must not be lost between two transactions.
 */
async function logStatus(
  { id, sequence }: Pick<Integration, 'id' | 'sequence'>,
  status: IntegrationStatus,
  tx: Transaction,
): Promise<void> {
  await tx.change.create({
    data: { integrationId: id, sequence, kind: 'integration', subject: status, at: new Date() },
  });
}

export const isUuid = (id: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id);

const recordOf = (row: Omit<Integration, keyof typeof SYNC_STATE>): IntegrationRecord => ({
  id: row.id,
  userId: row.userId,
  provider: row.provider,
  address: row.address,
  status: row.status as IntegrationStatus,
  access: row.access as Access,
  scopes: row.scopes,
  problem: row.problemCode ? { code: row.problemCode as ErrorCode, message: row.problemMessage ?? '' } : null,
  connectedAt: row.connectedAt,
  lastEventAt: row.lastEventAt,
  lastReconciledAt: row.lastReconciledAt,
});
