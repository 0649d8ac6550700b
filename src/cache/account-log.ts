import type { IntegrationRecord } from '../accounts/integrations/integration.ts';
import type { LoggedChange } from '../changes/change.store.ts';
import type { EventLogs, LogFollower } from '../changes/event.logs.ts';
import type { SyncHealthService } from '../changes/sync-health.service.ts';
import { isDoneWithin } from '../platform/abort.ts';

export interface AccountLogTimes {
  /** Default: LEASE_MS. */
  readonly leaseMs?: number | undefined;
  /** Default: CHECK_TIMEOUT_MS. */
  readonly checkTimeoutMs?: number | undefined;
}

interface AccountLogOptions {
  readonly record: IntegrationRecord;
  readonly logs: EventLogs<LoggedChange, bigint>;
  readonly health: Pick<SyncHealthService, 'of'>;
  /** See Bus. */
  readonly bus: { readonly isConnected: boolean };
  /** Called with each entry, in order. */
  readonly apply: (change: LoggedChange) => void;
  /** Called when entries may have been missed, or changes are not logged at once, so that nothing known holds any more. */
  readonly lost: () => void;
  /** Called while a read waits for changes that were announced. Absent: they are logged when they are. */
  readonly hurry?: () => void;
  /** Called once, when the log begins to be followed, with the age of the account's latest change. Null: there was none. */
  readonly began?: (changedAgoMs: number | null) => void;
  readonly now?: () => number;
  /** Tests set them, so that nothing in them depends on a real second. */
  readonly times?: AccountLogTimes | undefined;
}

/**
 * How long it is believed that an account is live. It bounds how long a hit may follow a change that no message on the bus has
 * announced to this instance, and it makes hits free of queries.
 */
export const LEASE_MS = 1_000;
/**
 * How long a read waits to learn whether its account is live, and for changes that were just announced, because the sync that is
 * under way costs less than to read the page. A slow database or provider delays a page by no more than this.
 */
const CHECK_TIMEOUT_MS = 1_000;
/** How often the account is asked about while its announced changes are awaited, as a message on the bus may be lost. */
const AWAIT_INTERVAL_MS = 100;

/** Follows the change log of one account, and says whether it is known to have every change at once. */
export class AccountLog {
  private follower: LogFollower<LoggedChange, bigint> | null = null;
  private applied = 0n;
  private replacements = 0;
  /** `began` was called. It was not where the health of the account could not be read yet. */
  private hasBegun = false;
  /** The log may have entries that were not applied. */
  private isBehind = true;
  private leaseEndsAt = Number.NEGATIVE_INFINITY;
  /** An account that is not live is not asked about again before this. */
  private askAgainAt = Number.NEGATIVE_INFINITY;
  private checking: Promise<boolean> | null = null;
  /** Changes were announced a moment ago, and are not logged yet. */
  private isPending = false;
  /** How often the log may have grown, and how often it had when the account was last asked about. */
  private growths = 0;
  private growthsAtCheck = 0;
  /** Called when the log may have grown. */
  private readonly awaiting = new Set<() => void>();
  private isClosed = false;
  private readonly now: () => number;
  private readonly leaseMs: number;
  private readonly checkTimeoutMs: number;

  constructor(private readonly options: AccountLogOptions) {
    this.now = options.now ?? (() => performance.now());
    this.leaseMs = options.times?.leaseMs ?? LEASE_MS;
    this.checkTimeoutMs = options.times?.checkTimeoutMs ?? CHECK_TIMEOUT_MS;
  }

  /** True while every change of the account is known to be logged at once, and all that was logged has been applied. */
  get isCurrent(): boolean {
    const left = this.leaseEndsAt - this.now();
    if (this.isBehind || left <= 0 || this.isClosed || !this.options.bus.isConnected) return false;
    // An account in use renews its lease in the background, so that no request waits for it.
    if (left < this.leaseMs / 2) void this.check();
    return true;
  }

  /** The sequence of the last entry that was applied. Null: the log is not followed yet. */
  get appliedSequence(): bigint | null {
    return this.follower && this.applied;
  }

  /** A reader has come to this entry, which may not have been announced here: nothing is current before it is applied. */
  noted(sequence: bigint): void {
    if (!this.follower || sequence <= this.applied) return;
    this.isBehind = true;
    // All who follow the log read the entry now, this one too.
    if (this.follower.announce) this.follower.announce();
    else this.grown();
  }

