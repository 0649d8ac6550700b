import { MailError, type MailErrorCode } from '../../../domain/error.ts';
import type { AuthorizationRefusal } from '../../contract/authorization-code.ts';
import type { OutlookOptions } from '../settings.ts';
import { adminConsentUrl, codesIn } from './authority.ts';

/**
 * The step at which Microsoft refused: on the way back from its consent page, at the exchange of the code, or at a
 * later refresh.
 */
type SignInStep = 'consent' | 'code' | 'refresh';

/**
 * A reason for a refusal. `resolvedBy` says who can resolve it: the user, by signing in again, or an administrator or
 * operator, without whom another try would be refused as well.
 */
interface Refusal {
  readonly resolvedBy: 'person' | 'administrator' | 'approval';
  readonly message: string;
}

const SECOND_FACTOR: Refusal = {
  resolvedBy: 'person',
  message:
    'The organisation of this Microsoft account asks for a second factor at sign-in (multi-factor authentication). Connect the account again, and complete it.',
};
const SECOND_FACTOR_SET_UP: Refusal = {
  resolvedBy: 'person',
  message:
    'The organisation of this Microsoft account asks for a second factor (multi-factor authentication), and none is set up. Sign in at mysignins.microsoft.com/security-info to set one up, then connect the account again.',
};
const CONDITIONAL_ACCESS: Refusal = {
  resolvedBy: 'administrator',
  message:
    'A conditional access policy of this Microsoft account’s organisation blocks this gateway. Ask its administrator to allow it.',
};
const NOT_ASSIGNED: Refusal = {
  resolvedBy: 'administrator',
  message:
    'This Microsoft account is not assigned to this gateway in its organisation. Ask its administrator to assign it (Enterprise applications, Users and groups).',
};
const APPROVAL: Refusal = {
  resolvedBy: 'approval',
  message:
    'An administrator of this Microsoft account’s organisation has to approve this gateway first. Send them this link, and connect the account again when they have:',
};
const NO_CONSENT: Refusal = {
  resolvedBy: 'approval',
  message:
    'This gateway no longer has, or never had, the consent of this Microsoft account. Connect it again and agree to the access. If only an administrator of its organisation may agree, send them this link first:',
};
const SIGN_IN_FREQUENCY: Refusal = {
  resolvedBy: 'person',
  message:
    'The organisation of this Microsoft account ends sign-ins after a while (a sign-in frequency of conditional access). Connect the account again; its administrator can exempt this gateway.',
};
const PASSWORD: Refusal = {
  resolvedBy: 'person',
  message:
    'The password of this Microsoft account has expired, or has to be changed. Change it at Microsoft, then connect the account again.',
};
const DISABLED_USER: Refusal = {
  resolvedBy: 'administrator',
  message: 'This Microsoft account is disabled in its organisation. Only its administrator can change that.',
};
const DISABLED_GATEWAY: Refusal = {
  resolvedBy: 'administrator',
  message:
    'This gateway is disabled in the organisation of this Microsoft account. Ask its administrator to enable it (Enterprise applications, Properties).',
};
const OTHER_KIND: Refusal = {
  resolvedBy: 'administrator',
  message:
    'This gateway is not registered for Microsoft accounts of this kind (personal ones, or those of another organisation). Sign in with another account, or ask its operator (MICROSOFT_TENANT, and the supported account types of its registration).',
};
const BAD_REGISTRATION: Refusal = {
  resolvedBy: 'administrator',
  message:
    'Microsoft does not accept how this gateway is registered there. Its operator must check MICROSOFT_CLIENT_ID, MICROSOFT_CLIENT_SECRET (which expires), MICROSOFT_TENANT, and the redirect URI and the permissions of its registration.',
};

const entriesFor = (refusal: Refusal, codes: string): [number, Refusal][] =>
  codes.split(' ').map((code) => [Number(code), refusal]);

