import type { EventLogs } from '../changes/event.logs.ts';
import { retryUntilStoreIsBack } from '../platform/database/store/store.retry.ts';

interface StreamedEvent<T, Position> {
  readonly value: T;
  /** The log that it is from. */
  readonly key: string;
  /** The subscriber's position in each log after this event: reading from it misses no event. */
  readonly positions: Map<string, Position>;
}

export interface StreamOptions<Entry, Position, T> {
  readonly logs: EventLogs<Entry, Position>;
  /** The logs to follow. Read again whenever `keysChanged` calls back, because accounts are connected and disconnected. */
  keys(): Promise<readonly string[]>;
  keysChanged?(fn: () => void): () => void;
  /**
   * The start positions, which become those that were reached. `logs` decides where a log without one begins. Entries without an
   * event are passed at once, and an event when the next one is asked for.
   */
  readonly positions: Map<string, Position>;
  positionOf(entry: Entry): Position;
  /** The event for an entry, or null for none. `last` is the last entry of its page. Must not reject. */
  show(entry: Entry, last: Entry): Promise<T | null>;
  /** Ends the stream at once, also while it waits. */
  readonly signal: AbortSignal;
}

/**
 * The events of several logs until the signal aborts, in order within each. The logs do not wait for each other: a provider
 * that hangs delays only its own events. At most one page of each log is in memory, however slow the subscriber is.
 */
export async function* streamEvents<Entry, Position, T>(
  options: StreamOptions<Entry, Position, T>,
): AsyncGenerator<StreamedEvent<T, Position>, void, void> {
  const { signal, positions } = options;
  const channel = new RendezvousChannel<Offer<T, Position>>();
  const followed = new Map<string, AbortController>();
  const keysEvent = new AutoResetEvent();
  const stop = options.keysChanged?.(keysEvent.set);
  signal.addEventListener('abort', channel.end, { once: true });
  if (signal.aborted) channel.end();

  const followKeys = async () => {
    while (!signal.aborted) {
      const wanted = new Set(await retryUntilStoreIsBack(options.keys, signal));
      for (const [key, removed] of followed) {
        if (wanted.has(key)) continue;
        removed.abort();
        followed.delete(key);
      }
      for (const key of wanted) {
        if (followed.has(key) || signal.aborted) continue;
        const removed = new AbortController();
        followed.set(key, removed);
        follow(options, key, positions, channel, removed.signal).catch((error: unknown) => channel.fail(error));
      }
      await keysEvent.wait();
    }
  };
  signal.addEventListener('abort', keysEvent.set, { once: true });
  followKeys().catch((error: unknown) => channel.fail(error));

  try {
    for await (const { key, position, value } of channel.receive()) {
      yield { value, key, positions: new Map(positions).set(key, position) };
      positions.set(key, position);
    }
  } finally {
    stop?.();
    channel.end();
    keysEvent.set();
    for (const removed of followed.values()) removed.abort();
    signal.removeEventListener('abort', channel.end);
    signal.removeEventListener('abort', keysEvent.set);
  }
}

interface Offer<T, Position> {
  readonly key: string;
  readonly position: Position;
  readonly value: T;
}

/** Reads one log until `removed` aborts, because its key is no longer followed. */
async function follow<Entry, Position, T>(
  { logs, positionOf, show }: StreamOptions<Entry, Position, T>,
  key: string,
  positions: Map<string, Position>,
  channel: RendezvousChannel<Offer<T, Position>>,
  removed: AbortSignal,
): Promise<void> {
  const wakeUp = new AutoResetEvent();
  // The database may be unavailable for a while: the subscription then continues from the same position.
  const following = () => logs.follow(key, positions.get(key) ?? null, wakeUp.set);
  const follower = await retryUntilStoreIsBack(following, removed);
  let read = follower.start;
  positions.set(key, read);
  removed.addEventListener('abort', wakeUp.set, { once: true });
  try {
    while (!removed.aborted) {
      const page = await retryUntilStoreIsBack(() => follower.after(read), removed);
      // Converted together, so that their messages are read in one batch; delivered one by one, in order.
      const last = page.at(-1) as Entry;
      const shown = page.map((entry) => ({ position: positionOf(entry), showing: show(entry, last) }));
      for (const { position, showing } of shown) {
        const value = await showing;
        if (removed.aborted) return;
        if (value === null) positions.set(key, position);
        else await channel.send({ key, position, value });
        read = position;
      }
      if (page.length === 0) await wakeUp.wait();
    }
  } finally {
    follower.leave();
  }
}

/** An unbuffered queue of several producers and one consumer: a producer waits until its value is taken. */
class RendezvousChannel<T> {
  private readonly offers: { readonly value: T; readonly taken: () => void }[] = [];
  private readonly wakeUp = new AutoResetEvent();
  private ended = false;
  private failure: { readonly error: unknown } | null = null;

  /** Resolves when the value is taken, or when the consumer has ended. */
  send(value: T): Promise<void> {
    if (this.ended) return Promise.resolve();
    return new Promise((taken) => {
      this.offers.push({ value, taken });
      this.wakeUp.set();
    });
  }

  /** The consumer receives the error at once, before any value that is waiting. */
  fail(error: unknown): void {
    this.failure ??= { error };
    this.wakeUp.set();
  }

  readonly end = (): void => {
    this.ended = true;
    for (const { taken } of this.offers.splice(0)) taken();
    this.wakeUp.set();
  };

  async *receive(): AsyncGenerator<T, void, void> {
    while (!this.ended) {
      if (this.failure) throw this.failure.error;
      const offer = this.offers.shift();
      if (!offer) {
        await this.wakeUp.wait();
        continue;
      }
      try {
        yield offer.value;
      } finally {
        // Also where the consumer ends with this value: its producer would otherwise wait without end, and never leave its log.
        offer.taken();
      }
    }
  }
}

/** An event that one waiter consumes: set while nobody waits, it releases the next one who does, and is then reset. */
class AutoResetEvent {
  private isSet = false;
  private release: (() => void) | null = null;

  readonly set = (): void => {
    this.isSet = true;
    this.release?.();
  };

  /** Resolves when it is next set, or at once when it was set since this was last called. */
  async wait(): Promise<void> {
    if (!this.isSet) {
      await new Promise<void>((resolve) => {
        this.release = resolve;
      });
      this.release = null;
    }
    this.isSet = false;
  }
}
