import type { ChangeStore, LoggedChange } from '../changes/change.store.ts';

/** Entries kept in memory, for subscribers that are at or near the end of the log. */
const MAX_WINDOW_ENTRIES = 1_000;
const PAGE = 200;

/**
 * The end of one integration's change log, read once for all subscribers. A subscriber has no buffer: it comes back
 * with its own position and reads from there, so that a slow one uses no memory and misses no event.
 */
export class Feed {
  /** The entries after `floor`, without gaps. */
  private window: LoggedChange[] = [];
  private reading: Promise<void> | null = null;
  private stale = true;

  constructor(
    readonly integrationId: string,
    private readonly store: Pick<ChangeStore, 'read'>,
    /** The window begins after this sequence. */
    private floor: bigint,
  ) {}

  /** The log has grown, or may have. */
  wake(): void {
    this.stale = true;
  }

  /** What comes after `after`, oldest first; empty when that is the end. */
  async after(after: bigint): Promise<readonly LoggedChange[]> {
    if (after < this.floor) return this.store.read(this.integrationId, after, PAGE);
    while (this.stale || this.reading) {
      this.reading ??= this.read().finally(() => {
        this.reading = null;
      });
      await this.reading;
    }
    if (after < this.floor) return this.store.read(this.integrationId, after, PAGE);
    const from = this.window.findIndex((change) => change.sequence > after);
    return from === -1 ? [] : this.window.slice(from, from + PAGE);
  }

  private async read(): Promise<void> {
    this.stale = false;
    try {
      const found = await this.store.read(this.integrationId, this.window.at(-1)?.sequence ?? this.floor, PAGE);
      if (found.length === PAGE) this.stale = true;
      this.window.push(...found);
    } catch (error) {
      this.stale = true;
      throw error;
    }
    const surplus = this.window.length - MAX_WINDOW_ENTRIES;
    const last = surplus > 0 ? this.window[surplus - 1] : undefined;
    if (last) {
      this.floor = last.sequence;
      this.window = this.window.slice(surplus);
    }
  }
}
