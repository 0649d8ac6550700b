import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import {
  type ExecutionResult,
  type FormattedExecutionResult,
  GraphQLError,
  type GraphQLFormattedError,
  GraphQLSchema,
  parse,
} from 'graphql';
import { CloseCode, makeServer, type Server, type SubscribePayload } from 'graphql-ws';
import type { WebSocket } from 'ws';
import { isRefusal } from '../../accounts/users/authenticator.ts';
import { isMailError, isTransient, storeErrorIn } from '../../domain/error.ts';
import type { Context } from '../../graphql/context.ts';
import type { OperationOutcome } from '../../graphql/operation/operation.ts';
import type { OperationResult } from '../../graphql/operation/operation-result.ts';
import { Subscriber } from '../../graphql/operation/subscriber.ts';
import type { DoorTools } from '../door.ts';
import { clientAddress, type Trust } from '../http/client-address.ts';
import { bearer } from '../http/contexts.ts';
import type { OperationSlot } from '../operation-queue/client-connection.ts';
import { refuseOperation } from './operation-limit.ts';
import type { SocketConnection } from './socket-connection.ts';
import { SocketSubscription, type SubscriptionTools } from './socket-subscription.ts';
import { TextPayload } from './text-payload.ts';

interface SocketProtocolOptions extends DoorTools {
  readonly trust: Trust | false;
  /** False: graphql-ws sends the events of subscriptions too, so that the bench can compare. Default: true. */
  readonly pushesEvents?: boolean | undefined;
}

const NO_TOKEN = 'Send connection_init with {"authorization":"Bearer <access token>"}';

/**
 * How long a client may take to send connection_init, in milliseconds. A message that has arrived while this process was busy is
 * read only after the timer has ended, so that the three seconds of graphql-ws refuse clients which were in time.
 */
const INIT_TIMEOUT_MS = 10_000;

/** A close code of WebSocket itself, after which graphql-ws clients connect again. */
const TRY_AGAIN_LATER = 1013;

/**
 * The number of bytes that a control frame can hold beside the code (RFC 6455, section 5.5.1). ws throws at a longer
 * reason.
 */
const MAX_REASON_BYTES = 123;
const reasonOf = ({ message }: Error, short: string): string =>
  Buffer.byteLength(message) <= MAX_REASON_BYTES ? message : short;

type Params = Record<string, unknown>;
export type SocketProtocol = Server<SocketConnection>;

interface RunningOperation {
  /** Null while the operation waits for its slot. */
  slot: OperationSlot | null;
  /** What sends its events. Null for a query or a mutation. */
  readonly events: SocketSubscription;
}

/**
 * Creates the GraphQL protocol over a WebSocket, with the same authentication, limits and error masking as over HTTP.
 */
