import { MailError } from '../../domain/error.ts';
import { sleep } from '../../platform/abort.ts';

export const timedOut = (): MailError =>
  new MailError('TIMEOUT', 'The mail provider did not answer in time. Try again.');

/** The error for an aborted call. It replaces the reason of AbortSignal.timeout, which is not a MailError. */
export function abortReason({ reason }: AbortSignal): unknown {
  return reason instanceof DOMException && reason.name === 'TimeoutError' ? timedOut() : reason;
}

/** Waits before another try. Rejects with `abortReason` as soon as the signal aborts. */
export const sleepBeforeRetry = (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, signal, abortReason);
