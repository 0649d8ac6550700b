import type { ChangeStore, LoggedChange } from '../changes/change.store.ts';
import { CHANGES_TOPIC, ChangesWake } from '../changes/change.topic.ts';
import type { Bus } from '../platform/bus/bus.ts';
import type { EventLogs, LogFollower } from './event.stream.ts';

/** Entries kept in memory, for subscribers that are at or near the end of the log. */
const MAX_WINDOW_ENTRIES = 1_000;
const PAGE = 200;

interface Followed {
  readonly end: LogEnd;
  readonly followers: Set<() => void>;
}

/** Connects all subscriptions of this instance to the change logs: woken over the bus, read once for each integration. */
export class Hub implements EventLogs<LoggedChange, bigint> {
  private readonly followed = new Map<string, Followed>();
  private readonly stops: readonly (() => void)[];

  constructor(
    private readonly store: Pick<ChangeStore, 'read' | 'position'>,
    bus: Pick<Bus, 'subscribe' | 'onGap'>,
  ) {
    this.stops = [
      bus.subscribe(CHANGES_TOPIC, (payload) => {
        const wake = ChangesWake.safeParse(payload);
        if (wake.success) this.wake(wake.data.integrationId);
      }),
      // Notifications may have been lost during a gap, so every log is read again.
      bus.onGap(() => {
        for (const integrationId of this.followed.keys()) this.wake(integrationId);
      }),
    ];
  }

  async follow(
    integrationId: string,
    start: bigint | null,
    grown: () => void,
  ): Promise<LogFollower<LoggedChange, bigint>> {
    const last = (await this.store.position(integrationId)).sequence;
    const followed = this.followed.get(integrationId) ?? {
      end: new LogEnd(integrationId, this.store, last),
      followers: new Set<() => void>(),
    };
    this.followed.set(integrationId, followed);
    followed.followers.add(grown);
    return {
      // A position beyond the end is from a log that no longer exists: no entry will ever follow it.
      start: start === null || start > last ? last : start,
      after: (sequence) => followed.end.after(sequence),
      leave: () => {
        followed.followers.delete(grown);
        const unused = followed.followers.size === 0 && this.followed.get(integrationId) === followed;
        if (unused) this.followed.delete(integrationId);
      },
    };
  }

  close(): void {
    for (const stop of this.stops) stop();
  }

  private wake(integrationId: string): void {
    const followed = this.followed.get(integrationId);
    followed?.end.wake();
    for (const grown of followed?.followers ?? []) grown();
  }
}

/**
 * The end of one integration's change log, read once for all subscribers. A subscriber has no buffer: it comes back
 * with its own position and reads from there, so that a slow one uses no memory and misses no event.
 */
class LogEnd {
  /** The entries after `floor`, without gaps. */
  private window: LoggedChange[] = [];
  private reading: Promise<void> | null = null;
  private stale = true;

  constructor(
    private readonly integrationId: string,
    private readonly store: Pick<ChangeStore, 'read'>,
    /** The window begins after this sequence. */
    private floor: bigint,
  ) {}

  /** The log has grown, or may have. */
  wake(): void {
    this.stale = true;
  }

  async after(sequence: bigint): Promise<readonly LoggedChange[]> {
    if (sequence < this.floor) return this.store.read(this.integrationId, sequence, PAGE);
    while (this.stale || this.reading) {
      this.reading ??= this.read().finally(() => {
        this.reading = null;
      });
      await this.reading;
    }
    if (sequence < this.floor) return this.store.read(this.integrationId, sequence, PAGE);
    const from = this.window.findIndex((change) => change.sequence > sequence);
    return from === -1 ? [] : this.window.slice(from, from + PAGE);
  }

  private async read(): Promise<void> {
    this.stale = false;
    try {
      const found = await this.store.read(this.integrationId, this.window.at(-1)?.sequence ?? this.floor, PAGE);
      if (found.length === PAGE) this.stale = true;
      this.window.push(...found);
    } catch (error) {
      this.stale = true;
      throw error;
    }
    const surplus = this.window.length - MAX_WINDOW_ENTRIES;
    const last = surplus > 0 ? this.window[surplus - 1] : undefined;
    if (last) {
      this.floor = last.sequence;
      this.window = this.window.slice(surplus);
    }
  }
}
