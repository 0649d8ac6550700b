import type { Database } from '../platform/database/database.ts';
import type { Transaction } from '../platform/database/transaction.ts';

export interface SealedSecret {
  readonly keyVersion: number;
  readonly sealed: Uint8Array<ArrayBuffer>;
}

export class SecretStore {
  constructor(private readonly db: Database) {}

  async read(integrationId: string, tx: Transaction = this.db.prisma): Promise<SealedSecret | null> {
    return tx.secret.findUnique({ where: { integrationId }, select: { keyVersion: true, sealed: true } });
  }

  async write(integrationId: string, secret: SealedSecret, tx: Transaction = this.db.prisma): Promise<void> {
    await tx.secret.upsert({ where: { integrationId }, create: { integrationId, ...secret }, update: secret });
  }

  /** Replaces `previous`. Returns false when another secret was written since. */
  async replace(
    integrationId: string,
    previous: Uint8Array<ArrayBuffer>,
    secret: SealedSecret,
    tx: Transaction = this.db.prisma,
  ): Promise<boolean> {
    const { count } = await tx.secret.updateMany({ where: { integrationId, sealed: previous }, data: secret });
    return count === 1;
  }

  async erase(integrationId: string, tx: Transaction = this.db.prisma): Promise<void> {
    await tx.secret.deleteMany({ where: { integrationId } });
  }
}
