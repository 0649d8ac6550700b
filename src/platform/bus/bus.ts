import type { Logger } from 'pino';
import { storeErrorIn } from '../../domain/error.ts';
import type { Database } from '../database/database.ts';
import { encode, Topics } from './bus.topics.ts';

/**
 * Publishes messages to all instances, including this one. A message may be lost: read the current state again after a
 * gap.
 */
export interface Bus {
  /** The payload is small JSON of at most about 7 kB: ids, not content. */
  publish(topic: string, payload: unknown): Promise<void>;
  /** The payload is untrusted, so check its shape. */
  subscribe(topic: string, fn: (payload: unknown) => void): () => void;
  /** Calls back when messages may have been lost. */
  onGap(fn: () => void): () => void;
  /** False while messages of other instances do not arrive. `onGap` follows when they arrive again. */
  readonly isConnected: boolean;
  close(): Promise<void>;
}

const CHANNEL = 'postern_bus';
/** An instance sends it after it could not publish a message. The others then read the current state. */
const GAP = 'gap';
const GAP_RETRY_DELAY_MS = 1_000;

/** Opens the bus over the database's own notifications. */
export async function createBus(db: Database, log: Logger): Promise<Bus> {
  const bus = new DatabaseBus(db, log);
  await bus.open();
  return bus;
}

class DatabaseBus implements Bus {
  private readonly topics: Topics;
  private readonly gapListeners = new Set<() => void>();
  private stopListening: () => Promise<void> = async () => {};
  private owed: NodeJS.Timeout | null = null;
  private closed = false;

  constructor(
    private readonly db: Database,
    private readonly log: Logger,
  ) {
    this.topics = new Topics(log);
  }

  get isConnected(): boolean {
    return this.db.isListening;
  }

  async open(): Promise<void> {
    this.db.onGap(() => this.notifyGap());
    this.stopListening = await this.db.listen(CHANNEL, (text) => {
      if (text === GAP) this.notifyGap();
      else this.topics.deliver(text);
    });
  }

  async publish(topic: string, payload: unknown): Promise<void> {
    const text = encode(topic, payload);
    try {
      await this.db.notify(CHANNEL, text);
    } catch (error) {
      if (!storeErrorIn(error)) throw error;
      // The change is already committed, so a failed notification must not fail the operation. This instance gets the
      // message directly.
      this.log.warn({ err: error, topic }, 'the other instances could not be notified: they will check again');
      this.oweGap();
      this.topics.deliver(text);
    }
  }

  subscribe(topic: string, fn: (payload: unknown) => void): () => void {
    return this.topics.subscribe(topic, fn);
  }

  onGap(fn: () => void): () => void {
    this.gapListeners.add(fn);
    return () => this.gapListeners.delete(fn);
  }

  async close(): Promise<void> {
    this.closed = true;
    if (this.owed) clearTimeout(this.owed);
    await this.stopListening();
  }

  private notifyGap(): void {
    for (const fn of this.gapListeners) fn();
  }

  /** Publishes a gap notification as soon as the bus works again. */
  private oweGap(): void {
    if (this.owed || this.closed) return;
    this.owed = setTimeout(() => {
      this.db.notify(CHANNEL, GAP).then(
        () => {
          this.owed = null;
        },
        () => {
          this.owed = null;
          this.oweGap();
        },
      );
    }, GAP_RETRY_DELAY_MS).unref();
  }
}
