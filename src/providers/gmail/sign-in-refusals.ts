import { MailError, type MailErrorCode } from '../../domain/error.ts';

/** Where Google refuses: on the way back from its consent page, for the code, at a later refresh, or at the end of a grant. */
export type SignInStep = 'consent' | 'exchange' | 'refresh' | 'revoke';

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

/** Null for words that tell no more than OAuth's own. */
export function signInRefusal(word: string, subtype: string, step: SignInStep, cause?: unknown): MailError | null {
  const name = [subtype, word].find((one) => Object.hasOwn(REFUSALS, one));
  const refusal = name === undefined ? undefined : REFUSALS[name];
  return refusal ? new MailError(codeOf(refusal, step), refusal.message, { cause, ofAccount: true }) : null;
}

function codeOf({ mender }: Refusal, step: SignInStep): MailErrorCode {
  if (mender === 'somebody else') return 'FORBIDDEN';
  return step === 'refresh' ? 'RECONNECT_REQUIRED' : 'INVALID';
}
