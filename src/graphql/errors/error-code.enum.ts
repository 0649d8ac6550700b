import { registerEnumType } from 'type-graphql';
import { ERROR_CODES, type ErrorCode } from '../../domain/error.ts';

const MEANING: Record<ErrorCode, string> = {
  UNAUTHENTICATED: 'The request has no valid access token. Sign in, or refresh the session.',
  FORBIDDEN:
    'The user is signed in but not allowed to do this: for example, to write with access READ, or to use an account whose organisation or provider blocks this gateway.',
  NOT_FOUND: 'The object does not exist or belongs to another user. The two cases are not distinguished.',
  BAD_USER_INPUT: 'An argument is malformed. The message names it and says what is allowed.',
  INVALID: 'The input is well formed but breaks a rule. The message says which.',
  CONFLICT: 'The object has changed since you read it. Read it again, then decide.',
  UNSUPPORTED: 'This account does not support the operation, with any input. See Capabilities.',
  RECONNECT_REQUIRED: "The provider no longer accepts the account's grant. The user has to connect the account again.",
  CONSENT_REQUIRED:
    'A required permission was not granted by the user, or by the administrator who has to approve it. The message says which permission, and who has to grant it.',
  RATE_LIMITED: 'Too many requests in too short a time. Try again after `retryAfter`.',
  PROVIDER_UNAVAILABLE: 'The provider failed or could not be reached. A later retry may succeed.',
  TIMEOUT:
    'The provider, or another service that the request needs, did not answer in time, or the client cancelled the request.',
  QUERY_TOO_COMPLEX: 'The operation exceeds a limit of a single request. The message has the figures.',
  STORE_UNAVAILABLE:
    "The gateway's database is unavailable, full or too slow. The operation may or may not have been carried out: try again after `retryAfter`.",
  INTERNAL: "An internal error of the gateway. Its `reference` identifies the entry in the gateway's log.",
};

/** ERROR_CODES as the enum object that type-graphql needs. */
export const ErrorCodeEnum = Object.fromEntries(ERROR_CODES.map((code) => [code, code])) as { [C in ErrorCode]: C };

registerEnumType(ErrorCodeEnum, {
  name: 'ErrorCode',
  description:
    'The values of `Problem.code`, `UserError.code` and `extensions.code`. New codes may be added. The meaning of an existing code never changes.',
  valuesConfig: Object.fromEntries(ERROR_CODES.map((code) => [code, { description: MEANING[code] }])) as {
    [C in ErrorCode]: { description: string };
  },
});

/**
 * Codes of GraphQL and of GraphQL over HTTP, as Apollo Server spells them, for a request that is refused before it is
 * executed. They occur in extensions.code only: no Problem and no UserError has one, so the schema does not list them.
 */
export const REQUEST_CODES = [
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'BAD_REQUEST',
] as const;

export type RequestCode = (typeof REQUEST_CODES)[number];

/** The codes with which a well-formed request is refused. Such a refusal is a GraphQL response, not an HTTP error. */
export const ANSWERED_REFUSALS: ReadonlySet<unknown> = new Set<RequestCode | ErrorCode>([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'QUERY_TOO_COMPLEX',
]);
