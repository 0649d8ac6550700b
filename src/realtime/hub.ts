import type { ChangeStore, LoggedChange } from '../changes/change.store.ts';
import { CHANGES_TOPIC, ChangesWake } from '../changes/change.topic.ts';
import type { Bus } from '../platform/bus/bus.ts';
import { Feed } from './feed.ts';

interface Followed {
  readonly feed: Feed;
  readonly followers: Set<() => void>;
}

/** Connects all subscriptions of this instance to the change log: woken over the bus, read once for each integration. */
export class Hub {
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

  /**
   * Calls `woken` when the integration's log may have grown. `start` is where the follower will read from: null for
   * the end of the log as it is now, which `place` then is.
   */
  async follow(integrationId: string, start: bigint | null, woken: () => void): Promise<Follower> {
    const end = (await this.store.position(integrationId)).sequence;
    const followed = this.followed.get(integrationId) ?? {
      feed: new Feed(integrationId, this.store, end),
      followers: new Set<() => void>(),
    };
    this.followed.set(integrationId, followed);
    followed.followers.add(woken);
    return {
      // A position beyond the end is from a log that no longer exists: no entry will ever follow it.
      place: start === null || start > end ? end : start,
      after: (place) => followed.feed.after(place),
      leave: () => {
        followed.followers.delete(woken);
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
    followed?.feed.wake();
    for (const woken of followed?.followers ?? []) woken();
  }
}

export interface Follower {
  /** Where to read from first. */
  readonly place: bigint;
  /** The entries after a position, oldest first; empty at the end. */
  after(place: bigint): Promise<readonly LoggedChange[]>;
  leave(): void;
}
