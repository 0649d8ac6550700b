import type { FastifyInstance } from 'fastify';
import type { CallbackService } from '../accounts/callback.service.ts';

/** GET /oauth/callback: where every provider sends the browser back to. */
export function mountCallback(http: FastifyInstance, callback: Pick<CallbackService, 'handle'>): void {
  http.get('/oauth/callback', async (request, reply) => {
    const { status, headers, body } = await callback.handle(new URL(request.url, 'http://localhost').searchParams);
    return reply.code(status).headers(headers).send(body);
  });
}
