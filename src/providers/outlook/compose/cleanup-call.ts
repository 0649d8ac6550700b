import type { Call } from '../../contract/call.ts';

/**
 * The options for removing what a failed change has left behind at Graph: half a draft, some of its files, an open upload. The
 * change may have failed because its time was up or because the client has left, so the removal has a time of its own. It is
 * still a part of what the change costs.
 */
export const cleanupCall = (failed: Call, timeoutMs: number): Call => ({
  signal: AbortSignal.timeout(timeoutMs),
  priority: 'interactive',
  ...(failed.meter && { meter: failed.meter }),
});
