import { INTEGRATION_TOPIC, IntegrationChange } from '../accounts/integrations/integration.directory.ts';
import type { Bus } from '../platform/bus/bus.ts';
import type { ChangeStore, LoggedChange } from './change.store.ts';
import { CHANGES_TOPIC, ChangesWake } from './change.topic.ts';
import type { EventLogs, LogFollower } from './event.logs.ts';
import type { LogPosition } from './log-position.ts';

/** Entries kept in memory, for subscribers that are at or near the end of the log. */
const MAX_WINDOW_ENTRIES = 1_000;
const PAGE = 200;
/** How long an entry may stay unnoticed whose announcement was lost, with the process that wrote it or with the bus. */
const LOOK_INTERVAL_MS = 3_000;

/** A follower of one integration's change log. */
interface HubFollower extends LogFollower<LoggedChange, bigint> {
  readonly replacements: number;
  announce(): void;
  /** Reads the end of the log again, because its position was found not to be in it. */
  refresh(): void;
}

interface Followed {
  readonly end: LogEnd;
  readonly followers: Set<() => void>;
  /** The end that a look has found, so that a log whose last entries were lost wakes nobody twice. */
  found: LogPosition | null;
}

/**
 * Connects everything on this instance that follows change logs to them: woken over the bus, read once for each integration.
 * Entries are announced after their transaction, so an announcement can be lost. While logs are followed, one query looks
 * for the ends of all of them every few seconds.
 */
export class Hub implements EventLogs<LoggedChange, bigint> {
  private readonly followed = new Map<string, Followed>();
  private readonly stops: readonly (() => void)[];
  private readonly listeners = new Set<(integrationId: string) => void>();
  private timer: NodeJS.Timeout | null = null;
  private isClosed = false;
  private hasFailed = false;

  constructor(
    private readonly store: Pick<ChangeStore, 'read' | 'ends'>,
    bus: Pick<Bus, 'subscribe' | 'onGap'>,
    private readonly lookIntervalMs = LOOK_INTERVAL_MS,
  ) {
    this.stops = [
      bus.subscribe(CHANGES_TOPIC, (payload) => {
        const wake = ChangesWake.safeParse(payload);
        if (wake.success) this.wake(wake.data.integrationId);
      }),
      // A change of status is in the log too.
      bus.subscribe(INTEGRATION_TOPIC, (payload) => {
        const change = IntegrationChange.safeParse(payload);
        if (change.success) this.wake(change.data.id);
      }),
      // Notifications may have been lost during a gap, so every log is read again.
      bus.onGap(() => {
        for (const integrationId of this.followed.keys()) this.wake(integrationId);
      }),
    ];
  }

  /** False while the ends of the followed logs cannot be asked for, so that a lost announcement would not be noticed. */
  get isLooking(): boolean {
    return !this.hasFailed;
  }

  /**
   * Calls back with the account of each log that is found to have entries which no message on the bus has announced: for what
   * follows no log, and learns of changes over the bus alone.
   */
  onUnannounced(fn: (integrationId: string) => void): () => void {
    this.listeners.add(fn);
    return () => this.listeners.delete(fn);
  }

  async follow(integrationId: string, start: bigint | null, grown: () => void): Promise<HubFollower> {
    const last = await endOf(this.store, integrationId);
    const followed: Followed = this.followed.get(integrationId) ?? {
      end: new LogEnd(integrationId, this.store, last),
      followers: new Set<() => void>(),
      found: null,
    };
    this.followed.set(integrationId, followed);
    followed.followers.add(grown);
    const { end } = followed;
    if (isOther(last, end.last)) this.announce(integrationId);
    this.lookSoon();
    return {
      // Callers compare a position with the log first (`lossAfter`): no entry follows one of a log that no longer exists.
      start: start ?? last.sequence,
      after: (sequence) => end.after(sequence),
      get replacements() {
        return end.replacements;
      },
      announce: () => this.announce(integrationId),
      refresh: () => end.wake(),
      leave: () => {
        followed.followers.delete(grown);
        const unused = followed.followers.size === 0 && this.followed.get(integrationId) === followed;
        if (unused) this.followed.delete(integrationId);
        if (this.followed.size === 0) this.rest();
      },
    };
  }

