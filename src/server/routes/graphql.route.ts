import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { OperationPath } from '../../graphql/operation/operation-path.ts';
import type { Contexts } from '../http/contexts.ts';

/** Mounts GET and POST /graphql. */
export function mountGraphql(http: FastifyInstance, path: OperationPath, contexts: Contexts): void {
  http.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    handler: fastifyApolloHandler(path.apollo, {
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
          signal: disconnected.signal,
          log: request.log as Logger,
        });
        return path.context(context, { onSize: (bytes) => request.slot?.expect(bytes) });
      },
    }),
  });
}
