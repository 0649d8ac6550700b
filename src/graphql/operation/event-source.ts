/** An event with the position of its reader. */
export interface ReadEvent<Event, Position> {
  readonly event: Event;
  /** The log that it is from. */
  readonly log: string;
  /** The position behind it, in all logs. */
  readonly position: Position;
  /** Whether the log begins again with it, so that no earlier position compares with those behind it. */
  readonly isReset: boolean;
}

/** Reads the events behind a position, one at a time. */
export interface EventReader<Event, Position> {
  /** The next event; null after the last one. */
  next(): Promise<ReadEvent<Event, Position> | null>;
  /** Where it has read up to, as it is now. It does not include an event that `next` has not returned yet. */
  readonly position: Position;
  close(): Promise<void>;
}

/** Where a subscriber begins. */
export interface Beginning<Position> {
  readonly position: Position;
  /** Where events are from now on, when the subscriber begins before. Null: it begins at the present. */
  readonly present: Position | null;
}

/** What a run still has of its events. */
export interface KeptEvents<Event, Position> {
  /** The position before the first of `events`. */
  readonly before: Position;
  readonly events: readonly ReadEvent<Event, Position>[];
  /** The position of its reader. */
  readonly reached: Position;
}

/**
 * The events of a subscription, read from logs. `subscribe` of a field returns it instead of a generator, and equal
 * subscriptions then share one reader, because positions say what a subscriber has had.
 */
export abstract class EventSource<Event, Position> implements AsyncIterable<Event> {
  /** `signal` aborts when the subscription that has opened the source ends. */
  constructor(protected readonly signal: AbortSignal) {}

  abstract begin(): Promise<Beginning<Position>>;

  /** Reads on from a position until the signal aborts. Readers are independent of each other. */
  abstract read(from: Position, signal: AbortSignal): EventReader<Event, Position>;

  /** Whether a subscriber at a position has had the event. */
  abstract has(position: Position, event: ReadEvent<Event, Position>): boolean;

  /**
   * The position of a subscriber without the logs of which nothing before an event compares with what follows: the log that begins
   * again with it, and those that were replaced by earlier ones since the subscriber joined its run, which was at `joined`.
   */
  abstract forget(position: Position, joined: Position, event: ReadEvent<Event, Position>): Position;

  /** Whether a subscriber at a position has had everything up to another position. */
  abstract covers(position: Position, other: Position): boolean;

  /** The position of a subscriber who has had everything up to both. */
  abstract union(position: Position, other: Position): Position;

  /**
   * How many of the kept events a subscriber at a position passes over so that it misses nothing when it goes on with the others
   * that it has not had, and with those that follow. Null: it would miss something. `isPresent`: the position is the present one,
   * as the logs say.
   */
  abstract joins(position: Position, isPresent: boolean, kept: KeptEvents<Event, Position>): number | null;

  async *[Symbol.asyncIterator](): AsyncGenerator<Event, void, void> {
    const { position } = await this.begin();
    const reader = this.read(position, this.signal);
    try {
      for (let read = await reader.next(); read; read = await reader.next()) yield read.event;
    } finally {
      await reader.close();
    }
  }
}

/** A source without positions, which only its own subscription reads. */
export class UnsharedSource<Event> extends EventSource<Event, null> {
  constructor(
    private readonly events: AsyncIterable<Event>,
    private readonly ended: () => void,
    signal: AbortSignal,
  ) {
    super(signal);
  }

  async begin(): Promise<Beginning<null>> {
    return { position: null, present: null };
  }

  read(): EventReader<Event, null> {
    const events = this.events[Symbol.asyncIterator]();
    return {
      position: null,
      next: async () => {
        const { done, value } = await events.next();
        return done ? null : { event: value, log: '', position: null, isReset: false };
      },
      close: async () => {
        this.ended();
        await events.return?.();
      },
    };
  }

  has(): boolean {
    return false;
  }

  forget(): null {
    return null;
  }

  covers(): boolean {
    return true;
  }

  union(): null {
    return null;
  }

  joins(): null {
    return null;
  }
}
