import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface DrainOptions {
  readonly server: Server;
  /** Says goodbye to the WebSocket clients. */
  closeSockets(): Promise<void>;
}

/** Requests that are not done so long after the signal are cut, but not sooner than LEAST_MS after the delay. A stop then stays under ten seconds. */
const PATIENCE_MS = 7_000;
const LEAST_MS = 4_000;
const SWEEP_MS = 100;
/** A connection that is this old and has not said a word was opened in store. */
const SILENT_MS = 1_000;

/** How the process stops without dropping a request. */
export class Drain {
  private begun: Promise<void> | null = null;
  /** Since when each connection is open. */
  private readonly connections = new Map<Socket, number>();

  constructor(private readonly options: DrainOptions) {
    options.server.on('connection', (socket: Socket) => {
      this.connections.set(socket, Date.now());
      socket.once('close', () => this.connections.delete(socket));
    });
  }

  /** From now on /ready answers 503, and answers ask clients not to keep their connection. */
  get draining(): boolean {
    return this.begun !== null;
  }

  /**
   * Stops accepting after `delayMs`, in which load balancers can notice and kept connections end of themselves;
   * then waits for the requests under way.
   */
  run(delayMs: number): Promise<void> {
    this.begun ??= this.stop(delayMs);
    return this.begun;
  }

  private async stop(delayMs: number): Promise<void> {
    const { server, closeSockets } = this.options;
    if (delayMs > 0) await delay(delayMs);
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    const sweep = setInterval(() => this.sweep(), SWEEP_MS);
    const cut = setTimeout(() => server.closeAllConnections(), Math.max(PATIENCE_MS - delayMs, LEAST_MS));
    await Promise.all([closed, closeSockets()]);
    clearInterval(sweep);
    clearTimeout(cut);
  }

  /**
   * Node closes what is idle when the server closes, and no later: not the connection of an answer that began before the
   * drain and promised to keep it, nor one that has not been used yet.
   */
  private sweep(): void {
    this.options.server.closeIdleConnections();
    const before = Date.now() - SILENT_MS;
    for (const [socket, since] of this.connections) if (socket.bytesRead === 0 && since < before) socket.destroy();
  }
}
