import type { SubmissionProblem } from './submission.ts';

/** What the sender is told. */

export const CONTENT_GONE = 'What was to be sent cannot be read any more. It was not sent; write it again.';
export const DRAFT_GONE = 'The draft is gone: it was sent or deleted elsewhere.';
export const NOBODY = 'The draft names nobody in to, cc or bcc. It was not sent, and is still among the drafts.';
export const KEPT_AS_DRAFT = 'It was not sent; what you wrote is among the drafts.';
export const ACCOUNT_GONE: SubmissionProblem = {
  code: 'NOT_FOUND',
  message: 'The account is gone. The message was not sent.',
};
export const ASKING: SubmissionProblem = {
  code: 'TIMEOUT',
  message: 'The provider did not answer. It is being asked whether the message went; it is not sent twice.',
};
export const NOBODY_KNOWS: SubmissionProblem = {
  code: 'TIMEOUT',
  message: 'The provider did not say whether this was sent. Look into the sent mail before you send it again.',
};
export const NOT_TAKEN: SubmissionProblem = {
  code: 'PROVIDER_UNAVAILABLE',
  message:
    'The provider did not take it, though it was told several times. It was not sent, and is still among the drafts.',
};
export const NOT_PASSED_ON: SubmissionProblem = {
  code: 'PROVIDER_UNAVAILABLE',
  message:
    'The provider took it, and has not sent it since: it is still among the drafts. Look into the sent mail before you send it again.',
};

/** Of what was taken up long after it was due; `isKept`: as a draft. */
export const longOverdue = (isKept: boolean): SubmissionProblem => ({
  code: 'TIMEOUT',
  message: [
    'This was taken up long after it was due, and was not found in the sent mail, which does not tell whether it had gone.',
    'Look there before you send it again.',
    ...(isKept ? ['What you wrote is among the drafts.'] : []),
  ].join(' '),
});
