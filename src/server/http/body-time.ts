import type { IncomingMessage } from 'node:http';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route takes bodies that come for as long as they keep coming, and watches over them itself. */
    readonly longBody?: boolean;
  }
}

/** In milliseconds. A client that dribbles holds a connection no longer than this. */
const BODY_TIMEOUT_MS = 120_000;

/** Cuts a request whose body is not there in time. */
export function limitBodyTime(request: IncomingMessage): void {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (encoding === undefined && (length === undefined || length === '0')) return;
  const timer = setTimeout(() => request.destroy(), BODY_TIMEOUT_MS).unref();
  const done = () => clearTimeout(timer);
  request.once('end', done).once('close', done);
}
