import { isMailError } from '../../domain/error.ts';
import type { Call, RequestCost } from '../contract/call.ts';
import type { SessionOptions } from '../contract/provider.ts';

/** The first newer token may be another instance's, and as old; the second was refreshed for us. */
const MAX_RENEWALS = 2;

interface AuthorizedRequest<T> {
  readonly cost: RequestCost;
  readonly attempt: (token: string, signal: AbortSignal) => Promise<T>;
  /** Whether this is the vendor's 401, which says that nothing was done. */
  readonly isTokenRefused: (error: unknown) => boolean;
}

/**
 * One request with a token of the account, and again with a newer one after a 401: whatever it was, nothing of it was
 * done. The token is taken once the limiter has let the request through; one taken before may expire in the queue. What
 * refuses the newer tokens too, or the whole account, is told by `refused` and passed on.
 */
export function authorized<T>(account: SessionOptions, call: Call, request: AuthorizedRequest<T>): Promise<T> {
  return renewing(account, request, (attempt) => account.limiter.request(request.cost, call, attempt));
}

/** The same of a file that is handed on as it comes. */
export function authorizedStream(
  account: SessionOptions,
  call: Call,
  request: AuthorizedRequest<ReadableStream<Uint8Array> | null>,
): Promise<ReadableStream<Uint8Array>> {
  return renewing(account, request, (attempt) => account.limiter.stream(request.cost, call, attempt));
}

async function renewing<T, R>(
  account: SessionOptions,
  { attempt, isTokenRefused }: AuthorizedRequest<T>,
  send: (attempt: (signal: AbortSignal) => Promise<T>) => Promise<R>,
): Promise<R> {
  let rejected: string | undefined;
  for (let renewals = 0; ; renewals++) {
    let token: string | undefined;
    try {
      return await send(async (signal) => {
        token = undefined;
        token = await account.accessToken(signal, rejected);
        return attempt(token, signal);
      });
    } catch (error) {
      if (token === undefined) throw error;
      const isRefused = isTokenRefused(error);
      if (!isRefused || renewals === MAX_RENEWALS) {
        if (isMailError(error) && (isRefused || error.ofAccount)) await account.refused?.(error);
        throw error;
      }
      rejected = token;
    }
  }
}
