import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import cors from '@fastify/cors';
import {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  fastify,
  LogController,
} from 'fastify';
import type { Logger } from 'pino';
import { type ErrorCode, isMailError, isTransient, MailError, publicCode, storeErrorIn } from '../../domain/error.ts';
import { extensionsOf } from '../../graphql/errors/error-mask.ts';
import type { Database } from '../../platform/database/database.ts';
import { isDiskFull } from '../../platform/database/store/store.error.ts';
import { retryAfterSeconds } from '../../platform/retry-after.ts';
import type { OperationSlot } from '../operation-queue/client-connection.ts';
import type { OperationQueue } from '../operation-queue/operation-queue.ts';
import { ENCODED, hasBadHost, isEncoded, refuseBytes, refuseUrl, replyHeaders } from './bad-request.ts';
import type { Trust } from './client-address.ts';
import type { RequestCaller } from './contexts.ts';
import { FOREIGN_HOST, type HostList } from './hosts.ts';
import type { Listener } from './listener.ts';
import { discardRest, limitBodyTime } from './request-body.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Null until the request has its slot. */
    slot: OperationSlot | null;
    /** The caller of a GraphQL request. Null for other requests, whose routes identify it themselves. */
    caller: RequestCaller | null;
  }
}

/** How long a request may wait in the queue. */
const SLOT_TIMEOUT_MS = 10_000;
const SLOT_RETRY_AFTER_MS = 5_000;
/** When to try again after a transient error that does not say when. */
const DEFAULT_RETRY_AFTER_MS = 1_000;

/** The maximum size of a request body in bytes. A route may have a smaller limit. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

interface HttpOptions {
  readonly listener: Listener;
  readonly log: Logger;
  /** The proxies whose X-Forwarded-* headers are trusted. */
  readonly trust: Trust | false;
  readonly corsOrigins: readonly (string | RegExp)[];
  /** Null: every Host header is accepted. */
  readonly hosts: HostList | null;
  readonly operationQueue: Pick<OperationQueue, 'begin'>;
  /**
   * Identifies the caller of a GraphQL request, who occupies its slot. Other requests have only the limits of their
   * connection.
   */
  callerOf(headers: IncomingHttpHeaders, clientAddress: string): Promise<RequestCaller>;
  /** Limits how long a request waits for the store. */
  readonly limited: Database['limited'];
  /** True from SIGTERM on: responses ask clients to close their connection. */
  draining(): boolean;
}

/**
 * Creates Fastify on the listening socket, with the rules that apply to every route. Call `open` when the routes are
 * mounted.
 */
