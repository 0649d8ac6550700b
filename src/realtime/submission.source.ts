import { type Beginning, type EventReader, EventSource, type KeptEvents } from '../graphql/operation/event-source.ts';

/** An event with the time of the latest change that was read with it. */
export interface TimedEvent<Event> {
  readonly event: Event;
  readonly position: Date;
}

/**
 * The state changes of all submissions of a user. Their positions are times, and rows can become visible after later ones, so a
 * time does not say what a subscriber has had: only those who begin at the present share a reader.
 */
export class SubmissionSource<Event> extends EventSource<Event, Date | null> {
  constructor(
    private readonly after: Date | null,
    /** The events behind a time; null: from now on. */
    private readonly events: (from: Date | null, signal: AbortSignal) => AsyncGenerator<TimedEvent<Event>, void, void>,
    signal: AbortSignal,
  ) {
    super(signal);
  }

  async begin(): Promise<Beginning<Date | null>> {
    return { position: this.after, present: this.after && new Date() };
  }

  read(from: Date | null, signal: AbortSignal): EventReader<Event, Date | null> {
    const events = this.events(from, signal);
    let reached = from;
    return {
      next: async () => {
        const { done, value } = await events.next();
        if (done || !value) return null;
        reached = value.position;
        return { ...value, log: '', isReset: false };
      },
      get position() {
        return reached;
      },
      close: async () => {
        await events.return();
      },
    };
  }

  has(): boolean {
    return false;
  }

  forget(position: Date | null): Date | null {
    return position;
  }

  covers(position: Date | null, other: Date | null): boolean {
    return other === null || (position !== null && position >= other);
  }

  union(position: Date | null): Date | null {
    return position;
  }

  joins(_position: Date | null, isPresent: boolean, { events }: KeptEvents<Event, Date | null>): number | null {
    return isPresent ? events.length : null;
  }
}
