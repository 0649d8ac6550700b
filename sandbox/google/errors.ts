import { type Fault, retryAfterOf } from '../world.ts';

/** Google's JSON error, whose body has one shape for every API. `reason` is Gmail's own code and `status` that of google.rpc. */
export class GoogleError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly status: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly #more: { readonly location?: string; readonly locationType?: string; readonly details?: readonly object[] };

  constructor(
    code: number,
    status: string,
    reason: string,
    message: string,
    more: { location?: string; locationType?: string; details?: object[]; headers?: Record<string, string> } = {},
  ) {
    super(message);
    const { headers, ...rest } = more;
    this.code = code;
    this.status = status;
    this.reason = reason;
    this.headers = headers ?? {};
    this.#more = rest;
  }

  body(): object {
    const { details, ...place } = this.#more;
    const entry = { message: this.message, domain: domainOf(this.reason), reason: this.reason, ...place };
    const error = { code: this.code, message: this.message, errors: [entry], status: this.status };
    return { error: details ? { ...error, details } : error };
  }
}

export const invalidArgument = (message: string) =>
  new GoogleError(400, 'INVALID_ARGUMENT', 'invalidArgument', message);

export const badParameter = (message: string, location: string) =>
  new GoogleError(400, 'INVALID_ARGUMENT', 'invalidParameter', message, { location, locationType: 'parameter' });

export const parseError = (message: string) => new GoogleError(400, 'INVALID_ARGUMENT', 'parseError', message);

export const notFound = (message = 'Requested entity was not found.') =>
  new GoogleError(404, 'NOT_FOUND', 'notFound', message);

export const methodNotFound = () => new GoogleError(404, 'NOT_FOUND', 'notFound', 'Method not found.');

export const conflict = (message: string) => new GoogleError(409, 'ABORTED', 'aborted', message);

export const forbidden = (message: string) => new GoogleError(403, 'PERMISSION_DENIED', 'forbidden', message);

/** A Google Account for which Gmail is not turned on (levz0r/gmail-tester#57, FlowCrypt/flowcrypt-browser#4838). */
export const mailNotEnabled = () =>
  new GoogleError(400, 'FAILED_PRECONDITION', 'failedPrecondition', 'Mail service not enabled');

export const uploadTooLarge = () =>
  new GoogleError(413, 'INVALID_ARGUMENT', 'uploadTooLarge', 'Request payload size exceeds the limit.');

const REALM = 'Bearer realm="https://accounts.google.com/"';

export const loginRequired = () =>
  new GoogleError(
    401,
    'UNAUTHENTICATED',
    'required',
    'Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.',
    {
      location: 'Authorization',
      locationType: 'header',
      headers: { 'www-authenticate': REALM },
      details: [errorInfo('CREDENTIALS_MISSING', {})],
    },
  );

export const invalidCredentials = () =>
  new GoogleError(
    401,
    'UNAUTHENTICATED',
    'authError',
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.',
    {
      location: 'Authorization',
      locationType: 'header',
      headers: { 'www-authenticate': `${REALM}, error="invalid_token"` },
    },
  );

export const insufficientScopes = (method: string, accepted: readonly string[]) =>
  new GoogleError(
    403,
    'PERMISSION_DENIED',
    'insufficientPermissions',
    'Request had insufficient authentication scopes.',
    {
      headers: { 'www-authenticate': `${REALM}, error="insufficient_scope", scope="${accepted.join(' ')}"` },
      details: [errorInfo('ACCESS_TOKEN_SCOPE_INSUFFICIENT', { method: `gmail.users.${method}` })],
    },
  );

export const quotaExceeded = (who: 'user' | 'project') =>
  new GoogleError(
    429,
    'RESOURCE_EXHAUSTED',
    'rateLimitExceeded',
    `Quota exceeded for quota metric 'Queries' and limit 'Queries per minute${who === 'user' ? ' per user' : ''}' of service 'gmail.googleapis.com' for consumer 'project_number:1'.`,
    {
      details: [errorInfo('RATE_LIMIT_EXCEEDED', { quota_unit: `1/min/{project}${who === 'user' ? '/{user}' : ''}` })],
    },
  );

export const tooManyConcurrent = () =>
  new GoogleError(429, 'RESOURCE_EXHAUSTED', 'rateLimitExceeded', 'Too many concurrent requests for user.');

/** Gmail states the time in the message or not at all, and never sends Retry-After. Only a proxy in between may add that header. */
function rateLimited(code: 429 | 403, { error, retryAfter, retryAfterSeconds }: Fault): GoogleError {
  const reason = error ?? (code === 429 ? 'rateLimitExceeded' : 'userRateLimitExceeded');
  const untold =
    code === 429
      ? 'Resource has been exhausted (e.g. check quota).'
      : reason === 'userRateLimitExceeded'
        ? 'User Rate Limit Exceeded'
        : quotaExceeded('user').message;
  const until = new Date(Date.now() + (retryAfterSeconds ?? 0) * 1_000).toISOString();
  const message = retryAfterSeconds === undefined ? untold : `User-rate limit exceeded.  Retry after ${until}`;
  const status = code === 429 ? 'RESOURCE_EXHAUSTED' : 'PERMISSION_DENIED';
  return new GoogleError(code, status, reason, message, retryAfter ? { headers: { 'retry-after': retryAfter } } : {});
}

/** Returns the error that Google would send with this status, for a fault of the control API. */
export function faultError(fault: Fault): GoogleError {
  const { status: code = 500, error, retryAfterSeconds } = fault;
  if ((code === 429 || code === 403) && (error !== undefined || retryAfterSeconds !== undefined))
    return rateLimited(code, fault);
  const retryAfter = retryAfterOf(fault);
  const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
  if (code === 401) return invalidCredentials();
  const [status, reason, message] = FAULTS[code] ?? (code >= 500 ? INTERNAL : PRECONDITION);
  return new GoogleError(code, status, reason, message, { headers });
}

const INTERNAL = ['INTERNAL', 'backendError', 'Internal error encountered.'] as const;
const PRECONDITION = ['FAILED_PRECONDITION', 'failedPrecondition', 'Precondition check failed.'] as const;
const FAULTS: Readonly<Record<number, readonly [status: string, reason: string, message: string]>> = {
  403: ['PERMISSION_DENIED', 'forbidden', 'The caller does not have permission'],
  404: ['NOT_FOUND', 'notFound', 'Requested entity was not found.'],
  409: ['ABORTED', 'aborted', 'The operation was aborted.'],
  429: ['RESOURCE_EXHAUSTED', 'rateLimitExceeded', 'Too many concurrent requests for user.'],
  500: INTERNAL,
  502: ['UNAVAILABLE', 'backendError', 'Bad gateway.'],
  503: ['UNAVAILABLE', 'backendError', 'The service is currently unavailable.'],
  504: ['DEADLINE_EXCEEDED', 'backendError', 'The service did not answer in time.'],
};

function domainOf(reason: string): string {
  return reason === 'rateLimitExceeded' || reason === 'userRateLimitExceeded' ? 'usageLimits' : 'global';
}

function errorInfo(reason: string, metadata: Record<string, string>): object {
  return {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason,
    domain: 'googleapis.com',
    metadata: { service: 'gmail.googleapis.com', ...metadata },
  };
}
