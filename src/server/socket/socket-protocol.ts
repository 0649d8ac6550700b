import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type ExecutionArgs, execute, GraphQLError, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import { CloseCode, makeServer, type SubscribePayload } from 'graphql-ws';
import type { Logger } from 'pino';
import type { WebSocket } from 'ws';
import { storeErrorIn } from '../../domain/error.ts';
import type { Context } from '../../graphql/context.ts';
import { maskError } from '../../graphql/error-mask.ts';
import type { Introspection, Introspections } from '../../graphql/operation/introspections.ts';
import { OperationReader } from '../../graphql/operation/operation-reader.ts';
import type { QueryGate } from '../../graphql/operation/query-gate.ts';
import { withoutHint } from '../../graphql/operation/request-error.ts';
import type { Database } from '../../platform/database.ts';
import { clientAddress, type Trust } from '../client-address.ts';
import { bearer, type Contexts } from '../contexts.ts';
import type { Turn } from '../turns/seat.ts';
import type { Turns } from '../turns/turns.ts';
import type { Connection, Connections } from './connections.ts';
import { OperationLimit } from './operation-limit.ts';
import { subscribe } from './subscribe.ts';

export interface SocketProtocolOptions {
  readonly schema: GraphQLSchema;
  readonly contexts: Contexts;
  readonly connections: Connections;
  readonly gate: QueryGate;
  readonly turns: Turns;
  readonly introspections: Introspections;
  readonly introspection: boolean;
  readonly trust: Trust | false;
  /** Limits what an operation waits for the store. */
  readonly limited: Database['limited'];
  readonly log: Logger;
}

/** Of WebSocket's own codes, and one after which graphql-ws clients connect again. */
const TRY_AGAIN_LATER = 1013;

type Params = Record<string, unknown>;
interface Extra {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  /** Counts the message at hand among those that wait; what it returns is called when that is over. */
  waits(): () => void;
}
export type SocketProtocol = ReturnType<typeof createSocketProtocol>;

