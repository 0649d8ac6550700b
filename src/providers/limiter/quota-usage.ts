import type { Call, Limits } from '../contract/call.ts';

type Priority = Call['priority'];

/** The share of the window's units that background work may use, so that interactive requests always have some. */
const BACKGROUND_SHARE = 0.8;
/**
 * The share of the window's units that is reserved for background work. Without it, a client that pages through a whole mailbox
 * would see no new mail until the window has passed, which takes ten minutes at Graph.
 */
const RESERVED_SHARE = 0.1;

interface Entry {
  readonly at: number;
  readonly units: number;
}

/** The units that were spent in the last window. */
class Window {
  private readonly entries: Entry[] = [];
  private sum = 0;

  constructor(private readonly lengthMs: number) {}

  add(entry: Entry): void {
    this.entries.push(entry);
    this.sum += entry.units;
  }

  isEmptyAt(now: number): boolean {
    return (this.entries.at(-1)?.at ?? Number.NEGATIVE_INFINITY) <= now - this.lengthMs;
  }

  /** The earliest time at which so many more units stay within `allowed`. */
  roomAt(units: number, allowed: number, now: number): number {
    while (this.entries[0] && this.entries[0].at <= now - this.lengthMs) this.sum -= this.entries.shift()?.units ?? 0;
    let over = this.sum + Math.min(units, allowed) - allowed;
    let at = now;
    for (const entry of this.entries) {
      if (over <= 0) break;
      over -= entry.units;
      at = entry.at + this.lengthMs;
    }
    return at;
  }
}

/** The quota that an account's requests have spent, and how interactive requests and background work share it. */
export class QuotaUsage {
  private readonly all: Window;
  private readonly of: Readonly<Record<Priority, Window>>;

  constructor(
    private readonly limits: Limits,
    private readonly now: () => number,
  ) {
    const { windowMs } = limits;
    this.all = new Window(windowMs);
    this.of = { interactive: new Window(windowMs), background: new Window(windowMs) };
  }

  spend(units: number, priority: Priority): void {
    const entry = { at: this.now(), units };
    this.all.add(entry);
    this.of[priority].add(entry);
  }

  /** Whether no spent unit counts any more. */
  get isEmpty(): boolean {
    return this.all.isEmptyAt(this.now());
  }

  /** Milliseconds until this many units may be spent. */
  waitMs(units: number, priority: Priority): number {
    const now = this.now();
    const within = (window: Window, share: number) => window.roomAt(units, this.limits.units * share, now);
    const shared =
      priority === 'interactive'
        ? within(this.of.interactive, 1 - RESERVED_SHARE)
        : Math.min(within(this.all, BACKGROUND_SHARE), within(this.of.background, RESERVED_SHARE));
    return Math.max(within(this.all, 1), shared) - now;
  }
}
