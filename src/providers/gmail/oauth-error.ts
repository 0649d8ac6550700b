import { MailError } from '../../domain/error.ts';
import { gmailError } from './errors.ts';

/** A refusal by Google's token or revocation endpoint. Only its error word is read; the rest may hold the token. */
export function oauthError(error: unknown, step: 'exchange' | 'refresh' | 'revoke'): MailError {
  const data = (error as { response?: { data?: unknown } }).response?.data;
  const word = (data as { error?: unknown } | null | undefined)?.error;
  const cause = new Error(
    `google ${step}: ${typeof word === 'string' && /^\w{1,64}$/.test(word) ? word : 'no error word'}`,
  );
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
  if (word === 'invalid_client' || word === 'unauthorized_client' || word === 'redirect_uri_mismatch') {
    return new MailError(
      'PROVIDER_UNAVAILABLE',
      'Google does not know this server. Its operator must check GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET and the redirect URI.',
      { cause },
    );
  }
  const known = gmailError(error, `oauth ${step}`);
  // A page for people says it, and no error word (google-oauth-java-client#57).
  if (known.code === 'FORBIDDEN' && typeof word !== 'string') {
    return new MailError('RATE_LIMITED', 'Google limits how often it may be asked. Try again a little later.', {
      cause,
      retryAfterMs: known.retryAfterMs,
    });
  }
  // Whatever else the token endpoint refuses, the grant itself may be sound.
  return known.code === 'RATE_LIMITED' || known.code === 'TIMEOUT' || known.code === 'PROVIDER_UNAVAILABLE'
    ? known
    : new MailError('PROVIDER_UNAVAILABLE', 'Google did not accept the request. Try again.', { cause });
}
