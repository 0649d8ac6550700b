import { type Fault, retryAfterOf } from '../../world.ts';

/** An error of Graph. Handlers throw it, and the service turns it into an answer. */
export class GraphError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** The JSON of an error, with the innerError that support asks for. */
export function errorBody(error: GraphError, requestId: string, clientRequestId: string, now: Date) {
  return {
    error: {
      code: error.code,
      message: error.message,
      innerError: {
        date: now.toISOString().slice(0, 19),
        'request-id': requestId,
        'client-request-id': clientRequestId,
      },
    },
  };
}

const CHALLENGE =
  'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", ' +
  'client_id="00000003-0000-0000-c000-000000000000"';

export const badRequest = (message: string, code = 'BadRequest') => new GraphError(400, code, message);

export const unauthorized = (message: string) =>
  new GraphError(401, 'InvalidAuthenticationToken', message, { 'WWW-Authenticate': CHALLENGE });

export const accessDenied = () =>
  new GraphError(403, 'ErrorAccessDenied', 'Access is denied. Check credentials and try again.');

export const itemNotFound = () =>
  new GraphError(404, 'ErrorItemNotFound', 'The specified object was not found in the store.');

/**
 * The errors for a user without a mailbox in Exchange Online: an unlicensed one, a guest, or one on premises
 * (msgraph-sdk-javascript#1756). The same user may receive several of them (microsoft-graph-docs-contrib#4341). A tenant without
 * Exchange is answered with 401.
 */
const NO_MAILBOX: Readonly<Record<string, readonly [status: number, message: string]>> = {
  MailboxNotEnabledForRESTAPI: [404, 'The mailbox is either inactive, soft-deleted, or is hosted on-premise.'],
  MailboxNotSupportedForRESTAPI: [404, 'REST API is not yet supported for this mailbox.'],
  ErrorNonExistentMailbox: [404, 'The SMTP address has no mailbox associated with it.'],
  ResourceNotFound: [404, 'Resource could not be discovered.'],
  OrganizationFromTenantGuidNotFound: [
    401,
    "The tenant for tenant guid '00000000-0000-0000-0000-000000000000' does not exist.",
  ],
};
export const MAILBOX_REFUSALS = Object.keys(NO_MAILBOX);

export function noMailbox(code: string): GraphError {
  const [status, message] = NO_MAILBOX[code] ?? [404, ''];
  return new GraphError(status, code, message);
}

export const malformedId = () => new GraphError(400, 'ErrorInvalidIdMalformed', 'Id is malformed.');

export const staleChangeKey = () =>
  new GraphError(
    412,
    'ErrorIrresolvableConflict',
    'The send or update operation could not be performed because the change key passed in the request does not match ' +
      'the current change key for the item.',
  );

export const throttled = (limit: string, retryAfterSeconds: number) =>
  new GraphError(429, 'ApplicationThrottled', `Application is over its ${limit} limit.`, {
    'Retry-After': String(retryAfterSeconds),
  });

const FAULT_CODES: Readonly<Record<number, readonly [code: string, message: string]>> = {
  400: ['BadRequest', 'Bad request.'],
  401: ['InvalidAuthenticationToken', 'Access token validation failure.'],
  403: ['ErrorAccessDenied', 'Access is denied. Check credentials and try again.'],
  404: ['ErrorItemNotFound', 'The specified object was not found in the store.'],
  409: ['ErrorFolderExists', 'The operation conflicts with the current state.'],
  410: ['SyncStateNotFound', 'The sync state generation is not found.'],
  412: [
    'ErrorIrresolvableConflict',
    'The send or update operation could not be performed because the change key passed in the request does not match the current change key for the item.',
  ],
  429: ['ApplicationThrottled', 'Application is over its MailboxConcurrency limit.'],
  500: ['ErrorInternalServerError', 'An internal server error occurred. The operation failed.'],
  502: ['BadGateway', 'Bad gateway.'],
  503: ['ServiceUnavailable', 'The service is temporarily unavailable.'],
  504: ['GatewayTimeout', 'The request timed out.'],
};

/** Returns the error that Graph sends with the status of a fault. */
export function faultError(fault: Fault): GraphError {
  const { status = 500 } = fault;
  const [code, message] = FAULT_CODES[status] ?? ['UnknownError', 'An unknown error occurred.'];
  const headers: Record<string, string> = {};
  if (status === 401) headers['WWW-Authenticate'] = CHALLENGE;
  const retryAfter = retryAfterOf(fault);
  if (retryAfter !== undefined) headers['Retry-After'] = retryAfter;
  return new GraphError(status, code, message, headers);
}
