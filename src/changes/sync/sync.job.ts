import type { Logger } from 'pino';
import { z } from 'zod';
import type { AccountHandles } from '../../accounts/handles/account-handles.ts';
import type { IntegrationDirectory } from '../../accounts/integrations/integration.directory.ts';
import type { IntegrationRecord } from '../../accounts/integrations/integration.ts';
import type { Reachability } from '../../accounts/integrations/reachability.ts';
import { isTransient, retryAfterMsOf, storeErrorIn } from '../../domain/error.ts';
import { following } from '../../platform/abort.ts';
import type { Bus } from '../../platform/bus/bus.ts';
import { type LaneOptions, type LaneSlot, Lanes } from '../../platform/queue/lanes.ts';
import { backoffMs } from '../backoff.ts';
import type { ChangeStore, LoggedChange } from '../change.store.ts';
import { CHANGES_TOPIC, type ChangesWake } from '../change.topic.ts';
import { Coalescer } from '../coalescer.ts';
import { Retries } from '../retries.ts';
import { CatchUp } from './catch-up.ts';
import { HEARTBEAT_INTERVAL_MS, type PendingSyncStore } from './pending-sync.store.ts';
import { RunRestarted, RunTimeouts } from './run-timeouts.ts';

/** The bus topic on which a stopping instance hands over the accounts that it has not finished. */
const SYNC_TOPIC = 'sync';
const SyncWanted = z.object({ integrationId: z.string() });

interface SyncJobOptions {
  readonly handles: Pick<AccountHandles, 'internal'>;
  readonly directory: Pick<IntegrationDirectory, 'get'>;
  readonly changes: ChangeStore;
  readonly pendingSyncs: Pick<PendingSyncStore, 'mark' | 'heartbeat' | 'failed'>;
  readonly reachability: Pick<Reachability, 'listen'>;
  readonly bus: Pick<Bus, 'publish' | 'subscribe'>;
  readonly log: Logger;
  readonly lanes?: LaneOptions;
  readonly times?: SyncTimes;
}

export interface SyncTimes {
  /** How long a request of the first attempt may take. */
  readonly firstAttemptMs?: number;
  /** How long a run may take before its account counts as behind. */
  readonly behindMs?: number;
  /** How often an account with the status ERROR is tried. */
  readonly probeIntervalMs?: number;
  /** Replaces POLL_SECONDS. */
  readonly pollIntervalMs?: number;
}

/** How many accounts of one vendor are synchronised at once. An account has one run at a time. */
export const SYNC_LANES: LaneOptions = { slots: 8, slowSlots: 24, slowAfterMs: 3_000, perOwner: 1 };
/** Look-ups of accounts only query the database, so they have a lane of their own. */
const LOOKUPS: LaneOptions = { slots: 16, slowSlots: 0, slowAfterMs: 60_000, perOwner: 1 };
export const BEHIND_TIMEOUT_MS = 5_000;
/** How long a stopping process waits for the running syncs. */
const STOP_TIMEOUT_MS = 2_000;

/**
 * Brings the change logs up to date with the providers. It reads what has changed and no mail, so an unreadable message blocks
 * nothing. An account whose sync failed stays due until one succeeds, in the database as well.
 */
export class SyncJob {
  private readonly runs: Coalescer;
  private readonly retries: Retries;
  private readonly lanes: Lanes;
  private readonly lookups = new Lanes(LOOKUPS);
  private readonly timeouts: RunTimeouts;
  private readonly catchUp: CatchUp;
  private readonly calls = new AbortController();
  private stopping = false;
  /** The accounts whose run was ended because the process stops. */
  private readonly unfinished = new Set<string>();
  private readonly stops: readonly (() => void)[];
  private readonly heartbeat: NodeJS.Timeout;
  /** The accounts whose log may have grown without a message on the bus, because the store failed during the write. */
  private readonly unannounced = new Set<string>();
  /** What to call when a sync without a notification finds changes, by account. */
  private readonly missedCallbacks = new Map<string, () => void>();
  /** The accounts that need a full read: of all changes, and not only those that notifications named. */
  private readonly fullReads = new Set<string>();
  /** The accounts that are to be read also when no notification is recorded for them. */
  private readonly unconditional = new Set<string>();
  /** The accounts that are to be tried although their status is ERROR. */
  private readonly probes = new Set<string>();

