/** How long a run may take before its account counts as behind. */
export const BEHIND_TIMEOUT_MS = 5_000;

/** The intervals and timeouts of a sync. Tests and the bench set shorter ones. */
export interface SyncTimes {
  /** How long a request of the first attempt may take. */
  readonly firstAttemptMs?: number;
  /** How long a run may take before its account counts as behind. */
  readonly behindMs?: number;
  /** How often an account with the status ERROR is tried. */
  readonly probeIntervalMs?: number;
  /** How long a watched account may be silent before it is asked whether anything changed. */
  readonly silenceMs?: number;
  /** How long a notification may be late. */
  readonly lateMs?: number;
  /** After how long without a confirmation an account is not live. */
  readonly liveMs?: number;
  /** Replaces POLL_SECONDS. */
  readonly pollIntervalMs?: number;
  /** How often accounts are looked for whose comparison with the index is due. */
  readonly reconcileTickMs?: number;
  /** How long a difference between an account and its index must last. */
  readonly settleMs?: number;
  /** How long the gateway's own changes of an account are collected before it is read. */
  readonly ownWritesMs?: number;
  /** The share of its quota that the comparison of an account uses. */
  readonly quotaShare?: number;
}
