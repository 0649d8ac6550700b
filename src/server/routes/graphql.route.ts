import {
  ApolloServer,
  type ApolloServerPlugin,
  type GraphQLRequestContextDidEncounterErrors,
  type GraphQLRequestContextWillSendResponse,
  HeaderMap,
} from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { GraphQLError, type GraphQLFormattedError, type GraphQLSchema, getOperationAST } from 'graphql';
import type { Logger } from 'pino';
import type { Context } from '../../graphql/context.ts';
import { maskError } from '../../graphql/error-mask.ts';
import type { Introspections } from '../../graphql/operation/introspections.ts';
import { type AnswerSize, checkSizes } from '../../graphql/operation/limits/list-limits.ts';
import type { QueryGate } from '../../graphql/operation/query-gate.ts';
import { refusedNull, withoutHint } from '../../graphql/operation/request-error.ts';
import type { Contexts } from '../contexts.ts';
import type { Turn } from '../turns/seat.ts';

export interface ApolloOptions {
  readonly schema: GraphQLSchema;
  readonly contexts: Contexts;
  readonly gate: QueryGate;
  readonly introspections: Introspections;
  readonly introspection: boolean;
  readonly log: Logger;
}

const RESPONSE_JSON = 'application/graphql-response+json';

/** GET and POST /graphql. Returns how to stop. */
export async function mountGraphql(http: FastifyInstance, options: ApolloOptions): Promise<() => Promise<void>> {
  const { contexts, gate, log } = options;
  const whose = new WeakMap<object, Context>();
  // By the signal: Apollo hands its plugins a copy of the context.
  const turns = new WeakMap<AbortSignal, Turn>();
  const apollo = new ApolloServer<Context>({
    schema: options.schema,
    introspection: options.introspection,
    hideSchemaDetailsFromClientErrors: !options.introspection,
    // Safe only because every request authenticates by its bearer header: no cookie is ever read.
    csrfPrevention: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: gate.limits.tokens },
    logger: log,
    formatError: (formatted, error) => {
      const shown = format(formatted, error, whose.get(error as object), log);
      return options.introspection ? shown : { ...shown, message: withoutHint(shown.message) };
    },
    plugins: [
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      ApolloServerPluginCacheControlDisabled(),
      requests(gate, whose, turns, options.introspections),
    ],
  });
  await apollo.start();

  http.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    handler: fastifyApolloHandler(apollo, {
      async context(request, reply) {
        reply.header('cache-control', 'no-store');
        checkDocument(gate, request);
        const gone = new AbortController();
        reply.raw.once('close', () => {
          if (!reply.raw.writableFinished) gone.abort();
        });
        if (request.turn) turns.set(gone.signal, request.turn);
        return contexts.of({
          authorization: request.headers.authorization,
          requestId: request.id,
          clientAddress: request.ip,
          signal: gone.signal,
          log: request.log as Logger,
        });
      },
    }),
  });
  return () => apollo.stop();
}

/** What is refused by its text alone, before Apollo reads it. @throws GraphQLError */
function checkDocument(gate: QueryGate, request: FastifyRequest): void {
  const given = (request.method === 'GET' ? request.query : request.body) as Given | null | undefined;
  try {
    const document = gate.check(given?.query);
    const name = typeof given?.operationName === 'string' && given.operationName !== '' ? given.operationName : null;
    if (document && getOperationAST(document, name)?.operation === 'subscription') throw SUBSCRIPTION;
  } catch (error) {
    const { message, extensions, nodes = null } = error as GraphQLError;
    const isAnswer = error !== SUBSCRIPTION && !request.headers.accept?.includes(RESPONSE_JSON);
    throw new GraphQLError(message, { nodes, extensions: { ...extensions, http: { status: isAnswer ? 200 : 400 } } });
  }
}

interface Given {
  readonly query?: unknown;
  readonly operationName?: unknown;
}

