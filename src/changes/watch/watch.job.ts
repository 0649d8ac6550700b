import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { AccountHandles } from '../../accounts/handles/account-handles.ts';
import type { IntegrationDirectory } from '../../accounts/integrations/integration.directory.ts';
import type { IntegrationHooks } from '../../accounts/integrations/integration.hooks.ts';
import type { Reachability } from '../../accounts/integrations/reachability.ts';
import { MailError, retryAfterMsOf } from '../../domain/error.ts';
import { deadline } from '../../platform/abort.ts';
import { type LaneOptions, Lanes } from '../../platform/queue/lanes.ts';
import type { Call } from '../../providers/contract/call.ts';
import { backoffMs } from '../backoff.ts';
import { Coalescer } from '../coalescer.ts';
import { Retries } from '../retries.ts';
import type { SyncJob } from '../sync/sync.job.ts';
import { HeldConnections } from './held-connections.ts';
import type { LivenessStore } from './liveness.store.ts';
import { MissedNotifications } from './missed-notifications.ts';
import type { WatchStore } from './watch.store.ts';

interface WatchJobOptions {
  readonly handles: Pick<AccountHandles, 'internal'>;
  readonly directory: Pick<IntegrationDirectory, 'get' | 'connected'>;
  readonly watches: WatchStore;
  readonly liveness: Pick<LivenessStore, 'trust'>;
  readonly sync: Pick<SyncJob, 'request'>;
  readonly reachability: Pick<Reachability, 'listen'>;
  /** The URL under which the providers reach the gateway. */
  readonly publicUrl: string;
  readonly log: Logger;
}

const DAY_MS = 86_400_000;
const TICK_INTERVAL_MS = 60_000;
/** How many watches of one vendor are renewed at once. An account has one watch. */
const LANES: LaneOptions = { slots: 4, slowSlots: 8, slowAfterMs: 3_000, perOwner: 1 };
/** After this many failures in a row the backoff is LONG_BACKOFF_MS. */
const MIN_PERSISTENT_FAILURES = 8;
const LONG_BACKOFF_MS = 5 * 60_000;
const CALL_TIMEOUT_MS = 20_000;
/** A person who connects an account waits for its watch up to this. Then the watch is started in the background. */
const CONNECT_TIMEOUT_MS = 5_000;
/** How long a stopping process waits for the running renewals. */
const STOP_TIMEOUT_MS = 2_000;

