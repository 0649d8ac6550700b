import type { ErrorCode } from '../../domain/error.ts';

/**
 * SCHEDULED waits for its time. SENDING is being sent, or waits for a retry. The others are final. UNKNOWN: the provider
 * cannot say whether the message was sent, and it is never sent again automatically.
 */
const SUBMISSION_STATUSES = ['SCHEDULED', 'SENDING', 'SENT', 'FAILED', 'CANCELLED', 'UNKNOWN'] as const;
export type SubmissionStatus = (typeof SUBMISSION_STATUSES)[number];

const PENDING_STATUSES: ReadonlySet<SubmissionStatus> = new Set(['SCHEDULED', 'SENDING']);
export const isFinal = (status: SubmissionStatus): boolean => !PENDING_STATUSES.has(status);

/** Why a submission is delayed or has failed, as the user sees it. */
export interface SubmissionProblem {
  readonly code: ErrorCode;
  readonly message: string;
}

/** The row of a submission. */
export interface SubmissionRecord {
  readonly id: string;
  readonly userId: string;
  readonly integrationId: string;
  /** SHA-256 of the content of the request. */
  readonly fingerprint: string;
  readonly status: SubmissionStatus;
  /** Sealed. Null once the message is sent, cancelled or given up. */
  readonly payload: Uint8Array | null;
  /** The time at which it is, or was, due. */
  readonly sendAt: Date;
  readonly undoUntil: Date | null;
  /** The id of the provider's draft. Null before the draft is saved there. */
  readonly draftId: string | null;
  /** True when the draft was created for this submission. */
  readonly ownDraft: boolean;
  /** Empty when the draft has none, or when it is not known yet. */
  readonly internetMessageId: string;
  /** How many times the provider was asked to send it. */
  readonly attempts: number;
  /** The time of the last order to send, until its outcome is known. Null when the message cannot have been sent. */
  readonly attemptedAt: Date | null;
  /**
   * How many times a worker has claimed it, also where the provider was not asked to send. It determines the backoff;
   * `attempts` counts the requests to send.
   */
  readonly tries: number;
  readonly dueAt: Date | null;
  readonly claimUntil: Date | null;
  readonly problem: SubmissionProblem | null;
  /** The provider's id of the sent copy. Null when the provider does not report it. */
  readonly messageId: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface NewSubmission {
  readonly id: string;
  readonly userId: string;
  readonly integrationId: string;
  readonly idempotencyKey: string;
  readonly fingerprint: string;
  readonly status: 'SCHEDULED' | 'SENDING';
  readonly payload: Uint8Array<ArrayBuffer>;
  readonly sendAt: Date;
  readonly undoUntil: Date | null;
  readonly draftId: string | null;
  readonly ownDraft: boolean;
  /** The user's draft that it sends, as it is or revised. */
  readonly heldDraftId: string | null;
  readonly internetMessageId: string;
}

export type SubmissionChange = Partial<
  Pick<
    SubmissionRecord,
    | 'status'
    | 'draftId'
    | 'internetMessageId'
    | 'attempts'
    | 'attemptedAt'
    | 'tries'
    | 'dueAt'
    | 'problem'
    | 'messageId'
  >
>;

/** A position in the list of submissions, which is ordered by the time of creation. */
export interface SubmissionPosition {
  readonly createdAt: Date;
  readonly id: string;
}

/** A position among the changes of submissions, which are ordered by their time and, within one time, by id. */
export interface SubmissionChangePosition {
  readonly updatedAt: Date;
  /** The last submission of that time that was read. Null: none of that time was read. */
  readonly id: string | null;
}

/** A submission that this worker has claimed. No other worker processes it while the claim is renewed. */
export interface Claim {
  readonly owner: string;
  readonly record: SubmissionRecord;
}

/** The submission was cancelled, or another worker has taken it over. The worker that gets this error stops. */
export class ClaimLost extends Error {
  override readonly name = 'ClaimLost';
}
