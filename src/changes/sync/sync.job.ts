import { z } from 'zod';
import type { IntegrationDirectory } from '../../accounts/integrations/integration.directory.ts';
import type { IntegrationRecord } from '../../accounts/integrations/integration.ts';
import type { Reachability } from '../../accounts/integrations/reachability.ts';
import { isTransient, retryAfterMsOf, storeErrorIn } from '../../domain/error.ts';
import { abortable } from '../../platform/abort.ts';
import type { Bus } from '../../platform/bus/bus.ts';
import { type LaneOptions, Lanes } from '../../platform/queue/lanes.ts';
import { backoffMs } from '../backoff.ts';
import { Coalescer } from '../coalescer.ts';
import { Retries } from '../retries.ts';
import { AccountSync, type AccountSyncOptions } from './account-sync.ts';
import { HEARTBEAT_INTERVAL_MS, type PendingSyncStore } from './pending-sync.store.ts';
import { RunRestarted } from './run-timeouts.ts';
import { SyncLanes } from './sync-lanes.ts';

/** The bus topic on which a stopping instance hands over the accounts that it has not finished. */
const SYNC_TOPIC = 'sync';
const SyncWanted = z.object({ integrationId: z.string() });

interface SyncJobOptions extends AccountSyncOptions {
  readonly directory: Pick<IntegrationDirectory, 'get'>;
  readonly pendingSyncs: Pick<PendingSyncStore, 'mark' | 'heartbeat' | 'failed'>;
  readonly reachability: Pick<Reachability, 'listen'>;
  readonly bus: Pick<Bus, 'publish' | 'subscribe'>;
  readonly lanes?: LaneOptions;
}

/** Look-ups of accounts only query the database, so they have a lane of their own. */
const LOOKUPS: LaneOptions = { slots: 16, slowSlots: 0, slowAfterMs: 60_000, perOwner: 1 };
/** How long a stopping process waits for the running syncs. */
const STOP_TIMEOUT_MS = 2_000;

/**
 * Brings the change logs up to date with the providers. It reads what has changed and no mail, so an unreadable message blocks
 * nothing. An account whose sync failed stays due until one succeeds, in the database as well.
 */
export class SyncJob {
  private readonly runs: Coalescer;
  private readonly retries: Retries;
  private readonly lanes: SyncLanes;
  private readonly lookups = new Lanes(LOOKUPS);
  private readonly accounts: AccountSync;
  private readonly calls = new AbortController();
  private stopping = false;
  /** The accounts whose run was ended because the process stops. */
  private readonly unfinished = new Set<string>();
  private readonly stops: readonly (() => void)[];
  private readonly heartbeat: NodeJS.Timeout;
  /** The accounts that are to be tried although their status is ERROR. */
  private readonly probes = new Set<string>();

  constructor(private readonly options: SyncJobOptions) {
    const { log } = options;
    this.runs = new Coalescer(
      (integrationId) => this.run(integrationId),
      (integrationId, error) => log.error({ err: error, integrationId }, 'sync failed'),
    );
    this.retries = new Retries({ retry: (integrationId) => this.runs.request(integrationId) });
    this.lanes = new SyncLanes(options.lanes);
    this.accounts = new AccountSync(options);
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
          this.accounts.timeouts.restartLane(provider);
          this.retries.hurryLane(provider);
        },
        answered: ({ provider, address }, othersAway) => {
          this.accounts.timeouts.answered(provider, address);
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
    this.accounts.missedChanges.forget(integrationId);
    this.expedite(integrationId);
    if (!isNoted) this.accounts.requested.add(integrationId);
    this.accounts.timeouts.restartIfHanging(integrationId);
    if (this.retries.isWaiting(integrationId)) this.retries.hurry(integrationId);
    else this.runs.request(integrationId, settleMs);
  }

  /**
   * Synchronises the account without news of it. A retry that waits is left as it is, and so is a run, unless something was
   * written during it: then another one follows (`isWritten`).
   */
  poll(integrationId: string, isWritten = false): void {
    if ((this.runs.has(integrationId) && !isWritten) || this.retries.isWaiting(integrationId)) return;
    this.expedite(integrationId);
    this.accounts.requested.add(integrationId);
    this.runs.request(integrationId);
  }

  /**
   * Requests a full read of an account of which it is known that something has changed, without a notification. `missed` is called
   * when that is found, and `nothing` when there is nothing.
   */
  requestFullRead(integrationId: string, missed: () => void, nothing?: () => void): void {
    this.expedite(integrationId);
    this.requestRoutineRead(integrationId, missed, nothing);
  }

  /**
   * Requests a full read of an account whose provider should send notifications, because it is its turn. `missed` is called when
   * there were changes without one. Such reads delay no account that has news.
   */
  requestRoutineRead(integrationId: string, missed: () => void, nothing?: () => void): void {
    const { requested, missedChanges } = this.accounts;
    // The changes that a running sync finds may have been notified.
    if (!this.runs.has(integrationId)) missedChanges.expect(integrationId, missed, nothing);
    requested.addFull(integrationId);
    if (this.runs.has(integrationId) || this.retries.isWaiting(integrationId)) return;
    this.runs.request(integrationId);
  }

  /**
   * Reads all changes of the account that happened before the call, without news of it. Returns false when that does not
   * succeed now, because the provider fails or the account is not connected.
   */
  async readAll(integrationId: string, signal: AbortSignal): Promise<boolean> {
    if (this.retries.isWaiting(integrationId)) return false;
    const calledAt = performance.now();
    this.expedite(integrationId);
    this.accounts.requested.addFull(integrationId);
    this.runs.request(integrationId);
    await abortable(this.runs.idle(integrationId), signal);
    return this.accounts.requested.isFullyReadSince(integrationId, calledAt);
  }

  /** Polls an account with the status ERROR, to find out whether it works again. Nothing else does so in the background. */
  probe(integrationId: string): void {
    this.probes.add(integrationId);
    this.poll(integrationId);
  }

  /** Lets a run that waits for further news begin, because a reader waits for the changes that were announced. */
  hurry(integrationId: string): void {
    this.runs.hurry(integrationId);
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

  /** The run that waits, or otherwise the next one, is no routine read. */
  private expedite(integrationId: string): void {
    this.accounts.requested.expedite(integrationId);
    this.lanes.expedite(integrationId);
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
      const failures = this.retries.failures(integrationId);
      const attempt = this.accounts.attempt.bind(this.accounts, record);
      const isRoutine = this.accounts.requested.isRoutine(integrationId);
      const isUpToDate = await this.lanes.run(
        { integrationId, provider: record.provider, isRoutine, isLikelyToFail: failures > 0, signal },
        (slot) => attempt({ slot, failures, signal }),
      );
      this.retries.settled(integrationId);
      if (!isUpToDate) this.runs.request(integrationId);
    } catch (error) {
      await this.failed(integrationId, record, error);
    }
  }

  private async failed(integrationId: string, record: IntegrationRecord | null, error: unknown): Promise<void> {
    const { pendingSyncs, directory, log } = this.options;
    if (storeErrorIn(error)) this.accounts.storeFailed(integrationId);
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
}