  constructor(private readonly options: SyncJobOptions) {
    const { changes, log } = options;
    this.runs = new Coalescer(
      (integrationId) => this.run(integrationId),
      (integrationId, error) => log.error({ err: error, integrationId }, 'sync failed'),
    );
    this.retries = new Retries({ retry: (integrationId) => this.runs.request(integrationId) });
    this.lanes = new Lanes(options.lanes ?? SYNC_LANES);
    this.timeouts = new RunTimeouts(options.times?.firstAttemptMs);
    this.catchUp = new CatchUp({ changes, log, appended: (id, entries) => this.wake(id, entries) });
    this.heartbeat = setInterval(() => {
      options.pendingSyncs
        .heartbeat(this.runs.underWay)
        .catch((err: unknown) => log.warn({ err }, 'the accounts that are being synced could not be recorded'));
    }, HEARTBEAT_INTERVAL_MS).unref();
    this.stops = [
      options.bus.subscribe(SYNC_TOPIC, (payload) => {
        const wanted = SyncWanted.safeParse(payload);
        if (wanted.success) this.request(wanted.data.integrationId);
      }),
      options.reachability.listen({
        recovered: ({ provider }) => {
          this.timeouts.restartLane(provider);
          this.retries.hurryLane(provider);
        },
        answered: ({ provider, address }, othersAway) => {
          this.timeouts.answered(provider, address);
          if (othersAway) this.retries.probe(provider);
        },
      }),
    ];
  }

  /**
   * Synchronises the account soon, in the background, because there is news of it. A backoff ends, and a request that hangs is
   * restarted. An integration has one run at a time. News within `settleMs` belongs to the same run. `isNoted` says that the
   * news is in the PendingSyncStore, so that a run has nothing to do when an earlier one has settled it.
   */
  request(integrationId: string, settleMs = 0, isNoted = false): void {
    this.missedCallbacks.delete(integrationId);
    if (!isNoted) this.unconditional.add(integrationId);
    this.timeouts.restartIfHanging(integrationId);
    if (this.retries.isWaiting(integrationId)) this.retries.hurry(integrationId);
    else this.runs.request(integrationId, settleMs);
  }

  /** Synchronises the account without news of it. A run, or a retry that waits, is left as it is. */
  poll(integrationId: string): void {
    if (this.runs.has(integrationId) || this.retries.isWaiting(integrationId)) return;
    this.unconditional.add(integrationId);
    this.runs.request(integrationId);
  }

  /**
   * Requests a full read of an account whose provider should send notifications. `missed` is called when there were changes
   * without one.
   */
  requestFullRead(integrationId: string, missed: () => void): void {
    // The changes that a running sync finds may have been notified.
    if (!this.runs.has(integrationId)) this.missedCallbacks.set(integrationId, missed);
    this.fullReads.add(integrationId);
    this.poll(integrationId);
  }

  /** Polls an account with the status ERROR, to find out whether it works again. Nothing else does so in the background. */
  probe(integrationId: string): void {
    this.probes.add(integrationId);
    this.poll(integrationId);
  }

  /** Resolves when no run of the account is active or requested. A retry that waits does not count. */
  idle(integrationId: string): Promise<void> {
    return this.runs.idle(integrationId);
  }

  /** The providers' notifications were acknowledged, so what is not done in time is handed over to the other instances. */
  async stop(): Promise<void> {
    this.stopping = true;
    for (const stop of this.stops) stop();
    const paused = this.retries.stop();
    const timer = setTimeout(() => this.calls.abort(), STOP_TIMEOUT_MS);
    const left = await this.runs.stop(this.calls.signal);
    clearTimeout(timer);
    clearInterval(this.heartbeat);
    for (const integrationId of new Set([...this.unfinished, ...paused, ...left]))
      await this.options.bus.publish(SYNC_TOPIC, { integrationId } satisfies z.infer<typeof SyncWanted>);
  }

