import { createServer, type RequestListener, type Server } from 'node:http';

/** A start that cannot go on: the message is one line for the person who typed the command. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/**
 * The listening socket, taken before anything else is opened: a taken port fails at once, and PORT=0 is known to
 * those who must name it. Until `serve` is called it answers 503.
 */
export interface Listener {
  readonly server: Server;
  readonly port: number;
  serve(handler: RequestListener): void;
}

/** @throws StartError naming the port */
export function openListener(host: string, port: number): Promise<Listener> {
  const starting: RequestListener = (_request, response) => {
    response
      .writeHead(503, { 'content-type': 'text/plain', 'retry-after': '1', connection: 'close' })
      .end('Starting.\n');
  };
  // How long a body may take depends on the route: http/request-body.ts sees to that.
  // A request without Host is refused with the others that are malformed: Node's own answer has none of our headers.
  const times = { keepAliveTimeout: 72_000, headersTimeout: 30_000, requestTimeout: 0 };
  const server = createServer({ ...times, requireHostHeader: false }, starting);
  // RFC 9110 10.1.1 lets a server leave an expectation that it does not know.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new StartError(explain(error, host, port))));
    server.listen(port, host, () => {
      const address = server.address();
      if (!address || typeof address === 'string') return reject(new StartError(`PORT: ${port} gave no address`));
      resolve({
        server,
        port: address.port,
        serve(handler) {
          server.off('request', starting);
          server.on('request', handler);
        },
      });
    });
  });
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): string {
  if (error.code === 'EADDRINUSE') {
    return `PORT: ${port} on ${host} is taken; stop what listens there, or set PORT to another`;
  }
  if (error.code === 'EACCES') return `PORT: ${port} needs rights that this user does not have; set PORT above 1023`;
  // EINVAL: a link-local address of IPv6 without its zone.
  if (['EADDRNOTAVAIL', 'ENOTFOUND', 'EINVAL'].includes(error.code ?? ''))
    return `HOST: ${host} is not an address of this machine`;
  return `PORT: cannot listen on ${host}:${port} (${error.code ?? error.message})`;
}
