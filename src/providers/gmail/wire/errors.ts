import { isMailError, MailError, type MailErrorCode, storeErrorIn } from '../../../domain/error.ts';
import { retryAfterMs } from '../../shared/retry-after.ts';

/** An error of Gmail with its status and reason, which the adapter distinguishes. Nothing else of the answer's body is kept. */
export class GmailError extends MailError {
  constructor(
    code: MailErrorCode,
    message: string,
    operation: string,
    readonly status: number | null,
    readonly reason: string | null,
    retryAfterMs?: number,
    about: { readonly ofAccount?: boolean; readonly field?: readonly string[] } = {},
  ) {
    super(code, message, {
      retryAfterMs,
      ...about,
      cause: new Error(`gmail ${operation}: ${status ?? 'no answer'}${reason ? ` ${reason}` : ''}`),
    });
  }
}

/** Whether this is Gmail's answer to the request with this status. An error of the whole account is not, because it says nothing about the request. */
export const hasStatus = (error: unknown, status: number): error is GmailError =>
  error instanceof GmailError && error.status === status && !error.ofAccount;

const RATE_REASONS = new Set([
  'rateLimitExceeded',
  'userRateLimitExceeded',
  'dailyLimitExceeded',
  'quotaExceeded',
  'concurrentLimitExceeded',
  'RATE_LIMIT_EXCEEDED',
  'RESOURCE_EXHAUSTED',
]);
const SCOPE_REASONS = new Set(['insufficientPermissions', 'ACCESS_TOKEN_SCOPE_INSUFFICIENT']);
const SET_UP_REASONS = new Set(['accessNotConfigured', 'SERVICE_DISABLED']);

const PRECONDITION_REASONS = new Set(['failedPrecondition', 'FAILED_PRECONDITION']);
const NO_MAILBOX =
  'This Google account has no Gmail mailbox: Gmail is not turned on for it. Turn it on, or have the administrator of its organisation do so, then try again.';
const GMAIL_APPS_OFF =
  'The administrator of this account’s organisation does not allow Gmail to be used by other apps. Only they can change that.';
const API_OFF = 'The Gmail API is not turned on for this server. Its operator must enable it.';
/** Operations whose only precondition is that the account has a mailbox. */
const READS = new Set(['getProfile', 'labels.list', 'messages.list', 'threads.list', 'history.list']);

/** The error of an account that refuses every request; null for other refusals. */
function accountError(operation: string, status: number, body: unknown, reason: string | null): GmailError | null {
  const refused = (code: MailErrorCode, message: string) =>
    new GmailError(code, message, operation, status, reason, undefined, { ofAccount: true });
  // A Google Account may have no Gmail, and an administrator can turn it off for a user (levz0r/gmail-tester#57).
  const hasNoMailbox =
    /\bmail service not enabled\b/i.test(messageOf(body)) ||
    (READS.has(operation) && reason !== null && PRECONDITION_REASONS.has(reason));
  if (status < 500 && hasNoMailbox) return refused('UNSUPPORTED', NO_MAILBOX);
  if (status === 403 && reason === 'domainPolicy') return refused('FORBIDDEN', GMAIL_APPS_OFF);
  if (status === 403 && reason !== null && SET_UP_REASONS.has(reason)) return refused('FORBIDDEN', API_OFF);
  return null;
}

