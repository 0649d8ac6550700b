import type { Call, Limits } from '../contract/call.ts';
import { abortReason } from './aborted.ts';
import { type Cooldown, tooBusy } from './cooldown.ts';
import { QuotaUsage } from './quota-usage.ts';

type Priority = Call['priority'];

/** How long a call of each priority waits for the provider before it is told to come back later, in milliseconds. */
const MAX_WAIT_MS = { interactive: 2_000, background: 60_000 } as const;

export const maxWait = (call: Call): number => call.maxWaitMs ?? MAX_WAIT_MS[call.priority];

interface Waiter {
  readonly slots: number;
  readonly units: number;
  readonly maxWaitMs: number;
  readonly admit: () => void;
  /** It would have to wait longer than it may. */
  readonly refuse: (waitMs: number) => void;
}

interface AdmissionQueueOptions {
  readonly limits: Limits;
  readonly cooldown: Cooldown;
  readonly now: () => number;
  /** A person waits, and every slot is taken. */
  readonly personWaits: () => void;
}

/**
 * Lets an account's requests begin, within its vendor's requests at once and units per window and outside a cooldown. What a
 * person waits for goes before background work, and nothing overtakes what waits for slots.
 */
export class AdmissionQueue {
  private slotsTaken = 0;
  private timer: NodeJS.Timeout | null = null;
  private readonly waiting: Record<Priority, Waiter[]> = { interactive: [], background: [] };
  private readonly quotaUsage: QuotaUsage;

  constructor(private readonly options: AdmissionQueueOptions) {
    this.quotaUsage = new QuotaUsage(options.limits, options.now);
  }

  /** Rejects with RATE_LIMITED where it would take longer than the call may wait. `leave` gives the slots back. */
  acquire(slots: number, units: number, call: Call): Promise<void> {
    if (call.signal.aborted) return Promise.reject(abortReason(call.signal));
    const wait = this.waitMs(units, call.priority);
    if (wait > maxWait(call)) return Promise.reject(tooBusy(wait));
    const queue = this.waiting[call.priority];
    return new Promise((resolve, reject) => {
      const abandon = () => {
        const at = queue.indexOf(waiter);
        if (at >= 0) queue.splice(at, 1);
        reject(abortReason(call.signal));
        this.admitNext();
      };
      const waiter: Waiter = {
        slots,
        units,
        maxWaitMs: maxWait(call),
        admit: () => {
          call.signal.removeEventListener('abort', abandon);
          resolve();
        },
        refuse: (waitMs) => {
          call.signal.removeEventListener('abort', abandon);
          reject(tooBusy(waitMs));
        },
      };
      call.signal.addEventListener('abort', abandon, { once: true });
      queue.push(waiter);
      this.admitNext();
      if (this.doesPersonWait) this.options.personWaits();
    });
  }

  release(slots: number): void {
    this.slotsTaken -= slots;
    this.admitNext();
  }

  /** Nobody is let in or waits, and nothing that was spent still counts. */
  get isIdle(): boolean {
    const { interactive, background } = this.waiting;
    return this.slotsTaken + interactive.length + background.length === 0 && this.quotaUsage.isEmpty;
  }

  /** A person waits for slots, not for the window. */
  get doesPersonWait(): boolean {
    const next = this.waiting.interactive[0];
    return next !== undefined && !this.hasRoom(next);
  }

  private hasRoom(next: Waiter): boolean {
    return this.slotsTaken + next.slots <= this.options.limits.concurrency;
  }

  private admitNext(): void {
    let soonest = this.admitOne();
    while (soonest === 0) soonest = this.admitOne();
    if (soonest === Number.POSITIVE_INFINITY) return;
    // Who is next may have changed, and with it the wait.
    if (this.timer) clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      this.admitNext();
    }, soonest).unref();
  }

  /** Lets the next one in, or refuses it: 0. Else how long the next one waits for its share of the window. */
  private admitOne(): number {
    let soonest = Number.POSITIVE_INFINITY;
    for (const priority of ['interactive', 'background'] as const) {
      const next = this.waiting[priority][0];
      if (!next) continue;
      if (!this.hasRoom(next)) break;
      const wait = this.waitMs(next.units, priority);
      if (wait === 0) {
        this.waiting[priority].shift();
        this.slotsTaken += next.slots;
        this.quotaUsage.spend(next.units, priority);
        next.admit();
        return 0;
      }
      if (wait > next.maxWaitMs) {
        // The provider has asked for a pause since it was let into the queue.
        this.waiting[priority].shift();
        next.refuse(wait);
        return 0;
      }
      soonest = Math.min(soonest, wait);
    }
    return soonest;
  }

  /** Until this many units may be spent. */
  private waitMs(units: number, priority: Priority): number {
    return Math.max(this.quotaUsage.waitMs(units, priority), this.options.cooldown.waitMs);
  }
}
