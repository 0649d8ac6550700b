/** The logs behind a subscription. Each has a key, and is read in pages from a position. */
export interface EventLogs<Entry, Position> {
  /** Calls `grown` when there may be new entries. `start` is the position to read from; null: the end of the log. */
  follow(key: string, start: Position | null, grown: () => void): Promise<LogFollower<Entry, Position>>;
}

export interface LogFollower<Entry, Position> {
  readonly start: Position;
  /** The entries after a position, oldest first; empty at the end. */
  after(position: Position): Promise<readonly Entry[]>;
  /**
   * How often the log was found to be another one than before, because its database was restored from a backup or replaced by
   * a replica. A follower that sees it increase compares its position with the log again. Absent: that cannot happen.
   */
  readonly replacements?: number;
  /** Wakes all who follow the log, because it has entries that nothing has announced. */
  announce?(): void;
  leave(): void;
}
