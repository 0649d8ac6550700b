import type { Account } from '../account.ts';
import type { ComposeInput } from '../api/draft/compose.type.ts';
import { sendRequestOf } from './send-request.ts';
import type { SubmissionRecord } from './submission.ts';
import type { Submissions } from './submissions.ts';

/** Sends a message of our own making at once, and once for each key. */
export const sendOnce =
  (submissions: Submissions) =>
  async (account: Account, message: ComposeInput, idempotencyKey: string): Promise<SubmissionRecord> => {
    const request = sendRequestOf({ message, idempotencyKey }, new Date());
    return (await submissions.known(account.integration.userId, request)) ?? submissions.send(account, request);
  };
