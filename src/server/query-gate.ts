import { type DocumentNode, GraphQLError, parse } from 'graphql';
import { QUERY_LIMITS, type QueryLimits, tooComplex } from './limits.ts';
import { checkShape } from './shape-limits.ts';

const REMEMBERED = 1_000;
const LONGEST_REMEMBERED = 20_000;

/** Stands before validation: a document that is too large goes no further. Documents that passed are remembered. */
export class QueryGate {
  private readonly passed = new Map<string, DocumentNode>();

  constructor(readonly limits: QueryLimits = QUERY_LIMITS) {}

  /** @throws GraphQLError QUERY_TOO_COMPLEX, or the syntax error */
  parse(source: string): DocumentNode {
    const known = this.passed.get(source);
    if (known) return known;
    let document: DocumentNode;
    try {
      document = parse(source, { maxTokens: this.limits.tokens });
      checkShape(document, this.limits);
    } catch (error) {
      throw parseLimitError(error, this.limits) ?? error;
    }
    if (source.length <= LONGEST_REMEMBERED) this.remember(source, document);
    return document;
  }

  /** What is no GraphQL at all passes here: who parses it next says so. @throws GraphQLError QUERY_TOO_COMPLEX */
  check(source: unknown): void {
    if (typeof source !== 'string') return;
    try {
      this.parse(source);
    } catch (error) {
      if (error instanceof GraphQLError && error.extensions.code === 'QUERY_TOO_COMPLEX') throw error;
    }
  }

  private remember(source: string, document: DocumentNode): void {
    if (this.passed.size >= REMEMBERED) this.passed.delete(this.passed.keys().next().value ?? '');
    this.passed.set(source, document);
  }
}

/** graphql-js stops reading at the token limit with a syntax error, and runs out of stack on brackets in brackets. */
function parseLimitError(error: unknown, limits: QueryLimits): GraphQLError | null {
  if (error instanceof RangeError) return tooComplex('The query is too complex: it is nested too deep to be read.');
  if (!(error instanceof GraphQLError) || !error.message.includes('tokens. Parsing aborted')) return null;
  return tooComplex(
    `The query is too complex: more than ${limits.tokens} tokens. Ask for less, or send large values as variables.`,
  );
}
