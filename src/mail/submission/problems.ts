import type { SubmissionProblem } from './submission.ts';

/** What the sender is told. */

export const CONTENT_GONE = 'The stored message can no longer be read. It was not sent; write it again.';
export const DRAFT_GONE = 'The draft is gone: it was sent or deleted elsewhere.';
export const NOBODY = 'The draft has no recipient in to, cc or bcc. It was not sent, and is still among the drafts.';
export const KEPT_AS_DRAFT = 'It was not sent; what you wrote is among the drafts.';
export const ACCOUNT_GONE: SubmissionProblem = {
  code: 'NOT_FOUND',
  message: 'The account is gone. The message was not sent.',
};
export const ASKING: SubmissionProblem = {
  code: 'TIMEOUT',
  message: 'The provider did not answer. It is being asked whether the message was sent; it is not sent twice.',
};
export const NOBODY_KNOWS: SubmissionProblem = {
  code: 'TIMEOUT',
  message: 'The provider did not say whether this was sent. Check the sent mail before you send it again.',
};
export const NOT_TAKEN: SubmissionProblem = {
  code: 'PROVIDER_UNAVAILABLE',
  message:
    'The provider did not accept the message in several attempts. It was not sent, and is still among the drafts.',
};
export const NOT_PASSED_ON: SubmissionProblem = {
  code: 'PROVIDER_UNAVAILABLE',
  message:
    'The provider accepted the message but has not sent it: it is still among the drafts. Check the sent mail before you send it again.',
};

/** Of what was taken up long after it was due; `isKept`: as a draft. */
export const longOverdue = (isKept: boolean): SubmissionProblem => ({
  code: 'TIMEOUT',
  message: [
    'Sending was resumed long after the message was due. It is not in the sent mail, but it may have been sent.',
    'Check there before you send it again.',
    ...(isKept ? ['What you wrote is among the drafts.'] : []),
  ].join(' '),
});
