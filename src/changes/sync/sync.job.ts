import type { Logger } from 'pino';
import { z } from 'zod';
import type { AccountHandles } from '../../accounts/handles/account-handles.ts';
import type { IntegrationDirectory } from '../../accounts/integrations/integration.directory.ts';
import type { IntegrationRecord } from '../../accounts/integrations/integration.ts';
import type { Reachability } from '../../accounts/integrations/reachability.ts';
import { isTransient, storeErrorIn } from '../../domain/error.ts';
import { following } from '../../platform/abort.ts';
import type { Bus } from '../../platform/bus/bus.ts';
import { type LaneOptions, type LaneSlot, Lanes } from '../../platform/queue/lanes.ts';
import { backoffMs, heldMs } from '../backoff.ts';
import type { ChangeStore, LoggedChange } from '../change.store.ts';
import { CHANGES_TOPIC, type ChangesWake } from '../change.topic.ts';
import { Coalescer } from '../coalescer.ts';
import { Retries } from '../retries.ts';
import { CatchUp } from './catch-up.ts';
import { HEARTBEAT_INTERVAL_MS, type PendingSyncStore } from './pending-sync.store.ts';
import { RunRestarted, RunTimeouts } from './run-timeouts.ts';

/** The bus topic on which an instance that stops hands over the accounts that it has not brought level. */
const SYNC_TOPIC = 'sync';
const SyncWanted = z.object({ integrationId: z.string() });

interface SyncJobOptions {
  readonly handles: Pick<AccountHandles, 'internal'>;
  readonly directory: Pick<IntegrationDirectory, 'get'>;
  readonly changes: ChangeStore;
  readonly pendingSyncs: Pick<PendingSyncStore, 'mark' | 'seenTo' | 'failed'>;
  readonly reachability: Pick<Reachability, 'listen'>;
  readonly bus: Pick<Bus, 'publish' | 'subscribe'>;
  readonly log: Logger;
  readonly lanes?: LaneOptions;
  readonly times?: SyncTimes;
}

export interface SyncTimes {
  /** How long the first try of an account may go without an answer. */
  readonly firstAttemptMs?: number;
  /** After how long without an answer an account counts as behind. */
  readonly behindMs?: number;
  /** How often an account that rests in an ERROR is asked whether it answers again. */
  readonly probeIntervalMs?: number;
  /** Instead of POLL_SECONDS. */
  readonly pollIntervalMs?: number;
}

/** Accounts of one vendor that are synchronised at once; an account is by one run. */
export const SYNC_LANES: LaneOptions = { slots: 8, slowSlots: 24, slowAfterMs: 3_000, perOwner: 1 };
/** Looking accounts up asks the database alone, so that is a place of its own kind. */
const LOOKUPS: LaneOptions = { slots: 16, slowSlots: 0, slowAfterMs: 60_000, perOwner: 1 };
export const BEHIND_TIMEOUT_MS = 5_000;
/** When the process stops, runs under way get this long. */
const STOP_TIMEOUT_MS = 2_000;

