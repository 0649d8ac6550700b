/** A signal that follows `attempt` until the answer's head is there, and `caller` from then on. */
export function untilHead(attempt: AbortSignal, caller: AbortSignal): { signal: AbortSignal; arrived: () => void } {
  const controller = new AbortController();
  const byAttempt = () => controller.abort(attempt.reason);
  if (attempt.aborted) byAttempt();
  attempt.addEventListener('abort', byAttempt, { once: true });
  return {
    signal: controller.signal,
    arrived: () => {
      attempt.removeEventListener('abort', byAttempt);
      caller.addEventListener('abort', () => controller.abort(caller.reason), { once: true });
    },
  };
}
