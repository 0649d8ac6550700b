import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { handleProtocols } from 'graphql-ws';
import type { Logger } from 'pino';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { replyHeaders } from '../http/bad-request.ts';
import { FOREIGN_HOST, type HostList } from '../http/hosts.ts';
import type { OperationQueue } from '../operation-queue/operation-queue.ts';
import { HEARTBEAT_INTERVAL_MS, Heartbeats } from './heartbeats.ts';
import { CLOSE_TIMEOUT_MS, SocketConnection } from './socket-connection.ts';
import type { SocketProtocol } from './socket-protocol.ts';

interface WebSocketOptions {
  readonly server: Server;
  readonly path: string;
  readonly protocol: SocketProtocol;
  /** Notices clients that do not read. */
  readonly operationQueue: Pick<OperationQueue, 'onStalled' | 'drained'>;
  readonly hosts: HostList | null;
  readonly log: Logger;
}

/** The maximum size of a message from a client in bytes. */
const MAX_MESSAGE_BYTES = 1024 * 1024;

/**
 * Mounts graphql-transport-ws on the port and the path of HTTP. Returns a function that closes the sockets of all
 * clients with 1001.
 */
export function mountWebSocket(options: WebSocketOptions): () => Promise<void> {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    handleProtocols,
    // Only one message of a socket is handled in each turn of the event loop, so that messages of others are handled
    // between those of a flood.
    allowSynchronousEvents: false,
    autoPong: false,
  });

  const heartbeats = new Heartbeats(HEARTBEAT_INTERVAL_MS);
  const open = new Map<WebSocket, SocketConnection>();
  // The same functions for all sockets: `this` is the one that they are called for.
  const listeners = {
    message(this: WebSocket, data: RawData): void {
      open.get(this)?.receive(String(data));
    },
    ping(this: WebSocket, data: Buffer): void {
      open.get(this)?.pong(data);
    },
    pong(this: WebSocket): void {
      open.get(this)?.answered();
    },
    // The message is too large, or is not WebSocket at all. ws closes the socket; the client is at fault.
    error: (err: Error) => options.log.debug({ err }, 'a WebSocket failed'),
    close(this: WebSocket, code: number, reason: Buffer): void {
      const connection = open.get(this);
      if (!connection) return;
      open.delete(this);
      heartbeats.delete(connection);
      connection.closed(code, String(reason));
    },
  };
  const accept = (socket: WebSocket, request: IncomingMessage) => {
    const connection = new SocketConnection(socket, request.socket, request, options);
    open.set(socket, connection);
    socket.on('message', listeners.message).on('ping', listeners.ping).on('pong', listeners.pong);
    socket.on('error', listeners.error).on('close', listeners.close);
    options.operationQueue.onStalled(request.socket, () => connection.stalled());
    heartbeats.add(connection);
    connection.onClosed = options.protocol.opened(connection.ids, connection);
  };

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.once('error', destroyIt);
    if (options.hosts && !options.hosts.allows(request.headers.host)) {
      return refuse(socket, '403 Forbidden', FOREIGN_HOST);
    }
    if (request.url?.split('?')[0] !== options.path) {
      return refuse(socket, '404 Not Found', `WebSockets are at ${options.path}.\n`);
    }
    // RFC 9110, section 7.8 lets a server ignore an upgrade that it does not know, but Node has already taken the
    // request from the router.
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
      return refuse(
        socket,
        '426 Upgrade Required',
        'The only Upgrade that is supported is WebSocket: leave the header out.\n',
      );
    }
    sockets.handleUpgrade(request, socket, head, (ws) => accept(ws, request));
  };
  // ws would answer what it refuses itself without our headers.
  sockets.on('wsClientError', (error, socket) => refuse(socket, '400 Bad Request', `${error.message}.\n`));
  options.server.on('upgrade', upgrade);

  return async () => {
    options.server.off('upgrade', upgrade);
    for (const socket of sockets.clients) socket.close(1001, 'Going away');
    const timer = setTimeout(() => {
      for (const socket of sockets.clients) socket.terminate();
    }, CLOSE_TIMEOUT_MS);
    await new Promise<void>((resolve) => sockets.close(() => resolve()));
    clearTimeout(timer);
  };
}

/** A function of its own, because a socket keeps its listeners, and they would keep the request. */
function destroyIt(this: Duplex): void {
  this.destroy();
}

function refuse(socket: Duplex, status: string, text: string): void {
  const headers = {
    ...replyHeaders(randomUUID()),
    'content-type': 'text/plain',
    'content-length': String(Buffer.byteLength(text)),
    // RFC 9110, section 15.5.22: a 426 names the supported protocol.
    ...(status.startsWith('426') ? { connection: 'close, upgrade', upgrade: 'websocket' } : { connection: 'close' }),
  };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status}\r\n${head.join('')}\r\n${text}`);
}