/**
 * Brings change logs level with the providers. It asks what changed and reads no mail, so a message that cannot be read
 * holds nothing up. What failed stays due until it is level, in the database too.
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
  /** Given up because the process stops. */
  private readonly unfinished = new Set<string>();
  private readonly stops: readonly (() => void)[];
  private readonly seeing: NodeJS.Timeout;
  /** Accounts whose log may have grown without a word, because the store went away over it. */
  private readonly untellable = new Set<string>();
  /** Accounts that are looked at though nobody told of anything, and what to do when there was something. */
  private readonly untold = new Map<string, () => void>();
  /** Accounts of which everything is to be asked for, whatever their providers named. */
  private readonly whole = new Set<string>();
  /** Accounts that are read whether or not something is noted of them. */
  private readonly unnoted = new Set<string>();

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
    this.seeing = setInterval(() => {
      options.pendingSyncs
        .seenTo(this.runs.underWay)
        .catch((err: unknown) => log.warn({ err }, 'the accounts that are being synced could not be recorded'));
    }, HEARTBEAT_INTERVAL_MS).unref();
    this.stops = [
      options.bus.subscribe(SYNC_TOPIC, (payload) => {
        const wanted = SyncWanted.safeParse(payload);
        if (wanted.success) this.request(wanted.data.integrationId);
      }),
      options.reachability.listen({
        recovered: ({ provider }) => {
          this.timeouts.endLane(provider);
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
   * Soon, in the background, since there is news of it: a pause that it waits out ends, and a request of it that hangs is
   * begun again. However often it is asked, one run at a time for each integration. `settleMs`: news within it is one run's.
   * `isNoted`: the news is in the PendingSyncStore, so that a run which finds it paid for has nothing to do.
   */
  request(integrationId: string, settleMs = 0, isNoted = false): void {
    this.untold.delete(integrationId);
    if (!isNoted) this.unnoted.add(integrationId);
    this.timeouts.end(integrationId);
    if (this.retries.isWaiting(integrationId)) this.retries.hurry(integrationId);
    else this.runs.request(integrationId, settleMs);
  }

  /** As `request`, where there is no news: what is under way or will be tried again anyway is left as it is. */
  look(integrationId: string): void {
    if (this.runs.has(integrationId) || this.retries.isWaiting(integrationId)) return;
    this.unnoted.add(integrationId);
    this.runs.request(integrationId);
  }

  /** As `look`, for all of an account whose provider should tell us; `missed` is called when it had something to tell. */
  reconcile(integrationId: string, missed: () => void): void {
    // What a run finds that is under way, somebody told of.
    if (!this.runs.has(integrationId)) this.untold.set(integrationId, missed);
    this.whole.add(integrationId);
    this.look(integrationId);
  }

  /** As `look`, for an account that rests in an ERROR: whether it answers again. Nothing else asks it in the background. */
  probe(integrationId: string): void {
    this.probes.add(integrationId);
    this.look(integrationId);
  }

  /** Resolves when the account is not being read, nor about to be. One that waits to be tried again is not. */
  idle(integrationId: string): Promise<void> {
    return this.runs.idle(integrationId);
  }

  /** Providers were told that their news is taken: what is not done in time is handed over to the other instances. */
  async stop(): Promise<void> {
    this.stopping = true;
    for (const stop of this.stops) stop();
    const paused = this.retries.stop();
    const timer = setTimeout(() => this.calls.abort(), STOP_TIMEOUT_MS);
    const left = await this.runs.stop(this.calls.signal);
    clearTimeout(timer);
    clearInterval(this.seeing);
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
      const doubtful = this.retries.failures(integrationId) > 0;
      const account = record;
      const work = (place: LaneSlot) => this.attempt(account, place);
      const isLevel = await this.lanes.run(account.provider, integrationId, work, { doubtful, signal });
      this.retries.settled(integrationId);
      if (!isLevel) this.runs.request(integrationId);
    } catch (error) {
      await this.failed(integrationId, record, error);
    }
  }

  private async attempt(
    { id: integrationId, provider, address }: IntegrationRecord,
    place: LaneSlot,
  ): Promise<boolean> {
    const { handles, pendingSyncs, log } = this.options;
    const runKey = { key: integrationId, lane: provider, address: address.toLowerCase() };
    const timed = this.timeouts.begin(runKey, this.retries.failures(integrationId));
    const behind = setTimeout(() => {
      pendingSyncs
        .mark(integrationId)
        .catch((err: unknown) => log.warn({ err, integrationId }, 'a sync that hangs could not be recorded'));
    }, this.options.times?.behindMs ?? BEHIND_TIMEOUT_MS).unref();
    const { signal, leave } = following(this.calls.signal, timed.signal);
    const isNoted = !this.unnoted.delete(integrationId);
    let isLevel = false;
    try {
      const call = {
        signal,
        priority: 'background' as const,
        attemptTimeoutMs: timed.attemptTimeoutMs,
        maxWaitMs: MAX_WAIT_MS,
      };
      const session = await (await handles.internal(integrationId)).session();
      if (this.untellable.delete(integrationId)) await this.wake(integrationId, UNKNOWN_ENTRIES);
      const isWhole = this.whole.has(integrationId);
      const progressed = () => timed.progressed();
      isLevel = await this.catchUp.run({ integrationId, session, call, place, isWhole, isNoted, progressed });
      if (isWhole && isLevel) this.whole.delete(integrationId);
      return isLevel;
    } finally {
      if (!isLevel && !isNoted) this.unnoted.add(integrationId);
      clearTimeout(behind);
      leave();
      timed.over();
    }
  }

  private async failed(integrationId: string, record: IntegrationRecord | null, error: unknown): Promise<void> {
    const { pendingSyncs, directory, log } = this.options;
    // What was being written may have been, and nobody was told.
    if (storeErrorIn(error)) this.untellable.add(integrationId);
    if (this.stopping) {
      this.unfinished.add(integrationId);
      return;
    }
    const lane = record?.provider ?? '';
    if (error instanceof RunRestarted) {
      this.retries.cut(integrationId, lane);
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
      // It stays due: once it is connected again it is asked first.
      log.warn({ err: error, integrationId }, 'sync ended: the account cannot be read');
      this.retries.settled(integrationId);
      return;
    }
    this.retries.failed(integrationId, lane, waitMs, heldMs(error));
    log[isTransient(error) ? 'warn' : 'error'](
      { err: error, integrationId, attempt, waitMs },
      'sync will be tried again',
    );
    await pendingSyncs
      .failed(integrationId, waitMs)
      .catch((err: unknown) => log.warn({ err, integrationId }, 'a failed sync could not be recorded'));
  }

  private wake(integrationId: string, entries: readonly Pick<LoggedChange, 'kind'>[]): Promise<void> {
    // Of its mailboxes no notification tells.
    if (entries.some(({ kind }) => kind !== 'mailbox')) {
      this.untold.get(integrationId)?.();
      this.untold.delete(integrationId);
    }
    const altered = entries.some(({ kind }) => kind !== 'created');
    return this.options.bus.publish(CHANGES_TOPIC, { integrationId, altered } satisfies ChangesWake);
  }
}

/** Waiting for a vendor's limit is done without a place. */
const MAX_WAIT_MS = 1_000;
/** Of which nobody knows what they are. */
const UNKNOWN_ENTRIES = [{ kind: 'reset' }] as const;
