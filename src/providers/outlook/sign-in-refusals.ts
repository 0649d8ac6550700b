import { MailError, type MailErrorCode } from '../../domain/error.ts';
import { adminConsentUrl } from './authority.ts';
import type { OutlookOptions } from './settings.ts';

/** Where Microsoft refuses: on the way back from its consent page, for the code, or at a later refresh. */
export type SignInStep = 'consent' | 'code' | 'refresh';

/** Who can mend it: who signs in, by doing it again; or an administrator, without whom that would be refused as well. */
interface Refusal {
  readonly mender: 'person' | 'administrator' | 'approval';
  readonly message: string;
}

const SECOND_FACTOR: Refusal = {
  mender: 'person',
  message:
    'The organisation of this Microsoft account asks for a second factor at sign-in (multi-factor authentication). Connect the account again, and complete it.',
};
const SECOND_FACTOR_SET_UP: Refusal = {
  mender: 'person',
  message:
    'The organisation of this Microsoft account asks for a second factor (multi-factor authentication), and none is set up. Sign in at mysignins.microsoft.com/security-info to set one up, then connect the account again.',
};
const CONDITIONAL_ACCESS: Refusal = {
  mender: 'administrator',
  message:
    'A conditional access policy of this Microsoft account’s organisation blocks this gateway. Ask its administrator to allow it.',
};
const NOT_ASSIGNED: Refusal = {
  mender: 'administrator',
  message:
    'This Microsoft account is not assigned to this gateway in its organisation. Ask its administrator to assign it (Enterprise applications, Users and groups).',
};
const APPROVAL: Refusal = {
  mender: 'approval',
  message:
    'An administrator of this Microsoft account’s organisation has to approve this gateway first. Send them this link, and connect the account again when they have:',
};

/** By Microsoft's own numbers ("Microsoft Entra authentication and authorization error codes"). */
const REFUSALS: Readonly<Record<number, Refusal>> = {
  50072: SECOND_FACTOR_SET_UP,
  50074: SECOND_FACTOR,
  50076: SECOND_FACTOR,
  50078: SECOND_FACTOR,
  50079: SECOND_FACTOR_SET_UP,
  50105: NOT_ASSIGNED,
  50158: SECOND_FACTOR,
  53000: CONDITIONAL_ACCESS,
  53001: CONDITIONAL_ACCESS,
  53002: CONDITIONAL_ACCESS,
  53003: CONDITIONAL_ACCESS,
  530031: CONDITIONAL_ACCESS,
  530032: CONDITIONAL_ACCESS,
  530084: CONDITIONAL_ACCESS,
  90093: APPROVAL,
  90094: APPROVAL,
  90095: APPROVAL,
  900941: APPROVAL,
};

/** Null for a number that tells no more than OAuth's word beside it. */
export function signInRefusal(
  options: OutlookOptions,
  codes: readonly number[],
  step: SignInStep,
  cause?: unknown,
): MailError | null {
  const refusal = codes.flatMap((code) => REFUSALS[code] ?? [])[0];
  if (!refusal) return null;
  const { mender, message } = refusal;
  const words = mender === 'approval' ? `${message} ${adminConsentUrl(options)}` : message;
  return new MailError(codeOf(mender, step), words, { cause, ofAccount: true });
}

function codeOf(mender: Refusal['mender'], step: SignInStep): MailErrorCode {
  if (mender === 'administrator') return 'FORBIDDEN';
  if (step === 'refresh') return 'RECONNECT_REQUIRED';
  return mender === 'approval' ? 'CONSENT_REQUIRED' : 'INVALID';
}
