/** After this many changes in a row without a notification the watch does not work, although it can be renewed. */
const MAX_MISSES = 2;
/** Milliseconds between two replacements of a watch that stays silent. */
const REPLACE_INTERVAL_MS = 6 * 60 * 60_000;

interface NotificationRecord {
  misses: number;
  replacedAt: number | null;
}

/** Detects the watches that send no notifications: a sync finds changes that no notification announced. */
export class MissedNotifications {
  private readonly records = new Map<string, NotificationRecord>();

  constructor(private readonly now: () => number = Date.now) {}

  /** Records a change without a notification. A single notification may just be late. */
  missed(integrationId: string): void {
    const record = this.records.get(integrationId) ?? { misses: 0, replacedAt: null };
    record.misses++;
    this.records.set(integrationId, record);
  }

  /** Records that the watch does not work, which no second change has to show. */
  proven(integrationId: string): void {
    const { replacedAt = null } = this.records.get(integrationId) ?? {};
    this.records.set(integrationId, { misses: MAX_MISSES, replacedAt });
  }

  heard(integrationId: string): void {
    const record = this.records.get(integrationId);
    if (record) record.misses = 0;
  }

  /** Returns true when the watch is to be replaced, because renewing it does not help. */
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
