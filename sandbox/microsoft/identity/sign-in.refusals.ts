import { OAuthError, oauthErrorBody } from './oauth.errors.ts';

interface Refusal {
  readonly code: number;
  /** OAuth's error code in the redirect from the consent page. */
  readonly consent: 'access_denied' | 'interaction_required' | 'unauthorized_client';
  /** The error code of the token endpoint, when it is not invalid_grant. */
  readonly client?: { readonly status: number; readonly error: string };
  readonly suberror: string | null;
  readonly message: string;
}

const GRAPH = "'00000003-0000-0000-c000-000000000000'";
const MOVED =
  'Due to a configuration change made by your administrator, or because you moved to a new location, you must';

/** The errors with which a tenant refuses a user's sign-in ("Microsoft Entra authentication and authorization error codes"). */
const REFUSALS: readonly Refusal[] = [
  {
    code: 90093,
    consent: 'access_denied',
    suberror: 'consent_required',
    message:
      'Postern is requesting one or more permissions that you are not authorized to grant. Contact an administrator, who can consent to this application on your behalf.',
  },
  {
    code: 90094,
    consent: 'access_denied',
    suberror: 'consent_required',
    message:
      'Postern needs permission to access resources in your organization that only an admin can grant. Please ask an admin to grant permission to this app before you can use it.',
  },
  // Reported in microsoftgraph/microsoft-graph-docs#6311.
  {
    code: 50076,
    consent: 'interaction_required',
    suberror: 'basic_action',
    message: `${MOVED} use multi-factor authentication to access ${GRAPH}.`,
  },
  {
    code: 50079,
    consent: 'interaction_required',
    suberror: 'basic_action',
    message: `${MOVED} enroll in multi-factor authentication to access ${GRAPH}.`,
  },
  {
    code: 53003,
    consent: 'access_denied',
    suberror: 'message_only',
    message: 'Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.',
  },
  {
    code: 50105,
    consent: 'access_denied',
    suberror: null,
    message:
      "Your administrator has configured the application Postern to block users unless they are specifically granted ('assigned') access to the application. The signed in user '{EmailHidden}' is blocked because they are not a direct member of a group with access, nor had access directly assigned by an administrator.",
  },
  {
    code: 65001,
    consent: 'access_denied',
    suberror: 'consent_required',
    message:
      "The user or administrator has not consented to use the application with ID 'postern'. Send an interactive authorization request for this user and resource.",
  },
  {
    code: 50131,
    consent: 'interaction_required',
    suberror: null,
    message: 'Device is not in required device state: compliant. Conditional Access policy requires it.',
  },
  {
    code: 70043,
    consent: 'interaction_required',
    suberror: 'token_expired',
    message:
      'The refresh token has expired or is invalid due to sign-in frequency checks by conditional access. The token was issued on an earlier day and the maximum allowed lifetime for this request is 86400.',
  },
  {
    code: 7000112,
    consent: 'unauthorized_client',
    client: { status: 400, error: 'unauthorized_client' },
    suberror: null,
    message: "Application 'postern'(Postern) is disabled.",
  },
  {
    code: 7000222,
    consent: 'unauthorized_client',
    client: { status: 401, error: 'invalid_client' },
    suberror: null,
    message: "The provided client secret keys for app 'postern' are expired.",
  },
];
const nameOf = ({ code }: Refusal) => `AADSTS${code}`;
export const SIGN_IN_REFUSALS = REFUSALS.map(nameOf);
/** The refusals that end when an administrator approves the application for the tenant. */
export const UNTIL_APPROVED = ['AADSTS90093', 'AADSTS90094', 'AADSTS65001'];

function find(name: string): Refusal {
  const refusal = REFUSALS.find((one) => nameOf(one) === name);
  if (!refusal) throw new Error(`nothing is refused as ${name}`);
  return refusal;
}

/** Returns the error as the token endpoint answers it. */
export function refusedGrant(name: string): OAuthError {
  const { code, message, suberror, client } = find(name);
  const { status, error } = client ?? { status: 400, error: 'invalid_grant' };
  return new OAuthError(status, error, code, message, suberror);
}

/** Returns the error as parameters of the redirect. */
export function refusedConsent(name: string, now: Date): Record<string, string> {
  const { error_description, error_uri } = oauthErrorBody(refusedGrant(name), now);
  return { error: find(name).consent, error_description, error_uri };
}
