import type { Logger } from 'pino';
import type { Caller } from './caller.ts';
import type { OperationCost } from './cost.ts';
import type { OperationReads } from './reads.ts';

/** The context of every resolver. It knows no feature of the mail API: loaders and similar objects come from `once`. */
export interface Context extends Caller {
  /** Aborts when the client disconnects. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** The id that a masked error shows and under which the log has the cause. */
  readonly requestId: string;
  /** True where the client wants no answer from the cache (`Cache-Control: no-cache`, RFC 9111 5.2.1.4). Absent: false. */
  readonly noCache?: boolean;
  /** The address of the client, as determined with TRUST_PROXY. */
  readonly clientAddress: string;
  /** Counts what the operation costs. All events of a subscription have the same one. */
  readonly cost: OperationCost;
  /** Notes what the operation reads, so that its answer may be given again. */
  readonly reads: OperationReads;
  /**
   * The cursor of the latest event that the client received, of a subscription that is being opened. It takes precedence
   * over the argument `after` (`operation/resumption.ts`).
   */
  readonly resumeAfter?: string | undefined;
  /**
   * Returns the one result of `factory` in this request, or in this event of a subscription. DataLoaders are shared in
   * this way.
   */
  once<T>(factory: (context: Context) => T): T;
}
