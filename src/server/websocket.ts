import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { CloseCode, handleProtocols } from 'graphql-ws';
import type { Logger } from 'pino';
import { type WebSocket, WebSocketServer } from 'ws';
import { FOREIGN_HOST, type HostList } from './hosts.ts';
import type { SocketProtocol } from './socket-protocol.ts';

export interface WebSocketOptions {
  readonly server: Server;
  readonly path: string;
  readonly protocol: SocketProtocol;
  readonly hosts: HostList | null;
  readonly log: Logger;
}

/** Bytes in one message of a client. */
const LARGEST_MESSAGE = 1024 * 1024;
/** A client that does not answer a ping within this is gone. */
const HEARTBEAT_MS = 15_000;
/** How long a client may take to answer our goodbye. */
const GOODBYE_MS = 2_000;
/** Bytes of ours that a client may leave unread; until it reads on, we do not read from it either. */
const MOST_UNREAD = 1024 * 1024;

/** graphql-transport-ws on the HTTP server's own port and path. Returns how to say goodbye (1001) to every client. */
export function mountWebSocket(options: WebSocketOptions): () => Promise<void> {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: LARGEST_MESSAGE,
    handleProtocols,
    // One message of a socket in each turn of the event loop: everybody else has theirs between those of a flood.
    allowSynchronousEvents: false,
    autoPong: false,
  });

  const accept = (socket: WebSocket, request: IncomingMessage) => {
    const closed = options.protocol.opened(
      {
        protocol: socket.protocol,
        send: (text) =>
          new Promise((resolve, reject) => {
            if (socket.readyState !== socket.OPEN) return resolve();
            socket.send(text, (error) => {
              pace(socket);
              return error ? reject(error) : resolve();
            });
            pace(socket);
          }),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (handle) =>
          socket.on('message', (data) => {
            // What came in before the client heard that it was hung up on.
            if (socket.readyState !== socket.OPEN) return;
            handle(String(data)).catch((err: unknown) => {
              options.log.error({ err }, 'a message over WebSocket could not be handled');
              socket.close(CloseCode.InternalServerError, 'Internal server error');
            });
          }),
      },
      { socket, request },
    );
    socket.on('ping', (data) => {
      socket.pong(data, false, () => pace(socket));
      pace(socket);
    });
    // A message that is too large, or no WebSocket at all: ws closes it, and it is the client's affair.
    socket.on('error', (err) => options.log.debug({ err }, 'a WebSocket failed'));
    const heartbeat = beat(socket);
    socket.once('close', (code, reason) => {
      clearInterval(heartbeat);
      closed(code, String(reason)).catch((err: unknown) =>
        options.log.error({ err }, 'a WebSocket was not cleared away'),
      );
    });
  };

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.once('error', () => socket.destroy());
    if (options.hosts && !options.hosts.allows(request.headers.host)) {
      return refuse(socket, '403 Forbidden', FOREIGN_HOST);
    }
    if (request.url?.split('?')[0] !== options.path) {
      return refuse(socket, '404 Not Found', `WebSockets are at ${options.path}.\n`);
    }
    sockets.handleUpgrade(request, socket, head, (ws) => accept(ws, request));
  };
  options.server.on('upgrade', upgrade);

  return async () => {
    options.server.off('upgrade', upgrade);
    for (const socket of sockets.clients) socket.close(1001, 'Going away');
    const impatience = setTimeout(() => {
      for (const socket of sockets.clients) socket.terminate();
    }, GOODBYE_MS);
    await new Promise<void>((resolve) => sockets.close(() => resolve()));
    clearTimeout(impatience);
  };
}

/** After all that was written, and after all that went out. */
function pace(socket: WebSocket): void {
  if (socket.bufferedAmount < MOST_UNREAD) socket.resume();
  else socket.pause();
}

function beat(socket: WebSocket): NodeJS.Timeout {
  let answered = true;
  socket.on('pong', () => {
    answered = true;
  });
  return setInterval(() => {
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
  }, HEARTBEAT_MS).unref();
}

function refuse(socket: Duplex, status: string, text: string): void {
  const head = `HTTP/1.1 ${status}\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(text)}\r\nconnection: close`;
  socket.end(`${head}\r\n\r\n${text}`);
}
