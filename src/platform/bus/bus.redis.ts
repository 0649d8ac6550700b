import { createClient } from '@redis/client';
import type { Logger } from 'pino';
import { isDoneWithin, timeLimited } from '../abort.ts';
import { MAX_PAYLOAD_BYTES } from '../database/database.ts';
import { encode, Topics } from './bus.topics.ts';
import type { Bus } from './bus.ts';

/** Redis cannot be used. The message is one line for the person who started the process. */
export class BusError extends Error {
  override readonly name = 'BusError';
}

export interface RedisBusOptions {
  /** A secret, because it contains the password. */
  readonly url: string;
  readonly channel: string;
  readonly log: Logger;
  /** Default: 10 seconds. */
  readonly heartbeatMs?: number;
}

/** The heartbeat is needed because a connection that a firewall dropped reports no error by itself. */
const HEARTBEAT_INTERVAL_MS = 10_000;
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5_000;
const CONNECT_TIMEOUT_MS = 10_000;
/** How long a publisher waits until Redis acknowledges the message. */
const COMMAND_TIMEOUT_MS = 1_000;
/** An instance sends it after it could not publish a message. The others then read the current state. */
const GAP = 'gap';

/**
 * Opens the bus over Redis pub/sub. Throws BusError if Redis does not answer at the start; later the bus waits until it
 * is back.
 */
export async function openRedisBus(options: RedisBusOptions): Promise<Bus> {
  const bus = new RedisBus(options);
  try {
    await bus.open();
    return bus;
  } catch (error) {
    await bus.close();
    const { hostname, port } = new URL(options.url);
    const { message, code } = error as { message?: string; code?: string };
    throw new BusError(
      `REDIS_URL: the Redis at ${hostname}:${port || 6379} cannot be used (${message || code || 'no answer'}).`,
    );
  }
}

/** Listens and publishes over one connection, which version 3 of the Redis protocol allows. */
class RedisBus implements Bus {
  private readonly client;
  private readonly topics: Topics;
  private readonly gapListeners = new Set<() => void>();
  private heartbeat: NodeJS.Timeout | null = null;
  private state: 'opening' | 'up' | 'lost' | 'closed' = 'opening';
  /** True while the other instances have missed a message of this instance and do not know it. */
  private owesGap = false;

  constructor(private readonly options: RedisBusOptions) {
    this.topics = new Topics(options.log);
    this.client = createClient({
      url: options.url,
      RESP: 3,
      // The gap notification replaces a late message.
      disableOfflineQueue: true,
      socket: {
        connectTimeout: CONNECT_TIMEOUT_MS,
        // Ends the wait for a server that never answers: there is no heartbeat until the connection is open.
        socketTimeout: CONNECT_TIMEOUT_MS + 2 * (options.heartbeatMs ?? HEARTBEAT_INTERVAL_MS),
        reconnectStrategy: (retries) =>
          this.state === 'opening' ? false : Math.min(FIRST_BACKOFF_MS * 2 ** retries, MAX_BACKOFF_MS),
      },
    });
    // The client reports the error again at each attempt.
    this.client.on('error', (err: unknown) => this.lose(err));
    this.client.on('ready', () => this.regain());
  }

  get isConnected(): boolean {
    return this.state === 'up' && this.client.isReady;
  }

  async open(): Promise<void> {
    const { channel, heartbeatMs = HEARTBEAT_INTERVAL_MS } = this.options;
    const opening = (async () => {
      await this.client.connect();
      await this.client.subscribe(channel, (text) => this.hear(text));
      // A Redis user that may subscribe is not always allowed to publish, so this is checked at the start.
      await this.client.publish(channel, '');
    })();
    await timeLimited(opening, CONNECT_TIMEOUT_MS, () => new Error('no answer'));
    this.state = 'up';
    this.heartbeat = setInterval(() => void this.beat(heartbeatMs), heartbeatMs).unref();
  }

  async publish(topic: string, payload: unknown): Promise<void> {
    const text = encode(topic, payload);
    if (Buffer.byteLength(text) > MAX_PAYLOAD_BYTES) throw new RangeError('The message is too long.');
    const sent = this.client.publish(this.options.channel, text).catch((err: unknown) => {
      // The change is already committed, so a failed notification must not fail the operation. This instance gets the
      // message directly.
      if (!this.owesGap && this.client.isReady) this.options.log.warn({ err }, 'Redis refused a message');
      this.owesGap = true;
      this.topics.deliver(text);
    });
    await isDoneWithin(sent, COMMAND_TIMEOUT_MS);
  }

  subscribe(topic: string, fn: (payload: unknown) => void): () => void {
    return this.topics.subscribe(topic, fn);
  }

  onGap(fn: () => void): () => void {
    this.gapListeners.add(fn);
    return () => this.gapListeners.delete(fn);
  }

  async close(): Promise<void> {
    this.state = 'closed';
    if (this.heartbeat) clearInterval(this.heartbeat);
    // The last published messages may still be in transit.
    if (this.client.isReady) await isDoneWithin(this.client.close(), COMMAND_TIMEOUT_MS).catch(() => {});
    this.client.destroy();
  }

  private hear(text: string): void {
    if (text === GAP) this.notifyGap();
    else this.topics.deliver(text);
  }

  private notifyGap(): void {
    for (const fn of this.gapListeners) fn();
  }

  private lose(err: unknown): void {
    if (this.state !== 'up') return;
    this.state = 'lost';
    this.options.log.warn({ err }, 'the connection to Redis was lost');
  }

  /** The client calls it once it listens again. */
  private regain(): void {
    if (this.state !== 'lost') return;
    this.state = 'up';
    this.options.log.info('the connection to Redis is back');
    this.notifyGap();
    void this.settleGap();
  }

  private async settleGap(): Promise<void> {
    if (!this.owesGap) return;
    this.owesGap = false;
    await this.client.publish(this.options.channel, GAP).catch(() => {
      this.owesGap = true;
    });
  }

  private async beat(deadlineMs: number): Promise<void> {
    if (!this.client.isReady) return;
    const answer = this.client.ping().then(() => this.settleGap());
    if ((await isDoneWithin(answer, deadlineMs).catch(() => true)) || this.state === 'closed') return;
    this.lose(new Error('no answer'));
    this.client.destroy();
    this.client.connect().catch(() => {});
  }
}
