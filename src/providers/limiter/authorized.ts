import { isMailError } from '../../domain/error.ts';
import type { Call, RequestCost } from '../contract/call.ts';
import type { SessionOptions } from '../contract/provider.ts';

/** Two, because the first newer token may have been fetched by another instance earlier; the second one was refreshed after the refusal. */
const MAX_RENEWALS = 2;

interface AuthorizedRequest<T> {
  readonly cost: RequestCost;
  readonly attempt: (token: string, signal: AbortSignal) => Promise<T>;
  /** Whether this is the vendor's 401. The vendor has then not carried out the request. */
  readonly isTokenRefused: (error: unknown) => boolean;
}

/**
 * Sends a request with an access token of the account, and again with a newer token after a 401. That is safe for every
 * request, because a 401 means that it was not carried out. The token is read after the limiter has admitted the request, since
 * it could expire in the queue. An error that newer tokens do not cure, or that concerns the whole account, is reported by
 * `refused` and thrown.
 */
export function authorized<T>(options: SessionOptions, call: Call, request: AuthorizedRequest<T>): Promise<T> {
  return renewing(options, request, (attempt) => options.limiter.request(request.cost, call, attempt));
}

/** Like `authorized`, for a file that is streamed. */
export function authorizedStream(
  options: SessionOptions,
  call: Call,
  request: AuthorizedRequest<ReadableStream<Uint8Array> | null>,
): Promise<ReadableStream<Uint8Array>> {
  return renewing(options, request, (attempt) => options.limiter.stream(request.cost, call, attempt));
}

async function renewing<T, R>(
  options: SessionOptions,
  { attempt, isTokenRefused }: AuthorizedRequest<T>,
  send: (attempt: (signal: AbortSignal) => Promise<T>) => Promise<R>,
): Promise<R> {
  let rejected: string | undefined;
  for (let renewals = 0; ; renewals++) {
    let token: string | undefined;
    try {
      return await send(async (signal) => {
        token = undefined;
        token = await options.accessToken(signal, rejected);
        return attempt(token, signal);
      });
    } catch (error) {
      if (token === undefined) throw error;
      const isRefused = isTokenRefused(error);
      if (!isRefused || renewals === MAX_RENEWALS) {
        if (isMailError(error) && (isRefused || error.ofAccount)) await options.refused?.(error);
        throw error;
      }
      rejected = token;
    }
  }
}
