import { setMaxListeners } from 'node:events';
import { MailError } from '../domain/error.ts';

/** A limit on how long one account may take, joined with the client's own signal. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Frees the timer; to be called when the work is done. */
  clear(): void;
}

/** Aborts with what `expired` makes after `ms`, or with the reason of `parent` when that aborts first. */
export function deadline(parent: AbortSignal, ms: number, expired: () => MailError): Deadline {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const timer = setTimeout(() => controller.abort(expired()), ms);
  const follow = () => controller.abort(parent.reason);
  if (parent.aborted) follow();
  parent.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer);
      parent.removeEventListener('abort', follow);
    },
  };
}

export const tooSlow = (address: string, ms: number): MailError =>
  new MailError(
    'TIMEOUT',
    `${address} did not answer within ${ms / 1000} s. The other accounts are not affected; try again.`,
  );

/** Settles when `signal` aborts, whether or not the work heeds it. */
export function abortable<R>(work: Promise<R>, signal: AbortSignal): Promise<R> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
