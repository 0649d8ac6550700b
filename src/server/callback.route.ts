import type { FastifyInstance } from 'fastify';
import type { CallbackService } from '../accounts/connect/authorization-code/callback.service.ts';

/** GET /oauth/callback: where every provider sends the browser back to. HEAD, with which links are looked at, uses nothing up. */
export function mountCallback(http: FastifyInstance, callback: Pick<CallbackService, 'handle'>): void {
  http.head('/oauth/callback', async (_request, reply) => reply.code(405).header('allow', 'GET').send());
  http.get('/oauth/callback', { exposeHeadRoute: false }, async (request, reply) => {
    const { status, headers, body } = await callback.handle(new URL(request.url, 'http://localhost').searchParams);
    return reply.code(status).headers(headers).send(body);
  });
}
