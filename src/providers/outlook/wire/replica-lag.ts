import { isNotFound, MailError } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import { sleepBeforeRetry } from '../../limiter/aborted.ts';
import type { GraphAccount } from './account.ts';
import { VersionConflict } from './errors.ts';

/** Between the tries, in milliseconds: replicas are seconds apart, and a person may wait. */
export const LAG_WAITS_MS: readonly number[] = [500, 1_000, 2_000, 4_000, 8_000];

/** What was just made is not known where this request came to, or another change to it is not over there. */
export class ReplicaLagError extends MailError {
  constructor(cause: unknown) {
    super('PROVIDER_UNAVAILABLE', 'Outlook does not return yet what was just stored. Try again a little later.', {
      cause,
    });
  }
}

/**
 * Of a request about a draft that was there a moment ago: 404, and 412 where upload sessions overlap, may be a replica that
 * lags behind (msgraph-sdk-dotnet#1287). Either says that nothing was done.
 */
export async function asReplicaLagError<T>(request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    const lags = error instanceof VersionConflict || isNotFound(error);
    throw lags ? new ReplicaLagError(error) : error;
  }
}

/** Does it again after a short wait, a few times, where it came to a replica that lags behind. */
export async function retryOnReplicaLag<T>(
  { lagWaitsMs }: Pick<GraphAccount, 'lagWaitsMs'>,
  call: Call,
  work: () => Promise<T>,
): Promise<T> {
  for (const wait of lagWaitsMs) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ReplicaLagError)) throw error;
      await sleepBeforeRetry(wait, call.signal);
    }
  }
  return work();
}
