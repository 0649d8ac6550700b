import type { Database } from '../platform/database.ts';
import type { Prisma } from '../platform/prisma/client.ts';

/** Longer than a refresh may take: an instance that dies holding it blocks the account for no longer than this. */
export const LEASE_SECONDS = 30;

/** One refresh at a time per integration, across instances: two columns, taken by compare-and-swap on the database's clock. */
export class LeaseStore {
  constructor(private readonly db: Database) {}

  /** False while another owner's lease holds. */
  async take(integrationId: string, owner: string): Promise<boolean> {
    const count = await this.db.prisma.$executeRaw`
      UPDATE integrations SET lease_owner = ${owner}, lease_until = now() + make_interval(secs => ${LEASE_SECONDS}::int)
      WHERE id = ${integrationId}::uuid AND (lease_until IS NULL OR lease_until < now())`;
    return count === 1;
  }

  /** Frees it where it is still the owner's. */
  async free(integrationId: string, owner: string, tx: Prisma.TransactionClient = this.db.prisma): Promise<void> {
    await tx.integration.updateMany({
      where: { id: integrationId, leaseOwner: owner },
      data: { leaseOwner: null, leaseUntil: null },
    });
  }
}
