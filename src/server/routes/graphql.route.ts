import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { OperationPath } from '../../graphql/operation/operation-path.ts';
import type { WholeAnswers } from '../answers/whole-answers.ts';
import type { Contexts } from '../http/contexts.ts';

/** Answers some of the requests to the path of the schema instead of Apollo Server. */
export interface RequestHandler {
  /** Returns whether this handler answers the request. The request has been read, and has its caller and its slot. */
  takes(request: FastifyRequest): boolean;
  handle(request: FastifyRequest, reply: FastifyReply): Promise<unknown>;
}

/**
 * Mounts GET, HEAD and POST /graphql. The first of `handlers` that takes a request answers it, otherwise Apollo Server does, or
 * `answers` with what it has answered before.
 */
export function mountGraphql(
  http: FastifyInstance,
  path: OperationPath,
  contexts: Contexts,
  handlers: readonly RequestHandler[],
  answers: WholeAnswers | null = null,
): void {
  http.decorateRequest('reads', null);
  const apollo = fastifyApolloHandler(path.apollo, {
    async context(request, reply) {
      reply.header('cache-control', 'no-store');
      const disconnected = new AbortController();
      reply.raw.once('close', () => {
        if (!reply.raw.writableFinished) disconnected.abort();
      });
      const context = await contexts.of({
        authorization: request.headers.authorization,
        requestId: request.id,
        clientAddress: request.ip,
        caller: request.caller,
        reads: request.reads,
        signal: disconnected.signal,
        cacheControl: request.headers['cache-control'],
        log: request.log as Logger,
      });
      return path.context(context, { onSize: (bytes) => request.slot?.expect(bytes) });
    },
  });
  http.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    async handler(request, reply) {
      const { vary } = reply.getHeaders();
      // RFC 9110, section 12.5.5: what answers depends on what the client accepts.
      reply.header('vary', vary ? `${vary}, Accept` : 'Accept');
      const handler = handlers.find((one) => one.takes(request));
      if (handler) return handler.handle(request, reply);
      const execute = async () => apollo.call(http, asGet(request), reply);
      return answers ? answers.answer(request, reply, execute) : execute();
    },
  });
}

/** Apollo Server knows no HEAD. Fastify, which mounts it beside GET, leaves the body out when the answer is sent. */
const asGet = (request: FastifyRequest): FastifyRequest =>
  request.method === 'HEAD' ? Object.create(request, { method: { value: 'GET' } }) : request;
