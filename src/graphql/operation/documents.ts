import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  specifiedRules,
  validate,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import type { QueryLimits } from './limits/query-limits.ts';
import { parseDocument } from './parse-document.ts';
import { refusedAs, refusedNull } from './request-error.ts';

/**
 * The maximum number of characters of all cached documents. A parsed document takes up to 250 bytes for each character.
 */
const MAX_REMEMBERED_LENGTH = 256_000;
const MAX_DOCUMENT_LENGTH = 20_000;
/** The maximum number of characters of all documents that are known by their hashes. Only their texts are kept. */
const MAX_NAMED_LENGTH = 1_000_000;

/** A document that may be executed, or the reasons why it may not. */
export type ReadDocument =
  | { readonly document: DocumentNode; readonly refused?: undefined }
  | { readonly document?: undefined; readonly refused: readonly [GraphQLError, ...GraphQLError[]] };

/**
 * Parses and validates each document once, over whichever transport it came. The latest results are cached, also of
 * documents that were refused.
 */
export class Documents {
  private readonly known = new LRUCache<string, ReadDocument>({
    maxSize: MAX_REMEMBERED_LENGTH,
    maxEntrySize: MAX_DOCUMENT_LENGTH,
    sizeCalculation: (_read, source) => Math.max(1, source.length),
  });
  /** The texts that clients have named by their SHA-256 (APQ). */
  private readonly named = new LRUCache<string, string>({
    maxSize: MAX_NAMED_LENGTH,
    maxEntrySize: MAX_DOCUMENT_LENGTH,
    sizeCalculation: (source) => Math.max(1, source.length),
  });
  private readonly rules;

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly limits: QueryLimits,
    introspection: boolean,
  ) {
    this.rules = introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule];
  }

  read(source: string): ReadDocument {
    const known = this.known.get(source);
    if (known) return known;
    const read = this.judge(source);
    this.known.set(source, read);
    return read;
  }

  /** Keeps the text of a document that a client has named by its hash. */
  name(hash: string, source: string): void {
    this.named.set(hash, source);
  }

  /** The text of a document by its hash. Undefined when no client has named it here lately. */
  byName(hash: string): string | undefined {
    return this.named.get(hash);
  }

  private judge(source: string): ReadDocument {
    try {
      const document = parseDocument(source, this.limits);
      const [first, ...others] = validate(this.schema, document, this.rules).map(refusalOf);
      return first ? { refused: [first, ...others] } : { document };
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      return { refused: [error] };
    }
  }
}

function refusalOf(fault: GraphQLError): GraphQLError {
  const ofNull = refusedNull(fault);
  return ofNull === null ? refusedAs('GRAPHQL_VALIDATION_FAILED', fault) : refusedAs('BAD_USER_INPUT', fault, ofNull);
}