  private async run(integrationId: string): Promise<void> {
    const { directory } = this.options;
    const { signal } = this.calls;
    let record: IntegrationRecord | null = null;
    try {
      record = await this.lookups.run('lookups', integrationId, () => directory.get(integrationId), { signal });
      const isProbe = this.probes.delete(integrationId) && record?.status === 'ERROR';
      if (!record || (record.status !== 'CONNECTED' && !isProbe)) {
        this.retries.settled(integrationId);
        return;
      }
      if (!this.retries.begin(integrationId)) return;
      const isLikelyToFail = this.retries.failures(integrationId) > 0;
      const work = this.attempt.bind(this, record);
      const isUpToDate = await this.lanes.run(record.provider, integrationId, work, { isLikelyToFail, signal });
      this.retries.settled(integrationId);
      if (!isUpToDate) this.runs.request(integrationId);
    } catch (error) {
      await this.failed(integrationId, record, error);
    }
  }

  private async attempt({ id: integrationId, provider, address }: IntegrationRecord, slot: LaneSlot): Promise<boolean> {
    const { handles, pendingSyncs, log } = this.options;
    const runKey = { key: integrationId, lane: provider, address: address.toLowerCase() };
    const timed = this.timeouts.begin(runKey, this.retries.failures(integrationId));
    const behind = setTimeout(() => {
      pendingSyncs
        .mark(integrationId)
        .catch((err: unknown) => log.warn({ err, integrationId }, 'a sync that hangs could not be recorded'));
    }, this.options.times?.behindMs ?? BEHIND_TIMEOUT_MS).unref();
    const { signal, leave } = following(this.calls.signal, timed.signal);
    const isNoted = !this.unconditional.delete(integrationId);
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
      const isFullRead = this.fullReads.has(integrationId);
      const progressed = () => timed.progressed();
      isUpToDate = await this.catchUp.run({ integrationId, session, call, slot, isFullRead, isNoted, progressed });
      if (isFullRead && isUpToDate) this.fullReads.delete(integrationId);
      return isUpToDate;
    } finally {
      if (!isUpToDate && !isNoted) this.unconditional.add(integrationId);
      clearTimeout(behind);
      leave();
      timed.end();
    }
  }

  private async failed(integrationId: string, record: IntegrationRecord | null, error: unknown): Promise<void> {
    const { pendingSyncs, directory, log } = this.options;
    // The entries may have been written although the store failed, and then the bus has announced nothing.
    if (storeErrorIn(error)) this.unannounced.add(integrationId);
    if (this.stopping) {
      this.unfinished.add(integrationId);
      return;
    }
    const lane = record?.provider ?? '';
    if (error instanceof RunRestarted) {
      this.retries.restarted(integrationId, lane);
      this.runs.request(integrationId);
      return;
    }
    const attempt = this.retries.failures(integrationId);
    const waitMs = backoffMs(attempt, error);
    const ended = await directory.get(integrationId).then(
      (current) => current?.status !== 'CONNECTED',
      () => false,
    );
    if (ended) {
      // The account stays due, so it is read as soon as it is connected again.
      log.warn({ err: error, integrationId }, 'sync ended: the account cannot be read');
      this.retries.settled(integrationId);
      return;
    }
    this.retries.failed(integrationId, lane, waitMs, retryAfterMsOf(error));
    log[isTransient(error) ? 'warn' : 'error']({ err: error, integrationId, attempt, waitMs }, 'sync will be retried');
    await pendingSyncs
      .failed(integrationId, waitMs)
      .catch((err: unknown) => log.warn({ err, integrationId }, 'a failed sync could not be recorded'));
  }

  private wake(integrationId: string, entries: readonly Pick<LoggedChange, 'kind'>[]): Promise<void> {
    // Providers send no notifications about mailboxes.
    if (entries.some(({ kind }) => kind !== 'mailbox')) {
      this.missedCallbacks.get(integrationId)?.();
      this.missedCallbacks.delete(integrationId);
    }
    const altered = entries.some(({ kind }) => kind !== 'created');
    return this.options.bus.publish(CHANGES_TOPIC, { integrationId, altered } satisfies ChangesWake);
  }
}

/** A longer wait for a vendor's limit would occupy the slot, so the run fails and is retried. */
const MAX_WAIT_MS = 1_000;
/** Stands for entries of unknown kinds. */
const UNKNOWN_ENTRIES = [{ kind: 'reset' }] as const;
