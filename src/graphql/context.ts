import type { Logger } from 'pino';
import type { Caller } from './caller.ts';

/** The context of every resolver. It knows no feature of the mail API: loaders and similar objects come from `once`. */
export interface Context extends Caller {
  /** Aborts when the client disconnects. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** The id that a masked error shows and under which the log has the cause. */
  readonly requestId: string;
  /** The address of the client, as determined with TRUST_PROXY. */
  readonly clientAddress: string;
  /**
   * Returns the one result of `factory` in this request, or in this event of a subscription. DataLoaders are shared in
   * this way.
   */
  once<T>(factory: (context: Context) => T): T;
}