  close(): void {
    this.isClosed = true;
    this.rest();
    for (const stop of this.stops) stop();
  }

  private lookSoon(): void {
    if (this.timer || this.isClosed || this.followed.size === 0) return;
    const timer = setTimeout(() => {
      void this.look().finally(() => {
        if (this.timer !== timer) return;
        this.timer = null;
        this.lookSoon();
      });
    }, this.lookIntervalMs).unref();
    this.timer = timer;
  }

  /** A process without followers makes no query. */
  private rest(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.hasFailed = false;
  }

  /** Wakes the followers of each log that does not end where they have read to. */
  private async look(): Promise<void> {
    const asked = [...this.followed.keys()];
    try {
      const ends = await this.store.ends(asked);
      this.hasFailed = false;
      for (const id of asked) {
        const followed = this.followed.get(id);
        const end = ends.get(id) ?? BEGINNING;
        if (!followed || !isOther(end, followed.end.last) || (followed.found && !isOther(end, followed.found)))
          continue;
        followed.found = end;
        this.announce(id);
      }
    } catch {
      this.hasFailed = this.followed.size > 0;
    }
  }

  /** Notifies all whom a message on the bus should have notified. */
  private announce(integrationId: string): void {
    for (const fn of this.listeners) fn(integrationId);
    this.wake(integrationId);
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
  /** The entries after `floor`, in order. */
  private window: LoggedChange[] = [];
  /** The window begins after this sequence. */
  private floor: bigint;
  private reading: Promise<void> | null = null;
  private stale = true;
  replacements = 0;

  constructor(
    private readonly integrationId: string,
    private readonly store: Pick<ChangeStore, 'read' | 'ends'>,
    /** The end of the log, as far as it was read. */
    public last: LogPosition,
  ) {
    this.floor = last.sequence;
  }

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
      // The last known entry is read again with the new ones: a log that was replaced has none there, or another one.
      const found = await this.store.read(this.integrationId, this.last.sequence - 1n, PAGE + 1);
      const known = found[0]?.sequence === this.last.sequence ? found[0] : null;
      if (await this.isReplaced(known, found.length === 0)) {
        this.replacements++;
        this.last = await endOf(this.store, this.integrationId);
        this.floor = this.last.sequence;
        this.window = [];
        return;
      }
      const grown = known ? found.slice(1) : found.slice(0, PAGE);
      if (grown.length === PAGE) this.stale = true;
      this.window.push(...grown);
      const end = grown.at(-1);
      if (end) this.last = { sequence: end.sequence, at: end.at.getTime() };
    } catch (error) {
      this.stale = true;
      throw error;
    }
    const surplus = this.window.length - MAX_WINDOW_ENTRIES;
    const dropped = surplus > 0 ? this.window[surplus - 1] : undefined;
    if (dropped) {
      this.floor = dropped.sequence;
      this.window = this.window.slice(surplus);
    }
  }

  /** `known` is the entry that is now where the last known one was. That one may also have been pruned. */
  private async isReplaced(known: LoggedChange | null, isNothingFound: boolean): Promise<boolean> {
    if (known) return this.last.at !== null && known.at.getTime() !== this.last.at;
    return isNothingFound && (await endOf(this.store, this.integrationId)).sequence < this.last.sequence;
  }
}

/** The end of a log. That of a deleted integration is its beginning. */
async function endOf(store: Pick<ChangeStore, 'ends'>, integrationId: string): Promise<LogPosition> {
  return (await store.ends([integrationId])).get(integrationId) ?? BEGINNING;
}

const BEGINNING: LogPosition = { sequence: 0n, at: null };

/** Whether a log that ends at `a` has another end than one that ends at `b`. The entry there may have been pruned. */
const isOther = (a: LogPosition, b: LogPosition): boolean =>
  a.sequence !== b.sequence || (a.at !== null && b.at !== null && a.at !== b.at);