const SUBSCRIPTION = new GraphQLError(
  'Subscriptions are served over WebSocket, on this path, with the protocol graphql-transport-ws.',
  { extensions: { code: 'BAD_REQUEST' } },
);

function requests(
  gate: QueryGate,
  whose: WeakMap<object, Context>,
  turns: WeakMap<AbortSignal, Turn>,
  introspections: Introspections,
): ApolloServerPlugin<Context> {
  return {
    async requestDidStart() {
      let size: AnswerSize = { bytes: 0, introspected: 0 };
      return {
        async didResolveOperation({ schema, document, request, contextValue }) {
          size = checkSizes(schema, document, request.operationName, request.variables, gate.limits);
          turns.get(contextValue.signal)?.expect(size.bytes);
        },
        async responseForOperation({ source, document, request, contextValue }) {
          const told = await introspections.answer({
            source,
            document,
            operationName: request.operationName,
            variables: request.variables,
            fields: size.introspected,
            owner: contextValue.principal?.userId ?? contextValue.clientAddress,
            signal: contextValue.signal,
          });
          if (!told) return null;
          return {
            http: { headers: new HeaderMap() },
            body: { kind: 'single', singleResult: { data: told.data ?? null } },
          };
        },
        async didEncounterErrors({ errors, contextValue }: GraphQLRequestContextDidEncounterErrors<Context>) {
          for (const error of errors) whose.set(error, contextValue);
        },
        async willSendResponse(context: GraphQLRequestContextWillSendResponse<Context>) {
          answer200(context);
          answer503(context);
        },
      };
    },
  };
}

/** A well-formed request that GraphQL refuses: these are answers, and no failure of HTTP. */
const REFUSALS = new Set<unknown>([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'QUERY_TOO_COMPLEX',
]);

/** GraphQL over HTTP, section 6.4.1: an answer of type application/json carries 200, whatever its errors. */
function answer200({ request, response }: GraphQLRequestContextWillSendResponse<Context>): void {
  if (response.http.status !== 400 || response.body.kind !== 'single') return;
  if (request.http?.headers.get('accept')?.includes(RESPONSE_JSON)) return;
  const errors = response.body.singleResult.errors ?? [];
  if (errors.length > 0 && errors.every((e) => REFUSALS.has(e.extensions?.code))) response.http.status = 200;
}

/**
 * Nothing of what was asked could be answered. To a client that takes the newer media type the status says so, and to what
 * stands between; with application/json any answer to a well-formed request carries 200.
 */
function answer503({ request, response }: GraphQLRequestContextWillSendResponse<Context>): void {
  if (response.body.kind !== 'single' || !request.http?.headers.get('accept')?.includes(RESPONSE_JSON)) return;
  const { data, errors = [] } = response.body.singleResult;
  if (data || !errors.some((e) => e.extensions?.code === 'STORE_UNAVAILABLE')) return;
  response.http.status = 503;
  response.http.headers.set('retry-after', '2');
}

/** Apollo's own, which say what is wrong with the request and hold nothing else. */
const APOLLO_CODES = new Set<unknown>([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'BAD_REQUEST',
]);

function format(
  formatted: GraphQLFormattedError,
  error: unknown,
  context: Context | undefined,
  log: Logger,
): GraphQLFormattedError {
  const code = error instanceof GraphQLError ? error.extensions.code : undefined;
  const ofNull = error instanceof GraphQLError && code === 'GRAPHQL_VALIDATION_FAILED' ? refusedNull(error) : null;
  if (ofNull !== null) return { ...formatted, message: ofNull, extensions: { code: 'BAD_USER_INPUT' } };
  // A variable of the wrong type is refused before any field has a path, and its own message names the variable.
  const variable = code === 'BAD_USER_INPUT' && error instanceof GraphQLError && !error.path;
  const shown =
    APOLLO_CODES.has(code) || variable ? formatted : maskError(error, context?.log ?? log, context?.requestId).toJSON();
  const { http: _http, ...extensions } = shown.extensions ?? {};
  return { ...shown, extensions };
}
