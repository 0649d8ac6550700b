import type { Database } from '../../platform/database/database.ts';
import type { Prisma } from '../../platform/prisma/client.ts';

/** How long an owner that says nothing is believed to live: one that dies holding it blocks the account for no longer. */
export const LEASE_SECONDS = 4;
/** How often an owner says that it lives, in milliseconds. */
export const RENEW_INTERVAL_MS = 1_000;

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

  /** False when it is another's by now. One that has run out and that nobody took is the owner's still. */
  async renew(integrationId: string, owner: string): Promise<boolean> {
    const count = await this.db.prisma.$executeRaw`
      UPDATE integrations SET lease_until = now() + make_interval(secs => ${LEASE_SECONDS}::int)
      WHERE id = ${integrationId}::uuid AND lease_owner = ${owner}`;
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
