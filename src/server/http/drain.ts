import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { isDoneWithin } from '../../platform/abort.ts';

interface DrainOptions {
  readonly server: Server;
  /** Closes the other transports. */
  closeDoors(): Promise<unknown>;
}

/**
 * Requests that are still running this long after the signal are cut, but not sooner than MIN_DRAIN_TIMEOUT_MS after
 * the delay. This keeps a stop under ten seconds.
 */
const DRAIN_TIMEOUT_MS = 7_000;
const MIN_DRAIN_TIMEOUT_MS = 4_000;
const SWEEP_INTERVAL_MS = 100;
/**
 * A connection that sends nothing for so many sweeps was opened in reserve. Sweeps are counted instead of time, because
 * data that arrived while the event loop was busy is read between two sweeps.
 */
const MAX_SILENT_SWEEPS = 20;

/** Stops the process without dropping a request. */
export class Drain {
  private begun: Promise<void> | null = null;
  /** The number of sweeps in which each connection was silent. */
  private readonly connections = new Map<Socket, number>();

  constructor(private readonly options: DrainOptions) {
    options.server.on('connection', (socket: Socket) => {
      this.connections.set(socket, 0);
      socket.once('close', () => this.connections.delete(socket));
    });
  }

  /** True once the drain has begun: /ready answers 503, and responses ask clients to close their connection. */
  get draining(): boolean {
    return this.begun !== null;
  }

  /**
   * Stops accepting connections after `delayMs`, in which load balancers can notice and kept-alive connections end.
   * Then it waits for the running requests.
   */
  run(delayMs: number): Promise<void> {
    this.begun ??= this.stop(delayMs);
    return this.begun;
  }

  private async stop(delayMs: number): Promise<void> {
    const { server, closeDoors } = this.options;
    if (delayMs > 0) await delay(delayMs);
    // Connections that wait to be accepted would be reset, so they are accepted first.
    await nextTurn();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    const sweep = setInterval(() => this.sweep(), SWEEP_INTERVAL_MS);
    const timeoutMs = Math.max(DRAIN_TIMEOUT_MS - delayMs, MIN_DRAIN_TIMEOUT_MS);
    const cut = setTimeout(() => server.closeAllConnections(), timeoutMs);
    await Promise.all([closed, isDoneWithin(closeDoors(), timeoutMs)]);
    clearInterval(sweep);
    clearTimeout(cut);
  }

  /**
   * Closes idle connections. Node does so only at the moment when the server closes. It misses a connection whose
   * response began before the drain and promised to keep it alive, and a connection that has not been used yet.
   */
  private sweep(): void {
    this.options.server.closeIdleConnections();
    for (const [socket, sweeps] of this.connections) {
      if (socket.bytesRead > 0) continue;
      this.connections.set(socket, sweeps + 1);
      if (sweeps >= MAX_SILENT_SWEEPS) socket.destroy();
    }
  }
}
