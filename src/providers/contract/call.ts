import type { MailError } from '../../domain/error.ts';
import type { SharedReads } from './shared-reads.ts';

/** Given with every call. */
export interface Call {
  readonly signal: AbortSignal;
  readonly priority: 'interactive' | 'background';
  /** How long it waits for the limiter, and for a Retry-After, before it fails with RATE_LIMITED. Absent: by its priority. */
  readonly maxWaitMs?: number;
  /** How long one request may go without an answer. Absent: by its priority. */
  readonly attemptTimeoutMs?: number;
  /**
   * After how long without an answer a safe request is begun again, once, for the rest of that time: one that was lost is
   * then not waited out. Absent: only when another shows that the provider answers.
   */
  readonly beginAgainAfterMs?: number;
  /**
   * Where a file goes to somebody who may not read it: it is ended when too little of it is taken, and this is told why.
   * Absent: who reads it ends it in time.
   */
  readonly cut?: (reason: MailError) => void;
  /** How long a file waits for its turn among those of its mailbox before it fails with RATE_LIMITED. Absent: as long as its signal says. */
  readonly maxTurnMs?: number;
  /** Where several lists are read for one page: what they have in common need be read only once. */
  readonly shared?: SharedReads;
}

/**
 * Around every HTTP request that an adapter makes: quota, concurrency, retry. Made by request-limiter.ts, one per account.
 * `units` is what the request costs in the vendor's own quota; `slots` how many of the vendor's concurrent requests it
 * takes (a $batch takes several). The request is tried again only when `safe`, and never before Retry-After.
 */
export interface RequestLimiter {
  request<T>(cost: RequestCost, call: Call, attempt: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /**
   * A request whose answer is handed on as it comes. It has its slots until the last byte is read or its connection is
   * closed; at most `Limits.streams` are open, and the next waits for its turn. `open` ends with the answer's head.
   */
  stream(
    cost: RequestCost,
    call: Call,
    open: (signal: AbortSignal) => Promise<ReadableStream<Uint8Array> | null>,
  ): Promise<ReadableStream<Uint8Array>>;
  /** Slots that one request may take and need not wait for a stream. */
  readonly maxSlots: number;
}
export interface Limits {
  /** Requests under way at once, counted in RequestCost.slots. */
  readonly concurrency: number;
  /** Slots of those that files may take which are handed on as they come; the others are left to everything else. */
  readonly streams: number;
  /** Quota units that an account may spend in each window. */
  readonly units: number;
  readonly windowMs: number;
}
export interface RequestCost {
  /** For logs, metrics and traces: "messages.list". */
  readonly operation: string;
  readonly units: number;
  readonly slots: number;
  /** Repeating it changes nothing. Never true for a send. */
  readonly safe: boolean;
}
