/**
 * One vocabulary for Problem.code, UserError.code and a GraphQL error's extensions.code.
 * It grows; a code never changes its meaning.
 */
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

/** The codes of errors of mail operations. CURSOR_EXPIRED is internal: the caller has to read again from the start. */
export type MailErrorCode = ErrorCode | 'CURSOR_EXPIRED';

/** As a caller sees it. CURSOR_EXPIRED stays inside; what is left of it for a caller is that the place is gone. */
export const publicCode = (code: MailErrorCode): ErrorCode => (code === 'CURSOR_EXPIRED' ? 'CONFLICT' : code);

interface MailErrorOptions {
  /** How long the provider asked us to wait, in milliseconds. */
  retryAfterMs?: number | undefined;
  /** The underlying error; logged (redacted), never sent to a client. */
  cause?: unknown;
  /** The path of the input field at fault, for a UserError. */
  field?: readonly string[] | undefined;
  /** The provider refuses the whole account, for every request: the integration is not used until that is resolved. */
  ofAccount?: boolean | undefined;
}

/** An error whose message is written for the caller: it says what to do, and holds no secret and no provider body. */
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

/** The request is at fault: `message` names the argument and says what is allowed. Shown to the caller as it is. */
export const badInput = (message: string): MailError => new MailError('BAD_USER_INPUT', message);

export const isMailError = (value: unknown): value is MailError => value instanceof MailError;

export const isNotFound = (value: unknown): boolean => isMailError(value) && value.code === 'NOT_FOUND';

/**
 * The codes of errors that a different value of one input field would solve. An error with one of them may name the field
 * (`mail/account/input-error.ts`), and a mutation returns it in `userErrors` (`graphql/errors/user-error.type.ts`).
 */
export const INPUT_ERROR_CODES = ['NOT_FOUND', 'BAD_USER_INPUT', 'INVALID', 'CONFLICT', 'UNSUPPORTED'] as const;

/** The provider is away, busy or silent; every other refusal is an answer. */
export const isProviderAway = (error: unknown): boolean => isMailError(error) && AWAY_CODES.has(error.code);

/** Whether the same request may succeed later without anyone doing anything. */
export const isTransient = (error: unknown): boolean =>
  isProviderAway(error) || (isMailError(error) && error.code === 'STORE_UNAVAILABLE');

const AWAY_CODES: ReadonlySet<MailErrorCode> = new Set(['PROVIDER_UNAVAILABLE', 'RATE_LIMITED', 'TIMEOUT']);

/** The work was aborted because its client has disconnected: not a failure of the provider or the gateway. */
export const isGivenUp = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';

/**
 * The database failure that is the cause of an error, however it was wrapped: it is neither a failure of a provider nor
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
