import { setMaxListeners } from 'node:events';

/** Limits for work, by signals and by time. Every wait of the gateway that can be cancelled goes through this file. */

/** An abort signal that follows other signals while a task is in progress. */
interface Following {
  readonly signal: AbortSignal;
  /** Call it when the task has ended. */
  leave(): void;
}

/**
 * Returns a signal that aborts as soon as one of `signals` does, with its reason. It is for tasks that are started
 * again and again under a signal that lives as long as the process: each call of AbortSignal.any leaves a reference in
 * such a signal, which Node 20 never releases.
 */
export function following(...signals: readonly AbortSignal[]): Following {
  const controller = new AbortController();
  const { signal } = controller;
  setMaxListeners(0, signal, ...signals);
  const stops = signals.map((one) => onAbort(one, () => controller.abort(one.reason)));
  return {
    signal,
    leave() {
      for (const stop of stops) stop();
    },
  };
}

/** A signal that combines a time limit with another signal. */
interface Deadline {
  readonly signal: AbortSignal;
  /** Frees the timer. Call it when the work is done. */
  clear(): void;
}

/**
 * Returns a signal that aborts after `ms` with the error that `expired` creates, or before that with the reason of
 * `parent`.
 */
export function deadline(parent: AbortSignal, ms: number, expired: () => Error): Deadline {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const timer = setTimeout(() => controller.abort(expired()), ms);
  const stop = onAbort(parent, () => controller.abort(parent.reason));
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer);
      stop();
    },
  };
}

/**
 * Settles as the work does, or rejects with the reason of the signal as soon as it aborts, even if the work ignores the
 * signal.
 */
export function abortable<R>(work: Promise<R>, signal: AbortSignal): Promise<R> {
  return new Promise((resolve, reject) => {
    const stop = onAbort(signal, () => reject(signal.reason));
    const ended =
      <T>(settle: (value: T) => void) =>
      (value: T) => {
        stop();
        settle(value);
      };
    work.then(ended<R>(resolve), ended<unknown>(reject));
  });
}

/** Settles as the work does, or rejects after `ms` with the error that `late` creates. The work continues. */
export function timeLimited<R>(work: Promise<R>, ms: number, late: () => unknown): Promise<R> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Returns whether the work was done within `ms`. Rejects if the work rejects within that time. */
export async function isDoneWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  const late = Symbol('late');
  try {
    await timeLimited(work, ms, () => late);
    return true;
  } catch (error) {
    if (error === late) return false;
    throw error;
  }
}

/** Resolves after `ms`, or rejects as soon as the signal aborts, with what `reasonOf` returns for it. */
export function sleep(
  ms: number,
  signal: AbortSignal,
  reasonOf: (signal: AbortSignal) => unknown = ({ reason }) => reason,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      stop();
      resolve();
    }, ms);
    const stop = onAbort(signal, () => {
      clearTimeout(timer);
      reject(reasonOf(signal));
    });
  });
}

/** Calls `fn` once when the signal aborts, or now if it already has. Returns the function that removes the listener. */
function onAbort(signal: AbortSignal, fn: () => void): () => void {
  if (signal.aborted) fn();
  else signal.addEventListener('abort', fn, { once: true });
  return () => signal.removeEventListener('abort', fn);
}