/** The error for an answer with this status. Only the reason is read from `body`. */
export function answerError(operation: string, status: number, body: unknown, retryAfter: string | null): GmailError {
  const reason = reasonOf(body);
  const waitMs = retryAfterMs(retryAfter) ?? retryTimeIn(body);
  const make = (code: MailErrorCode, message: string) =>
    new GmailError(code, message, operation, status, reason, waitMs);

  const ofAccount = accountError(operation, status, body, reason);
  if (ofAccount) return ofAccount;
  if (status === 429 || (status === 403 && reason !== null && RATE_REASONS.has(reason))) {
    return make('RATE_LIMITED', 'Gmail limits how often this account may be asked. Try again a little later.');
  }
  if (status >= 500 || status === 408)
    return make('PROVIDER_UNAVAILABLE', 'Gmail is not available right now. Try again.');
  if (status === 401) {
    return make('RECONNECT_REQUIRED', 'Gmail no longer accepts the sign-in of this account. Connect it again.');
  }
  if (status === 403 && reason !== null && SCOPE_REASONS.has(reason)) {
    return make(
      'CONSENT_REQUIRED',
      'This account was connected without the consent that this needs. Connect it again.',
    );
  }
  if (status === 403) return make('FORBIDDEN', 'Gmail does not allow this for this account.');
  if (status === 404 || status === 410) return make('NOT_FOUND', 'Gmail has no such item; it may have been deleted.');
  if (status === 409 || status === 412)
    return make('CONFLICT', 'The item was changed elsewhere. Read it again and retry.');
  if (status === 413) return make('INVALID', 'The message is larger than Gmail accepts.');
  const header = refusedHeaderIn(body);
  if (header !== null) {
    const message = `Gmail does not accept an address in "${header}". Correct it, and try again.`;
    return new GmailError('INVALID', message, operation, status, reason, undefined, { field: [header] });
  }
  return make('INVALID', `Gmail refused the request as invalid${reason ? ` (${reason})` : ''}.`);
}

/** Converts any error of an attempt to a MailError. Its cause has a code and never contains a request, a token or a body. */
export function gmailError(error: unknown, operation: string): MailError {
  // The token or a file of the message could not be read from our own database.
  const away = storeErrorIn(error);
  if (away) return away;
  if (isMailError(error)) return error;
  const { response, name, code, cause } = error as ThrownError;
  if (response && typeof response.status === 'number') {
    return answerError(operation, response.status, response.data, headerOf(response.headers, 'retry-after'));
  }
  if (name === 'TimeoutError')
    return new GmailError('TIMEOUT', 'Gmail did not answer in time. Try again.', operation, null, name);
  const detail = [code, cause?.code, name].find((value) => typeof value === 'string') ?? 'network';
  return new GmailError('PROVIDER_UNAVAILABLE', 'Gmail could not be reached. Try again.', operation, null, detail);
}

interface ThrownError {
  readonly name?: string;
  readonly code?: unknown;
  readonly cause?: { readonly code?: unknown };
  readonly response?: { readonly status?: number; readonly data?: unknown; readonly headers?: unknown };
}

function headerOf(headers: unknown, name: string): string | null {
  if (headers instanceof Headers) return headers.get(name);
  const value = (headers as Record<string, unknown> | undefined)?.[name];
  return typeof value === 'string' ? value : null;
}

/** Google's error reason: errors[].reason, the reason of an ErrorInfo, or the google.rpc status. Never free text. */
function reasonOf(body: unknown): string | null {
  const error = (body as { error?: unknown } | null)?.error;
  if (typeof error !== 'object' || error === null) return null;
  const { errors, details, status } = error as { errors?: unknown; details?: unknown; status?: unknown };
  const listed = [errors, details].flatMap((list) => (Array.isArray(list) ? list : []));
  const reasons = [...listed.map((entry: { reason?: unknown } | null) => entry?.reason), status];
  return reasons.find((reason): reason is string => typeof reason === 'string' && /^\w{1,64}$/.test(reason)) ?? null;
}

/** The message of Google's error. It is only matched and never shown. */
function messageOf(body: unknown): string {
  const message = (body as { error?: { message?: unknown } } | null)?.error?.message;
  return typeof message === 'string' ? message : '';
}

/** The time in "User-rate limit exceeded.  Retry after 2026-11-29T02:10:00.000Z". Gmail gives it in the message only. */
function retryTimeIn(body: unknown): number | undefined {
  const until = /\bRetry after (\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d))/i.exec(messageOf(body));
  return retryAfterMs(until?.[1]);
}

/** The field in "Invalid To header": it contains an address that Gmail does not accept. */
function refusedHeaderIn(body: unknown): string | null {
  const [, header] = /^Invalid (to|cc|bcc) header$/i.exec(messageOf(body)) ?? [];
  return header?.toLowerCase() ?? null;
}
