import { isAnswerLost, isMailError, isTransient, type MailErrorCode } from '../../domain/error.ts';
import type { SendStatus } from '../../providers/contract/mail-session.ts';
import type { SubmissionRecord } from './submission.ts';

/** What an error or an answer means for a submission: decided here, and done in delivery.ts. */

/** Refusals that end when the user connects the account again or grants consent. */
const SIGN_IN_CODES: ReadonlySet<MailErrorCode> = new Set([
  'RECONNECT_REQUIRED',
  'CONSENT_REQUIRED',
  'UNAUTHENTICATED',
]);
/** Refusals of `send` after which the message was not sent and may be sent later. */
const RETRYABLE_REFUSALS: ReadonlySet<MailErrorCode> = new Set([...SIGN_IN_CODES, 'RATE_LIMITED']);
/** Answers of `send` that leave open what became of the draft. A draft that is gone, or none any more, may be sent. */
const UNKNOWN_OUTCOME_CODES: ReadonlySet<MailErrorCode> = new Set([
  'TIMEOUT',
  'PROVIDER_UNAVAILABLE',
  'INTERNAL',
  'NOT_FOUND',
  'CONFLICT',
  // Its token could not be read for the second of two requests, say.
  'STORE_UNAVAILABLE',
]);

/** What to do about an error that came before the provider was told to send. */
export function beforeSending(error: unknown): 'later' | 'give-up' {
  return !isMailError(error) || error.ofAccount || isTransient(error) || SIGN_IN_CODES.has(error.code)
    ? 'later'
    : 'give-up';
}

/** What to do about an error that `send` came back with. */
export function afterSending(error: unknown): 'ask' | 'later' | 'give-up' {
  if (!isMailError(error) || UNKNOWN_OUTCOME_CODES.has(error.code)) return 'ask';
  return error.ofAccount || RETRYABLE_REFUSALS.has(error.code) ? 'later' : 'give-up';
}

/** How often a provider is told to send, each time on proof that it has not. */
export const MAX_ATTEMPTS = 5;
/** After these an index has caught up; a sent copy that is not found then will not be. */
const UNKNOWN_TIMEOUT_MS = 180_000;
/** As much longer than a provider takes as a rule until a draft tells what became of it. */
const SETTLING_FACTOR = 5;

/** Instead of what the providers say; tests have less time. */
export interface SendTimes {
  /** `MailSession.sendSettlesMs`. */
  readonly settlesMs?: number;
  /** What nobody was at for longer than this may have gone: the database may be one from before. */
  readonly lateMs?: number;
  /** Before each further try, the last before all that follow. */
  readonly pausesMs?: readonly number[];
  /** The least before it is asked or looked for again what became of a message. */
  readonly minAskMs?: number;
}

/** Nobody was at it for so long, as after an outage or in a database that was restored from a backup. */
export const MIN_LATE_MS = 300_000;
/** From here on the sent mail is looked through first, in case that this database has forgotten. */
export const MIN_LOOKUP_LATENESS_MS = 10_000;

/**
 * For how long nobody has been at what was due. What fell due before `startedAt` was not attended to until then, and from
 * then on only waits for its turn. What was to be sent before that is late however often it was put off since.
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
  /** How often the provider was told. */
  readonly attempts: number;
  /** When its answer was given up. */
  readonly lostAt: Date;
  /** What the provider was told may be under way there for so long: a draft that is there proves nothing before. */
  readonly settlesMs: number;
  readonly now: Date;
}

/** What an answer means to the question what became of an attempt. What is submitted goes without us. */
export function afterProbe(
  state: SendStatus['state'],
  { attemptedAt, attempts, lostAt, settlesMs, now }: Attempt,
): 'sent' | 'ask-again' | 'send-again' | 'not-sent' | 'unknown' {
  if (state === 'sent' || state === 'submitted') return 'sent';
  const elapsed = now.getTime() - attemptedAt.getTime();
  if (state === 'unknown') {
    // Of one that was only found long overdue nothing is under way any more.
    const waitMs = attempts === 0 ? 0 : Math.max(UNKNOWN_TIMEOUT_MS, settlesMs * SETTLING_FACTOR);
    return elapsed < waitMs ? 'ask-again' : 'unknown';
  }
  if (elapsed < settlesMs || now.getTime() - lostAt.getTime() < settlesMs / 2) return 'ask-again';
  return attempts < MAX_ATTEMPTS ? 'send-again' : 'not-sent';
}

/** For how long the sent copy of what the provider has taken is looked for. */
const MAX_SEARCH_MS = 3_600_000;
const MAX_SEARCH_BACKOFF_MS = 600_000;

/** When to look for the sent copy again: as long again as it has been; null when it was looked for long enough. */
export function searchAgainAt(attemptedAt: Date, now: Date, minMs = 1_000): Date | null {
  const elapsed = now.getTime() - attemptedAt.getTime();
  if (elapsed >= MAX_SEARCH_MS) return null;
  return new Date(now.getTime() + Math.min(Math.max(elapsed, minMs), MAX_SEARCH_BACKOFF_MS));
}

/** When to ask again after an attempt: as long again as it has been, so that nine questions fill the time that there is. */
export function askAgainMs(attemptedAt: Date, now: Date, minMs = 500): number {
  return Math.min(Math.max(now.getTime() - attemptedAt.getTime(), minMs), 60_000);
}

/** How long what was due then is tried, in milliseconds. */
const MAX_TRYING_MS = 86_400_000;
/** A provider that is away comes back within minutes as a rule, and asking costs nobody a place. */
const MAX_OUTAGE_BACKOFF_MS = 120_000;
const BACKOFFS_MS = [2, 5, 15, 60, 300, 900, 1_800, 3_600].map((seconds) => seconds * 1_000);

/** When to try again; null when it was tried for long enough. `tries` counts this one. */
export function tryAgainAt(
  { sendAt, tries }: Pick<SubmissionRecord, 'sendAt' | 'tries'>,
  error: unknown,
  now: Date,
  pausesMs: readonly number[] = BACKOFFS_MS,
): Date | null {
  // An error that nobody foresaw is a bug of ours, and seldom mends itself.
  if (!isMailError(error) && tries >= 4) return null;
  if (now.getTime() - sendAt.getTime() > MAX_TRYING_MS) return null;
  // What failed for our own store was no try of the provider's, and the store is back: this is written into it.
  const turn = isMailError(error) && error.code === 'STORE_UNAVAILABLE' ? 1 : tries;
  const scheduled = pausesMs[Math.min(turn, pausesMs.length) - 1] ?? 2_000;
  const pause = isAnswerLost(error) ? Math.min(scheduled, MAX_OUTAGE_BACKOFF_MS) : scheduled;
  return new Date(now.getTime() + Math.max(pause, (isMailError(error) && error.retryAfterMs) || 0));
}
