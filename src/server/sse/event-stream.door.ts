import type { FastifyReply, FastifyRequest } from 'fastify';
import { OperationTypeNode } from 'graphql';
import { MailError } from '../../domain/error.ts';
import type { OperationRequest } from '../../graphql/operation/operation.ts';
import type { CreateDoor, Door, DoorTools } from '../door.ts';
import type { RequestHandler } from '../routes/graphql.route.ts';
import { TOO_MANY } from '../socket/connections.ts';
import { HEARTBEAT_INTERVAL_MS } from '../socket/heartbeats.ts';
import { eventStreamIn } from './accept.ts';
import { operationIn, RequestRefusal } from './request.ts';
import { StreamedOperation } from './streamed-operation.ts';

/** When a client may try again that has too many connections. */
const CONNECTION_RETRY_AFTER_MS = 5_000;

export interface EventStreamTimes {
  /** The interval between two comments on a stream. */
  readonly heartbeatIntervalMs: number;
}

/**
 * GraphQL over Server-Sent Events, on the path of HTTP: each operation has a response of its own, which is an event
 * stream (the "distinct connections mode" of the protocol of graphql-sse).
 */
export const eventStreams =
  ({ heartbeatIntervalMs }: EventStreamTimes = { heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS }): CreateDoor =>
  (tools) => {
    const door = new EventStreamDoor(tools, heartbeatIntervalMs);
    tools.overHttp(door);
    return door;
  };

class EventStreamDoor implements Door, RequestHandler {
  private readonly running = new Set<StreamedOperation>();
  private isClosed = false;

  constructor(
    private readonly tools: DoorTools,
    private readonly heartbeatIntervalMs: number,
  ) {}

  async open(): Promise<void> {}

  takes(request: FastifyRequest): boolean {
    if (request.method !== 'GET' && request.method !== 'POST') return false;
    const wanted = eventStreamIn(request.headers.accept);
    return wanted === 'preferred' || (wanted === 'accepted' && this.isSubscription(request));
  }

  async handle(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    try {
      const operation = operationIn(request);
      return await this.answer(operation, request, reply);
    } catch (error) {
      if (!(error instanceof RequestRefusal)) throw error;
      const { status, message, headers } = error;
      const errors = [{ message, extensions: { code: 'BAD_REQUEST' } }];
      return reply.code(status).headers(headers).type('application/json').send({ errors });
    }
  }

  /** Ends the streams of subscriptions. Other operations are requests over HTTP like any other, which the drain awaits. */
  async close(): Promise<void> {
    this.isClosed = true;
    for (const operation of this.running) operation.close(GOING_AWAY, 'Going away');
    await Promise.all([...this.running].filter(({ isSubscription }) => isSubscription).map(({ closed }) => closed));
  }

  private async answer(operation: OperationRequest, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { connections } = this.tools;
    // A client that has left meanwhile would never be removed again.
    if (request.raw.socket.destroyed) return reply.hijack();
    const client = new StreamedOperation(request, reply, this.tools, this.heartbeatIntervalMs);
    this.running.add(client);
    reply.raw.once('close', () => {
      this.running.delete(client);
      connections.leave(client);
    });
    const principal = request.caller?.principal;
    const { authorization = '' } = request.headers;
    // Without a valid token, the fields that need one have the error, as over HTTP.
    if (principal) connections.admit({ client, principal, authorization, clientAddress: request.ip });
    if (client.ended?.code === TOO_MANY)
      throw new MailError('RATE_LIMITED', `${client.ended.reason}. Close some of them, then try again.`, {
        retryAfterMs: CONNECTION_RETRY_AFTER_MS,
      });
    if (this.isClosed) client.close(GOING_AWAY, 'Going away');
    await client.run(operation);
    return reply;
  }

  private isSubscription(request: FastifyRequest): boolean {
    try {
      return this.tools.path.typeOf(operationIn(request)) === OperationTypeNode.SUBSCRIPTION;
    } catch (error) {
      if (error instanceof RequestRefusal) return false;
      throw error;
    }
  }
}

/** The close code of a WebSocket whose server stops (RFC 6455, section 7.4.1). */
const GOING_AWAY = 1001;
