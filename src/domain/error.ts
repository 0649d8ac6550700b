/** The codes of Problem.code, UserError.code and a GraphQL error's extensions.code. Codes are added, but never change their meaning. */
export const ERROR_CODES = [
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'BAD_USER_INPUT',
  'INVALID',
  'CONFLICT',
  'UNSUPPORTED',
  'RECONNECT_REQUIRED',
  'CONSENT_REQUIRED',
  'RATE_LIMITED',
  'PROVIDER_UNAVAILABLE',
  'TIMEOUT',
  'QUERY_TOO_COMPLEX',
  'STORE_UNAVAILABLE',
  'INTERNAL',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** The codes of errors of mail operations. CURSOR_EXPIRED is internal; it means that a list must be read again from the start. */
export type MailErrorCode = ErrorCode | 'CURSOR_EXPIRED';

/** The code that a client sees. CURSOR_EXPIRED is reported as CONFLICT. */
export const publicCode = (code: MailErrorCode): ErrorCode => (code === 'CURSOR_EXPIRED' ? 'CONFLICT' : code);

interface MailErrorOptions {
  /** How long the provider asks us to wait before the next request, in milliseconds. */
  retryAfterMs?: number | undefined;
  /** The underlying error. It is logged in redacted form and never sent to a client. */
  cause?: unknown;
  /** The path of the invalid input field, for a UserError. */
  field?: readonly string[] | undefined;
  /** The provider refuses every request of the account. The integration is not used until that is resolved. */
  ofAccount?: boolean | undefined;
}

/** An error whose message is written for the client: it says what to do, and contains no secret and no text of the provider's answer. */
export class MailError extends Error {
  override readonly name = 'MailError';
  readonly retryAfterMs: number | undefined;
  readonly field: readonly string[] | undefined;
  readonly ofAccount: boolean;

  constructor(
    readonly code: MailErrorCode,
    message: string,
    options: MailErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
    this.field = options.field;
    this.ofAccount = options.ofAccount ?? false;
  }
}

/** An error for an invalid request. `message` names the argument and says what is allowed; clients see it unchanged. */
export const badInput = (message: string): MailError => new MailError('BAD_USER_INPUT', message);

export const noSuchIntegration = (options?: Pick<MailErrorOptions, 'field'>): MailError =>
  new MailError('NOT_FOUND', 'There is no such integration.', options);

export const noSuchMessage = (options?: Pick<MailErrorOptions, 'cause'>): MailError =>
  new MailError('NOT_FOUND', 'There is no such message.', options);

/** The error for a caller without a valid credential. `message` says what the client has to do. */
export const unauthenticated = (message: string): MailError => new MailError('UNAUTHENTICATED', message);

export const isMailError = (value: unknown): value is MailError => value instanceof MailError;

export const isNotFound = (value: unknown): boolean => isMailError(value) && value.code === 'NOT_FOUND';

/** For `catch`, where null stands for what does not exist. */
export function nullIfNotFound(error: unknown): null {
  if (isNotFound(error)) return null;
  throw error;
}

/**
 * The codes of errors that a different value of one input field would solve. An error with one of them may name the field
 * (`mail/account/input-error.ts`), and a mutation returns it in `userErrors` (`graphql/errors/user-error.type.ts`).
 */
export const INPUT_ERROR_CODES = ['NOT_FOUND', 'BAD_USER_INPUT', 'INVALID', 'CONFLICT', 'UNSUPPORTED'] as const;

/** Whether the provider was unavailable, busy or silent. Every other error is an answer of the provider. */
export const isProviderAway = (error: unknown): boolean => isMailError(error) && AWAY_CODES.has(error.code);

/** Whether the same request may succeed later without any action by a person. */
export const isTransient = (error: unknown): boolean =>
  isProviderAway(error) || (isMailError(error) && error.code === 'STORE_UNAVAILABLE');

/** Returns the milliseconds for which the provider allows no request, or 0 when it named no time. */
export const retryAfterMsOf = (error: unknown): number => (isMailError(error) && error.retryAfterMs) || 0;

/** Whether a request may have been carried out although it failed: the provider did not answer, or broke off its answer. */
export const isAnswerLost = (error: unknown): boolean => isMailError(error) && ANSWER_LOST_CODES.includes(error.code);

/** The codes of `isAnswerLost`, for queries in the database. */
export const ANSWER_LOST_CODES: readonly MailErrorCode[] = ['PROVIDER_UNAVAILABLE', 'TIMEOUT'];

/**
 * Whether the provider refused a request temporarily, so that the same attempt may repeat it. A TIMEOUT is not among these,
 * because the attempt has used up its time.
 */
export const isRetryable = (error: unknown): boolean =>
  isMailError(error) && (error.code === 'RATE_LIMITED' || error.code === 'PROVIDER_UNAVAILABLE');

const AWAY_CODES: ReadonlySet<MailErrorCode> = new Set(['PROVIDER_UNAVAILABLE', 'RATE_LIMITED', 'TIMEOUT']);

/** Whether the work was aborted because its client disconnected, which is not a failure of the provider or the gateway. */
export const isGivenUp = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';

/**
 * The database failure that caused an error, also through several wrappers. Such an error is neither a provider's failure nor
 * a bug. Null when there is none.
 */
export function storeErrorIn(error: unknown): MailError | null {
  let cause = error;
  for (let depth = 0; depth < 8 && cause instanceof Error; depth++) {
    if (isMailError(cause) && cause.code === 'STORE_UNAVAILABLE') return cause;
    cause = (cause as { originalError?: unknown }).originalError ?? cause.cause;
  }
  return null;
}
