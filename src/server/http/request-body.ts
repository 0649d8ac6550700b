import type { IncomingMessage } from 'node:http';
import type { FastifyReply } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set by a route that has its own time limits for bodies. */
    readonly longBody?: boolean;
  }
}

/** The maximum time in milliseconds for which a client that sends slowly can occupy a connection. */
const BODY_TIMEOUT_MS = 120_000;
/** The size in bytes up to which a refused body is read to its end. */
const MAX_DISCARDED_BYTES = 64 * 1024 * 1024;

/** Ends a request whose body is not received in time. */
export function limitBodyTime(request: IncomingMessage): void {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (encoding === undefined && (length === undefined || length === '0')) return;
  const timer = setTimeout(() => request.destroy(), BODY_TIMEOUT_MS).unref();
  const done = () => clearTimeout(timer);
  request.once('end', done).once('close', done);
}

/**
 * Reads and discards the rest of a body that was refused for its length. Most clients read the response only after they
 * have sent everything. If the connection closes before that, they see a reset instead of the reason.
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
