import { WaitingLine } from '../waiting-line.ts';

export interface LaneOptions {
  /** The maximum number of tasks in one lane at a time. */
  readonly slots: number;
  /**
   * The number of further tasks that have run for longer than `slowAfterMs`. Such a task leaves its slot to another
   * one.
   */
  readonly slowSlots: number;
  readonly slowAfterMs: number;
  /** The maximum number of slots in a lane for one owner. */
  readonly perOwner: number;
}

interface EntryOptions {
  /**
   * True if the task failed the last time, or its provider is unavailable. All such tasks together get at most half of the slots, only one while others
   * wait, and one for each owner.
   */
  readonly isLikelyToFail?: boolean;
  /** Ends the wait for a slot, which rejects with the reason of the signal. */
  readonly signal?: AbortSignal;
}

/** The slot that a task occupies in its lane. */
export interface LaneSlot {
  /** Releases the slot until `work` is done, and then waits for a slot again. */
  without<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * Runs tasks that wait for external systems, such as a provider. Each system has a lane, so that a system that hangs
 * delays only its own tasks. Each owner has a limited number of slots in a lane, so that a failing owner gets no more
 * than its share.
 */
export class Lanes {
  private readonly lanes = new Map<string, Lane>();

  constructor(private readonly options: LaneOptions) {}

  async run<T>(
    lane: string,
    owner: string,
    work: (slot: LaneSlot) => Promise<T>,
    options: EntryOptions = {},
  ): Promise<T> {
    const entered = this.lane(lane);
    let leave = await entered.enter(owner, options);
    try {
      return await work({
        without: async (wait) => {
          leave();
          leave = () => {};
          try {
            return await wait();
          } finally {
            leave = await entered.enter(owner, options);
          }
        },
      });
    } finally {
      leave();
    }
  }

  /** The number of tasks that wait for a slot. */
  waiting(lane: string): number {
    return this.lanes.get(lane)?.waiting.length ?? 0;
  }

  private lane(name: string): Lane {
    const lane = this.lanes.get(name) ?? new Lane(this.options);
    this.lanes.set(name, lane);
    return lane;
  }
}

interface Waiter {
  readonly owner: string;
  readonly isLikelyToFail: boolean;
}

interface Holder {
  readonly owner: string;
  readonly isLikelyToFail: boolean;
  kind: 'quick' | 'slow';
}

class Lane {
  readonly waiting = new WaitingLine<Waiter, () => void>();
  private readonly holders = new Set<Holder>();
  /** Tasks that have exceeded `slowAfterMs` but found no free slow slot. */
  private readonly overdue = new Set<Holder>();

  constructor(private readonly options: LaneOptions) {}

  /** Resolves with the function that releases the slot. */
  enter(owner: string, { isLikelyToFail = false, signal }: EntryOptions): Promise<() => void> {
    const admitted = this.waiting.join({ owner, isLikelyToFail }, { signal });
    this.admit();
    return admitted;
  }

  private hold(owner: string, isLikelyToFail: boolean): () => void {
    const holder: Holder = { owner, isLikelyToFail, kind: 'quick' };
    this.holders.add(holder);
    const timer = setTimeout(() => {
      this.overdue.add(holder);
      this.makeRoom();
    }, this.options.slowAfterMs).unref();
    return () => {
      clearTimeout(timer);
      this.overdue.delete(holder);
      if (this.holders.delete(holder)) this.makeRoom();
    };
  }

  private makeRoom(): void {
    for (const holder of this.overdue) {
      if (this.count((other) => other.kind === 'slow') >= this.options.slowSlots) break;
      this.overdue.delete(holder);
      holder.kind = 'slow';
    }
    this.admit();
  }

  private admit(): void {
    for (;;) {
      const next = this.next();
      if (!next) return;
      this.waiting.admit(next, this.hold(next.owner, next.isLikelyToFail));
    }
  }

  private next(): Waiter | undefined {
    const { slots, perOwner } = this.options;
    if (this.count(({ kind }) => kind === 'quick') >= slots) return undefined;
    const mayEnter = ({ owner, isLikelyToFail }: Waiter) =>
      this.count((holder) => holder.owner === owner) < (isLikelyToFail ? 1 : perOwner);
    const likelyToFail = this.count(({ isLikelyToFail, kind }) => isLikelyToFail && kind === 'quick');
    // One task that is likely to fail is always admitted, so that the others do not starve such tasks. More are admitted only if
    // there is room.
    const inTurn = this.waiting.find((waiter) => (!waiter.isLikelyToFail || likelyToFail === 0) && mayEnter(waiter));
    if (inTurn || likelyToFail >= Math.ceil(slots / 2)) return inTurn;
    return this.waiting.find(mayEnter);
  }

  private count(which: (holder: Holder) => boolean): number {
    let found = 0;
    for (const holder of this.holders) if (which(holder)) found++;
    return found;
  }
}
