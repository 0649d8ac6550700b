import { GraphQLError } from 'graphql';
import type { OperationRequest } from './operation.ts';

/**
 * Returns the refusal of a request that is not an object, or whose members have wrong types, or null. Apollo Server checks the types for HTTP,
 * and graphql-ws for WebSocket. This check is for callers in process, which may pass unchecked JSON.
 */
export function malformedRequest(request: OperationRequest): GraphQLError | null {
  if (request == null || !isRecordOrAbsent(request)) return badRequest('A GraphQL request must be an object.');
  const { query, operationName, variables, extensions } = request as Readonly<Record<string, unknown>>;
  if (query && typeof query !== 'string') return badRequest('GraphQL queries must be strings.');
  if (!isRecordOrAbsent(extensions)) return badRequest('`extensions` must be an object if provided.');
  if (!isRecordOrAbsent(variables)) return badRequest('`variables` must be an object if provided.');
  if (operationName != null && typeof operationName !== 'string')
    return badRequest('`operationName` must be a string if provided.');
  return null;
}

const badRequest = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'BAD_REQUEST' } });

const isRecordOrAbsent = (value: unknown): boolean =>
  value == null || (typeof value === 'object' && !Array.isArray(value) && !Buffer.isBuffer(value));
