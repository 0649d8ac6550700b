/** The time-outs for the store, in milliseconds. Together they keep every response within 15 seconds. */
export interface StoreLimits {
  /** For getting a connection, whether it is free or new. */
  readonly connectMs: number;
  /** For one statement of a request. */
  readonly statementMs: number;
  /** For one statement of background work, and of a file that is being uploaded. */
  readonly backgroundMs: number;
  /** For all waiting of one request, whatever the number of its statements. */
  readonly requestMs: number;
  /** For the probe that checks whether the store answers. */
  readonly probeMs: number;
  /** The interval between two probes while the store does not answer. */
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
