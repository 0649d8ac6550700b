import { OAuthError } from './oauth.error.ts';

interface Refusal {
  readonly status: number;
  readonly error: string;
  readonly description: string;
  readonly subtype?: string;
}

/** The errors with which Google refuses a sign-in or a refresh ("Using OAuth 2.0", "Refresh token expiration" and "Authorization errors"). */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  // Workspace session control (googleapis/google-auth-library-nodejs#1961).
  invalid_rapt: {
    status: 400,
    error: 'invalid_grant',
    description: 'reauth related error (invalid_rapt)',
    subtype: 'invalid_rapt',
  },
  // Reported without the subtype (anthropics/blobfile#2).
  invalid_rapt_untyped: {
    status: 400,
    error: 'invalid_grant',
    description: 'reauth related error (invalid_rapt)',
  },
  admin_policy_enforced: {
    status: 400,
    error: 'admin_policy_enforced',
    description:
      'Access to your account data is restricted by policies within your organization. Please contact the administrator of your organization for more information.',
  },
  invalid_client: { status: 401, error: 'invalid_client', description: 'The provided client secret is invalid.' },
  deleted_client: { status: 401, error: 'deleted_client', description: 'The OAuth client was deleted.' },
  disabled_client: { status: 401, error: 'disabled_client', description: 'The OAuth client was disabled.' },
};
export const SIGN_IN_REFUSALS = Object.keys(REFUSALS);

/** Returns the error as the token endpoint answers it. */
export function refusedGrant(name: string): OAuthError {
  const { status, error, description, subtype } = REFUSALS[name] ?? { status: 400, error: name, description: '' };
  return new OAuthError(status, error, description, subtype);
}

/** Returns the error as parameters of the redirect. */
export function refusedConsent(name: string): Record<string, string> {
  const { error, message, subtype } = refusedGrant(name);
  return { error, error_description: message, ...(subtype === null ? {} : { error_subtype: subtype }) };
}