export async function createHttp(options: HttpOptions): Promise<{ http: FastifyInstance; open(): Promise<void> }> {
  let handler: RequestListener | undefined;
  const http = fastify({
    serverFactory: (listener) => {
      handler = listener;
      return options.listener.server;
    },
    loggerInstance: options.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    bodyLimit: MAX_BODY_BYTES,
    trustProxy: options.trust,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    frameworkErrors: refuseUrl,
    clientErrorHandler: refuseBytes,
    routerOptions: { maxParamLength: 16_384 },
  });

  http.addHook('onRequest', async (request, reply) => {
    reply.headers(replyHeaders(request.id));
    if (!request.routeOptions.config?.longBody) limitBodyTime(request.raw);
    if (options.hosts && !options.hosts.allows(request.headers.host)) {
      return reply.code(403).type('text/plain').send(FOREIGN_HOST);
    }
    if (hasBadHost(request)) return refuse(reply, 400, 'BAD_USER_INPUT', 'The Host header names no host.');
    // The upload route refuses it itself, after it has checked who sends it.
    if (isEncoded(request.raw) && !request.routeOptions.config?.longBody) {
      discardRest(reply);
      // RFC 9110, section 15.5.16: the response names the supported encodings.
      return refuse(reply.header('accept-encoding', 'identity'), 415, 'UNSUPPORTED', ENCODED);
    }
  });
  http.decorateRequest('slot', null);
  http.decorateRequest('caller', null);
  // This runs before the body is read, so that a waiting request keeps only its head in memory.
  http.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.url === '/graphql') request.caller = await options.callerOf(request.headers, request.ip);
    const owner = request.caller && (request.caller.principal?.userId ?? `address ${request.ip}`);
    const slot = await options.operationQueue.begin(request.raw.socket, owner, { timeoutMs: SLOT_TIMEOUT_MS });
    request.slot = slot;
    if (slot) return void reply.raw.once('close', () => slot.end());
    const error = new MailError('RATE_LIMITED', TOO_MUCH_UNDER_WAY, { retryAfterMs: SLOT_RETRY_AFTER_MS });
    return refuseForNow(reply, 429, error);
  });
  // This runs after the body was read, because reading it loses the asynchronous context.
  http.addHook('preHandler', (request, reply, done) => {
    const streamed = request.routeOptions.config?.longBody === true;
    const work = (end: () => void) => {
      reply.raw.once('close', end);
      done();
    };
    options.limited(work, { streamed });
  });
  // This runs at the response, so that it also applies to requests that were running when the drain began.
  http.addHook('onSend', (_request, reply, payload, done) => {
    if (options.draining()) reply.header('connection', 'close');
    done(null, payload);
  });
  // The log has the pattern of the route and never the URL, because a path or a query can contain a token.
  http.addHook('onResponse', async (request, reply) => {
    request.log.info(
      {
        method: request.method,
        route: request.routeOptions.url,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
      },
      'request',
    );
  });
  http.setErrorHandler((error: FastifyError, request, reply) => {
    const away = storeErrorIn(error);
    if (away) {
      const isFull = isDiskFull(away);
      if (isFull) request.log.error({ err: away }, 'the store has no space left');
      else request.log.warn({ err: away }, 'the store is unavailable');
      // RFC 4918, section 11.5: 507. Unlike an unavailable database, a full one does not recover without the operator.
      return refuseForNow(reply, isFull ? 507 : 503, away);
    }
    if (isMailError(error) && isTransient(error)) {
      request.log.warn({ err: error }, 'a request was refused for a transient reason');
      return refuseForNow(reply, error.code === 'RATE_LIMITED' ? 429 : 503, error);
    }
    const status = error.statusCode ?? 500;
    if (status >= 500) {
      request.log.error({ err: error, reference: request.id }, 'request failed');
      return refuse(reply, status, 'INTERNAL', 'Something went wrong', { reference: request.id });
    }
    if (status === 413) {
      discardRest(reply);
      const limit = request.routeOptions.bodyLimit ?? MAX_BODY_BYTES;
      return refuse(reply, status, 'BAD_USER_INPUT', `The request body is larger than ${limit} bytes.`);
    }
    return refuse(reply, status, 'BAD_USER_INPUT', error.message);
  });
  http.setNotFoundHandler((_request, reply) =>
    reply.code(404).type('text/plain').send('Not found. The API is at /graphql.\n'),
  );
  if (options.corsOrigins.length > 0) {
    await http.register(cors, {
      origin: [...options.corsOrigins],
      methods: ['GET', 'POST'],
      exposedHeaders: ['x-request-id', 'retry-after', 'etag'],
      maxAge: 86_400,
    });
  }
  return {
    http,
    async open() {
      await http.ready();
      if (handler) options.listener.serve(handler);
    },
  };
}

const TOO_MUCH_UNDER_WAY =
  'Too many of your requests are in progress, or their answers are waiting to be read. Read the answers or close their connections, then try again.';

/** Refuses a request for a transient reason, with the extensions that the error has as one of a field. */
function refuseForNow(reply: FastifyReply, status: number, error: MailError): FastifyReply {
  reply.header('retry-after', retryAfterSeconds(error.retryAfterMs ?? DEFAULT_RETRY_AFTER_MS));
  return refuse(reply, status, publicCode(error.code), error.message, extensionsOf(error));
}

/** Sends a refusal in the form of a GraphQL response. */
function refuse(
  reply: FastifyReply,
  status: number,
  code: ErrorCode,
  message: string,
  more: object = {},
): FastifyReply {
  return reply
    .code(status)
    .type('application/json')
    .send({ errors: [{ message, extensions: { code, ...more } }] });
}
