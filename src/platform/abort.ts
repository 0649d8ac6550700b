import { setMaxListeners } from 'node:events';

/** Work against signals and time: every wait of the gateway that may be given up goes through here. */

/** An abort signal that follows other signals while a task is in progress. */
interface Following {
  readonly signal: AbortSignal;
  /** To be called when the task has ended. */
  leave(): void;
}

/**
 * Aborts when one of them does, with its reason. For tasks that are started repeatedly under a signal that lives as long as the
 * process: AbortSignal.any leaves a reference of each call in it, which Node 20 never releases.
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

/** A limit in time, joined with another signal. */
interface Deadline {
  readonly signal: AbortSignal;
  /** Frees the timer; to be called when the work is done. */
  clear(): void;
}

/** Aborts with what `expired` makes after `ms`, or with the reason of `parent` when that aborts first. */
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

/** Settles as the work does, or rejects with the signal's reason as soon as it aborts, whether or not the work heeds it. */
export function abortable<R>(work: Promise<R>, signal: AbortSignal): Promise<R> {
  return new Promise((resolve, reject) => {
    const stop = onAbort(signal, () => reject(signal.reason));
    work.then(resolve, reject).finally(stop);
  });
}

/** Settles as the work does, or rejects with what `late` makes after `ms`; the work goes on. */
export function timeLimited<R>(work: Promise<R>, ms: number, late: () => unknown): Promise<R> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Whether the work was done within `ms`; rejects as it does within that time. */
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

/** Resolves after `ms`; rejects as soon as the signal aborts, with what `reasonOf` makes of it. */
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

/** Calls `fn` once when the signal aborts, or now where it has; returns what takes it back. */
function onAbort(signal: AbortSignal, fn: () => void): () => void {
  if (signal.aborted) fn();
  else signal.addEventListener('abort', fn, { once: true });
  return () => signal.removeEventListener('abort', fn);
}
