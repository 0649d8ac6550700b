import { MailError, type MailErrorCode } from '../../../domain/error.ts';

/** The step at which Google refuses: the consent page, the code exchange, a later refresh, or the revocation. */
type SignInStep = 'consent' | 'exchange' | 'refresh' | 'revoke';

/** A known refusal. It is resolved by the user, by signing in again, or by someone else, before whose action a new sign-in fails too. */
interface Refusal {
  readonly resolvedBy: 'user' | 'someone else';
  readonly message: string;
}

const SESSION_CONTROL: Refusal = {
  resolvedBy: 'user',
  message:
    'The organisation of this Google account ends the access of other apps after a while (Google Workspace session control). Connect the account again; its administrator can exempt this gateway.',
};

const OURS: Refusal = {
  resolvedBy: 'someone else',
  message:
    'Google does not accept how this gateway is registered there. Its operator must check GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET, and the redirect URI and the scopes in the Google Cloud console.',
};
/** access_denied from the token endpoint, where no user declines anything ("Account restricted", closeio/sync-engine#1014). */
const RESTRICTED: Refusal = {
  resolvedBy: 'someone else',
  message:
    'Google has restricted this account, or its organisation has: other apps are kept from it. Sign in at accounts.google.com to see why, or ask the organisation’s administrator.',
};

/** Refusals by Google's error codes ("Using OAuth 2.0 to access Google APIs", on refresh token expiration and authorization errors). */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  invalid_rapt: SESSION_CONTROL,
  rapt_required: SESSION_CONTROL,
  admin_policy_enforced: {
    resolvedBy: 'someone else',
    message:
      'The administrator of this Google account’s organisation does not allow this gateway to read its mail. Ask them to trust it (API controls of the Google Workspace Admin console).',
  },
  policy_enforced: {
    resolvedBy: 'someone else',
    message: 'This Google account is in the Advanced Protection Program, which keeps its mail from other apps.',
  },
  org_internal: {
    resolvedBy: 'someone else',
    message: 'Only Google accounts of the organisation that runs this gateway can be connected to it.',
  },
  invalid_client: OURS,
  unauthorized_client: OURS,
  restricted_client: OURS,
  redirect_uri_mismatch: OURS,
  invalid_scope: OURS,
  unsupported_grant_type: OURS,
  unsupported_response_type: OURS,
  deleted_client: {
    resolvedBy: 'someone else',
    message:
      'Google has deleted the registration of this gateway. Its operator must restore it in the Google Cloud console, or register it again (GOOGLE_CLIENT_ID).',
  },
  disabled_client: {
    resolvedBy: 'someone else',
    message:
      'Google has disabled the registration of this gateway. Its operator must settle that in the Google Cloud console.',
  },
};

/** The error fields of an answer or of a redirect. An absent field is an empty string. */
interface OAuthError {
  readonly code: string;
  readonly subtype: string;
  /** It is searched for the same codes, because `invalid_rapt` may occur there alone (anthropics/blobfile#2). */
  readonly description: string;
}

/** Explains a refusal. Null: Google says no more than OAuth's error code. */
export function signInRefusal(
  { code, subtype, description }: OAuthError,
  step: SignInStep,
  cause?: unknown,
): MailError | null {
  const described =
    description
      .slice(0, 1_000)
      .toLowerCase()
      .match(/[a-z]+(?:_[a-z]+)+/g) ?? [];
  const name = [subtype, code, ...described]
    .map((one) => one.toLowerCase())
    .find((one) => Object.hasOwn(REFUSALS, one));
  const isRestricted = code === 'access_denied' && step !== 'consent';
  const refusal = name === undefined ? (isRestricted ? RESTRICTED : undefined) : REFUSALS[name];
  return refusal ? new MailError(codeOf(refusal, step), refusal.message, { cause, ofAccount: true }) : null;
}

function codeOf({ resolvedBy }: Refusal, step: SignInStep): MailErrorCode {
  if (resolvedBy === 'someone else') return 'FORBIDDEN';
  return step === 'refresh' ? 'RECONNECT_REQUIRED' : 'INVALID';
}