/** The reasons by Microsoft's numbers ("Microsoft Entra authentication and authorization error codes"). */
const BY_CODE: ReadonlyMap<number, Refusal> = new Map([
  ...entriesFor(SECOND_FACTOR, '50074 50076 50078 50158 500121'),
  ...entriesFor(SECOND_FACTOR_SET_UP, '50072 50079 50203 53004 53010'),
  ...entriesFor(CONDITIONAL_ACCESS, '50005 50097 50127 50129 50131 50155 50187'),
  ...entriesFor(NOT_ASSIGNED, '50105'),
  ...entriesFor(APPROVAL, '90093 90094 90095 900941'),
  ...entriesFor(NO_CONSENT, '65001'),
  ...entriesFor(SIGN_IN_FREQUENCY, '70043 70044'),
  ...entriesFor(PASSWORD, '50055 50135 50144'),
  ...entriesFor(DISABLED_USER, '50057'),
  ...entriesFor(DISABLED_GATEWAY, '7000112'),
  ...entriesFor(OTHER_KIND, '50020 9002332 9002346'),
  ...entriesFor(
    BAD_REGISTRATION,
    '50011 50194 500112 500113 65005 650053 650056 650057 70011 700016 7000215 7000218 7000222',
  ),
]);
/** Returns whether a number is one of conditional access, to which Microsoft adds new ones. */
const isConditionalAccess = (code: number): boolean => /^530\d{2,3}$/.test(String(code));

/** OAuth error codes that mean that the request is wrong for every account. */
const REGISTRATION_ERRORS: ReadonlySet<string> = new Set([
  'invalid_client',
  'unauthorized_client',
  'invalid_scope',
  'invalid_resource',
  'unsupported_grant_type',
  'unsupported_response_type',
]);

/** The details of a refusal by the token endpoint or the consent page. They are empty when it gave none. */
interface RefusalDetails {
  readonly codes: readonly number[];
  readonly oauthError: string;
  /** Microsoft's `suberror`. */
  readonly subtype: string;
}

function findRefusal({ codes, oauthError, subtype }: RefusalDetails): Refusal | null {
  for (const code of codes) {
    const known = BY_CODE.get(code) ?? (isConditionalAccess(code) ? CONDITIONAL_ACCESS : null);
    if (known) return known;
  }
  if (REGISTRATION_ERRORS.has(oauthError)) return BAD_REGISTRATION;
  return subtype === 'consent_required' ? NO_CONSENT : null;
}

/** Returns the error for a refusal, or null when Microsoft's numbers say no more than OAuth's error code. */
export function signInRefusal(
  options: OutlookOptions,
  details: RefusalDetails,
  step: SignInStep,
  cause?: unknown,
): MailError | null {
  const refusal = findRefusal(details);
  if (!refusal) return null;
  const { resolvedBy, message } = refusal;
  const text = resolvedBy === 'approval' ? `${message} ${adminConsentUrl(options)}` : message;
  return new MailError(codeOf(resolvedBy, step), text, { cause, ofAccount: true });
}

/** The number for a user who declined the consent. */
const DECLINED = 65004;
/** OAuth error codes for a refusal. Microsoft sends one of them beside every number of its own. */
const DENIAL_ERRORS: ReadonlySet<string> = new Set([
  'access_denied',
  'interaction_required',
  'login_required',
  'consent_required',
]);

/** Returns why the browser was sent back, or null when nothing but OAuth's error code says so. */
export function declined(options: OutlookOptions, { error, description, subtype }: AuthorizationRefusal) {
  const bare = /^\d{4,7}$/.test(subtype) ? [Number(subtype)] : [];
  const codes = [...codesIn(description), ...codesIn(subtype), ...bare];
  const oauthError = error.toLowerCase();
  const cause = new Error(
    `the consent page answered ${[/^\w{1,64}$/.test(oauthError) ? oauthError : '', ...codes].join(' ')}`,
  );
  const known = signInRefusal(options, { codes, oauthError, subtype }, 'consent', cause);
  if (known || codes.length === 0 || codes.includes(DECLINED) || !DENIAL_ERRORS.has(oauthError)) return known;
  return new MailError(
    'INVALID',
    `Microsoft refuses this sign-in, for the reason AADSTS${codes[0]}. Connect the account again. If that does not help, ask the administrator of its organisation and name that number.`,
    { cause },
  );
}

function codeOf(resolvedBy: Refusal['resolvedBy'], step: SignInStep): MailErrorCode {
  if (resolvedBy === 'administrator') return 'FORBIDDEN';
  if (step === 'refresh') return 'RECONNECT_REQUIRED';
  return resolvedBy === 'approval' ? 'CONSENT_REQUIRED' : 'INVALID';
}
