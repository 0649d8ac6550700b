import type { MailError } from '../../domain/error.ts';
import type { SharedReads } from './shared-reads.ts';

/** The options of every call of a session. */
export interface Call {
  readonly signal: AbortSignal;
  readonly priority: 'interactive' | 'background';
  /** How long to wait for the limiter and for a Retry-After before the call fails with RATE_LIMITED. Absent: the default of its priority. */
  readonly maxWaitMs?: number;
  /** The timeout of one request. Absent: the default of its priority. */
  readonly attemptTimeoutMs?: number;
  /**
   * After how many milliseconds without an answer a safe request is sent again, once, with the rest of its timeout, so that a
   * lost request does not use up the whole timeout. Absent: it is sent again only when another request was answered meanwhile.
   */
  readonly beginAgainAfterMs?: number;
  /**
   * For a file that is streamed to a client, which may stop reading: the limiter ends a transfer that is too slow and calls
   * this with the reason. Absent: the code that reads the file ends it in time.
   */
  readonly cut?: (reason: MailError) => void;
  /** How long a file waits for other files of its mailbox before it fails with RATE_LIMITED. Absent: until its signal aborts. */
  readonly maxTurnMs?: number;
  /** Reads that several lists of one page have in common and make only once. */
  readonly shared?: SharedReads;
  /** Counts what the call costs. Absent: nobody counts. */
  readonly meter?: Meter;
}

/** Counts what one operation asks of one account. */
export interface Meter {
  /**
   * A request, or a repetition of it, is sent. `units` is its cost in the vendor's quota. Returns the function to call when it
   * has been answered or has failed.
   */
  sent(units: number): () => void;
  /** So many objects came from the cache instead of the provider. */
  cached(count: number): void;
}

/**
 * Enforces quota, concurrency and retries for every HTTP request of an adapter. request-limiter.ts makes one for each mailbox.
 * `units` is the cost of the request in the vendor's quota. `slots` is the number of concurrent requests that it counts as;
 * a $batch counts as several. A request is retried only when it is `safe`, and never before Retry-After.
 */
export interface RequestLimiter {
  /**
   * `attempt` sends the request once. When its signal aborts, it throws the signal's reason if that is a MailError, and TIMEOUT
   * for a TimeoutError (`abortReason` of limiter/aborted.ts).
   */
  request<T>(cost: RequestCost, call: Call, attempt: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /**
   * A request whose answer is streamed. It keeps its slots until the last byte is read or its connection is closed. At most
   * `Limits.streams` are open, and further ones wait. `open` resolves with the body when the headers have arrived.
   */
  stream(
    cost: RequestCost,
    call: Call,
    open: (signal: AbortSignal) => Promise<ReadableStream<Uint8Array> | null>,
  ): Promise<ReadableStream<Uint8Array>>;
  /** The maximum number of slots that one request can have without waiting for a stream to end. */
  readonly maxSlots: number;
}
export interface Limits {
  /** The maximum number of concurrent requests, counted in RequestCost.slots. */
  readonly concurrency: number;
  /** The maximum number of these slots for streamed files. The others are left to other requests. */
  readonly streams: number;
  /** The quota units that an account may use in each window. */
  readonly units: number;
  readonly windowMs: number;
}
export interface RequestCost {
  /** The name for logs, metrics and traces, such as "messages.list". */
  readonly operation: string;
  readonly units: number;
  readonly slots: number;
  /** Whether the request can be repeated without further effect. Never true for a send. */
  readonly safe: boolean;
}
