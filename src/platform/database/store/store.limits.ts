/** The time-outs for the store, in milliseconds. Together they keep every response within 15 seconds. */
export interface StoreLimits {
  /** For a connection: one that is free, or a new one. */
  readonly connectMs: number;
  /** For one statement of a request. */
  readonly statementMs: number;
  /** For one statement of what works in the background, and of a file that is coming in. */
  readonly backgroundMs: number;
  /** For all that one request waits for the store, however many statements that are. */
  readonly requestMs: number;
  /** For the probe whether it answers at all. */
  readonly probeMs: number;
  /** Between two probes while it does not answer. */
  readonly probeEveryMs: number;
}

/** When a client may try again after STORE_UNAVAILABLE: by then the store is back, or the next request is refused at once. */
export const STORE_RETRY_AFTER_MS = 2_000;

export const STORE_LIMITS: StoreLimits = {
  connectMs: 4_000,
  statementMs: 5_000,
  backgroundMs: 20_000,
  requestMs: 8_000,
  probeMs: 1_500,
  probeEveryMs: 500,
};
