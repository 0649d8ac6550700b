import { WaitingLine } from '../../platform/waiting-line.ts';
import type { Call, Limits } from '../contract/call.ts';
import { abortReason } from './aborted.ts';
import { type Cooldown, tooBusy } from './cooldown.ts';
import { QuotaUsage } from './quota-usage.ts';

type Priority = Call['priority'];

/** How long a call of each priority waits for the limits before it fails with RATE_LIMITED, in milliseconds. */
const MAX_WAIT_MS = { interactive: 2_000, background: 60_000 } as const;

export const maxWait = (call: Call): number => call.maxWaitMs ?? MAX_WAIT_MS[call.priority];

interface Waiter {
  readonly slots: number;
  readonly units: number;
  readonly maxWaitMs: number;
}

interface AdmissionQueueOptions {
  readonly limits: Limits;
  readonly cooldown: Cooldown;
  readonly now: () => number;
  /** Called when an interactive request waits because every slot is taken. */
  readonly onInteractiveWait: () => void;
}

/**
 * Admits the requests of an account within the vendor's limits: concurrent requests, quota units per window, and cooldowns.
 * Interactive requests are admitted before background work. No request overtakes one that waits for slots.
 */
export class AdmissionQueue {
  private slotsTaken = 0;
  private timer: NodeJS.Timeout | null = null;
  private readonly waiting: Record<Priority, WaitingLine<Waiter>> = {
    interactive: new WaitingLine(() => this.admitNext()),
    background: new WaitingLine(() => this.admitNext()),
  };
  private readonly quotaUsage: QuotaUsage;

  constructor(private readonly options: AdmissionQueueOptions) {
    this.quotaUsage = new QuotaUsage(options.limits, options.now);
  }

  /** Rejects with RATE_LIMITED when the wait would be longer than the call allows. `release` must be called afterwards. */
  acquire(slots: number, units: number, call: Call): Promise<void> {
    if (call.signal.aborted) return Promise.reject(abortReason(call.signal));
    const wait = this.waitMs(units, call.priority);
    if (wait > maxWait(call)) return Promise.reject(tooBusy(wait));
    const waiter: Waiter = { slots, units, maxWaitMs: maxWait(call) };
    const admitted = this.waiting[call.priority].join(waiter, { signal: call.signal, reasonOf: abortReason });
    this.admitNext();
    if (this.hasInteractiveWait) this.options.onInteractiveWait();
    return admitted;
  }

  release(slots: number): void {
    this.slotsTaken -= slots;
    this.admitNext();
  }

  /** No request is active or waits, and no spent quota counts any more. */
  get isIdle(): boolean {
    const { interactive, background } = this.waiting;
    return this.slotsTaken + interactive.length + background.length === 0 && this.quotaUsage.isEmpty;
  }

  /** Whether an interactive request waits for slots, and not for quota. */
  get hasInteractiveWait(): boolean {
    const next = this.waiting.interactive.first;
    return next !== undefined && !this.hasRoom(next);
  }

  private hasRoom(next: Waiter): boolean {
    return this.slotsTaken + next.slots <= this.options.limits.concurrency;
  }

  private admitNext(): void {
    let soonest = this.admitOne();
    while (soonest === 0) soonest = this.admitOne();
    if (soonest === Number.POSITIVE_INFINITY) return;
    // The next waiter may have changed, and its wait with it.
    if (this.timer) clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      this.admitNext();
    }, soonest).unref();
  }

  /** Admits or refuses the next waiter and returns 0. If it must wait for quota, returns for how many milliseconds. */
  private admitOne(): number {
    let soonest = Number.POSITIVE_INFINITY;
    for (const priority of ['interactive', 'background'] as const) {
      const next = this.waiting[priority].first;
      if (!next) continue;
      if (!this.hasRoom(next)) break;
      const wait = this.waitMs(next.units, priority);
      if (wait === 0) {
        this.slotsTaken += next.slots;
        this.quotaUsage.spend(next.units, priority);
        this.waiting[priority].admit(next);
        return 0;
      }
      if (wait > next.maxWaitMs) {
        // A cooldown began after this request had joined the queue.
        this.waiting[priority].refuse(next, tooBusy(wait));
        return 0;
      }
      soonest = Math.min(soonest, wait);
    }
    return soonest;
  }

  /** Milliseconds until this many units may be spent. */
  private waitMs(units: number, priority: Priority): number {
    return Math.max(this.quotaUsage.waitMs(units, priority), this.options.cooldown.waitMs);
  }
}
