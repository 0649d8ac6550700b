import { setMaxListeners } from 'node:events';
import { MailError } from '../../domain/error.ts';
import { abortable, deadline } from '../../platform/abort.ts';
import type { Call } from '../../providers/contract/call.ts';
import type { MailSession } from '../../providers/contract/mail-session.ts';

/** One or more requests to a provider over an open session. */
export type Work<T> = (session: MailSession, call: Call) => Promise<T>;

/** Runs `work` on the open session of an account, within the account's deadline. */
export type Reader = <T>(work: Work<T>) => Promise<T>;

/** The signal of work that continues when its client disconnects. */
export const NEVER = new AbortController().signal;
setMaxListeners(0, NEVER);

interface Limits {
  readonly signal: AbortSignal;
  /** Milliseconds that the work may take. */
  readonly ms: number;
  readonly priority?: Call['priority'];
  /** Creates the error for work that takes longer. */
  readonly expired: () => MailError;
}

/** Runs `work` until it is done, `signal` aborts, or the time is up. */
export async function runWithin<T>(
  work: (call: Call) => Promise<T>,
  { signal, ms, priority = 'interactive', expired }: Limits,
): Promise<T> {
  const limit = deadline(signal, ms, expired);
  try {
    return await abortable(work({ signal: limit.signal, priority }), limit.signal);
  } finally {
    limit.clear();
  }
}

/** The message names the account, because a response can contain several accounts. */
export const tooSlow = (address: string, ms: number): MailError =>
  new MailError(
    'TIMEOUT',
    `${address} did not answer within ${ms / 1000} s. The other accounts are not affected; try again.`,
  );
