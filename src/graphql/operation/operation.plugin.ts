import { type ApolloServerPlugin, type GraphQLRequestListener, HeaderMap } from '@apollo/server';
import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  OperationTypeNode,
  parse,
} from 'graphql';
import type { Context } from '../context.ts';
import { undatedFieldIn } from '../dated.ts';
import type { ShowError } from '../errors/error-mask.ts';
import type { Documents } from './documents.ts';
import type { Introspections } from './introspections.ts';
import { checkSizes } from './limits/list-limits.ts';
import type { QueryLimits } from './limits/query-limits.ts';
import { asksForCost, type OperationContext, RUN, type Run } from './operation.ts';
import type { OperationResult } from './operation-result.ts';
import { SharedRuns, Subscriber } from './subscriber.ts';
import { type EventExecution, subscribe } from './subscription.ts';
import { subscriptionKey } from './subscription-key.ts';

interface OperationPluginOptions {
  readonly documents: Documents;
  readonly limits: QueryLimits;
  readonly introspections: Introspections;
  /** Filled by this plugin: the context in which each error occurred. */
  readonly contextOf: WeakMap<object, Context>;
  readonly show: ShowError;
  /** See OperationPath. */
  readonly mutating?: ((context: Context) => () => void) | undefined;
}

/**
 * Replaces a refused document. Apollo Server would parse the text itself if there were no document. It is never
 * executed.
 */
const NOTHING: DocumentNode = parse('{ __typename }');

/** The hooks of Apollo Server that an operation passes, in this order. */
export function operationPlugin(options: OperationPluginOptions): ApolloServerPlugin<OperationContext> {
  const { documents, limits, introspections, contextOf, show, mutating } = options;
  /** By the document, which `documents` parses once. */
  const undatedFields = new WeakMap<DocumentNode, Map<string, string | null>>();
  const undatedIn = (schema: GraphQLSchema, document: DocumentNode, operationName = ''): string | null => {
    const known = undatedFields.get(document) ?? new Map<string, string | null>();
    undatedFields.set(document, known);
    const found = known.get(operationName);
    if (found !== undefined) return found;
    const undated = undatedFieldIn(schema, document, operationName);
    known.set(operationName, undated);
    return undated;
  };
  const runs = new SharedRuns();
  const listener: GraphQLRequestListener<OperationContext> = {
    /**
     * Parses, limits and validates the document, or finds it in the cache. Apollo Server does neither if a document is
     * already present.
     */
    async didResolveSource(operation) {
      const { source, request, contextValue, queryHash } = operation;
      const run = contextValue[RUN];
      // Apollo Server has compared the hash with the text.
      if (request.extensions?.persistedQuery) documents.name(queryHash, source);
      const { document, refused } = documents.read(source);
      run.refused = refused;
      if (document && !run.hooks.events && isSubscription(document, request.operationName)) run.refused = [NOT_HERE];
      (operation as { document: DocumentNode }).document = document && !run.refused ? document : NOTHING;
    },

    async didResolveOperation({ schema, document, operation, request, contextValue }) {
      const run = contextValue[RUN];
      if (run.refused) throw asBadRequest(run.refused[0]);
      if (operation) run.hooks.onOperation?.(operation.operation);
      run.size = checkSizes(schema, document, request.operationName, request.variables, limits);
      run.hooks.onSize?.(run.size.bytes);
      if (asksForCost(request)) contextValue.cost.begin();
      if (contextValue.reads.isRecording) {
        const undated = asksForCost(request) ? 'extensions.cost' : undatedIn(schema, document, request.operationName);
        if (undated !== null) contextValue.reads.undated(undated);
      }
    },

    async responseForOperation({ schema, source, document, operation, request, contextValue }) {
      const run = contextValue[RUN];
      const { operationName, variables } = request;
      // graphql-js reports that the operation does not exist.
      if (!operation) return null;
      run.isExecuted = true;
      if (mutating && operation.operation === OperationTypeNode.MUTATION) run.mutated = mutating(contextValue);
      const { events } = run.hooks;
      if (operation.operation === OperationTypeNode.SUBSCRIPTION && events) {
        const args = { schema, document, operationName, variableValues: variables, contextValue };
        const key = subscriptionKey({ source: source ?? '', document, operation, request, context: contextValue });
        return answerOf(await begin(run, args, events, key));
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
      contextValue.reads.undated('an error');
      for (const error of errors) contextOf.set(error, contextValue);
    },

    async willSendResponse({ response: { body }, contextValue }) {
      const { refused, isExecuted, events, mutated } = contextValue[RUN];
      mutated?.();
      if (body.kind !== 'single') return;
      // A hook can throw only one error, but a document can have several.
      if (refused) body.singleResult.errors = refused.map((error) => show(error, contextValue));
      const cost = isExecuted && !events ? contextValue.cost.take() : null;
      if (cost) body.singleResult.extensions = { ...body.singleResult.extensions, cost };
    },
  };

  const shown = ({ errors, data }: ExecutionResult, context: Context | null): OperationResult => ({
    ...(errors && { errors: errors.map((error) => show(error, context ?? undefined)) }),
    ...(data !== undefined && { data }),
  });
  const withCost = (result: ExecutionResult, context: Context | null): OperationResult => {
    const cost = context?.cost.take();
    return { ...shown(result, context), ...(cost && { extensions: { cost } }) };
  };

  /** Begins a subscription, or returns the reasons why it has no events. */
  async function begin(
    run: Run,
    args: ExecutionArgs,
    events: EventExecution,
    key: string | null,
  ): Promise<OperationResult> {
    const context = args.contextValue as Context;
    try {
      const results = await subscribe(args, events, { runs, key, shown: withCost });
      if (!(results instanceof Subscriber)) return shown(results, context);
      run.events = results;
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

const isSubscription = (document: DocumentNode, operationName: string | undefined): boolean =>
  getOperationAST(document, operationName === '' ? null : operationName)?.operation === OperationTypeNode.SUBSCRIPTION;

const NOT_HERE = new GraphQLError(
  'Subscriptions are served over WebSocket, on this path, with the protocol graphql-transport-ws, and as Server-Sent Events to a request that accepts text/event-stream.',
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
