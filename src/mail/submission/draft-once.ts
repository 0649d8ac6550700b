import { MailError } from '../../domain/error.ts';
import { accountId, encodeId } from '../../domain/global-id.ts';
import type { SendRequest } from './send-request.ts';
import type { SubmissionRecord } from './submission.ts';

/** The user's draft that a request sends, as it stands or revised. */
export function draftOf({ what }: SendRequest): { readonly id: string; readonly field: readonly string[] } | null {
  const id = 'draft' in what ? what.draft : what.message.draft;
  if (id == null) return null;
  const field = 'draft' in what ? ['input', 'draft'] : ['input', 'message', 'draft'];
  return { id: accountId(id, 'Draft').providerId, field };
}

/** A draft is sent once, whatever idempotency keys it is sent with. */
export function takenBy(holder: SubmissionRecord, field: readonly string[]): MailError {
  const submission = encodeId('Submission', holder.id);
  return new MailError('CONFLICT', sentence(holder, submission), { field });
}

function sentence({ status, sendAt }: SubmissionRecord, submission: string): string {
  if (status === 'SENT') return `This draft was sent already, by submission ${submission}.`;
  if (status === 'SENDING') return `This draft is being sent already, by submission ${submission}.`;
  return `This draft is to be sent at ${sendAt.toISOString()} already, by submission ${submission}: cancel that one first.`;
}

export const CHANGED_SINCE =
  'The draft was changed since you read this version of it. It was not sent, and is still among the drafts: read it again, then decide.';

/** Throws CONFLICT when the draft has moved on since it was seen. */
export function requireVersion({ version }: { readonly version: string }, ifVersion: string | null): void {
  if (ifVersion === null || version === ifVersion) return;
  throw new MailError('CONFLICT', CHANGED_SINCE, { field: ['input', 'ifVersion'] });
}
