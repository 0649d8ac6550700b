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
}

/**
 * Around every HTTP request that an adapter makes: quota, concurrency, retry. Made by guard.ts, one per account.
 * `units` is what the request costs in the vendor's own quota; `slots` how many of the vendor's concurrent requests it
 * takes (a $batch takes several). The request is tried again only when `safe`, and never before Retry-After.
 */
export interface Usage {
  request<T>(cost: RequestCost, call: Call, attempt: (signal: AbortSignal) => Promise<T>): Promise<T>;
}
export interface Limits {
  /** Requests under way at once, counted in RequestCost.slots. */
  readonly concurrency: number;
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
  /** The answer's body is handed on while it comes, so the request must not begin once more by itself. */
  readonly streams?: boolean;
}
