import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { CloseCode, type Server } from 'graphql-ws';
import type { Logger } from 'pino';
import type { WebSocket } from 'ws';
import type { OperationQueue } from '../operation-queue/operation-queue.ts';
import { unreadBytes } from '../operation-queue/unread.ts';
import type { Beating } from './heartbeats.ts';
import { OwnIds, type ProtocolSocket } from './operation-ids.ts';

/** The number of bytes that a client may leave unread. Until it reads on, nothing is read from it either. */
const MAX_UNREAD_BYTES = 1024 * 1024;
/** The number of bytes of requests that may wait for a slot. Until some of them have a slot, no more are read. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** How long a client may take to answer the closing message. */
export const CLOSE_TIMEOUT_MS = 2_000;
/** Registered with IANA as "try again later". Clients do not treat it as their fault and connect again. */
const TRY_AGAIN_LATER = 1013;
const UNREAD = 'Answers were not read: connect again, and resume from the last cursor';

interface ConnectionTools {
  readonly operationQueue: Pick<OperationQueue, 'drained'>;
  readonly log: Logger;
}

/**
 * One WebSocket, as graphql-ws and the hooks of the protocol see it. There are thousands of them that wait for an event, so it has
 * no closures of its own, and keeps nothing of the request.
 */
export class SocketConnection implements ProtocolSocket, Beating {
  /** What graphql-ws talks to. */
  readonly ids: OwnIds = new OwnIds(this);
  /** What graphql-ws wants to be called when the socket has closed. */
  onClosed: ReturnType<Server<SocketConnection>['opened']> | null = null;
  /** The number of operations that have not ended, including cancelled ones. */
  unfinished = 0;
  /** The number of refusals since an operation was last begun. */
  refusals = 0;
  private handle: Parameters<ProtocolSocket['onMessage']>[0] | null = null;
  /** Whether the last ping was answered. */
  private isAlive = true;
  /** The bytes of the message that is being handled. */
  private current = 0;
  /** The bytes of those messages whose operation has no slot yet. */
  private waiting = 0;

  constructor(
    readonly socket: WebSocket,
    /** The connection below it. */
    readonly transport: Socket,
    /** The upgrade. Null once the client has signed in. */
    public request: IncomingMessage | null,
    private readonly tools: ConnectionTools,
  ) {}

  get protocol(): string {
    return this.socket.protocol;
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  closed(code: number, reason: string): void {
    this.onClosed?.(code, reason).catch((err: unknown) =>
      this.tools.log.error({ err }, 'a WebSocket could not be cleaned up'),
    );
  }

  /** Sends a ping. A client that has not answered one before the next is disconnected. */
  beat(): void {
    // A ping behind unread responses, or a pong that is not read yet, says nothing about the client. The operation
    // queue closes such connections.
    if (unreadBytes(this.transport) > 0 || this.socket.isPaused) return;
    if (this.isAlive) {
      this.isAlive = false;
      this.socket.ping();
    } else this.socket.terminate();
  }

  /** A ping was answered. */
  answered(): void {
    this.isAlive = true;
  }

  /** The client does not read. */
  stalled(): void {
    if (!this.isOpen) return;
    this.socket.close(TRY_AGAIN_LATER, UNREAD);
    setTimeout(() => this.socket.terminate(), CLOSE_TIMEOUT_MS).unref();
  }

  /** Resolves when the kernel has accepted the text. */
  send(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.write(text, (error) => {
        // If the connection has failed or closed meanwhile, nobody misses the message. Node reports that a write has
        // failed before it destroys the connection.
        if (error && this.isOpen && !this.transport.errored) reject(error);
        else resolve();
      });
    });
  }

  /** Calls `sent` when the kernel has accepted the text, or the connection has closed. */
  write(text: string, sent: (error?: Error | null) => void): void {
    if (this.isOpen) {
      this.socket.send(text, (error) => {
        this.sent();
        sent(error);
      });
      this.pace();
    } else sent();
  }

  pong(data: Buffer): void {
    this.socket.pong(data, false, () => this.sent());
    this.pace();
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason);
  }

  onMessage(handle: Parameters<ProtocolSocket['onMessage']>[0]): void {
    this.handle = handle;
  }

  receive(text: string): void {
    // The message arrived before the client noticed that the socket is closing.
    if (!this.isOpen) return;
    this.current = text.length;
    this.handle?.(text).catch((err: unknown) => {
      this.tools.log.error({ err }, 'a message over WebSocket could not be handled');
      this.socket.close(CloseCode.InternalServerError, 'Internal server error');
    });
  }

  /** Counts the current message as waiting until the returned function is called. */
  waits(): () => void {
    const bytes = this.current;
    this.waiting += bytes;
    this.pace();
    return () => {
      this.waiting -= bytes;
      this.pace();
    };
  }

  private sent(): void {
    this.pace();
    this.tools.operationQueue.drained(this.transport);
  }

  private pace(): void {
    const { socket } = this;
    const isPaused = socket.bufferedAmount >= MAX_UNREAD_BYTES || this.waiting >= MAX_WAITING_BYTES;
    if (isPaused === socket.isPaused) return;
    if (isPaused) socket.pause();
    else socket.resume();
  }
}
