import { setMaxListeners } from 'node:events';

/** A signal that follows others for as long as something is under way. */
export interface Following {
  readonly signal: AbortSignal;
  /** To be called when that is over. */
  leave(): void;
}

/**
 * Aborts when one of them does, for its reason. For what is begun over and over under a signal that lives as long as the
 * process: AbortSignal.any leaves a trace of each call in it, which Node 20 never takes away.
 */
export function following(...signals: readonly AbortSignal[]): Following {
  const controller = new AbortController();
  const { signal } = controller;
  setMaxListeners(0, signal, ...signals);
  const stops = signals.map((one) => {
    const follow = () => controller.abort(one.reason);
    if (one.aborted) follow();
    else one.addEventListener('abort', follow, { once: true });
    return () => one.removeEventListener('abort', follow);
  });
  return {
    signal,
    leave() {
      for (const stop of stops) stop();
    },
  };
}