  /** Returns `isCurrent`, and asks where that is not known. Never rejects. */
  async confirm(): Promise<boolean> {
    return this.isCurrent || ((await isDoneWithin(this.settle(), this.checkTimeoutMs)) && this.isCurrent);
  }

  /** As `confirm`, for a read that asks the provider in any case: it does not wait for changes that were announced. */
  async confirmNow(): Promise<boolean> {
    return this.isCurrent || ((await isDoneWithin(this.check(), this.checkTimeoutMs)) && this.isCurrent);
  }

  /** Reads the log to its end and asks whether the account is live. Returns `isCurrent`. Never rejects. */
  async check(): Promise<boolean> {
    if (this.now() < this.askAgainAt) return false;
    this.checking ??= this.renew().finally(() => {
      this.checking = null;
    });
    return this.checking;
  }

  /** As `check`, after the changes that were just announced. One that took longer is being retried, or its provider is slow. */
  private async settle(): Promise<void> {
    const until = this.now() + this.checkTimeoutMs;
    while (!(await this.check()) && this.isPending && !this.isClosed && this.now() < until) {
      this.options.hurry?.();
      await this.growth();
    }
  }

  /** Resolves when the log may have grown, and after a while in any case. */
  private growth(): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.awaiting.delete(end);
        resolve();
      };
      const timer = setTimeout(end, this.growths === this.growthsAtCheck ? AWAIT_INTERVAL_MS : 0);
      this.awaiting.add(end);
    });
  }

  close(): void {
    this.isClosed = true;
    this.follower?.leave();
    this.follower = null;
  }

  private async renew(): Promise<boolean> {
    const { record, logs, health, bus, lost } = this.options;
    try {
      this.follower ??= await this.follow(logs);
      const askedAt = this.now();
      this.growthsAtCheck = this.growths;
      const { live, position, dueForMs, changedAgoMs } = await health.of(record);
      if (!this.hasBegun) this.options.began?.(changedAgoMs);
      this.hasBegun = true;
      // The message that should have announced entries was lost, or is on its way: all who follow the log read them now.
      if (position.sequence > this.applied) {
        this.isBehind = true;
        this.follower?.announce?.();
      }
      await this.catchUp();
      const { replacements = 0 } = this.follower ?? {};
      // The entries are not in the log, or it is another one than before.
      if (position.sequence > this.applied || replacements !== this.replacements) {
        lost();
        this.applied = position.sequence;
        this.replacements = replacements;
      }
      this.isPending = live && dueForMs !== null && dueForMs < this.checkTimeoutMs;
      if (!live || !position.hasCursor || !bus.isConnected) {
        this.distrust();
        lost();
      } else if (dueForMs !== null) {
        // A change is announced and not logged yet. What is known still holds for everything else.
        this.leaseEndsAt = Number.NEGATIVE_INFINITY;
      } else {
        this.leaseEndsAt = askedAt + this.leaseMs;
      }
    } catch {
      // Without the database it is not known what has changed.
      this.distrust();
      this.isBehind = true;
      lost();
    }
    return !this.isBehind && this.leaseEndsAt > this.now() && !this.isClosed;
  }

  private distrust(): void {
    // Whatever is announced, it would not be trusted when it is logged, so that no read waits for it.
    this.isPending = false;
    this.leaseEndsAt = Number.NEGATIVE_INFINITY;
    this.askAgainAt = this.now() + this.leaseMs;
  }

  private async follow(logs: EventLogs<LoggedChange, bigint>): Promise<LogFollower<LoggedChange, bigint>> {
    const follower = await logs.follow(this.options.record.id, null, () => this.grown());
    if (this.isClosed) follower.leave();
    this.applied = follower.start;
    this.replacements = follower.replacements ?? 0;
    return follower;
  }

  /** The log has grown: nothing is current until its entries are applied, which begins at once. */
  private grown(): void {
    this.isBehind = true;
    this.growths++;
    for (const end of [...this.awaiting]) end();
    // No read may come for a while, and the position up to which the log is applied is part of the cursors of clients.
    this.askAgainAt = Number.NEGATIVE_INFINITY;
    if (!this.checking) void this.check();
  }

  private async catchUp(): Promise<void> {
    const { follower } = this;
    while (this.isBehind && follower) {
      const { growths } = this;
      for (let entries = await follower.after(this.applied); entries.length > 0; ) {
        for (const entry of entries) {
          this.options.apply(entry);
          this.applied = entry.sequence;
        }
        entries = await follower.after(this.applied);
      }
      // Not before the entries are applied, because a lease of before may still last.
      this.isBehind = this.growths !== growths;
    }
  }
}
