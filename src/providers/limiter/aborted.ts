import { MailError } from '../../domain/error.ts';
import { sleep } from '../../platform/abort.ts';

export const timedOut = (): MailError =>
  new MailError('TIMEOUT', 'The mail provider did not answer in time. Try again.');

/** Why it ended, as the caller is told: AbortSignal.timeout's own reason is no MailError. */
export function abortReason({ reason }: AbortSignal): unknown {
  return reason instanceof DOMException && reason.name === 'TimeoutError' ? timedOut() : reason;
}

/** Waits before another try; rejects as soon as the signal aborts, with what the caller is told. */
export const sleepBeforeRetry = (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, signal, abortReason);
