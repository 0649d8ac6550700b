import type { Accounts } from '../accounts/open.ts';
import type { Prunable } from '../platform/database/prune.job.ts';
import type { Platform } from '../platform/open.ts';
import type { LaneOptions } from '../platform/queue/lanes.ts';
import type { Provider } from '../providers/contract/provider.ts';
import { ChangeStore } from './change.store.ts';
import { PendingSyncStore } from './sync/pending-sync.store.ts';
import { SyncJob, type SyncTimes } from './sync/sync.job.ts';
import { PollJob } from './watch/poll.job.ts';
import { WatchJob } from './watch/watch.job.ts';
import { WatchStore } from './watch/watch.store.ts';
import { WebhookService } from './watch/webhook.service.ts';

interface ChangesOptions {
  readonly providers: readonly Provider[];
  readonly publicUrl: string;
  readonly pollIntervalMs: number;
  /** How many accounts of one vendor are synchronised at the same time. */
  readonly lanes?: LaneOptions | undefined;
  /** The timeouts of a sync. They are shorter in tests. */
  readonly times?: SyncTimes | undefined;
}

export type Changes = ReturnType<typeof openChanges>;

/** Opens the change log, and what fills it: webhooks, polls and synchronisation. Nothing runs before `start`. */
export function openChanges(platform: Platform, accounts: Accounts, options: ChangesOptions) {
  const { db, bus, sealer, log } = platform;
  const { directory, handles, reachability } = accounts;
  const { providers, publicUrl, lanes, times } = options;

  const changes = new ChangeStore(db);
  const watches = new WatchStore(db, sealer, log);
  const pendingSyncs = new PendingSyncStore(db);
  const sync = new SyncJob({
    handles,
    directory,
    changes,
    pendingSyncs,
    reachability,
    bus,
    log,
    ...(lanes && { lanes }),
    ...(times && { times }),
  });
  const watchJob = new WatchJob({ handles, directory, watches, sync, reachability, publicUrl, log });
  const poll = new PollJob({
    directory,
    watches,
    pendingSyncs,
    sync,
    rewatch: (integrationId) => watchJob.missed(integrationId),
    pollIntervalMs: times?.pollIntervalMs ?? options.pollIntervalMs,
    ...(times?.probeIntervalMs !== undefined && { probeIntervalMs: times.probeIntervalMs }),
    log,
  });
  const webhooks = new WebhookService({ providers, watches, pendingSyncs, sync, watchJob, log });

  const prunables: readonly Prunable[] = [
    // A subscriber that was disconnected for longer continues with what the log still has.
    { what: 'changes', keptMs: 14 * 86_400_000, prune: (before) => changes.prune(before) },
  ];
  return {
    changes,
    watches,
    sync,
    webhooks,
    hooks: watchJob,
    prunables,
    start(): void {
      watchJob.start();
      poll.start();
    },
    stop: () => Promise.all([poll, watchJob, sync].map((job) => job.stop())),
  };
}