/** What is said over a socket: who may, within which limits, and what is shown of errors. As over HTTP. */
export function createSocketProtocol({
  schema,
  contexts,
  connections,
  gate,
  turns,
  introspections,
  introspection,
  trust,
  limited,
  log,
}: SocketProtocolOptions) {
  const reader = new OperationReader(schema, gate, introspection);
  const limit = new OperationLimit();
  const operations = new WeakMap<ExecutionArgs, { socket: Socket; answerBytes: number; asked: Introspection }>();
  /** The turn of each operation that is executed now, by the payload of its request. */
  const running = new WeakMap<SubscribePayload, Turn>();
  const over = (socket: WebSocket, payload: SubscribePayload): void => {
    running.get(payload)?.end();
    limit.closed(socket);
  };

  /** False refuses the connection: nobody waits for events without saying who they are. */
  const connect = ({ socket, request }: Extra, params: Params | undefined): boolean => {
    const token = tokenOf(params, request.headers.authorization);
    try {
      const principal = contexts.principal(token);
      const from = clientAddress(request, trust);
      return connections.admit({ socket, principal, authorization: `Bearer ${token}`, clientAddress: from });
    } catch (error) {
      if (!(error instanceof GraphQLError)) return turnAway(socket, error);
      socket.close(CloseCode.Unauthorized, 'Send connection_init with {"authorization":"Bearer <access token>"}');
      return false;
    }
  };

  /** Nothing was found against the client: it may come again, where that can help. */
  const turnAway = (socket: WebSocket, error: unknown): false => {
    const away = storeErrorIn(error);
    log.error({ err: error }, 'connection_init failed');
    if (away) socket.close(TRY_AGAIN_LATER, away.message);
    else socket.close(CloseCode.InternalServerError, 'Internal server error');
    return false;
  };

  const prepare = (
    connection: Connection,
    payload: SubscribePayload,
    socket: Socket,
    turn: Turn,
  ): ExecutionArgs | readonly GraphQLError[] => {
    const operation = reader.read(payload);
    if (!('document' in operation)) return operation;
    const { document, size } = operation;
    const { authorization, signal } = connection;
    const args: ExecutionArgs = {
      schema,
      document,
      operationName: payload.operationName ?? null,
      variableValues: payload.variables ?? null,
      contextValue: contexts.of({
        authorization,
        clientAddress: connection.clientAddress,
        signal,
        requestId: randomUUID(),
      }),
    };
    const asked: Introspection = {
      source: payload.query,
      document,
      operationName: payload.operationName,
      variables: payload.variables,
      fields: size.introspected,
      owner: connection.principal.userId,
      signal,
    };
    operations.set(args, { socket, answerBytes: size.bytes, asked });
    turn.expect(size.bytes);
    return args;
  };

  const masked = (errors: readonly GraphQLError[], context?: Context): GraphQLFormattedError[] =>
    errors.map((error) => {
      const shown = maskError(error, context?.log ?? log, context?.requestId).toJSON();
      const { http: _http, ...extensions } = shown.extensions ?? {};
      const message = introspection ? shown.message : withoutHint(shown.message);
      return { ...shown, message, extensions };
    });

  return makeServer<Params, Extra>({
    subscribe: (args) => {
      const { principal } = args.contextValue as Context;
      const operation = operations.get(args);
      const begin = async () => {
        if (!operation) return null;
        const turn = await turns.begin(operation.socket, principal?.userId ?? null, { lane: 'event' });
        turn?.expect(operation.answerBytes);
        return turn;
      };
      // What follows within a subscription has no client that waits for it.
      return limited((end) => subscribe(args, begin, limited).finally(end));
    },
    execute: async (args) => {
      const asked = operations.get(args)?.asked;
      const told = asked ? await introspections.answer(asked) : null;
      if (told) return told;
      return limited(async (end) => {
        try {
          return await execute(args);
        } finally {
          end();
        }
      });
    },
    onConnect: ({ connectionParams, extra }) => connect(extra, connectionParams),
    async onSubscribe({ extra, subscriptions }, id, payload) {
      const connection = connections.of(extra.socket);
      if (!connection) return [new GraphQLError('The connection is closing.')];
      const refusal = limit.refuse(extra.socket, Object.keys(subscriptions).length);
      if (refusal) return [refusal];
      // Until it is its turn nothing is held of an operation but its text.
      const heard = extra.waits();
      const turn = await turns.begin(extra.request.socket, connection.principal.userId);
      heard();
      let prepared: ExecutionArgs | readonly GraphQLError[];
      try {
        // Given up meanwhile, or the connection has closed.
        prepared =
          turn && id in subscriptions
            ? prepare(connection, payload, extra.request.socket, turn)
            : [new GraphQLError('It was given up.')];
      } catch (error) {
        prepared = [error instanceof GraphQLError ? error : new GraphQLError('', { originalError: error as Error })];
      }
      if (turn) running.set(payload, turn);
      if (!('schema' in prepared)) over(extra.socket, payload);
      return prepared;
    },
    // Of a subscription the source is there; its events have turns of their own.
    onOperation: (_ctx, _id, payload, _args, result) => {
      if (Symbol.asyncIterator in result) running.get(payload)?.end();
    },
    onComplete: ({ extra }, _id, payload) => over(extra.socket, payload),
    onError: (_ctx, _id, _payload, errors) => masked(errors),
    onNext: (_ctx, _id, _payload, { contextValue }, { data, errors }) =>
      errors && { ...(data !== undefined && { data }), errors: masked(errors, contextValue as Context) },
    onClose: ({ extra }) => connections.leave(extra.socket),
  });
}

/** From connection_init as clients write it, or from the upgrade's own header. Empty when there is none. */
function tokenOf(params: Params | undefined, header: string | undefined): string {
  const headers = params?.headers as Params | undefined;
  const given = params?.authorization ?? params?.Authorization ?? headers?.authorization ?? headers?.Authorization;
  if (typeof given === 'string') return bearer(given);
  const token = params?.token;
  return typeof token === 'string' ? token : bearer(header ?? '');
}
