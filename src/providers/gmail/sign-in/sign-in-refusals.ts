import { MailError, type MailErrorCode } from '../../../domain/error.ts';

/** Where Google refuses: on the way back from its consent page, for the code, at a later refresh, or at the end of a grant. */
type SignInStep = 'consent' | 'exchange' | 'refresh' | 'revoke';

/** Who can mend it: who signs in, by doing it again; or somebody else, without whom that would be refused as well. */
interface Refusal {
  readonly mender: 'person' | 'somebody else';
  readonly message: string;
}

const SESSION_CONTROL: Refusal = {
  mender: 'person',
  message:
    'The organisation of this Google account ends the access of other apps after a while (Google Workspace session control). Connect the account again; its administrator can exempt this gateway.',
};

const OURS: Refusal = {
  mender: 'somebody else',
  message:
    'Google does not accept how this gateway is registered there. Its operator must check GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET, and the redirect URI and the scopes in the Google Cloud console.',
};
/** At the token endpoint, where nobody declines anything ("Account restricted", closeio/sync-engine#1014). */
const RESTRICTED: Refusal = {
  mender: 'somebody else',
  message:
    'Google has restricted this account, or its organisation has: other apps are kept from it. Sign in at accounts.google.com to see why, or ask the organisation’s administrator.',
};

/** By Google's own words ("Using OAuth 2.0 to access Google APIs", on refresh token expiration and authorization errors). */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  invalid_rapt: SESSION_CONTROL,
  rapt_required: SESSION_CONTROL,
  admin_policy_enforced: {
    mender: 'somebody else',
    message:
      'The administrator of this Google account’s organisation does not allow this gateway to read its mail. Ask them to trust it (API controls of the Google Workspace Admin console).',
  },
  policy_enforced: {
    mender: 'somebody else',
    message: 'This Google account is in the Advanced Protection Program, which keeps its mail from other apps.',
  },
  org_internal: {
    mender: 'somebody else',
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
    mender: 'somebody else',
    message:
      'Google has deleted the registration of this gateway. Its operator must restore it in the Google Cloud console, or register it again (GOOGLE_CLIENT_ID).',
  },
  disabled_client: {
    mender: 'somebody else',
    message:
      'Google has disabled the registration of this gateway. Its operator must settle that in the Google Cloud console.',
  },
};

/** What an answer or a return of the browser says; empty where it says nothing. */
interface Words {
  readonly word: string;
  readonly subtype: string;
  /** Read for the same words: `invalid_rapt` is told there alone, too (anthropics/blobfile#2). */
  readonly description: string;
}

/** Null for words that tell no more than OAuth's own. */
export function signInRefusal(
  { word, subtype, description }: Words,
  step: SignInStep,
  cause?: unknown,
): MailError | null {
  const told =
    description
      .slice(0, 1_000)
      .toLowerCase()
      .match(/[a-z]+(?:_[a-z]+)+/g) ?? [];
  const name = [subtype, word, ...told].map((one) => one.toLowerCase()).find((one) => Object.hasOwn(REFUSALS, one));
  const isRestricted = word === 'access_denied' && step !== 'consent';
  const refusal = name === undefined ? (isRestricted ? RESTRICTED : undefined) : REFUSALS[name];
  return refusal ? new MailError(codeOf(refusal, step), refusal.message, { cause, ofAccount: true }) : null;
}

function codeOf({ mender }: Refusal, step: SignInStep): MailErrorCode {
  if (mender === 'somebody else') return 'FORBIDDEN';
  return step === 'refresh' ? 'RECONNECT_REQUIRED' : 'INVALID';
}
