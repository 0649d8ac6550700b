/** So many changes in a row that nobody told of, and the watch is no good, though it can be renewed. */
const MAX_MISSES = 2;
/** A watch that is replaced and stays silent is not replaced again within this, in milliseconds. */
const REPLACE_INTERVAL_MS = 6 * 60 * 60_000;

interface PushRecord {
  misses: number;
  replacedAt: number | null;
}

/** Which watches tell of nothing, as far as this process has seen: what a sync finds that nobody told of shows it. */
export class MissedPushes {
  private readonly records = new Map<string, PushRecord>();

  constructor(private readonly now: () => number = Date.now) {}

  /** A change was found that should have been told of. One alone may just be on its way. */
  missed(integrationId: string): void {
    const record = this.records.get(integrationId) ?? { misses: 0, replacedAt: null };
    record.misses++;
    this.records.set(integrationId, record);
  }

  heard(integrationId: string): void {
    const record = this.records.get(integrationId);
    if (record) record.misses = 0;
  }

  /** To be replaced now: renewing it changes nothing. */
  isSilent(integrationId: string): boolean {
    const { misses = 0, replacedAt = null } = this.records.get(integrationId) ?? {};
    return misses >= MAX_MISSES && (replacedAt === null || this.now() - replacedAt > REPLACE_INTERVAL_MS);
  }

  replaced(integrationId: string): void {
    this.records.set(integrationId, { misses: 0, replacedAt: this.now() });
  }

  forget(integrationId: string): void {
    this.records.delete(integrationId);
  }
}
