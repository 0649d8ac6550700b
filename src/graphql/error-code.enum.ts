import { registerEnumType } from 'type-graphql';
import { ERROR_CODES, type ErrorCode } from '../domain/error.ts';

const MEANING: Record<ErrorCode, string> = {
  UNAUTHENTICATED: 'No session, or one that has ended: sign in, or refresh the session.',
  FORBIDDEN:
    'Signed in, and still not allowed: writing with access READ, say, or an account whose organisation or provider keeps this gateway out.',
  NOT_FOUND: 'There is no such thing, or it belongs to somebody else: the answer is the same.',
  BAD_USER_INPUT: 'An argument is malformed; the message names it and says what is allowed.',
  INVALID: 'Well formed, and refused by a rule: the message says which.',
  CONFLICT: 'It has changed since it was read: read again, then decide.',
  UNSUPPORTED: 'This account cannot do it, whatever the input; see Capabilities.',
  RECONNECT_REQUIRED: 'The provider no longer accepts the grant: connect the account again.',
  CONSENT_REQUIRED:
    'What this needs was not granted, by the person or by an administrator who has to: the message says what, and by whom.',
  RATE_LIMITED: 'Too much in too short a time; try again after retryAfter.',
  PROVIDER_UNAVAILABLE: 'The provider failed or could not be reached. Trying again later may help.',
  TIMEOUT: 'The provider did not answer within the deadline.',
  QUERY_TOO_COMPLEX: 'The query asks for more than one request may; the message has the figures.',
  STORE_UNAVAILABLE:
    'The database of the gateway is away, full or too slow. What was asked may or may not have been done: try again after retryAfter.',
  INTERNAL: 'A fault of ours. The reference finds it in the log.',
};

/** ERROR_CODES as the enum object that type-graphql wants. */
export const ErrorCodeEnum = Object.fromEntries(ERROR_CODES.map((code) => [code, code])) as { [C in ErrorCode]: C };

registerEnumType(ErrorCodeEnum, {
  name: 'ErrorCode',
  description:
    'One vocabulary for Problem.code, UserError.code and extensions.code. It grows; a code never changes its meaning.',
  valuesConfig: Object.fromEntries(ERROR_CODES.map((code) => [code, { description: MEANING[code] }])) as {
    [C in ErrorCode]: { description: string };
  },
});

/**
 * Codes of GraphQL itself and of GraphQL over HTTP, as Apollo Server spells them, for a request that is refused before it is
 * executed. They stand in extensions.code alone: no Problem and no UserError has one, so the schema does not list them.
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

/** A well-formed request that GraphQL refuses: these are answers, and no failure of HTTP. */
export const ANSWERED_REFUSALS: ReadonlySet<unknown> = new Set<RequestCode | ErrorCode>([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'QUERY_TOO_COMPLEX',
]);