export function createSocketProtocol({
  path,
  contexts,
  connections,
  operationQueue,
  trust,
  pushesEvents = true,
  limited,
  log,
}: SocketProtocolOptions): SocketProtocol {
  const tools: SubscriptionTools = { operationQueue, limited, mask: (error) => path.mask(error) };
  /** The operations that have not ended, by the payload of their request. */
  const running = new WeakMap<SubscribePayload, RunningOperation>();
  const endOperation = (connection: SocketConnection, payload: SubscribePayload): void => {
    running.get(payload)?.slot?.end();
    connection.unfinished--;
  };

  /** Signs a connection in. False refuses it: only authenticated users may connect. */
  const connect = async (connection: SocketConnection, params: Params | undefined): Promise<boolean> => {
    const { socket } = connection;
    const request = connection.request as IncomingMessage;
    connection.request = null;
    const token = tokenOf(params, request.headers.authorization);
    try {
      const from = clientAddress(request, trust);
      const principal = await contexts.principal(token, from);
      // A socket that closed while its credential was checked would never be removed again.
      if (socket.readyState !== socket.OPEN) return false;
      return connections.admit({ client: socket, principal, authorization: `Bearer ${token}`, clientAddress: from });
    } catch (error) {
      if (!isRefusal(error)) return refuseConnection(socket, error);
      if (token === '') socket.close(CloseCode.Unauthorized, NO_TOKEN);
      else if (error.code === 'FORBIDDEN') socket.close(CloseCode.Forbidden, reasonOf(error, 'Forbidden'));
      else socket.close(CloseCode.Unauthorized, reasonOf(error, 'Unauthorized'));
      return false;
    }
  };

  /**
   * Closes a connection for a reason that is not the fault of the client. The client may connect again if that can
   * help.
   */
  const refuseConnection = (socket: WebSocket, error: unknown): false => {
    const away = storeErrorIn(error) ?? (isMailError(error) && isTransient(error) ? error : null);
    log.error({ err: error }, 'connection_init failed');
    if (away) socket.close(TRY_AGAIN_LATER, reasonOf(away, 'Try again later'));
    else socket.close(CloseCode.InternalServerError, 'Internal server error');
    return false;
  };

  /**
   * Runs the operation once it has its slot.
   * @throws errors that the request has not caused
   */
  const run = (
    context: Context,
    payload: SubscribePayload,
    events: SocketSubscription,
    slot: OperationSlot,
  ): Promise<OperationOutcome> => {
    const onSize = (bytes: number) => {
      events.answerBytes = bytes;
      slot.expect(bytes);
    };
    // This budget ends with the operation. The events of a subscription have budgets of their own.
    return limited((end) => path.run(payload, context, { onSize, events }).finally(end));
  };

  return makeServer<Params, SocketConnection>({
    connectionInitWaitTimeout: INIT_TIMEOUT_MS,
    onConnect: (ctx) => {
      const { connectionParams, extra } = ctx;
      // They contain the token, which is kept once for all connections that have it.
      delete (ctx as { connectionParams?: Params }).connectionParams;
      return connect(extra, connectionParams);
    },
    async onSubscribe({ extra, subscriptions }, id, payload) {
      const connection = connections.signedIn(extra.socket);
      if (!connection) return [new GraphQLError('The connection is closing.')];
      const refusal = refuseOperation(extra);
      if (refusal) return [refusal];
      const { principal, authorization, clientAddress } = connection;
      const cancelled = new AbortController();
      const { signal } = cancelled;
      // graphql-ws ends the entry of each operation when the connection closes, too.
      subscriptions[id] = cancellation(() => cancelled.abort());
      const events = new SocketSubscription(extra, principal.userId, tools);
      const operation: RunningOperation = { slot: null, events };
      running.set(payload, operation);
      // Only the text of an operation is kept in memory until it has its slot.
      const stopWaiting = extra.waits();
      const slot = await operationQueue.begin(extra.transport, principal.userId);
      stopWaiting();
      operation.slot = slot;
      try {
        const { cacheControl } = payload.extensions ?? {};
        const request = { authorization, clientAddress, signal, requestId: randomUUID(), cacheControl };
        const context = slot && (await contexts.of(request));
        // The operation was cancelled in the meantime, or the connection has closed.
        if (!slot || !context || signal.aborted) throw new GraphQLError('The operation was cancelled.');
        const outcome = await run(context, payload, events, slot);
        if (outcome.kind !== 'refused') return { ...EXECUTED, contextValue: outcome };
        endOperation(extra, payload);
        return outcome.errors.map((error) => new ShownError(error));
      } catch (error) {
        endOperation(extra, payload);
        return path.refused(error).errors.map((shown) => new ShownError(shown));
      }
    },
    execute: ({ contextValue }) => {
      const executed = contextValue as Executed;
      return (executed.kind === 'events' ? executed.events : executed.result) as ExecutionResult;
    },
    // The source of the subscription is open. Its events wait for slots of their own.
    onOperation: (_ctx, id, payload, _args, result) => {
      if (!(result instanceof Subscriber)) return;
      const operation = running.get(payload);
      operation?.slot?.end();
      if (!operation || !pushesEvents) return;
      operation.events.push(id, result);
      return NO_EVENTS;
    },
    onComplete: ({ extra }, _id, payload) => endOperation(extra, payload),
    onError: (_ctx, _id, _payload, errors) =>
      errors.map((error) => (error instanceof ShownError ? error.shown : path.mask(error))),
    // The errors are masked already and are not objects of graphql-js.
    onNext: (_ctx, _id, _payload, _args, result) =>
      new TextPayload(result as unknown as OperationResult) as FormattedExecutionResult,
    onClose: ({ extra }) => {
      extra.ids.closed();
      connections.leave(extra.socket);
    },
  });
}

/** What is left to graphql-ws of a subscription whose events are pushed. */
const NO_EVENTS = (async function* (): AsyncGenerator<never, void, void> {})();

/**
 * graphql-ws requires a document to execute. The operation has been executed already, and its result is passed on as
 * the context.
 */
const EXECUTED = { schema: new GraphQLSchema({}), document: parse('{ __typename }') };

/**
 * Creates the entry of an operation that is being executed. graphql-ws has no hook for `complete` before there is a
 * result, but it calls `return` of the entry under the id of the operation, and of all entries when the connection
 * closes.
 */
function cancellation(cancel: () => void): AsyncGenerator<never, void, void> {
  const end = async (): Promise<IteratorResult<never, void>> => {
    cancel();
    return { done: true, value: undefined };
  };
  const entry: AsyncGenerator<never, void, void> = {
    next: end,
    return: end,
    throw: end,
    [Symbol.asyncIterator]: () => entry,
  };
  return entry;
}

type Executed = Exclude<OperationOutcome, { kind: 'refused' }>;

/** An error that is masked already. */
class ShownError extends GraphQLError {
  constructor(readonly shown: GraphQLFormattedError) {
    super(shown.message);
  }
}

/**
 * Returns the token from connection_init in the forms that clients use, or from the header of the upgrade. Empty if
 * there is none.
 */
function tokenOf(params: Params | undefined, header: string | undefined): string {
  const headers = params?.headers as Params | undefined;
  const authorization =
    params?.authorization ?? params?.Authorization ?? headers?.authorization ?? headers?.Authorization;
  if (typeof authorization === 'string') return bearer(authorization);
  const token = params?.token;
  return typeof token === 'string' ? token : bearer(header ?? '');
}
