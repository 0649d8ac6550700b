/** A part of the cache that has entries to give up. */
export interface Evictable {
  readonly bytes: number;
  /** Removes its least recently used entry. */
  evictOldest(): void;
}

/** The share of the bytes that is freed at once, so that the largest account is not looked for at each new entry. */
const FREED_SHARE = 1 / 64;

/**
 * The bytes that all accounts of the process share. Where they are used up, the account with the most bytes gives up its least
 * recently used entries, so that one large account never empties the others: each keeps at least its even share.
 */
export class CacheBudget {
  private total = 0;
  private readonly accounts = new Set<Evictable>();

  constructor(readonly maxBytes: number) {}

  get bytes(): number {
    return this.total;
  }

  join(account: Evictable): void {
    this.accounts.add(account);
  }

  leave(account: Evictable): void {
    this.accounts.delete(account);
  }

  /** Counts bytes that an account has added, or removed where they are negative. */
  count(bytes: number): void {
    this.total += bytes;
    if (bytes > 0 && this.total > this.maxBytes) this.free(this.maxBytes * (1 - FREED_SHARE));
  }

  private free(target: number): void {
    while (this.total > target) {
      const [largest, second] = [...this.accounts].sort((a, b) => b.bytes - a.bytes);
      if (!largest || largest.bytes === 0) return;
      const floor = second?.bytes ?? 0;
      do largest.evictOldest();
      while (this.total > target && largest.bytes > floor);
    }
  }
}
