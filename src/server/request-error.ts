import { GraphQLError } from 'graphql';

/** The codes under which Apollo refuses a request that does not get to run. */
export type RequestErrorCode = 'GRAPHQL_PARSE_FAILED' | 'GRAPHQL_VALIDATION_FAILED' | 'OPERATION_RESOLUTION_FAILURE';

/** graphql-js gives its errors no code, and a scalar that refuses a literal gives them its own. */
export function refusedAs(code: RequestErrorCode, error: GraphQLError, message = error.message): GraphQLError {
  const { nodes = null, source = null, positions = null, extensions } = error;
  return new GraphQLError(message, { nodes, source, positions, extensions: { ...extensions, code } });
}

/** "Did you mean" would tell the schema, name by name, to who may not introspect: in documents, and of variables too. */
export const withoutHint = (message: string): string => message.replace(/ ?Did you mean .*\?$/s, '');
