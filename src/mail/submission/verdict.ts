import { isAnswerLost, isMailError, isTransient, type MailErrorCode, retryAfterMsOf } from '../../domain/error.ts';
import type { SendStatus } from '../../providers/contract/mail-session.ts';
import type { SubmissionRecord } from './submission.ts';

/** Decides what an error or a probe means for a submission. delivery.ts acts on it. */

/** Refusals that end when the user connects the account again or grants consent. */
const SIGN_IN_CODES: ReadonlySet<MailErrorCode> = new Set([
  'RECONNECT_REQUIRED',
  'CONSENT_REQUIRED',
  'UNAUTHENTICATED',
]);
/** Refusals of `send` after which the message was not sent and may be sent later. */
const RETRYABLE_REFUSALS: ReadonlySet<MailErrorCode> = new Set([...SIGN_IN_CODES, 'RATE_LIMITED']);
/**
 * Answers of `send` after which the message may have been sent or not. NOT_FOUND and CONFLICT are among them: the draft is
 * missing, or is no draft any more, when it has already been sent.
 */
const UNKNOWN_OUTCOME_CODES: ReadonlySet<MailErrorCode> = new Set([
  'TIMEOUT',
  'PROVIDER_UNAVAILABLE',
  'INTERNAL',
  'NOT_FOUND',
  'CONFLICT',
  // When a `send` takes two requests, the token for the second one may be unreadable after the first was carried out.
  'STORE_UNAVAILABLE',
]);

/** The consequence of an error that occurred before the provider was asked to send. */
export function beforeSending(error: unknown): 'later' | 'give-up' {
  return !isMailError(error) || error.ofAccount || isTransient(error) || SIGN_IN_CODES.has(error.code)
    ? 'later'
    : 'give-up';
}

/** The consequence of an error of `send` itself. */
export function afterSending(error: unknown): 'probe' | 'later' | 'give-up' {
  if (!isMailError(error) || UNKNOWN_OUTCOME_CODES.has(error.code)) return 'probe';
  return error.ofAccount || RETRYABLE_REFUSALS.has(error.code) ? 'later' : 'give-up';
}

/** The maximum number of orders to send, each after proof that the previous one had no effect. */
export const MAX_ATTEMPTS = 5;
/** Indexes are up to date after this time: a sent copy that is not found by then does not exist. */
const UNKNOWN_TIMEOUT_MS = 180_000;
/** A draft proves nothing until this many times the provider's usual time has passed. */
const SETTLING_FACTOR = 5;

/** Overrides for the time limits, which tests use. */
export interface SendTimes {
  /** Instead of `MailSession.sendSettlesMs`. */
  readonly settlesMs?: number;
  /** A submission that had no worker for longer than this may have been sent already: the database may be a restored backup. */
  readonly lateMs?: number;
  /** The delays before the retries. The last one is used for all further retries. */
  readonly backoffsMs?: readonly number[];
  /** The minimum delay before the outcome is probed, or the sent copy is searched for, again. */
  readonly minProbeMs?: number;
}

/** The lateness of a submission after an outage, or in a database that was restored from a backup. */
export const MIN_LATE_MS = 300_000;
/** From this lateness on, the sent mail is searched first, because the database may have lost the record of an attempt. */
export const MIN_LOOKUP_LATENESS_MS = 10_000;

/**
 * How long a due submission had no worker. For one that was due before the process started, that time ends at `startedAt`,
 * because since then it only waits for its turn. A submission whose `sendAt` is before `startedAt` is always late enough to
 * be looked up first, however often it was postponed.
 */
export function lateness(
  { sendAt, dueAt, claimUntil }: Pick<SubmissionRecord, 'sendAt' | 'dueAt' | 'claimUntil'>,
  startedAt: Date,
  now: Date,
): number {
  if (!dueAt) return 0;
  const attendedAt = dueAt < startedAt ? startedAt : now;
  const lateMs = attendedAt.getTime() - Math.max(dueAt.getTime(), claimUntil?.getTime() ?? 0);
  return Math.max(lateMs, sendAt < startedAt ? MIN_LOOKUP_LATENESS_MS : 0);
}

