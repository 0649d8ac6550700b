import type { Logger } from 'pino';
import type { AccountHandles } from '../../accounts/handles/account-handles.ts';
import type { IntegrationRecord } from '../../accounts/integrations/integration.ts';
import { following } from '../../platform/abort.ts';
import type { Bus } from '../../platform/bus/bus.ts';
import type { LaneSlot } from '../../platform/queue/lanes.ts';
import type { ChangeStore, LoggedChange } from '../change.store.ts';
import { CHANGES_TOPIC, type ChangesWake } from '../change.topic.ts';
import { CatchUp } from './catch-up.ts';
import { MissedChanges } from './missed-changes.ts';
import type { PendingSyncStore } from './pending-sync.store.ts';
import { RequestedReads } from './requested-reads.ts';
import { RunTimeouts } from './run-timeouts.ts';
import { BEHIND_TIMEOUT_MS, type SyncTimes } from './sync-times.ts';

export interface AccountSyncOptions {
  /**
   * Records that no change of the account is missing, with the mark from before the changes were read. Where only what
   * notifications named was read (`isPartial`), records that the mark says nothing about the rest.
   */
  readonly confirm?: (integrationId: string, mark: string | null, isPartial: boolean) => Promise<void>;
  /** Returns whether the index can tell what happened to an account during a lost history. Absent: it never can. */
  readonly canRecover?: (integrationId: string) => Promise<boolean>;
  readonly handles: Pick<AccountHandles, 'internal'>;
  readonly changes: ChangeStore;
  readonly pendingSyncs: Pick<PendingSyncStore, 'mark'>;
  readonly bus: Pick<Bus, 'publish'>;
  readonly log: Logger;
  readonly times?: SyncTimes;
}

/** A longer wait for a vendor's limit would occupy the slot, so the run fails and is retried. */
const MAX_WAIT_MS = 1_000;
/** Stands for entries of unknown kinds. */
const UNKNOWN_ENTRIES = [{ kind: 'reset' }] as const;

/** One run of one account at a time: it reads what was requested, and announces what was appended to the log. */
export class AccountSync {
  readonly requested = new RequestedReads();
  readonly timeouts: RunTimeouts;
  readonly missedChanges = new MissedChanges();
  private readonly catchUp: CatchUp;
  /** The accounts whose log may have grown without a message on the bus, because the store failed during the write. */
  private readonly unannounced = new Set<string>();

  constructor(private readonly options: AccountSyncOptions) {
    const { changes, log } = options;
    this.timeouts = new RunTimeouts(options.times?.firstAttemptMs);
    this.catchUp = new CatchUp({
      changes,
      canRecover: options.canRecover ?? (async () => false),
      log,
      appended: (id, entries) => this.wake(id, entries),
    });
  }

  /** The store failed. Entries may have been written nevertheless, and the bus has announced nothing of them. */
  storeFailed(integrationId: string): void {
    this.unannounced.add(integrationId);
  }

  /** Returns false when there is more to read, so that another run is needed. `failures` is the number of failures in a row. */
  async attempt(
    { id: integrationId, provider, address }: IntegrationRecord,
    { slot, failures, signal: stopped }: { slot: LaneSlot; failures: number; signal: AbortSignal },
  ): Promise<boolean> {
    const { handles } = this.options;
    const timed = this.timeouts.begin({ key: integrationId, lane: provider, address: address.toLowerCase() }, failures);
    const behind = setTimeout(() => this.markBehind(integrationId), this.behindMs).unref();
    const { signal, leave } = following(stopped, timed.signal);
    const requested = this.requested.take(integrationId);
    const begunAt = performance.now();
    let isUpToDate = false;
    try {
      const call = {
        signal,
        priority: 'background' as const,
        attemptTimeoutMs: timed.attemptTimeoutMs,
        maxWaitMs: MAX_WAIT_MS,
      };
      const session = await (await handles.internal(integrationId)).session();
      if (this.unannounced.delete(integrationId)) await this.wake(integrationId, UNKNOWN_ENTRIES);
      let pages = 0;
      let mark: string | null = null;
      let isPartial = false;
      const progressed = (pageMark?: string, isPartialPage = false) => {
        pages++;
        mark = pageMark ?? mark;
        isPartial = isPartialPage;
        timed.progressed();
      };
      isUpToDate = await this.catchUp.run({ integrationId, session, call, slot, ...requested, progressed });
      if (isUpToDate && pages > 0) await this.options.confirm?.(integrationId, mark, isPartial);
      if (isUpToDate) {
        this.requested.done(integrationId, requested, begunAt);
        if (requested.isFullRead) this.missedChanges.foundNothing(integrationId);
      }
      return isUpToDate;
    } finally {
      if (!isUpToDate) this.requested.restore(integrationId, requested);
      clearTimeout(behind);
      leave();
      timed.end();
    }
  }

  private get behindMs(): number {
    return this.options.times?.behindMs ?? BEHIND_TIMEOUT_MS;
  }

  private markBehind(integrationId: string): void {
    const { pendingSyncs, log } = this.options;
    pendingSyncs
      .mark(integrationId)
      .catch((err: unknown) => log.warn({ err, integrationId }, 'a sync that hangs could not be recorded'));
  }

  private wake(integrationId: string, entries: readonly Pick<LoggedChange, 'kind'>[]): Promise<void> {
    this.missedChanges.found(integrationId, entries);
    const altered = entries.some(({ kind }) => kind !== 'created');
    return this.options.bus.publish(CHANGES_TOPIC, { integrationId, altered } satisfies ChangesWake);
  }
}
