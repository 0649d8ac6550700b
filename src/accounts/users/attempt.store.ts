import { deleteInBatches } from '../../platform/database/batches.ts';
import type { Database } from '../../platform/database/database.ts';
import { sha256 } from '../../platform/secrets/digest.ts';

/** Allows `burst` attempts at once, and one more every `everyMs`, for each key. */
export interface AttemptRule {
  readonly name: string;
  readonly burst: number;
  readonly everyMs: number;
}

/** A rule, and the key under which it counts an attempt. */
export type CountedAttempt = readonly [rule: AttemptRule, key: string];

/** Does what AttemptLimiter does for all instances together, with a row for each key and the clock of the database. */
export class AttemptStore {
  constructor(private readonly db: Database) {}

  /**
   * Counts an attempt and returns 0. When there were too many it does not count, and returns the milliseconds until the next
   * one is allowed.
   */
  async take(rule: AttemptRule, key: string): Promise<number> {
    const { burst, everyMs } = rule;
    const hash = hashOfKey(rule, key);
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
   * Counts one attempt by all the rules or by none. An attempt that one rule refuses is not made, so it must not use up the
   * allowance of the other rules, which more people share. Returns like `take`.
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

  /** Takes back the counted attempt, because it succeeded. */
  async giveBack(rule: AttemptRule, key: string): Promise<void> {
    await this.db.prisma.$executeRaw`
      UPDATE attempts SET whole_at = whole_at - ${rule.everyMs}::int * interval '1 ms' WHERE key = ${hashOfKey(rule, key)}`;
  }

  /** Remembers the key under this name for a time. */
  async remember(name: string, key: string, forMs: number): Promise<void> {
    await this.db.prisma.$executeRaw`
      INSERT INTO attempts (key, whole_at) VALUES (${hashOfKey({ name }, key)}, now() + ${forMs / 1_000}::int * interval '1 s')
      ON CONFLICT (key) DO UPDATE SET whole_at = excluded.whole_at`;
  }

  async isRemembered(name: string, key: string): Promise<boolean> {
    const [row] = await this.db.prisma.$queryRaw<{ known: boolean }[]>`
      SELECT whole_at > now() AS known FROM attempts WHERE key = ${hashOfKey({ name }, key)}`;
    return row?.known ?? false;
  }

  /** Deletes the rows that have no effect any more. */
  prune(before: Date): Promise<number> {
    const where = { wholeAt: { lt: before } };
    return deleteInBatches((limit) => this.db.prisma.attempt.deleteMany({ where, limit }));
  }
}

/** Only hashes are stored, so the table contains no addresses. */
const hashOfKey = ({ name }: Pick<AttemptRule, 'name'>, key: string): string => sha256(`${name} ${key}`);
