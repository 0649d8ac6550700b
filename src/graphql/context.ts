import type { GraphQLError } from 'graphql';
import type { Logger } from 'pino';
import type { Principal } from './principal.ts';

/** What every resolver gets. Names no feature: loaders and the like come from `once`. */
export interface Context {
  /** Null: not signed in. `viewer(context)` in principal.ts turns null into UNAUTHENTICATED. */
  readonly principal: Principal | null;
  /** Why the token that came along is not good: UNAUTHENTICATED, thrown where a principal is needed and not before, so that signing in and refreshing work beside a stale token. */
  readonly refusal?: GraphQLError | null;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** The id that a masked error shows and the log holds. */
  readonly requestId: string;
  /** Address of the client, as far as TRUST_PROXY tells. */
  readonly clientAddress: string;
  /** The one instance of `factory` in this request (in this event, for a subscription): how DataLoaders are shared. */
  once<T>(factory: (context: Context) => T): T;
}
