import type { IntegrationRecord } from '../accounts/integrations/integration.ts';
import type { Accounts } from '../accounts/open.ts';
import type { Prunable } from '../platform/database/prune.job.ts';
import type { Platform } from '../platform/open.ts';
import type { LaneOptions } from '../platform/queue/lanes.ts';
import type { Provider } from '../providers/contract/provider.ts';
import { ChangeStore } from './change.store.ts';
import { CHANGES_TOPIC, type ChangesWake } from './change.topic.ts';
import { Hub } from './hub.ts';
import { LogHolesStore } from './proof/log-holes.store.ts';
import { MailboxComparison } from './proof/mailbox-comparison.ts';
import { MailboxIndexStore } from './proof/mailbox-index.store.ts';
import { MessageIndexStore } from './proof/message-index.store.ts';
import { ProofStore } from './proof/proof.store.ts';
import { ReconcileJob } from './proof/reconcile.job.ts';
import { ReconcilePass } from './proof/reconcile-pass.ts';
import { Verification } from './proof/verification.ts';
import { PendingSyncStore } from './sync/pending-sync.store.ts';
import { SyncJob } from './sync/sync.job.ts';
import type { SyncTimes } from './sync/sync-times.ts';
import { SyncHealthService } from './sync-health.service.ts';
import { UnreadJob } from './unread/unread.job.ts';
import { UnreadMessageStore } from './unread/unread-message.store.ts';
import { LivenessStore } from './watch/liveness.store.ts';
import { OwnWrites } from './watch/own-writes.ts';
import { PollJob } from './watch/poll.job.ts';
import { SILENCE_TIMES, SilenceJob } from './watch/silence.job.ts';
import { WatchJob } from './watch/watch.job.ts';
import { WatchStore } from './watch/watch.store.ts';
import { WebhookService } from './watch/webhook.service.ts';

interface ChangesOptions {
  readonly providers: readonly Provider[];
  readonly publicUrl: string;
  readonly pollIntervalMs: number;
  /** How many days the entries of the change logs are kept. */
  readonly logDays: number;
  /** Whether an index of each account's messages is kept. */
  readonly syncIndex: boolean;
  /** How often an account is compared with its index. */
  readonly reconcileIntervalMs: number;
  /** How many accounts of one vendor are synchronised at the same time. */
  readonly lanes?: LaneOptions | undefined;
  /** The timeouts of a sync. They are shorter in tests. */
  readonly times?: SyncTimes | undefined;
}

/** How long a difference between an account and its index must last, because a provider's feed may lag behind its messages. */
const SETTLE_MS = 3_000;
/** The share of an account's quota that its comparison with the index uses. */
const QUOTA_SHARE = 0.2;

export type Changes = ReturnType<typeof openChanges>;

/** Opens the change log, and what fills it: webhooks, polls and synchronisation. Nothing runs before `start`. */
export function openChanges(platform: Platform, accounts: Accounts, options: ChangesOptions) {
  const { db, bus, sealer, log } = platform;
  const { directory, handles, reachability } = accounts;
  const { providers, publicUrl, lanes, times } = options;
  const logKeptMs = options.logDays * 86_400_000;

  const index = new MessageIndexStore(db);
  const changes = new ChangeStore(db, options.syncIndex ? index : null);
  const proofs = new ProofStore(db, changes);
  const watches = new WatchStore(db, sealer, log);
  const hub = new Hub(changes, bus);
  const liveness = new LivenessStore(db);
  const health = new SyncHealthService(liveness, times, hub);
  const pendingSyncs = new PendingSyncStore(db);
  const sync = new SyncJob({
    handles,
    directory,
    changes,
    pendingSyncs,
    reachability,
    bus,
    log,
    ...(options.syncIndex && { canRecover: (integrationId: string) => proofs.canRecover(integrationId) }),
    ...(lanes && { lanes }),
    confirm: (integrationId, mark, isPartial) =>
      isPartial ? liveness.readInPart(integrationId) : liveness.confirm(integrationId, mark),
    ...(times && { times }),
  });
  const watchJob = new WatchJob({ handles, directory, watches, liveness, sync, reachability, publicUrl, log });
  const poll = new PollJob({
    directory,
    liveness,
    pendingSyncs,
    sync,
    rewatch: (integrationId) => watchJob.missed(integrationId),
    pollIntervalMs: times?.pollIntervalMs ?? options.pollIntervalMs,
    ...(times?.probeIntervalMs !== undefined && { probeIntervalMs: times.probeIntervalMs }),
    log,
  });
  const unread = new UnreadMessageStore(db, changes);
  const unreadJob = new UnreadJob({ store: unread, changes, handles, reachability, bus, log });
  const silence = new SilenceJob({
    handles,
    liveness,
    sync,
    watchJob,
    times: {
      silenceMs: times?.silenceMs ?? SILENCE_TIMES.silenceMs,
      lateMs: times?.lateMs ?? SILENCE_TIMES.lateMs,
    },
    log,
  });
  const ownWrites = new OwnWrites({ health, sync, collectMs: times?.ownWritesMs, log });
  const webhooks = new WebhookService({ providers, watches, pendingSyncs, sync, watchJob, log });

  const appended = (integrationId: string) =>
    bus.publish(CHANGES_TOPIC, { integrationId, altered: true } satisfies ChangesWake);
  const pass = new ReconcilePass({
    proofs,
    index,
    holes: new LogHolesStore(db, changes, index, logKeptMs),
    verification: new Verification({ changes, index, settleMs: times?.settleMs ?? SETTLE_MS }),
    mailboxes: new MailboxComparison({ changes, index, mailboxes: new MailboxIndexStore() }),
    log,
    appended,
    quotaShare: times?.quotaShare ?? QUOTA_SHARE,
    keptMs: logKeptMs,
  });
  const reconcile = new ReconcileJob({
    providers,
    handles,
    directory,
    sync,
    proofs,
    pass,
    appended,
    isOn: options.syncIndex,
    intervalMs: options.reconcileIntervalMs,
    ...(times?.reconcileTickMs !== undefined && { tickMs: times.reconcileTickMs }),
    log,
  });

  const prunables: readonly Prunable[] = [
    // A client that was disconnected for longer receives a reset.
    { what: 'changes', keptMs: logKeptMs, prune: (before) => changes.prune(before) },
    // A client that has waited for them receives a reset.
    { what: 'unread messages', keptMs: logKeptMs, prune: (before) => unread.prune(before) },
  ];
  return {
    store: changes,
    unread,
    health,
    hub,
    sync,
    webhooks,
    proofs,
    reconcile,
    /** To be called after each write to an account through the gateway. */
    written: (record: Pick<IntegrationRecord, 'id' | 'status'>) => ownWrites.written(record),
    /** Resolves when no sync of the account is active or requested. */
    async idle(integrationId: string): Promise<void> {
      await ownWrites.idle(integrationId);
      await sync.idle(integrationId);
    },
    hooks: [watchJob, reconcile],
    prunables,
    start(): void {
      watchJob.start();
      poll.start();
      unreadJob.start();
      silence.start();
      reconcile.start();
    },
    stop(): Promise<unknown> {
      hub.close();
      return Promise.all([ownWrites, silence, poll, reconcile, watchJob, sync, unreadJob].map((job) => job.stop()));
    },
  };
}
