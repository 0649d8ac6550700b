import { type ApolloServerPlugin, type GraphQLRequestListener, HeaderMap } from '@apollo/server';
import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  getOperationAST,
  OperationTypeNode,
  parse,
} from 'graphql';
import type { Context } from '../context.ts';
import type { ShowError } from '../errors/error-mask.ts';
import type { Documents } from './documents.ts';
import type { Introspections } from './introspections.ts';
import { checkSizes } from './limits/list-limits.ts';
import type { QueryLimits } from './limits/query-limits.ts';
import { type OperationContext, type OperationResult, RUN, type Run } from './operation.ts';
import { type EventExecution, subscribe } from './subscription.ts';

interface OperationPluginOptions {
  readonly documents: Documents;
  readonly limits: QueryLimits;
  readonly introspections: Introspections;
  /** Filled by this plugin: the context in which each error occurred. */
  readonly contextOf: WeakMap<object, Context>;
  readonly show: ShowError;
}

/**
 * Replaces a refused document. Apollo Server would parse the text itself if there were no document. It is never
 * executed.
 */
const NOTHING: DocumentNode = parse('{ __typename }');

/** The hooks of Apollo Server that an operation passes, in this order. */
export function operationPlugin(options: OperationPluginOptions): ApolloServerPlugin<OperationContext> {
  const { documents, limits, introspections, contextOf, show } = options;
  const listener: GraphQLRequestListener<OperationContext> = {
    /**
     * Parses, limits and validates the document, or finds it in the cache. Apollo Server does neither if a document is
     * already present.
     */
    async didResolveSource(operation) {
      const { source, request, contextValue } = operation;
      const run = contextValue[RUN];
      const { document, refused } = documents.read(source);
      run.refused = refused;
      if (document && !run.hooks.events && isSubscription(document, request.operationName)) run.refused = [NOT_HERE];
      (operation as { document: DocumentNode }).document = document && !run.refused ? document : NOTHING;
    },

    async didResolveOperation({ schema, document, request, contextValue }) {
      const run = contextValue[RUN];
      if (run.refused) throw asBadRequest(run.refused[0]);
      run.size = checkSizes(schema, document, request.operationName, request.variables, limits);
      run.hooks.onSize?.(run.size.bytes);
    },

    async responseForOperation({ schema, source, document, operation, request, contextValue }) {
      const run = contextValue[RUN];
      const { operationName, variables } = request;
      // graphql-js reports that the operation does not exist.
      if (!operation) return null;
      run.isExecuted = true;
      const { events } = run.hooks;
      if (operation.operation === OperationTypeNode.SUBSCRIPTION && events) {
        const args = { schema, document, operationName, variableValues: variables, contextValue };
        return answerOf(await begin(run, args, events));
      }
      const introspected = await introspections.answer({
        source,
        document,
        operationName,
        variables,
        fields: run.size.introspected,
        owner: contextValue.principal?.userId ?? contextValue.clientAddress,
        signal: contextValue.signal,
      });
      return introspected && answerOf({ data: introspected.data ?? null });
    },

    async didEncounterErrors({ errors, contextValue }) {
      for (const error of errors) contextOf.set(error, contextValue);
    },

    /** A hook can throw only one error, but a document can have several. */
    async willSendResponse({ response, contextValue }) {
      const { refused } = contextValue[RUN];
      if (refused && response.body.kind === 'single')
        response.body.singleResult.errors = refused.map((error) => show(error, contextValue));
    },
  };

  /** Begins a subscription, or returns the reasons why it has no events. */
  async function begin(run: Run, args: ExecutionArgs, events: EventExecution): Promise<OperationResult> {
    const context = args.contextValue as Context;
    const shown = ({ errors, data }: ExecutionResult): OperationResult => ({
      ...(errors && { errors: errors.map((error) => show(error, context)) }),
      ...(data !== undefined && { data }),
    });
    try {
      const results = await subscribe(args, events);
      if (!(Symbol.asyncIterator in results)) return shown(results);
      run.events = mapped(results, shown);
      return {};
    } catch (error) {
      return { errors: [show(error, context)] };
    }
  }

  return { requestDidStart: async () => listener };
}

const answerOf = (singleResult: OperationResult) => ({
  http: { headers: new HeaderMap() },
  body: { kind: 'single' as const, singleResult },
});

/** This is not a generator function, because `return` of one would wait until the pending event has come. */
function mapped<T, U>(results: AsyncGenerator<T, void, void>, map: (one: T) => U): AsyncGenerator<U, void, void> {
  const through = ({ done, value }: IteratorResult<T, void>): IteratorResult<U, void> =>
    done ? { done, value } : { done: false, value: map(value as T) };
  const generator: AsyncGenerator<U, void, void> = {
    next: async () => through(await results.next()),
    return: async () => through(await results.return()),
    throw: async (error) => through(await results.throw(error)),
    [Symbol.asyncIterator]: () => generator,
  };
  return generator;
}

const isSubscription = (document: DocumentNode, operationName: string | undefined): boolean =>
  getOperationAST(document, operationName === '' ? null : operationName)?.operation === OperationTypeNode.SUBSCRIPTION;

const NOT_HERE = new GraphQLError(
  'Subscriptions are served over WebSocket, on this path, with the protocol graphql-transport-ws.',
  { extensions: { code: 'BAD_REQUEST' } },
);

/** Adds the status 400. Otherwise Apollo Server would report an error that a hook throws as a failure of the server. */
function asBadRequest({ message, nodes, source, positions, extensions }: GraphQLError): GraphQLError {
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    extensions: { ...extensions, http: { status: 400 } },
  });
}
