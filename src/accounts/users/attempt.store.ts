import { deleteInBatches } from '../../platform/database/batches.ts';
import type { Database } from '../../platform/database/database.ts';
import { sha256 } from '../../platform/secrets/digest.ts';

/** At most `burst` attempts at once, and one more every `everyMs`, for each key. */
export interface AttemptRule {
  readonly name: string;
  readonly burst: number;
  readonly everyMs: number;
}

/** A rule, and what an attempt is counted under by it. */
export type CountedAttempt = readonly [rule: AttemptRule, key: string];

/** What AttemptLimiter does, for all instances together: a row per key, on the database's clock. */
export class AttemptStore {
  constructor(private readonly db: Database) {}

  /** Counts an attempt; 0. When there are too many it counts nothing; the milliseconds until the next. */
  async take(rule: AttemptRule, key: string): Promise<number> {
    const { burst, everyMs } = rule;
    const hash = hashOf(rule, key);
    const taken = await this.db.prisma.$executeRaw`
      INSERT INTO attempts AS known (key, whole_at)
      VALUES (${hash}, now() + ${everyMs}::int * interval '1 ms')
      ON CONFLICT (key) DO UPDATE SET whole_at = greatest(known.whole_at, now()) + ${everyMs}::int * interval '1 ms'
      WHERE greatest(known.whole_at, now()) <= now() + ${(burst - 1) * everyMs}::int * interval '1 ms'`;
    if (taken === 1) return 0;
    const [row] = await this.db.prisma.$queryRaw<{ wait: number }[]>`
      SELECT extract(epoch FROM whole_at - now())::float8 * 1000 - ${(burst - 1) * everyMs}::int AS wait
      FROM attempts WHERE key = ${hash}`;
    return Math.max(1, Math.ceil(row?.wait ?? 0));
  }

  /**
   * Counts one attempt by several rules, or by none: what one of them refuses was never tried, so it uses up nothing of the
   * others, which are of more people. 0, or the milliseconds until the next.
   */
  async takeAll(counted: readonly CountedAttempt[]): Promise<number> {
    for (const [index, [rule, key]] of counted.entries()) {
      const waitMs = await this.take(rule, key);
      if (waitMs === 0) continue;
      await this.giveBackAll(counted.slice(0, index));
      return waitMs;
    }
    return 0;
  }

  async giveBackAll(counted: readonly CountedAttempt[]): Promise<void> {
    await Promise.all(counted.map(([rule, key]) => this.giveBack(rule, key)));
  }

  /** Takes an attempt back: it was a good one. */
  async giveBack(rule: AttemptRule, key: string): Promise<void> {
    await this.db.prisma.$executeRaw`
      UPDATE attempts SET whole_at = whole_at - ${rule.everyMs}::int * interval '1 ms' WHERE key = ${hashOf(rule, key)}`;
  }

  /** Keeps for so long that the key is known under this name. */
  async remember(name: string, key: string, forMs: number): Promise<void> {
    await this.db.prisma.$executeRaw`
      INSERT INTO attempts (key, whole_at) VALUES (${hashOf({ name }, key)}, now() + ${forMs / 1_000}::int * interval '1 s')
      ON CONFLICT (key) DO UPDATE SET whole_at = excluded.whole_at`;
  }

  async isRemembered(name: string, key: string): Promise<boolean> {
    const [row] = await this.db.prisma.$queryRaw<{ known: boolean }[]>`
      SELECT whole_at > now() AS known FROM attempts WHERE key = ${hashOf({ name }, key)}`;
    return row?.known ?? false;
  }

  /** Deletes what says nothing any more. */
  prune(before: Date): Promise<number> {
    const where = { wholeAt: { lt: before } };
    return deleteInBatches((limit) => this.db.prisma.attempt.deleteMany({ where, limit }));
  }
}

/** Nobody's address is kept. */
const hashOf = ({ name }: Pick<AttemptRule, 'name'>, key: string): string => sha256(`${name} ${key}`);
