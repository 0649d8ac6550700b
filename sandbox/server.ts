import Fastify, { type FastifyInstance } from 'fastify';
import { SandboxError } from './error.ts';
import { isLoopbackHeader } from './loopback.ts';

/** Creates the sandbox's HTTP server, which refuses every Host header that does not name this machine. */
export function createServer(): FastifyInstance {
  const app = Fastify({
    // Graph's ids exceed Fastify's default limit for a path segment, and a mail of 35 MB arrives as base64 in JSON.
    routerOptions: { maxParamLength: 2_000 },
    bodyLimit: 64 * 1024 * 1024,
    forceCloseConnections: true,
  });
  app.addHook('onRequest', async (request, reply) => {
    if (isLoopbackHeader(request.headers.host)) return;
    return reply.code(403).send({ error: 'the sandbox answers on localhost, 127.0.0.1 and [::1] only' });
  });
  return app;
}

/** Binds the server and returns its URL. Port 0 binds any free port. Throws SandboxError when the port is taken. */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new SandboxError(`SANDBOX_PORT: port ${port} is taken; stop what listens there, or set SANDBOX_PORT`);
  }
  const address = app.server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return `http://${host.includes(':') ? `[${host.replace(/^\[|\]$/g, '')}]` : host}:${bound}`;
}
