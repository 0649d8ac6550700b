import { MailError } from '../../../domain/error.ts';
import { retryAfterMs } from '../../shared/retry-after.ts';
import type { OutlookOptions } from '../settings.ts';
import type { TokenNetwork } from './authority.ts';
import { signInRefusal } from './sign-in-refusals.ts';

/** OAuth error codes that mean that the user must sign in again. */
const PERSON_NEEDED = new Set(['invalid_grant', 'interaction_required', 'consent_required', 'login_required']);
/** AADSTS numbers for a code that has expired, was redeemed before, or is invalid. */
const TOO_OLD: ReadonlySet<number> = new Set([70008, 54005, 9002313]);

/** Returns the error for a failed token request. MSAL's message is not used, because it quotes the answer. */
export function tokenError(
  network: TokenNetwork,
  error: unknown,
  signal: AbortSignal,
  grant: 'code' | 'refresh',
  options: OutlookOptions,
): unknown {
  if (signal.aborted)
    return timedOut(signal.reason)
      ? new MailError('TIMEOUT', 'Microsoft did not answer in time. Try again.')
      : signal.reason;
  const { refusal, status } = network;
  const cause = new Error(
    `the token endpoint answered ${status ?? 'nothing'} ${[refusal, ...network.codes].join(' ')}`.trim(),
    { cause: network.failure },
  );
  const details = { cause, retryAfterMs: retryAfterMs(network.retryAfter) };
  // The body of a 429 need not be JSON (microsoft-authentication-library-for-dotnet#2855).
  if (status === 429)
    return new MailError('RATE_LIMITED', 'Microsoft limits the number of requests. Try again a little later.', details);
  if (network.failure !== null || status === null || status >= 500)
    return new MailError('PROVIDER_UNAVAILABLE', 'Microsoft cannot be reached just now. Try again.', details);
  if (network.isMalformed) return noAccessToken(cause);
  const reason = { codes: network.codes, oauthError: refusal ?? '', subtype: network.suberror };
  const known = signInRefusal(options, reason, grant, cause);
  if (known) return known;
  if (refusal !== null && PERSON_NEEDED.has(refusal)) {
    return grant === 'refresh'
      ? new MailError('RECONNECT_REQUIRED', 'Microsoft no longer accepts this connection. Connect the account again.', {
          cause,
        })
      : new MailError(
          'INVALID',
          isTooOld(network)
            ? 'This sign-in at Microsoft is too old or was used before. Connect the account again.'
            : 'Microsoft did not complete this sign-in. Connect the account again.',
          { cause },
        );
  }
  return new MailError('PROVIDER_UNAVAILABLE', 'Microsoft did not give access just now. Try again.', {
    cause: error ?? cause,
  });
}

export const noAccessToken = (cause?: unknown): MailError =>
  new MailError('PROVIDER_UNAVAILABLE', 'Microsoft gave no access token. Try again.', { cause });

const isTooOld = ({ refusal, codes }: TokenNetwork): boolean =>
  codes.length === 0 ? refusal === 'invalid_grant' : codes.some((code) => TOO_OLD.has(code));

const timedOut = (reason: unknown): boolean => reason instanceof DOMException && reason.name === 'TimeoutError';
