import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay, setImmediate as heard } from 'node:timers/promises';

interface DrainOptions {
  readonly server: Server;
  /** Closes the WebSockets. */
  closeSockets(): Promise<void>;
}

/** Requests that are not done so long after the signal are cut, but not sooner than MIN_DRAIN_TIMEOUT_MS after the delay. A stop then stays under ten seconds. */
const DRAIN_TIMEOUT_MS = 7_000;
const MIN_DRAIN_TIMEOUT_MS = 4_000;
const SWEEP_INTERVAL_MS = 100;
/** A connection that says nothing for so many sweeps was opened in store. Counted in sweeps, not in time: data that arrived while the event loop was busy is read between two sweeps. */
const MAX_SILENT_SWEEPS = 20;

/** How the process stops without dropping a request. */
export class Drain {
  private begun: Promise<void> | null = null;
  /** In how many sweeps each connection was silent. */
  private readonly connections = new Map<Socket, number>();

  constructor(private readonly options: DrainOptions) {
    options.server.on('connection', (socket: Socket) => {
      this.connections.set(socket, 0);
      socket.once('close', () => this.connections.delete(socket));
    });
  }

  /** From now on /ready answers 503, and answers ask clients not to keep their connection. */
  get draining(): boolean {
    return this.begun !== null;
  }

  /**
   * Stops accepting after `delayMs`, in which load balancers can notice and kept-alive connections end;
   * then waits for the requests under way.
   */
  run(delayMs: number): Promise<void> {
    this.begun ??= this.stop(delayMs);
    return this.begun;
  }

  private async stop(delayMs: number): Promise<void> {
    const { server, closeSockets } = this.options;
    if (delayMs > 0) await delay(delayMs);
    // Connections that wait to be accepted would be reset.
    await heard();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    const sweep = setInterval(() => this.sweep(), SWEEP_INTERVAL_MS);
    const cut = setTimeout(
      () => server.closeAllConnections(),
      Math.max(DRAIN_TIMEOUT_MS - delayMs, MIN_DRAIN_TIMEOUT_MS),
    );
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
    for (const [socket, sweeps] of this.connections) {
      if (socket.bytesRead > 0) continue;
      this.connections.set(socket, sweeps + 1);
      if (sweeps >= MAX_SILENT_SWEEPS) socket.destroy();
    }
  }
}
