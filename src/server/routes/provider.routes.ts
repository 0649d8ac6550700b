import type { FastifyInstance } from 'fastify';
import type { CallbackService } from '../../accounts/connect/authorization-code/callback.service.ts';
import type { WebhookService } from '../../changes/watch/webhook.service.ts';

const MAX_BODY_BYTES = 1024 * 1024;
/** Providers give up after a few seconds and try again. */
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Mounts POST /webhooks/:provider, to which the providers send notifications. The body is passed on as bytes, because a
 * signature is computed over bytes.
 */
export async function mountWebhooks(http: FastifyInstance, webhooks: WebhookService, publicUrl: string): Promise<void> {
  await http.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

    scope.post<{ Params: { provider: string } }>(
      '/webhooks/:provider',
      { bodyLimit: MAX_BODY_BYTES },
      async (request, reply) => {
        const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)] as const);
        const answer = await webhooks.receive(request.params.provider, {
          method: request.method,
          url: new URL(`${publicUrl}${request.url}`),
          headers: Object.fromEntries(headers),
          body: Buffer.isBuffer(request.body) ? request.body : new Uint8Array(),
          signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
        });
        if (!answer) return reply.callNotFound();
        reply.code(answer.status).type(answer.contentType ?? 'text/plain');
        return reply.send(answer.body ?? '');
      },
    );
  });
}

/**
 * Mounts GET /oauth/callback, to which every provider sends the browser back. HEAD, which link scanners use, does not
 * consume the state.
 */
export function mountCallback(http: FastifyInstance, callback: Pick<CallbackService, 'handle'>): void {
  http.head('/oauth/callback', async (_request, reply) => reply.code(405).header('allow', 'GET').send());
  http.get('/oauth/callback', { exposeHeadRoute: false }, async (request, reply) => {
    const { status, headers, body } = await callback.handle(new URL(request.url, 'http://localhost').searchParams);
    return reply.code(status).headers(headers).send(body);
  });
}
