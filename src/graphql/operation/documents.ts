import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  specifiedRules,
  validate,
} from 'graphql';
import type { QueryLimits } from './limits/query-limits.ts';
import { parseDocument } from './parse-document.ts';
import { refusedAs, refusedNull } from './request-error.ts';

/** Characters of all remembered documents together. A parsed document takes up to 250 bytes for each. */
const MAX_REMEMBERED_LENGTH = 256_000;
const MAX_DOCUMENT_LENGTH = 20_000;

/** A document that may be executed, or why it may not. */
export type ReadDocument =
  | { readonly document: DocumentNode; readonly refused?: undefined }
  | { readonly document?: undefined; readonly refused: readonly [GraphQLError, ...GraphQLError[]] };

/** Parses and validates each document once, whichever way it came; the latest are remembered, good or bad. */
export class Documents {
  private readonly known = new Map<string, ReadDocument>();
  private readonly rules;
  private remembered = 0;

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly limits: QueryLimits,
    introspection: boolean,
  ) {
    this.rules = introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule];
  }

  read(source: string): ReadDocument {
    const read = this.recall(source) ?? this.judge(source);
    if (source.length <= MAX_DOCUMENT_LENGTH) this.remember(source, read);
    return read;
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

  private recall(source: string): ReadDocument | undefined {
    const read = this.known.get(source);
    if (read && this.known.delete(source)) this.remembered -= source.length;
    return read;
  }

  /** A Map is in insertion order: the least recently used entry is removed first. */
  private remember(source: string, read: ReadDocument): void {
    this.known.set(source, read);
    this.remembered += source.length;
    for (const oldest of this.known.keys()) {
      if (this.remembered <= MAX_REMEMBERED_LENGTH) return;
      this.recall(oldest);
    }
  }
}

function refusalOf(fault: GraphQLError): GraphQLError {
  const ofNull = refusedNull(fault);
  return ofNull === null ? refusedAs('GRAPHQL_VALIDATION_FAILED', fault) : refusedAs('BAD_USER_INPUT', fault, ofNull);
}
