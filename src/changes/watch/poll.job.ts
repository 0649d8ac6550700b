import type { Logger } from 'pino';
import type { IntegrationDirectory } from '../../accounts/integrations/integration.directory.ts';
import { storeErrorIn } from '../../domain/error.ts';
import type { PendingSyncStore } from '../sync/pending-sync.store.ts';
import type { SyncJob } from '../sync/sync.job.ts';
import type { WatchStore } from './watch.store.ts';

interface PollJobOptions {
  readonly directory: Pick<IntegrationDirectory, 'connected' | 'inError'>;
  readonly watches: Pick<WatchStore, 'expiries'>;
  readonly pendingSyncs: Pick<PendingSyncStore, 'left'>;
  readonly sync: Pick<SyncJob, 'look' | 'probe' | 'reconcile'>;
  /** Starts a new watch for the account. */
  readonly rewatch: (integrationId: string) => void;
  /** How old the log of an account without a live watch may grow. */
  readonly pollIntervalMs: number;
  /** How often an account that rests in an ERROR is asked whether it answers again, in milliseconds; not more often than others are. */
  readonly probeIntervalMs?: number;
  readonly log: Logger;
}

/** Providers drop notifications: an account with a live watch is looked at too, this many times less often. */
const RECONCILE_FACTOR = 10;
const PROBE_INTERVAL_MS = 10 * 60_000;
/** How often what another instance took in and did not read is looked for, in milliseconds; it may have been killed. */
const TAKEOVER_INTERVAL_MS = 3_000;

/** Asks the accounts that nobody tells us of, and now and then all of them. */
export class PollJob {
  private timer: NodeJS.Timeout | null = null;
  private probedAt = Number.NEGATIVE_INFINITY;
  private leftTimer: NodeJS.Timeout | null = null;

  constructor(private readonly options: PollJobOptions) {}

  /** Every account at once at the start: what happened while no instance ran is not known. */
  start(): void {
    const tick = (all: boolean) =>
      this.requestDue(all).catch((err: unknown) => this.failed(err, 'accounts could not be polled'));
    void tick(true);
    const everyMs = this.options.pollIntervalMs;
    const next = () => {
      // Instances that started together drift apart.
      this.timer = setTimeout(() => void tick(false).finally(next), everyMs * (0.9 + Math.random() / 5)).unref();
    };
    next();
    const { sync, pendingSyncs } = this.options;
    const lookForLeft = async () => {
      for (const integrationId of await pendingSyncs.left()) sync.look(integrationId);
    };
    this.leftTimer = setInterval(() => {
      lookForLeft().catch((err: unknown) => this.failed(err, 'accounts that are due could not be read'));
    }, TAKEOVER_INTERVAL_MS).unref();
  }

  stop(): void {
    if (this.leftTimer) clearInterval(this.leftTimer);
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }

  /** That the store is away is told once, by the store. */
  private failed(err: unknown, what: string): void {
    this.options.log[storeErrorIn(err) ? 'debug' : 'error']({ err }, what);
  }

  private async requestDue(all: boolean): Promise<void> {
    const { directory, watches, sync, rewatch, pollIntervalMs } = this.options;
    const expiries = await watches.expiries();
    const now = Date.now();
    if (now - this.probedAt >= (this.options.probeIntervalMs ?? PROBE_INTERVAL_MS)) {
      this.probedAt = now;
      for (const { id } of await directory.inError()) sync.probe(id);
    }
    for (const { id, lastReconciledAt } of await directory.connected()) {
      const live = (expiries.get(id)?.getTime() ?? 0) > now;
      // Accounts that were asked together drift apart.
      const factor = live ? RECONCILE_FACTOR * (0.8 + Math.random() / 5) : 0.5;
      const maxAgeMs = pollIntervalMs * factor;
      // Another instance may just have done it.
      if (!all && now - (lastReconciledAt?.getTime() ?? 0) <= maxAgeMs) continue;
      // A watch can die without a word: what it should have told of and did not is how that shows.
      if (live) sync.reconcile(id, () => rewatch(id));
      else sync.look(id);
    }
  }
}
