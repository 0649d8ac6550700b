import type { Call, RequestCost, Usage } from './call.ts';
import type { Grant } from './provider.ts';

/** The first newer token may be another instance's, and as old; the second was refreshed for us. */
const MAX_RENEWALS = 2;

export interface AuthorizedRequest<T> {
  readonly cost: RequestCost;
  readonly attempt: (token: string, signal: AbortSignal) => Promise<T>;
  /** Whether this is the vendor's 401, which says that nothing was done. */
  readonly isTokenRefused: (error: unknown) => boolean;
}

/**
 * One request with a token of the account, and again with a newer one after a 401: whatever it was, nothing of it was
 * done. The token is taken once the guard has let the request through; one taken before may expire in the queue. What
 * refuses the newer tokens too is passed on.
 */
export async function authorized<T>(
  usage: Usage,
  grant: Grant,
  call: Call,
  { cost, attempt, isTokenRefused }: AuthorizedRequest<T>,
): Promise<T> {
  let rejected: string | undefined;
  for (let renewals = 0; ; renewals++) {
    let token: string | undefined;
    try {
      return await usage.request(cost, call, async (signal) => {
        token = undefined;
        token = await grant.accessToken(signal, rejected);
        return attempt(token, signal);
      });
    } catch (error) {
      if (!isTokenRefused(error) || token === undefined || renewals === MAX_RENEWALS) throw error;
      rejected = token;
    }
  }
}
