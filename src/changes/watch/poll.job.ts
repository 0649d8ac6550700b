import type { Logger } from 'pino';
import type { IntegrationDirectory } from '../../accounts/integrations/integration.directory.ts';
import { storeErrorIn } from '../../domain/error.ts';
import type { PendingSyncStore } from '../sync/pending-sync.store.ts';
import type { SyncJob } from '../sync/sync.job.ts';
import type { LivenessStore } from './liveness.store.ts';

interface PollJobOptions {
  readonly directory: Pick<IntegrationDirectory, 'inError'>;
  readonly liveness: Pick<LivenessStore, 'polled'>;
  readonly pendingSyncs: Pick<PendingSyncStore, 'abandoned'>;
  readonly sync: Pick<SyncJob, 'poll' | 'probe' | 'requestRoutineRead'>;
  /** Starts a new watch for the account. */
  readonly rewatch: (integrationId: string) => void;
  /** How long an account without an active watch may go without a sync. */
  readonly pollIntervalMs: number;
  /** Milliseconds between two tries of an account with the status ERROR. It is not tried more often than others are polled. */
  readonly probeIntervalMs?: number;
  readonly log: Logger;
}

/** Providers lose notifications, so an account with an active watch is polled too, less often by this factor. */
const RECONCILE_FACTOR = 10;
const PROBE_INTERVAL_MS = 10 * 60_000;
/** Milliseconds between two searches for notifications that another instance recorded and has not handled, because it died. */
const TAKEOVER_INTERVAL_MS = 3_000;

/** Polls the accounts without an active watch, and less often all the others. */
export class PollJob {
  private timer: NodeJS.Timeout | null = null;
  private probedAt = Number.NEGATIVE_INFINITY;
  private takeoverTimer: NodeJS.Timeout | null = null;

  constructor(private readonly options: PollJobOptions) {}

  /** Polls every account at the start, because it is unknown what has changed while no instance ran. */
  start(): void {
    const tick = (all: boolean) =>
      this.requestDue(all).catch((err: unknown) => this.failed(err, 'accounts could not be polled'));
    void tick(true);
    const everyMs = this.options.pollIntervalMs;
    const next = () => {
      // The interval is random, so that instances that started together do not poll together.
      this.timer = setTimeout(() => void tick(false).finally(next), everyMs * (0.9 + Math.random() / 5)).unref();
    };
    next();
    const { sync, pendingSyncs } = this.options;
    const takeOver = async () => {
      for (const integrationId of await pendingSyncs.abandoned()) sync.poll(integrationId);
    };
    this.takeoverTimer = setInterval(() => {
      takeOver().catch((err: unknown) => this.failed(err, 'accounts that are due could not be read'));
    }, TAKEOVER_INTERVAL_MS).unref();
  }

  stop(): void {
    if (this.takeoverTimer) clearInterval(this.takeoverTimer);
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }

  /** The store itself logs once that it is unavailable, so that is logged here at the level debug only. */
  private failed(err: unknown, what: string): void {
    this.options.log[storeErrorIn(err) ? 'debug' : 'error']({ err }, what);
  }

  private async requestDue(all: boolean): Promise<void> {
    const { directory, liveness, sync, rewatch, pollIntervalMs } = this.options;
    const now = Date.now();
    if (now - this.probedAt >= (this.options.probeIntervalMs ?? PROBE_INTERVAL_MS)) {
      this.probedAt = now;
      for (const { id } of await directory.inError()) sync.probe(id);
    }
    for (const { id, isWatched, readAgoMs } of await liveness.polled()) {
      // The age is random, so that accounts that were polled together are not polled together again.
      const factor = isWatched ? RECONCILE_FACTOR * (0.8 + Math.random() / 5) : 0.5;
      const maxAgeMs = pollIntervalMs * factor;
      // Another instance may just have polled the account.
      if (!all && readAgoMs !== null && readAgoMs <= maxAgeMs) continue;
      // A watch can stop working silently. Changes without a notification show it.
      if (isWatched) sync.requestRoutineRead(id, () => rewatch(id));
      else sync.poll(id);
    }
  }
}
