import type { IncomingMessage } from 'node:http';
import type { FastifyReply } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route takes bodies that come for as long as they keep coming, and watches over them itself. */
    readonly longBody?: boolean;
  }
}

/** In milliseconds. A client that dribbles holds a connection no longer than this. */
const BODY_TIMEOUT_MS = 120_000;
/** In bytes. What is longer is cut off. */
const MAX_DISCARDED_BYTES = 64 * 1024 * 1024;

/** Cuts a request whose body is not there in time. */
export function limitBodyTime(request: IncomingMessage): void {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (encoding === undefined && (length === undefined || length === '0')) return;
  const timer = setTimeout(() => request.destroy(), BODY_TIMEOUT_MS).unref();
  const done = () => clearTimeout(timer);
  request.once('end', done).once('close', done);
}

/**
 * Reads on what is refused for its length, and forgets it: most clients look at the answer only when they have sent all,
 * and of a connection that is closed before that they see a reset and not why.
 */
export function discardRest(reply: FastifyReply): void {
  const request = reply.request.raw;
  if (Number(request.headers['content-length'] ?? 0) > MAX_DISCARDED_BYTES) return;
  reply.removeHeader('connection');
  let read = 0;
  request.on('data', (chunk: Buffer) => {
    read += chunk.length;
    if (read > MAX_DISCARDED_BYTES) request.destroy();
  });
}
