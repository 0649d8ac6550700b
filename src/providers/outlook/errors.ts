import { MailError, type MailErrorCode, storeErrorIn } from '../../domain/error.ts';

/** What Graph says of a refused request: its status, its word for it, and how long to wait. The message stays behind. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly retryAfter: string | null;
}

const BY_WORD: Readonly<Record<string, MailErrorCode>> = {
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
  429: 'RATE_LIMITED',
};

const WORDS: Partial<Record<MailErrorCode, string>> = {
  NOT_FOUND: 'There is no such message, folder or attachment in this Outlook account.',
  INVALID: 'Outlook does not accept this message: it is too large, or a recipient is not an address.',
  FORBIDDEN: 'Outlook does not allow this with the access that was granted.',
  CONFLICT: 'Outlook could not do this now: the message was changed meanwhile, or the mailbox is full.',
  RATE_LIMITED: 'Outlook limits how often this account may be asked. Try again a little later.',
  CURSOR_EXPIRED: 'Outlook no longer knows this place in the list. Read again from the top.',
  RECONNECT_REQUIRED: 'Microsoft no longer accepts this connection. Connect the account again.',
  PROVIDER_UNAVAILABLE: 'Outlook cannot be reached just now. Try again.',
  UNSUPPORTED: 'Outlook does not take this request.',
};

/** Graph does not take the access token: nothing was done, and a newer token may be taken. */
export class TokenRefused extends MailError {}

/** 412: it has another version than was named, or is just being changed. */
export class VersionConflict extends MailError {}

/** The answer was longer than was allowed: what it would have told is to be asked for in parts. */
export class AnswerTooLarge extends MailError {
  constructor() {
    super('PROVIDER_UNAVAILABLE', WORDS.PROVIDER_UNAVAILABLE ?? '');
  }
}

/** The MailError of a refusal; nothing of the provider's own text is in it. */
export function refused(refusal: Refusal, now = Date.now()): MailError {
  const code =
    BY_WORD[refusal.code] ??
    BY_STATUS[refusal.status] ??
    (refusal.status >= 500 ? 'PROVIDER_UNAVAILABLE' : 'UNSUPPORTED');
  const Refused = refusal.status === 401 ? TokenRefused : refusal.status === 412 ? VersionConflict : MailError;
  return new Refused(code, WORDS[code] ?? WORDS.UNSUPPORTED ?? '', {
    retryAfterMs: retryAfterMs(refusal.retryAfter, now),
    cause: new Error(`Graph answered ${refusal.status} ${refusal.code}`),
  });
}

/** A connection that failed, was cut, or carried what is not an answer; or our own store, whose file was being sent. */
export const unreachable = (cause: unknown): MailError =>
  storeErrorIn(cause) ?? new MailError('PROVIDER_UNAVAILABLE', WORDS.PROVIDER_UNAVAILABLE ?? '', { cause });

/** Retry-After in seconds or as a date; undefined when absent or unreadable. */
export function retryAfterMs(header: string | null, now = Date.now()): number | undefined {
  if (header === null || header.trim() === '') return undefined;
  const seconds = Number(header);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now;
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}

/** The word in `{error: {code}}`, or ''. */
export function errorWord(body: unknown): string {
  const error = (body as { error?: { code?: unknown } } | null)?.error;
  return typeof error?.code === 'string' ? error.code.slice(0, 80) : '';
}
