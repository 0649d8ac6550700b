import { type DocumentNode, GraphQLError, parse } from 'graphql';
import { type QueryLimits, tooComplex } from './limits/query-limits.ts';
import { checkShape } from './limits/shape-limits.ts';
import { refusedAs } from './request-error.ts';
import { checkSubscriptions } from './subscription-roots.ts';

/**
 * Parses a document, and refuses one that is too large before it is validated. Validation compares fields with each
 * other, which a hostile document makes slow.
 * @throws GraphQLError GRAPHQL_PARSE_FAILED, QUERY_TOO_COMPLEX, GRAPHQL_VALIDATION_FAILED
 */
export function parseDocument(source: string, limits: QueryLimits): DocumentNode {
  try {
    const document = parse(source, { maxTokens: limits.tokens });
    checkShape(document, limits);
    checkSubscriptions(document);
    return document;
  } catch (error) {
    throw parseError(error, limits);
  }
}

/** graphql-js reports the token limit as a syntax error, and runs out of stack on deeply nested brackets. */
function parseError(error: unknown, limits: QueryLimits): unknown {
  if (error instanceof RangeError) return tooComplex('The query is too complex: it is nested too deep to be read.');
  if (!(error instanceof GraphQLError) || error.extensions.code !== undefined) return error;
  if (!error.message.includes('tokens. Parsing aborted')) return refusedAs('GRAPHQL_PARSE_FAILED', error);
  return tooComplex(
    `The query is too complex: more than ${limits.tokens} tokens. Select less, or send large values as variables.`,
  );
}
