import type pg from 'pg';
import type { Logger } from 'pino';

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5_000;
/** The heartbeat is needed because a connection that a firewall dropped reports no error by itself. */
const HEARTBEAT_INTERVAL_MS = 30_000;

/** Keeps one connection for LISTEN alone. It is opened with the first channel, and again whenever it is lost. */
export class PostgresListener {
  private readonly channels = new Map<string, Set<(payload: string) => void>>();
  private readonly gapListeners = new Set<() => void>();
  private connection: Promise<pg.Client> | null = null;
  private heartbeat: NodeJS.Timeout | null = null;
  private beat: (() => void) | null = null;
  private retry: NodeJS.Timeout | null = null;
  private closed = false;
  /** False while there is no connection, so that notifications are lost. */
  isOpen = false;

  constructor(
    private readonly connecting: () => Promise<pg.Client>,
    private readonly log: Logger,
  ) {}

  async listen(channel: string, onPayload: (payload: string) => void): Promise<() => Promise<void>> {
    if (!/^[a-z_]+$/.test(channel)) throw new RangeError(`Not a channel: ${channel}`);
    const listeners = this.channels.get(channel) ?? new Set();
    this.channels.set(channel, listeners.add(onPayload));
    this.connection ??= this.connect();
    const client = await this.connection;
    await client.query(`LISTEN ${channel}`);
    return async () => {
      listeners.delete(onPayload);
    };
  }

  onGap(fn: () => void): () => void {
    this.gapListeners.add(fn);
    return () => this.gapListeners.delete(fn);
  }

  async close(): Promise<void> {
    this.closed = true;
    if (this.heartbeat) clearInterval(this.heartbeat);
    if (this.retry) clearTimeout(this.retry);
    const client = await this.connection?.catch(() => null);
    await client?.end().catch(() => {});
  }

  /** Call it when the server did not answer. A broken connection is then replaced at once. */
  check(): void {
    this.beat?.();
  }

  private async connect(): Promise<pg.Client> {
    const client = await this.connecting();
    let state: 'opening' | 'open' | 'lost' = 'opening';
    const lose = (error?: unknown) => {
      const wasOpen = state === 'open';
      state = 'lost';
      // Before it is open, `connect` reports the failure to its caller.
      if (!wasOpen || this.closed) return;
      this.isOpen = false;
      this.log.warn({ err: error }, 'the listening connection to the database was lost');
      client.end().catch(() => {});
      this.reconnect(FIRST_BACKOFF_MS);
    };
    client.on('error', lose);
    client.on('end', () => lose());
    client.on('notification', ({ channel, payload }) => {
      for (const fn of this.channels.get(channel) ?? []) fn(payload ?? '');
    });
    try {
      for (const channel of this.channels.keys()) await client.query(`LISTEN ${channel}`);
    } catch (error) {
      client.end().catch(() => {});
      throw error;
    }
    state = 'open';
    this.isOpen = true;
    if (this.heartbeat) clearInterval(this.heartbeat);
    this.beat = () => void client.query('SELECT 1').catch(lose);
    this.heartbeat = setInterval(this.beat, HEARTBEAT_INTERVAL_MS).unref();
    return client;
  }

  private reconnect(delay: number): void {
    this.retry = setTimeout(() => {
      const connection = this.connect();
      this.connection = connection;
      connection.then(
        () => {
          this.log.info('the listening connection to the database is back');
          for (const fn of this.gapListeners) fn();
        },
        () => {
          if (!this.closed) this.reconnect(Math.min(delay * 2, MAX_BACKOFF_MS));
        },
      );
    }, delay).unref();
  }
}