/** Keeps the watches active: it starts them at connect, renews them long before they expire, and stops them at disconnect. */
export class WatchJob implements IntegrationHooks {
  private readonly renewals: Coalescer;
  private readonly retries = new Retries({ retry: (integrationId) => this.renewals.request(integrationId) });
  private readonly lanes = new Lanes(LANES);
  /** When this process last renewed each watch, and the lifetime that the watch then had. */
  private readonly renewed = new Map<string, { readonly renewedAt: number; readonly lifetimeMs: number }>();
  private readonly missedNotifications = new MissedNotifications();
  private readonly heldConnections: HeldConnections;
  private readonly stopping = new AbortController();
  private readonly unlisten: () => void;
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly options: WatchJobOptions) {
    this.renewals = new Coalescer(
      (integrationId) => this.run(integrationId),
      (integrationId, error) => options.log.error({ err: error, integrationId }, 'a watch could not be checked'),
    );
    this.heldConnections = new HeldConnections(options);
    this.unlisten = options.reachability.listen({
      recovered: ({ provider }) => this.retries.hurryLane(provider),
    });
  }

  start(): void {
    const tick = () =>
      this.requestDue().catch((err: unknown) =>
        this.options.log.error({ err }, 'the watches that are due could not be read'),
      );
    void tick();
    this.timer = setInterval(tick, TICK_INTERVAL_MS).unref();
  }

  async stop(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    this.unlisten();
    this.retries.stop();
    this.heldConnections.stop();
    const timer = setTimeout(() => this.stopping.abort(), STOP_TIMEOUT_MS);
    await this.renewals.stop(this.stopping.signal);
    clearTimeout(timer);
  }

  /** Renews the watch soon, in the background. */
  request(integrationId: string): void {
    if (this.retries.isWaiting(integrationId)) this.retries.hurry(integrationId);
    else this.renewals.request(integrationId);
  }

  /** Records a change without a notification. The watch is renewed, and replaced when that does not help. */
  missed(integrationId: string): void {
    this.missedNotifications.missed(integrationId);
    this.request(integrationId);
  }

  /** Records that the watch stays silent: a change was waited for in vain. It is replaced at once. */
  proven(integrationId: string): void {
    this.missedNotifications.proven(integrationId);
    this.request(integrationId);
  }

  /** Records a notification of the watch. */
  heard(integrationId: string): void {
    this.missedNotifications.heard(integrationId);
  }

  /** Starts the watch before the first sync, so that changes during that sync are notified. */
  async connected(integrationId: string): Promise<void> {
    let provider = '';
    try {
      provider = (await this.options.directory.get(integrationId))?.provider ?? '';
      await this.renew(integrationId, CONNECT_TIMEOUT_MS);
    } catch (error) {
      this.failed(integrationId, provider, error);
    } finally {
      this.options.sync.request(integrationId);
    }
  }

  async disconnecting(integrationId: string): Promise<void> {
    const { watches, handles } = this.options;
    this.renewed.delete(integrationId);
    this.missedNotifications.forget(integrationId);
    this.retries.settled(integrationId);
    const watch = await watches.get(integrationId);
    await watches.remove(integrationId);
    if (!watch) return;
    // Some providers have one watch for a mailbox, which other integrations of it still need.
    const sharers = await watches.named(watch.provider, watch.key);
    if (sharers.length > 0) return;
    const session = await (await handles.internal(integrationId)).session();
    await this.within(CALL_TIMEOUT_MS, async (call) => session.watch?.stop(watch, call));
  }

  private async requestDue(): Promise<void> {
    const { directory, watches } = this.options;
    const [expiries, overdue] = await Promise.all([watches.expiries(), watches.overdue()]);
    const now = Date.now();
    for (const { id } of await directory.connected()) {
      // A failed renewal has its own retry.
      if (this.retries.isWaiting(id)) continue;
      if (overdue.has(id) || this.isDue(id, expiries.get(id), now)) this.renewals.request(id);
    }
  }

  /**
   * A watch is renewed daily, or after half its lifetime if that is sooner. After a start it is renewed once if it expires
   * within six days.
   */
  private isDue(integrationId: string, expiresAt: Date | undefined, now: number): boolean {
    if (!expiresAt) return true;
    const last = this.renewed.get(integrationId);
    if (!last) return expiresAt.getTime() - now < 6 * DAY_MS;
    return now - last.renewedAt > Math.min(DAY_MS, last.lifetimeMs / 2);
  }

  private async run(integrationId: string): Promise<void> {
    let provider = '';
    try {
      const record = await this.options.directory.get(integrationId);
      if (record?.status !== 'CONNECTED') {
        this.retries.settled(integrationId);
        return;
      }
      if (!this.retries.begin(integrationId)) return;
      provider = record.provider;
      const isLikelyToFail = this.retries.failures(integrationId) > 0;
      const entry = { isLikelyToFail, signal: this.stopping.signal };
      await this.lanes.run(provider, integrationId, () => this.renew(integrationId), entry);
      this.retries.settled(integrationId);
    } catch (error) {
      this.failed(integrationId, provider, error);
    }
  }

  /** Schedules a retry. Meanwhile the account is polled. */
  private failed(integrationId: string, lane: string, error: unknown): void {
    if (this.stopping.signal.aborted) return;
    const failures = this.retries.failures(integrationId);
    const waitMs =
      failures < MIN_PERSISTENT_FAILURES
        ? backoffMs(failures, error)
        : Math.max(LONG_BACKOFF_MS, retryAfterMsOf(error));
    this.retries.failed(integrationId, lane, waitMs, retryAfterMsOf(error));
    const { log } = this.options;
    log.warn({ err: error, integrationId, waitMs }, 'a watch could not be started: the account is polled');
  }

  private async renew(integrationId: string, timeoutMs = CALL_TIMEOUT_MS): Promise<void> {
    const { directory, handles, watches, publicUrl } = this.options;
    const record = await directory.get(integrationId);
    if (record?.status !== 'CONNECTED') return;
    const session = await (await handles.internal(integrationId)).session();
    this.heldConnections.follow(integrationId, session);
    const watcher = session.watch;
    if (!watcher) return;
    const previous = await watches.get(integrationId);
    const secret = previous?.secret ?? randomBytes(24).toString('base64url');
    const notificationUrl = `${publicUrl}/webhooks/${record.provider.toLowerCase()}`;
    const isSilent = this.missedNotifications.isSilent(integrationId);
    const isTaken = async (key: string) =>
      (await watches.named(record.provider, key)).some((watch) => watch.integrationId !== integrationId);
    const lost = async () => {
      // The row is kept for its key and secret, but as expired, so that the account is polled until there is a new watch.
      if (previous) await watches.put({ ...previous, expiresAt: new Date() });
    };
    const options = { notificationUrl, secret, isSilent, isTaken, lost };
    const state = await this.within(timeoutMs, (call) => watcher.start(previous, options, call));
    await watches.put({ integrationId, provider: record.provider, secret, ...state });
    if (isSilent) {
      this.missedNotifications.replaced(integrationId);
      await this.options.liveness.trust(integrationId);
    }
    const now = Date.now();
    this.renewed.set(integrationId, { renewedAt: now, lifetimeMs: state.expiresAt.getTime() - now });
  }

  private async within<T>(ms: number, work: (call: Call) => Promise<T>): Promise<T> {
    const tooLate = () => new MailError('TIMEOUT', 'The mail provider did not answer in time.');
    const limit = deadline(this.stopping.signal, ms, tooLate);
    try {
      return await work({ signal: limit.signal, priority: 'background', maxWaitMs: ms });
    } finally {
      limit.clear();
    }
  }
}
