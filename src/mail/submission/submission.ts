import type { ErrorCode } from '../../domain/error.ts';

/**
 * SCHEDULED waits for its time. SENDING is on its way, or waits to be tried again. The others are final; UNKNOWN: the
 * provider cannot say whether the message went, and it is never sent again by itself.
 */
const SUBMISSION_STATUSES = ['SCHEDULED', 'SENDING', 'SENT', 'FAILED', 'CANCELLED', 'UNKNOWN'] as const;
export type SubmissionStatus = (typeof SUBMISSION_STATUSES)[number];

const PENDING_STATUSES: ReadonlySet<SubmissionStatus> = new Set(['SCHEDULED', 'SENDING']);
export const isFinal = (status: SubmissionStatus): boolean => !PENDING_STATUSES.has(status);

/** What stands in the way, in words for the sender. */
export interface SubmissionProblem {
  readonly code: ErrorCode;
  readonly message: string;
}

/** One attempt to send, as it is kept. */
export interface SubmissionRecord {
  readonly id: string;
  readonly userId: string;
  readonly integrationId: string;
  /** SHA-256 of what was asked to be sent. */
  readonly fingerprint: string;
  readonly status: SubmissionStatus;
  /** Sealed; null once it is sent, cancelled or given up. */
  readonly payload: Uint8Array | null;
  /** When it is, or was, due. */
  readonly sendAt: Date;
  readonly undoUntil: Date | null;
  /** The provider's draft; null before it is stored there. */
  readonly draftId: string | null;
  /** The draft was made for this submission. */
  readonly ownDraft: boolean;
  /** Empty where a draft has none, or none that is known yet. */
  readonly internetMessageId: string;
  /** How often the provider was told to send. */
  readonly attempts: number;
  /** When it was last told, while it is not known what came of it; null when the message cannot be on its way. */
  readonly attemptedAt: Date | null;
  /** How often it was taken up: what the next pause grows with. */
  readonly tries: number;
  readonly dueAt: Date | null;
  readonly claimUntil: Date | null;
  readonly problem: SubmissionProblem | null;
  /** The sent copy by the provider's id; null where the provider does not name it. */
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
  /** The user's draft that it sends, as it stands or revised. */
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

/** A submission that this worker has, and nobody else while the claim is renewed. */
export interface Claim {
  readonly owner: string;
  readonly record: SubmissionRecord;
}

/** Somebody cancelled it, or another worker took this one for dead. A worker that meets this error does nothing more. */
export class ClaimLost extends Error {
  override readonly name = 'ClaimLost';
}
