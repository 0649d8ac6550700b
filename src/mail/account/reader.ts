import { setMaxListeners } from 'node:events';
import { MailError } from '../../domain/error.ts';
import { abortable, deadline } from '../../platform/abort.ts';
import type { Call } from '../../providers/contract/call.ts';
import type { MailSession } from '../../providers/contract/mail-session.ts';

/** What asks a provider something over an open session. */
export type Work<T> = (session: MailSession, call: Call) => Promise<T>;

/** Runs `work` on the open session, under the deadline that every account has. */
export type Reader = <T>(work: Work<T>) => Promise<T>;

/** For what no client's going away ends. */
export const NEVER = new AbortController().signal;
setMaxListeners(0, NEVER);

interface Limits {
  readonly signal: AbortSignal;
  /** How long it may take, in milliseconds. */
  readonly ms: number;
  readonly priority?: Call['priority'];
}

/** Runs `work` until it is done, `signal` aborts or the time is used up; then TIMEOUT says which account took too long. */
export async function runWithin<T>(
  session: MailSession,
  address: string,
  work: Work<T>,
  { signal, ms, priority = 'interactive' }: Limits,
): Promise<T> {
  const limit = deadline(signal, ms, () => tooSlow(address, ms));
  try {
    return await abortable(work(session, { signal: limit.signal, priority }), limit.signal);
  } finally {
    limit.clear();
  }
}

/** Names the account, for it is one of several in an answer. */
export const tooSlow = (address: string, ms: number): MailError =>
  new MailError(
    'TIMEOUT',
    `${address} did not answer within ${ms / 1000} s. The other accounts are not affected; try again.`,
  );
