import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { CloseCode, handleProtocols } from 'graphql-ws';
import type { Logger } from 'pino';
import { type WebSocket, WebSocketServer } from 'ws';
import { replyHeaders } from '../http/bad-request.ts';
import { FOREIGN_HOST, type HostList } from '../http/hosts.ts';
import type { OperationQueue } from '../operation-queue/operation-queue.ts';
import { unreadBytes } from '../operation-queue/unread.ts';
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
/** The interval between two pings. A client that has not answered one before the next is disconnected. */
const HEARTBEAT_INTERVAL_MS = 15_000;
/** How long a client may take to answer the closing message. */
const CLOSE_TIMEOUT_MS = 2_000;
/** The number of bytes that a client may leave unread. Until it reads on, nothing is read from it either. */
const MAX_UNREAD_BYTES = 1024 * 1024;
/** The number of bytes of requests that may wait for a slot. Until some of them have a slot, no more are read. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** Registered with IANA as "try again later". Clients do not treat it as their fault and connect again. */
const TRY_AGAIN_LATER = 1013;

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

  const accept = (socket: WebSocket, request: IncomingMessage) => {
    /** The bytes of the message that is being handled, and of those whose operation has no slot yet. */
    const requests = { current: 0, waiting: 0 };
    const pace = () => {
      if (socket.bufferedAmount < MAX_UNREAD_BYTES && requests.waiting < MAX_WAITING_BYTES) socket.resume();
      else socket.pause();
    };
    const sent = () => {
      pace();
      options.operationQueue.drained(request.socket);
    };
    const waits = () => {
      const bytes = requests.current;
      requests.waiting += bytes;
      pace();
      return () => {
        requests.waiting -= bytes;
        pace();
      };
    };
    const closed = options.protocol.opened(
      {
        protocol: socket.protocol,
        send: (text) =>
          new Promise((resolve, reject) => {
            if (socket.readyState !== socket.OPEN) return resolve();
            socket.send(text, (error) => {
              sent();
              // If the connection has closed meanwhile, nobody misses the message.
              return error && socket.readyState === socket.OPEN ? reject(error) : resolve();
            });
            pace();
          }),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (handle) =>
          socket.on('message', (data) => {
            // The message arrived before the client noticed that the socket is closing.
            if (socket.readyState !== socket.OPEN) return;
            const text = String(data);
            requests.current = text.length;
            handle(text).catch((err: unknown) => {
              options.log.error({ err }, 'a message over WebSocket could not be handled');
              socket.close(CloseCode.InternalServerError, 'Internal server error');
            });
          }),
      },
      { socket, request, waits },
    );
    socket.on('ping', (data) => {
      socket.pong(data, false, sent);
      pace();
    });
    options.operationQueue.onStalled(request.socket, () => {
      if (socket.readyState !== socket.OPEN) return;
      socket.close(TRY_AGAIN_LATER, UNREAD);
      setTimeout(() => socket.terminate(), CLOSE_TIMEOUT_MS).unref();
    });
    // The message is too large, or is not WebSocket at all. ws closes the socket; the client is at fault.
    socket.on('error', (err) => options.log.debug({ err }, 'a WebSocket failed'));
    const heartbeat = beat(socket, request);
    socket.once('close', (code, reason) => {
      clearInterval(heartbeat);
      closed(code, String(reason)).catch((err: unknown) =>
        options.log.error({ err }, 'a WebSocket could not be cleaned up'),
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

const UNREAD = 'Answers were not read: connect again, and resume from the last cursor';

function beat(socket: WebSocket, request: IncomingMessage): NodeJS.Timeout {
  let answered = true;
  socket.on('pong', () => {
    answered = true;
  });
  return setInterval(() => {
    // A ping behind unread responses, or a pong that is not read yet, says nothing about the client. The operation
    // queue closes such connections.
    if (unreadBytes(request.socket) > 0 || socket.isPaused) return;
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
  }, HEARTBEAT_INTERVAL_MS).unref();
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
