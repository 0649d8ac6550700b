/** A reader's position in the change log of one account: behind the entry with this sequence. */
export interface LogPosition {
  /** 0: before the first entry. */
  readonly sequence: bigint;
  /**
   * When that entry was written, in Unix milliseconds, by which the log is recognised. Null when the log had no such entry: at 0,
   * or where the entry had been pruned before.
   */
  readonly at: number | null;
}

/** What a change log has, seen from a position. */
export interface LogBounds {
  /** The position behind the last entry. */
  readonly end: LogPosition;
  /** The sequence of the oldest entry that is kept. Null when none is. */
  readonly oldest: bigint | null;
  /** When the entry at the position was written, in Unix milliseconds. Null when the log does not have it. */
  readonly at: number | null;
  /** Whether the account has been synchronised once. Before that the log does not have all of its changes. */
  readonly isSynchronised: boolean;
  /** Whether the last entry is so new that an instance which has not heard of it may still show what was before it. */
  readonly isRecent: boolean;
}

/** Why the entries after a position cannot be read completely. */
export type PositionLoss = 'CURSOR_TOO_OLD' | 'LOG_REPLACED';

/**
 * Returns why entries after the position are missing, or null when the log has them all. A log that was restored from a backup
 * has no entry at the position, or another one.
 */
export function lossAfter({ sequence, at }: LogPosition, bounds: LogBounds): PositionLoss | null {
  if (sequence > bounds.end.sequence) return 'LOG_REPLACED';
  // An entry that had been pruned does not come back, so one without a time must not exist.
  if (bounds.at !== null && bounds.at !== at && sequence > 0n) return 'LOG_REPLACED';
  if (sequence === bounds.end.sequence) return null;
  return bounds.oldest === null || bounds.oldest > sequence + 1n ? 'CURSOR_TOO_OLD' : null;
}

/** The sequence of the entry that was reported first, where an entry repeats another one (`LoggedChange.repeats`). */
export const originalOf = (entry: { readonly sequence: bigint; readonly repeats?: bigint | undefined }): bigint =>
  entry.repeats ?? entry.sequence;
