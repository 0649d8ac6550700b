import { isProviderAway, MailError } from '../../../domain/error.ts';
import { gmailError } from '../wire/errors.ts';
import { signInRefusal } from './sign-in-refusals.ts';

/** What the revocation endpoint says of a grant that has ended before. */
const ENDED = new Set(['invalid_token', 'invalid_grant', 'deleted_client']);

/** Whether there was nothing to revoke any more. */
export const isRevokedBefore = (error: unknown): boolean => ENDED.has(wordIn(error, 'error'));

/** Of the answer that was thrown; '' where there is none. */
function wordIn(error: unknown, field: 'error' | 'error_subtype'): string {
  const word = textIn(error, field);
  return /^\w{1,64}$/.test(word) ? word.toLowerCase() : '';
}

function textIn(error: unknown, field: 'error' | 'error_subtype' | 'error_description'): string {
  const data = (error as { response?: { data?: unknown } } | null)?.response?.data;
  const text = (data as Record<string, unknown> | null | undefined)?.[field];
  return typeof text === 'string' ? text : '';
}

/** A refusal by Google's token or revocation endpoint. Of its answer only error words are used; the rest may hold the token. */
export function oauthError(error: unknown, step: 'exchange' | 'refresh' | 'revoke'): MailError {
  const [word, subtype] = [wordIn(error, 'error'), wordIn(error, 'error_subtype')];
  const cause = new Error(`google ${step}: ${[word || 'no error word', subtype].join(' ').trim()}`);
  const failure = gmailError(error, `oauth ${step}`);
  // It says nothing of the grant, whatever words it comes with.
  if (isProviderAway(failure)) return failure;
  const known = signInRefusal({ word, subtype, description: textIn(error, 'error_description') }, step, cause);
  if (known) return known;
  if (word === 'invalid_grant' && step === 'exchange') {
    return new MailError('INVALID', 'The sign-in at Google took too long or was used before. Connect again.', {
      cause,
    });
  }
  if (word === 'invalid_grant') {
    return new MailError(
      'RECONNECT_REQUIRED',
      'Google has ended the access to this account: it was revoked, the password changed, or the app is still in Google’s testing state, where access ends after 7 days. Connect it again.',
      { cause },
    );
  }
  // A page for people says it, and no error word (google-oauth-java-client#57).
  if (failure.code === 'FORBIDDEN' && word === '') {
    return new MailError('RATE_LIMITED', 'Google limits how often it may be asked. Try again a little later.', {
      cause,
      retryAfterMs: failure.retryAfterMs,
    });
  }
  // Whatever else the token endpoint refuses, the grant itself may be sound.
  return new MailError('PROVIDER_UNAVAILABLE', 'Google did not accept the request. Try again.', { cause });
}
