import { type DocumentNode, GraphQLError, parse } from 'graphql';
import { QUERY_LIMITS, type QueryLimits, tooComplex } from './limits/query-limits.ts';
import { checkShape } from './limits/shape-limits.ts';
import { refusedAs } from './request-error.ts';
import { checkSubscriptions } from './subscription-roots.ts';

/** Characters of all remembered documents together. A parsed document takes up to 250 bytes for each. */
const MAX_REMEMBERED_LENGTH = 256_000;
const MAX_DOCUMENT_LENGTH = 20_000;

/** Stands before validation: a document that is too large goes no further. The latest that passed are remembered. */
export class QueryGate {
  private readonly passed = new Map<string, DocumentNode>();
  private remembered = 0;

  constructor(readonly limits: QueryLimits = QUERY_LIMITS) {}

  /** The same document for the same text, while it is remembered. @throws GraphQLError */
  parse(source: string): DocumentNode {
    const document = this.recall(source) ?? this.read(source);
    if (source.length <= MAX_DOCUMENT_LENGTH) this.remember(source, document);
    return document;
  }

  /** Null for what is no GraphQL at all: who parses it next says so. @throws GraphQLError for any other */
  check(source: unknown): DocumentNode | null {
    if (typeof source !== 'string') return null;
    try {
      return this.parse(source);
    } catch (error) {
      if (error instanceof GraphQLError && error.extensions.code !== 'GRAPHQL_PARSE_FAILED') throw error;
      return null;
    }
  }

  private read(source: string): DocumentNode {
    try {
      const document = parse(source, { maxTokens: this.limits.tokens });
      checkShape(document, this.limits);
      checkSubscriptions(document);
      return document;
    } catch (error) {
      throw parseError(error, this.limits);
    }
  }

  private recall(source: string): DocumentNode | undefined {
    const document = this.passed.get(source);
    if (document && this.passed.delete(source)) this.remembered -= source.length;
    return document;
  }

  /** A Map is in the order of entry: what was not asked for longest goes first. */
  private remember(source: string, document: DocumentNode): void {
    this.passed.set(source, document);
    this.remembered += source.length;
    for (const oldest of this.passed.keys()) {
      if (this.remembered <= MAX_REMEMBERED_LENGTH) return;
      this.recall(oldest);
    }
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
