import { isProviderAway, MailError } from '../../../domain/error.ts';
import { gmailError } from '../wire/errors.ts';
import { signInRefusal } from './sign-in-refusals.ts';

/** The revocation endpoint's error codes for a grant that has already ended. */
const ENDED = new Set(['invalid_token', 'invalid_grant', 'deleted_client']);

/** Whether the grant had already ended before the revocation. */
export const isRevokedBefore = (error: unknown): boolean => ENDED.has(codeIn(error, 'error'));

/** An error code of the thrown answer; '' where there is none. */
function codeIn(error: unknown, field: 'error' | 'error_subtype'): string {
  const code = textIn(error, field);
  return /^\w{1,64}$/.test(code) ? code.toLowerCase() : '';
}

function textIn(error: unknown, field: 'error' | 'error_subtype' | 'error_description'): string {
  const data = (error as { response?: { data?: unknown } } | null)?.response?.data;
  const text = (data as Record<string, unknown> | null | undefined)?.[field];
  return typeof text === 'string' ? text : '';
}

/** The error for a refusal by Google's token or revocation endpoint. It uses only error codes of the answer, since the rest may contain the token. */
export function oauthError(error: unknown, step: 'exchange' | 'refresh' | 'revoke'): MailError {
  const [code, subtype] = [codeIn(error, 'error'), codeIn(error, 'error_subtype')];
  const cause = new Error(`google ${step}: ${[code || 'no error code', subtype].join(' ').trim()}`);
  const failure = gmailError(error, `oauth ${step}`);
  // An unavailable endpoint says nothing about the grant, whatever error code it returns.
  if (isProviderAway(failure)) return failure;
  const known = signInRefusal({ code, subtype, description: textIn(error, 'error_description') }, step, cause);
  if (known) return known;
  if (code === 'invalid_grant' && step === 'exchange') {
    return new MailError('INVALID', 'The sign-in at Google took too long or was used before. Connect again.', {
      cause,
    });
  }
  if (code === 'invalid_grant') {
    return new MailError(
      'RECONNECT_REQUIRED',
      'Google has ended the access to this account: it was revoked, the password changed, or the app is still in Google’s testing state, where access ends after 7 days. Connect it again.',
      { cause },
    );
  }
  // Google answers too many requests with an HTML page without an error code (google-oauth-java-client#57).
  if (failure.code === 'FORBIDDEN' && code === '') {
    return new MailError('RATE_LIMITED', 'Google limits how often it may be asked. Try again a little later.', {
      cause,
      retryAfterMs: failure.retryAfterMs,
    });
  }
  // After any other refusal the grant itself may still be valid.
  return new MailError('PROVIDER_UNAVAILABLE', 'Google did not accept the request. Try again.', { cause });
}
