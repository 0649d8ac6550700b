import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

export interface DrainOptions {
  readonly server: Server;
  /** Says goodbye to the WebSocket clients. */
  closeSockets(): Promise<void>;
}

/** Requests that are not done by then are cut. With what comes after it, a stop stays under ten seconds. */
const PATIENCE_MS = 7_000;

/** How the process stops without dropping a request. */
export class Drain {
  private begun: Promise<void> | null = null;

  constructor(private readonly options: DrainOptions) {}

  /** From now on /ready answers 503, and answers ask clients not to keep their connection. */
  get draining(): boolean {
    return this.begun !== null;
  }

  /**
   * Stops accepting after `graceMs`, in which load balancers can notice and kept connections end of themselves;
   * then waits for the requests under way.
   */
  run(graceMs: number): Promise<void> {
    this.begun ??= this.stop(graceMs);
    return this.begun;
  }

  private async stop(graceMs: number): Promise<void> {
    const { server, closeSockets } = this.options;
    if (graceMs > 0) await delay(graceMs);
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    const cut = setTimeout(() => server.closeAllConnections(), PATIENCE_MS);
    await Promise.all([closed, closeSockets()]);
    clearTimeout(cut);
  }
}
