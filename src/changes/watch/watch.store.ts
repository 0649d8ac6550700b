import type { Logger } from 'pino';
import type { Database } from '../../platform/database/database.ts';
import { SealError, type Sealer } from '../../platform/secrets/seal.ts';
import type { WatchState } from '../../providers/contract/watch.ts';

export interface StoredWatch extends WatchState {
  readonly integrationId: string;
  readonly provider: string;
  /** The secret that a notification must contain to be genuine. */
  readonly secret: string;
}

const PURPOSE = 'watch';

/** Stores the watches. Their secrets are sealed with the integration's id as associated data. */
export class WatchStore {
  constructor(
    private readonly db: Database,
    private readonly sealer: Sealer,
    private readonly log: Logger,
  ) {}

  async get(integrationId: string): Promise<StoredWatch | null> {
    const row = await this.db.prisma.watch.findUnique({ where: { integrationId } });
    return row && this.opened(row);
  }

  /** Returns the watches with the key that a notification names. */
  async named(provider: string, key: string): Promise<readonly StoredWatch[]> {
    const rows = await this.db.prisma.watch.findMany({ where: { provider, key } });
    return rows.flatMap((row) => this.opened(row) ?? []);
  }

  async put(watch: StoredWatch): Promise<void> {
    const { integrationId, provider, key, expiresAt } = watch;
    const secret = this.sealer.seal(PURPOSE, integrationId, Buffer.from(watch.secret)) as Uint8Array<ArrayBuffer>;
    const columns = { provider, key, expiresAt, secret, renewAt: null };
    await this.db.prisma.watch.upsert({
      where: { integrationId },
      create: { integrationId, ...columns },
      update: columns,
    });
  }

  async remove(integrationId: string): Promise<void> {
    await this.db.prisma.watch.deleteMany({ where: { integrationId } });
  }

  /** Returns when the watches expire, by integration. */
  async expiries(): Promise<ReadonlyMap<string, Date>> {
    const rows = await this.db.prisma.watch.findMany({ select: { integrationId: true, expiresAt: true } });
    return new Map(rows.map((row) => [row.integrationId, row.expiresAt]));
  }

  /** Records that the provider requires the watches to be renewed, until they are `put`. */
  async requireRenewal(integrationIds: readonly string[]): Promise<void> {
    if (integrationIds.length === 0) return;
    await this.db.prisma.watch.updateMany({
      where: { integrationId: { in: [...integrationIds] } },
      data: { renewAt: new Date() },
    });
  }

  /** Returns the integrations whose watch the provider requires to be renewed. */
  async overdue(): Promise<ReadonlySet<string>> {
    const rows = await this.db.prisma.watch.findMany({
      where: { renewAt: { not: null } },
      select: { integrationId: true },
    });
    return new Set(rows.map((row) => row.integrationId));
  }

  async expiry(integrationId: string): Promise<Date | null> {
    const row = await this.db.prisma.watch.findUnique({ where: { integrationId }, select: { expiresAt: true } });
    return row?.expiresAt ?? null;
  }

  /** Returns null when the key that sealed the secret was removed. Then the watch counts as lost, and is started again. */
  private opened(row: Omit<StoredWatch, 'secret'> & { readonly secret: Uint8Array }): StoredWatch | null {
    try {
      return { ...row, secret: Buffer.from(this.sealer.open(PURPOSE, row.integrationId, row.secret)).toString() };
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      this.log.warn({ integrationId: row.integrationId }, 'the secret of a watch does not open');
      return null;
    }
  }
}
