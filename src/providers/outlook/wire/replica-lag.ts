import { isNotFound, MailError } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import { sleepBeforeRetry } from '../../limiter/aborted.ts';
import type { GraphAccount } from './account.ts';
import { VersionConflict } from './errors.ts';

/** Delays between tries, in milliseconds. Replicas are seconds apart, and a person may be waiting. */
export const LAG_WAITS_MS: readonly number[] = [500, 1_000, 2_000, 4_000, 8_000];

/**
 * How long a read may return the state before a change: as long as a request about a new object is repeated, because after that
 * an answer counts as final.
 */
export const readsSettleMs = ({ lagWaitsMs }: Pick<GraphAccount, 'lagWaitsMs'>): number =>
  lagWaitsMs.reduce((sum, wait) => sum + wait, 0);

/** The replica that answered does not know what was just created, or has not finished another change to it. */
export class ReplicaLagError extends MailError {
  constructor(cause: unknown) {
    super('PROVIDER_UNAVAILABLE', 'Outlook does not return the latest change yet. Try again a little later.', {
      cause,
    });
  }
}

/**
 * Converts errors of a request about a draft that existed a moment ago. A 404, or a 412 for overlapping upload
 * sessions, may come from a replica that lags behind (msgraph-sdk-dotnet#1287). Either means that nothing was done.
 */
export async function asReplicaLagError<T>(request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    const lags = error instanceof VersionConflict || isNotFound(error);
    throw lags ? new ReplicaLagError(error) : error;
  }
}

/** Repeats the work a few times, after short delays, while a replica lags behind. */
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
