import { ApolloServer, type GraphQLRequest } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { type GraphQLFormattedError, type GraphQLSchema, getOperationAST, type OperationTypeNode } from 'graphql';
import type { Logger } from 'pino';
import type { Context } from '../context.ts';
import { errorMask, type ShowError } from '../errors/error-mask.ts';
import { Documents } from './documents.ts';
import { httpStatus } from './http-status.ts';
import { Introspections } from './introspections.ts';
import { countCharacters } from './limits/answer-counter.ts';
import { countLists } from './limits/list-counter.ts';
import { QUERY_LIMITS } from './limits/query-limits.ts';
import { malformedRequest } from './malformed-request.ts';
import { operationPlugin } from './operation.plugin.ts';
import {
  type OperationContext,
  type OperationHooks,
  type OperationOutcome,
  type OperationRequest,
  RUN,
  Run,
} from './operation.ts';
import type { OperationResult } from './operation-result.ts';
import { resumeSubscriptions } from './resumption.ts';

interface OperationPathOptions {
  readonly schema: GraphQLSchema;
  /** True if clients may introspect the schema. Otherwise no error message gives away a name of the schema either. */
  readonly introspection: boolean;
  readonly log: Logger;
  /** Called before a mutation is executed, and what it returns once it has been. Absent: nobody needs to know. */
  readonly mutating?: ((context: Context) => () => void) | undefined;
}

/**
 * The single path of every operation: parse, limit, validate, execute, mask. Apollo Server runs each query and
 * mutation, and each subscription up to the source of its events. HTTP uses `apollo` with the context that `context`
 * makes; WebSocket and callers in process use `run`.
 */
export class OperationPath {
  private constructor(
    readonly apollo: ApolloServer<OperationContext>,
    private readonly documents: Documents,
    private readonly show: ShowError,
  ) {}

  static async open({ schema, introspection, log, mutating }: OperationPathOptions): Promise<OperationPath> {
    const limits = QUERY_LIMITS;
    countLists(schema, limits.lists);
    countCharacters(schema, limits.characters);
    resumeSubscriptions(schema);
    const show = errorMask({ log, hints: introspection });
    const documents = new Documents(schema, limits, introspection);
    const contextOf = new WeakMap<object, Context>();
    const apollo = new ApolloServer<OperationContext>({
      schema,
      introspection,
      // `documents` caches documents, and limits the cache by their length as well.
      documentStore: null,
      // This is safe only because every request authenticates with its Authorization header: no cookie is ever read.
      csrfPrevention: false,
      includeStacktraceInErrorResponses: false,
      stopOnTerminationSignals: false,
      logger: log,
      formatError: (_formatted, error) => show(error, contextOf.get(error as object)),
      plugins: [
        ApolloServerPluginLandingPageDisabled(),
        ApolloServerPluginUsageReportingDisabled(),
        ApolloServerPluginCacheControlDisabled(),
        operationPlugin({ documents, limits, introspections: new Introspections(schema), contextOf, show, mutating }),
        httpStatus,
      ],
    });
    await apollo.start();
    return new OperationPath(apollo, documents, show);
  }

  /** Makes the context that Apollo Server needs for an operation. */
  context(context: Context, hooks: OperationHooks = {}): OperationContext {
    return { ...context, [RUN]: new Run(hooks) };
  }

  /** Executes one operation. It refuses a malformed request with an outcome and never throws because of one. */
  async run(request: OperationRequest, context: Context, hooks: OperationHooks = {}): Promise<OperationOutcome> {
    const malformed = malformedRequest(request);
    if (malformed) return { kind: 'refused', errors: [this.show(malformed, context)] };
    const contextValue = this.context(context, hooks);
    const run = contextValue[RUN];
    const { body } = await this.apollo.executeOperation(requestOf(request), { contextValue });
    if (body.kind !== 'single') throw new Error('incremental delivery is not supported');
    const { errors, data } = body.singleResult;
    if (run.events) return { kind: 'events', events: run.events };
    if (!run.isExecuted) return { kind: 'refused', errors: errors ?? [] };
    const extensions = body.singleResult.extensions as OperationResult['extensions'];
    const result = {
      ...(errors && { errors }),
      ...(data !== undefined && { data }),
      ...(extensions && { extensions }),
    };
    return { kind: 'result', result };
  }

  /**
   * Returns the type of the operation that a request names. Null if its document is invalid, or is named by a hash that is not
   * known. The document is parsed and validated once, here or when the operation is executed.
   */
  typeOf({ query, operationName, extensions }: OperationRequest): OperationTypeNode | null {
    const { sha256Hash } = (extensions?.persistedQuery ?? {}) as { readonly sha256Hash?: unknown };
    const named = typeof sha256Hash === 'string' ? this.documents.byName(sha256Hash) : undefined;
    const source = typeof query === 'string' && query !== '' ? query : named;
    const { document } = source ? this.documents.read(source) : {};
    return (document && getOperationAST(document, operationName || null)?.operation) ?? null;
  }

  /** Returns what a client may see of an error that occurs outside an operation. */
  mask(error: unknown): GraphQLFormattedError {
    return this.show(error);
  }

  /** The outcome of an operation that failed before it could run, for example because its context could not be made. */
  refused(error: unknown): Extract<OperationOutcome, { kind: 'refused' }> {
    return { kind: 'refused', errors: [this.show(error)] };
  }

  close(): Promise<void> {
    return this.apollo.stop();
  }
}

function requestOf({ query, operationName, variables, extensions }: OperationRequest): GraphQLRequest {
  return {
    ...(query && { query }),
    ...(operationName != null && { operationName }),
    ...(variables != null && { variables }),
    ...(extensions != null && { extensions }),
  };
}