interface Attempt {
  readonly attemptedAt: Date;
  /** How many times the provider was asked to send. */
  readonly attempts: number;
  /** When waiting for its answer ended. */
  readonly lostAt: Date;
  /** An order to send may be in progress at the provider for this long, and until then an existing draft proves nothing. */
  readonly settlesMs: number;
  readonly now: Date;
}

/** The consequence of a probe of an attempt. A submitted message is sent by the provider without further requests. */
export function afterProbe(
  state: SendStatus['state'],
  { attemptedAt, attempts, lostAt, settlesMs, now }: Attempt,
): 'sent' | 'probe-again' | 'resend' | 'not-sent' | 'unknown' {
  if (state === 'sent' || state === 'submitted') return 'sent';
  const elapsed = now.getTime() - attemptedAt.getTime();
  if (state === 'unknown') {
    // Without an attempt of this database nothing can be in progress any more.
    const waitMs = attempts === 0 ? 0 : Math.max(UNKNOWN_TIMEOUT_MS, settlesMs * SETTLING_FACTOR);
    return elapsed < waitMs ? 'probe-again' : 'unknown';
  }
  if (elapsed < settlesMs || now.getTime() - lostAt.getTime() < settlesMs / 2) return 'probe-again';
  return attempts < MAX_ATTEMPTS ? 'resend' : 'not-sent';
}

/** How long the sent copy of an accepted message is searched for. */
const MAX_SEARCH_MS = 3_600_000;
const MAX_SEARCH_BACKOFF_MS = 600_000;

/** The time of the next search for the sent copy: after as long again as has passed. Null when the search has ended. */
export function nextSearchAt(attemptedAt: Date, now: Date, minMs = 1_000): Date | null {
  const elapsed = now.getTime() - attemptedAt.getTime();
  if (elapsed >= MAX_SEARCH_MS) return null;
  return new Date(now.getTime() + Math.min(Math.max(elapsed, minMs), MAX_SEARCH_BACKOFF_MS));
}

/**
 * The delay before the next probe: as long again as has passed since the attempt, so that about nine probes fill the
 * available time.
 */
export function nextProbeMs(attemptedAt: Date, now: Date, minMs = 500): number {
  return Math.min(Math.max(now.getTime() - attemptedAt.getTime(), minMs), 60_000);
}

/** Milliseconds after `sendAt` during which sending is retried. */
const MAX_TRYING_MS = 86_400_000;
/** An unavailable provider usually returns within minutes, and a retry does not occupy a slot for long. */
const MAX_OUTAGE_BACKOFF_MS = 120_000;
const BACKOFFS_MS = [2, 5, 15, 60, 300, 900, 1_800, 3_600].map((seconds) => seconds * 1_000);

/** The time of the next retry. Null when it has been tried for long enough. `tries` includes this try. */
export function retryAt(
  { sendAt, tries }: Pick<SubmissionRecord, 'sendAt' | 'tries'>,
  error: unknown,
  now: Date,
  backoffsMs: readonly number[] = BACKOFFS_MS,
): Date | null {
  // An unexpected error is a bug in the gateway, and retries rarely help.
  if (!isMailError(error) && tries >= 4) return null;
  if (now.getTime() - sendAt.getTime() > MAX_TRYING_MS) return null;
  // A failure of the gateway's own database does not count as a try of the provider. The database is available again,
  // because the retry is stored in it.
  const turn = isMailError(error) && error.code === 'STORE_UNAVAILABLE' ? 1 : tries;
  const scheduled = backoffsMs[Math.min(turn, backoffsMs.length) - 1] ?? 2_000;
  const backoff = isAnswerLost(error) ? Math.min(scheduled, MAX_OUTAGE_BACKOFF_MS) : scheduled;
  return new Date(now.getTime() + Math.max(backoff, retryAfterMsOf(error)));
}
