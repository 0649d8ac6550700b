import { createServer, type RequestListener, type Server } from 'node:http';

/**
 * The maximum length of all header fields of a request. The id of an event has up to 90 characters for each account of its user,
 * and comes back as Last-Event-ID: Node's own 16 KB would end that at 180 accounts.
 */
const MAX_HEADER_BYTES = 64 * 1024;

/** The start cannot continue. The message is one line for the person who typed the command. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/**
 * The listening socket. It is opened before anything else, so that a port in use fails at once and the actual port of
 * PORT=0 is known to the parts that need it. It answers 503 until `serve` is called.
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
  // The time limit for a body depends on the route, so http/request-body.ts sets it. A request without a Host header is
  // refused together with other malformed ones, because the response of Node has none of our headers.
  const times = { keepAliveTimeout: 72_000, headersTimeout: 30_000, requestTimeout: 0 };
  const server = createServer({ ...times, maxHeaderSize: MAX_HEADER_BYTES, requireHostHeader: false }, starting);
  // RFC 9110, section 10.1.1 lets a server ignore an expectation that it does not know.
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
  // EINVAL stands for a link-local IPv6 address without its zone.
  if (['EADDRNOTAVAIL', 'ENOTFOUND', 'EINVAL'].includes(error.code ?? ''))
    return `HOST: ${host} is not an address of this machine`;
  return `PORT: cannot listen on ${host}:${port} (${error.code ?? error.message})`;
}
