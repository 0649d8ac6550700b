import { isMailError, MailError, publicCode } from '../../domain/error.ts';
import { encodeId } from '../../domain/global-id.ts';
import type { SubmissionProblem, SubmissionRecord } from './submission.ts';

/** The problems of submissions, as the user sees them. */

export const CONTENT_UNREADABLE = 'The stored message can no longer be read. It was not sent; write it again.';
export const DRAFT_MISSING = 'The draft no longer exists: it was sent or deleted elsewhere.';
export const NO_RECIPIENTS =
  'The draft has no recipient in to, cc or bcc. It was not sent, and is still among the drafts.';
export const KEPT_AS_DRAFT = 'It was not sent. What you wrote is kept among the drafts.';
export const ACCOUNT_DISCONNECTED: SubmissionProblem = {
  code: 'NOT_FOUND',
  message: 'The account was disconnected. The message was not sent.',
};
export const CHECKING_OUTCOME: SubmissionProblem = {
  code: 'TIMEOUT',
  message: 'The provider did not answer. The gateway checks whether the message was sent, and does not send it twice.',
};
export const OUTCOME_UNKNOWN: SubmissionProblem = {
  code: 'TIMEOUT',
  message: 'The provider did not say whether this was sent. Check the sent mail before you send it again.',
};
export const NOT_ACCEPTED: SubmissionProblem = {
  code: 'PROVIDER_UNAVAILABLE',
  message:
    'The provider did not accept the message in several attempts. It was not sent, and is still among the drafts.',
};
export const ACCEPTED_NOT_SENT: SubmissionProblem = {
  code: 'PROVIDER_UNAVAILABLE',
  message:
    'The provider accepted the message but has not sent it: it is still among the drafts. Check the sent mail before you send it again.',
};

/** The problem of a submission that was resumed long after it was due. `isKept` says whether it was kept as a draft. */
export const longOverdue = (isKept: boolean): SubmissionProblem => ({
  code: 'TIMEOUT',
  message: [
    'Sending was resumed long after the message was due. It is not in the sent mail, but it may have been sent.',
    'Check there before you send it again.',
    ...(isKept ? ['What you wrote is among the drafts.'] : []),
  ].join(' '),
});

/** A draft is sent once, whatever idempotency keys are used. `field` is the path of the input field that names the draft. */
export const draftHeldBy = (holder: SubmissionRecord, field: readonly string[]): MailError =>
  new MailError('CONFLICT', heldSentence(holder), { field });

function heldSentence({ id, status, sendAt }: SubmissionRecord): string {
  const submission = encodeId('Submission', id);
  if (status === 'SENT') return `This draft was sent already, by submission ${submission}.`;
  if (status === 'SENDING') return `This draft is being sent already, by submission ${submission}.`;
  return `This draft is to be sent at ${sendAt.toISOString()} already, by submission ${submission}: cancel that one first.`;
}

/** The draft has changed since the version that the request names. */
export const changedSince = (): MailError =>
  new MailError(
    'CONFLICT',
    'The draft was changed since you read this version of it. It was not sent, and is still among the drafts: read it again, then decide.',
    { field: ['input', 'ifVersion'] },
  );

export const problemOfError = (error: unknown): SubmissionProblem =>
  isMailError(error)
    ? { code: publicCode(error.code), message: error.message }
    : { code: 'INTERNAL', message: 'Something went wrong on our side.' };
