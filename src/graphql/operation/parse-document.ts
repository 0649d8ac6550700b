import { type DocumentNode, GraphQLError, parse } from 'graphql';
import { type QueryLimits, tooComplex } from './limits/query-limits.ts';
import { checkShape } from './limits/shape-limits.ts';
import { refusedAs } from './request-error.ts';
import { checkSubscriptions } from './subscription-roots.ts';

/**
 * Parses what may be validated. Validation compares fields with each other, which a hostile document makes slow, so one
 * that is too large is refused before.
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

/** graphql-js stops reading at the token limit with a syntax error, and runs out of stack on brackets in brackets. */
function parseError(error: unknown, limits: QueryLimits): unknown {
  if (error instanceof RangeError) return tooComplex('The query is too complex: it is nested too deep to be read.');
  if (!(error instanceof GraphQLError) || error.extensions.code !== undefined) return error;
  if (!error.message.includes('tokens. Parsing aborted')) return refusedAs('GRAPHQL_PARSE_FAILED', error);
  return tooComplex(
    `The query is too complex: more than ${limits.tokens} tokens. Ask for less, or send large values as variables.`,
  );
}
