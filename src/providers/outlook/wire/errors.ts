import { MailError, type MailErrorCode, storeErrorIn } from '../../../domain/error.ts';
import { retryAfterMs } from '../../shared/retry-after.ts';

/** A refused request: its status, Graph's error code, and the time to wait. Graph's message is never shown. */
interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly retryAfter: string | null;
  /** Only matched against patterns, never shown. */
  readonly message?: string;
}

const BY_CODE: Readonly<Record<string, MailErrorCode>> = {
  ErrorInvalidIdMalformed: 'NOT_FOUND',
  ErrorInvalidId: 'NOT_FOUND',
  ErrorInvalidMailboxItemId: 'NOT_FOUND',
  ErrorItemNotFound: 'NOT_FOUND',
  ErrorFolderNotFound: 'NOT_FOUND',
  ErrorInvalidRecipients: 'INVALID',
  ErrorMessageSizeExceeded: 'INVALID',
  ErrorSendAsDenied: 'FORBIDDEN',
  ErrorIrresolvableConflict: 'CONFLICT',
  ErrorQuotaExceeded: 'CONFLICT',
  ErrorExceededMessageLimit: 'RATE_LIMITED',
  SyncStateNotFound: 'CURSOR_EXPIRED',
  SyncStateInvalid: 'CURSOR_EXPIRED',
  ResyncRequired: 'CURSOR_EXPIRED',
};

const BY_STATUS: Readonly<Record<number, MailErrorCode>> = {
  401: 'RECONNECT_REQUIRED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  408: 'PROVIDER_UNAVAILABLE',
  409: 'CONFLICT',
  410: 'CURSOR_EXPIRED',
  412: 'CONFLICT',
  413: 'INVALID',
  // The piece of an upload is not the expected one, so the upload asks Graph where to continue.
  416: 'PROVIDER_UNAVAILABLE',
  429: 'RATE_LIMITED',
};

const MESSAGES: Partial<Record<MailErrorCode, string>> = {
  NOT_FOUND: 'There is no such message, folder or attachment in this Outlook account.',
  INVALID:
    'Outlook does not accept this message, because it is too large or a recipient is not an address. Check both.',
  FORBIDDEN: 'Outlook does not allow this with the access that was granted.',
  CONFLICT:
    'Outlook could not do this, because the message was changed meanwhile or the mailbox is full. Read the message again, or free some space, and try again.',
  RATE_LIMITED: 'Outlook limits the number of requests to this account. Try again a little later.',
  CURSOR_EXPIRED: 'This position in the list no longer exists at Outlook. Read the list again from the start.',
  RECONNECT_REQUIRED: 'Microsoft no longer accepts this connection. Connect the account again.',
  PROVIDER_UNAVAILABLE: 'Outlook cannot be reached just now. Try again.',
  UNSUPPORTED: 'Outlook does not accept this request.',
};

/**
 * Error codes for a user without a mailbox in Exchange Online (unlicensed, a guest, or on premises). The status is 404
 * or 401, and differs from case to case (msgraph-sdk-javascript#1756, microsoft-graph-docs-contrib#4341).
 */
const NO_MAILBOX_CODES: ReadonlySet<string> = new Set([
  'MailboxNotEnabledForRESTAPI',
  'MailboxNotSupportedForRESTAPI',
  'ErrorNonExistentMailbox',
  'ErrorMissingEmailAddress',
  'OrganizationFromTenantGuidNotFound',
]);
const NO_MAILBOX =
  'This Microsoft account has no mailbox in Exchange Online: it has no licence for one, is a guest, or its mail is kept on the organisation’s own server. Ask its administrator to change that, then try again.';

const hasNoMailbox = ({ code, message = '' }: Refusal): boolean =>
  // The code alone is also used for a subscription that no longer exists.
  NO_MAILBOX_CODES.has(code) || (code === 'ResourceNotFound' && /could not be discovered/i.test(message));

export const noMailbox = (cause: unknown): MailError =>
  new MailError('UNSUPPORTED', NO_MAILBOX, { cause, ofAccount: true });

/** Graph refuses the access token. Nothing was done, and the request may be repeated with a newer token. */
export class TokenRefused extends MailError {}

/**
 * The item has another version than the request named, or another change to it is running: a 412, or a 409 with
 * Exchange's code for the same.
 */
export class VersionConflict extends MailError {}

/** The answer is longer than the limit. The caller must request it in parts. */
export class AnswerTooLarge extends MailError {
  constructor() {
    super('PROVIDER_UNAVAILABLE', MESSAGES.PROVIDER_UNAVAILABLE ?? '');
  }
}

/** Returns the MailError for a refusal. It holds nothing of the provider's own text. */
export function refused(refusal: Refusal, now = Date.now()): MailError {
  const cause = new Error(`Graph answered ${refusal.status} ${refusal.code}`);
  if (hasNoMailbox(refusal)) return noMailbox(cause);
  const code =
    BY_CODE[refusal.code] ??
    BY_STATUS[refusal.status] ??
    (refusal.status >= 500 ? 'PROVIDER_UNAVAILABLE' : 'UNSUPPORTED');
  const isConflict = refusal.status === 412 || refusal.code === 'ErrorIrresolvableConflict';
  const Refused = refusal.status === 401 ? TokenRefused : isConflict ? VersionConflict : MailError;
  return new Refused(code, MESSAGES[code] ?? MESSAGES.UNSUPPORTED ?? '', {
    retryAfterMs: retryAfterMs(refusal.retryAfter, now),
    cause,
  });
}

/**
 * Returns the error for a connection that failed, was cut, or carried no valid answer. If our own store failed while
 * its file was being sent, that error is returned.
 */
export const unreachable = (cause: unknown): MailError =>
  storeErrorIn(cause) ?? new MailError('PROVIDER_UNAVAILABLE', MESSAGES.PROVIDER_UNAVAILABLE ?? '', { cause });

/** Returns `error.code` of an error body, or an empty string. */
export const errorCode = (body: unknown): string => errorText(body, 'code').slice(0, 80);

/** Returns a text field of an error body, or an empty string. */
export function errorText(body: unknown, field: 'code' | 'message'): string {
  const text = (body as { error?: { code?: unknown; message?: unknown } } | null)?.error?.[field];
  return typeof text === 'string' ? text : '';
}
