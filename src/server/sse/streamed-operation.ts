import type { FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError, OperationTypeNode } from 'graphql';
import { CloseCode } from 'graphql-ws';
import type { Logger } from 'pino';
import { unauthenticated } from '../../domain/error.ts';
import type { OperationOutcome, OperationRequest } from '../../graphql/operation/operation.ts';
import type { OperationResult } from '../../graphql/operation/operation-result.ts';
import type { DoorTools } from '../door.ts';
import type { Client } from '../socket/connections.ts';
import { EventStream } from './event-stream.ts';
import { RequestRefusal } from './request.ts';

/** After how long a client whose stream was interrupted connects again: not all of them at the same time. */
const MIN_RETRY_MS = 1_000;
const RETRY_SPREAD_MS = 4_000;

/** Why the gateway ends a stream, as `Client.close` says it. */
interface End {
  readonly code: number;
  readonly reason: string;
}

/** One operation that is answered with an event stream. */
export class StreamedOperation implements Client {
  private readonly stream: EventStream;
  private readonly disconnected = new AbortController();
  /** The results of a subscription, once its source is open. */
  private events: AsyncGenerator<OperationResult, void, void> | null = null;
  /** The cursor of the event that is being executed. */
  private cursor: string | undefined;
  private end: End | null = null;

  constructor(
    private readonly request: FastifyRequest,
    reply: FastifyReply,
    private readonly tools: DoorTools,
    heartbeatIntervalMs: number,
  ) {
    const onDrained = () => tools.operationQueue.drained(request.raw.socket);
    this.stream = new EventStream(reply, { heartbeatIntervalMs, onDrained });
    reply.raw.once('close', () => this.disconnected.abort());
  }

  /** Why the gateway has ended it, or null. */
  get ended(): End | null {
    return this.end;
  }

  get isSubscription(): boolean {
    return this.events !== null;
  }

  /** Resolves when the response has ended, or its connection has closed. */
  get closed(): Promise<void> {
    return this.stream.closed;
  }

  /**
   * Ends the stream of a subscription. Any other operation has one result, and is finished as it is over HTTP: it may be
   * the one that signs the user out.
   */
  close(code: number, reason: string): void {
    this.end ??= { code, reason };
    if (this.events) this.finish(this.end);
  }

  /** @throws RequestRefusal if the method of the request does not allow the operation */
  async run(operation: OperationRequest): Promise<void> {
    // A subscription outlives the budget of its request. Its events have budgets of their own.
    await this.tools.limited(async (end) => {
      const outcome = await this.execute(operation).finally(end);
      if (outcome.kind === 'result') this.stream.complete(outcome.result);
      else if (outcome.kind === 'refused') this.stream.complete({ errors: outcome.errors });
      else await this.follow(outcome.events);
    });
  }

  private async execute(operation: OperationRequest): Promise<OperationOutcome> {
    const { path, contexts, limited, operationQueue } = this.tools;
    const { id, ip, method, headers, caller, slot, raw, log } = this.request;
    let answerBytes = 0;
    let refused: RequestRefusal | undefined;
    const hooks = {
      onOperation: (type: OperationTypeNode) => {
        if (method !== 'GET' || type !== OperationTypeNode.MUTATION) return;
        refused = new RequestRefusal(405, 'A mutation is sent with POST.', { allow: 'POST' });
        throw new GraphQLError(refused.message, { extensions: { code: 'BAD_REQUEST' } });
      },
      onSize: (bytes: number) => {
        answerBytes = bytes;
        slot?.expect(bytes);
      },
      events: {
        begin: async (event: unknown) => {
          this.cursor = cursorOf(event);
          const user = caller?.principal?.userId ?? null;
          const eventSlot = await operationQueue.begin(raw.socket, user, { lane: 'event' });
          eventSlot?.expect(answerBytes);
          return eventSlot;
        },
        limited,
        resumeAfter: lastEventId(headers['last-event-id']),
      },
    };
    const outcome = await contexts
      .of({
        authorization: headers.authorization,
        requestId: id,
        clientAddress: ip,
        caller,
        signal: this.disconnected.signal,
        cacheControl: headers['cache-control'],
        log: log as Logger,
      })
      .then((context) => path.run(operation, context, hooks))
      .catch((error: unknown) => path.refused(error));
    if (refused) throw refused;
    return outcome;
  }

  private async follow(events: AsyncGenerator<OperationResult, void, void>): Promise<void> {
    const { path } = this.tools;
    try {
      if (this.end) return this.finish(this.end);
      // Nobody could end the stream of a client who is not known.
      if (!this.request.caller?.principal)
        return this.stream.complete({ errors: [path.mask(unauthenticated(NO_TOKEN))] });
      this.events = events;
      this.request.slot?.end();
      this.stream.begin();
      for (;;) {
        const { done, value } = await events.next();
        if (this.end) return;
        if (done) return this.stream.complete();
        await this.stream.next(value, this.cursor);
      }
    } catch (error) {
      // A source may also fail because its client has left.
      if (!this.disconnected.signal.aborted) this.stream.complete({ errors: [path.mask(error)] });
    } finally {
      await events.return();
    }
  }

  private finish({ code, reason }: End): void {
    if (code === CloseCode.Unauthorized || code === CloseCode.Forbidden) {
      const error = this.tools.path.mask(unauthenticated(`${reason}. ${RESUME}`));
      this.stream.complete({ errors: [error] });
    } else this.stream.interrupt(Math.round(MIN_RETRY_MS + Math.random() * RETRY_SPREAD_MS));
    this.stream.cutWhenUnread();
    this.disconnected.abort();
  }
}

const NO_TOKEN = 'A subscription needs the header "Authorization: Bearer <access token>".';
const RESUME =
  'Subscribe again with a valid access token, and with the id of the latest event as Last-Event-ID: then no event is missed.';

/** The id of an event is its cursor, whatever the client selects. */
function cursorOf(event: unknown): string | undefined {
  const { cursor } = (event ?? {}) as { readonly cursor?: unknown };
  return typeof cursor === 'string' ? cursor : undefined;
}

/** A client that has received no event sends an empty id, or none. */
const lastEventId = (header: string | string[] | undefined): string | undefined => String(header ?? '') || undefined;
