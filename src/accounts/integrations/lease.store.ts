import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';

/** The lifetime of a lease that is not renewed. An owner that dies blocks the account for no longer than this. */
export const LEASE_SECONDS = 4;
/** Milliseconds between two renewals by the owner. */
export const RENEW_INTERVAL_MS = 1_000;

/**
 * Allows one refresh at a time for an integration over all instances. The lease is two columns, which are changed by
 * compare-and-swap with the clock of the database.
 */
export class LeaseStore {
  constructor(private readonly db: Database) {}

  /** Returns false while another owner has the lease. */
  async take(integrationId: string, owner: string): Promise<boolean> {
    const count = await this.db.prisma.$executeRaw`
      UPDATE integrations SET lease_owner = ${owner}, lease_until = now() + make_interval(secs => ${LEASE_SECONDS}::int)
      WHERE id = ${integrationId}::uuid AND (lease_until IS NULL OR lease_until < now())`;
    return count === 1;
  }

  /** Returns false when another owner has the lease. An expired lease that nobody has taken can still be renewed. */
  async renew(integrationId: string, owner: string): Promise<boolean> {
    const count = await this.db.prisma.$executeRaw`
      UPDATE integrations SET lease_until = now() + make_interval(secs => ${LEASE_SECONDS}::int)
      WHERE id = ${integrationId}::uuid AND lease_owner = ${owner}`;
    return count === 1;
  }

  /** Frees the lease if the owner still has it. */
  async free(integrationId: string, owner: string, tx: Transaction = this.db.prisma): Promise<void> {
    await tx.integration.updateMany({
      where: { id: integrationId, leaseOwner: owner },
      data: { leaseOwner: null, leaseUntil: null },
    });
  }
}
