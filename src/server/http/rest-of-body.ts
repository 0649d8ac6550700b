import type { FastifyReply } from 'fastify';

/** In bytes. What is longer is cut off. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/**
 * Reads on what is refused for its length, and forgets it: most clients look at the answer only when they have sent all,
 * and of a connection that is closed before that they see a reset and not why.
 */
export function discardRest(reply: FastifyReply): void {
  const request = reply.request.raw;
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return;
  reply.removeHeader('connection');
  let read = 0;
  request.on('data', (chunk: Buffer) => {
    read += chunk.length;
    if (read > MAX_BODY_BYTES) request.destroy();
  });
}
