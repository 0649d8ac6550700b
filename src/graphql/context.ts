import type { Logger } from 'pino';
import type { Caller } from './principal.ts';

/** What every resolver gets. It knows no feature of the mail API: loaders and similar objects come from `once`. */
export interface Context extends Caller {
  /** Aborts when the client disconnects. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** The id that a masked error shows and the log holds. */
  readonly requestId: string;
  /** Address of the client, as determined with TRUST_PROXY. */
  readonly clientAddress: string;
  /** The one instance of `factory` in this request (in this event, for a subscription): how DataLoaders are shared. */
  once<T>(factory: (context: Context) => T): T;
}
