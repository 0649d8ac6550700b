import { deleteInBatches } from '../../platform/database/batches.ts';
import type { Database } from '../../platform/database/database.ts';

interface RevisionRow {
  readonly userId: string;
  readonly revision: string;
}

/** The rows that the triggers of the database write (see the migration `user_revisions`). */
export class UserRevisionStore {
  constructor(private readonly db: Database) {}

  /**
   * Returns the revision of each user, which is another one after each committed write, and after a prune. It is made of all
   * the rows: a transaction with a lower number may commit after one with a higher number.
   */
  async read(userIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const rows = await this.db.prisma.$queryRaw<RevisionRow[]>`
      SELECT user_id::text AS "userId", concat_ws('.', count(*), max(revision), sum(revision)) AS revision
      FROM user_revisions WHERE user_id = ANY(${[...userIds]}::uuid[]) GROUP BY user_id`;
    const found = new Map(rows.map(({ userId, revision }) => [userId, revision]));
    return new Map(userIds.map((userId) => [userId, found.get(userId) ?? '']));
  }

  /** Deletes the rows of writes before this time. The user's revision is another one afterwards. */
  prune(before: Date): Promise<number> {
    const where = { at: { lt: before } };
    return deleteInBatches((limit) => this.db.prisma.userRevision.deleteMany({ where, limit }));
  }
}
