import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { IntegrationDirectory } from '../accounts/integration.directory.ts';
import type { IntegrationHooks } from '../accounts/integration.hooks.ts';
import type { MailSessions } from '../accounts/mail-sessions.ts';
import type { Call } from '../providers/call.ts';
import { Coalescer } from './coalescer.ts';
import type { SyncJob } from './sync.job.ts';
import type { WatchStore } from './watch.store.ts';

export interface WatchJobOptions {
  readonly sessions: Pick<MailSessions, 'open'>;
  readonly directory: Pick<IntegrationDirectory, 'get' | 'connected'>;
  readonly watches: WatchStore;
  readonly sync: Pick<SyncJob, 'request'>;
  /** Where the providers reach us. */
  readonly publicUrl: string;
  readonly log: Logger;
}

const DAY_MS = 86_400_000;
const TICK_MS = 5 * 60_000;
const CONCURRENCY = 4;
const PATIENCE_MS = 20_000;
/** When the process stops, renewals get this long. */
const STOP_MS = 2_000;

/** Keeps the providers telling us: watches are started at connect, renewed long before they end, and stopped at disconnect. */
export class WatchJob implements IntegrationHooks {
  private readonly renewals: Coalescer;
  /** How long each watch lives, as of when this process last started it. */
  private readonly lives = new Map<string, { readonly renewedAt: number; readonly lifeMs: number }>();
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly options: WatchJobOptions) {
    this.renewals = new Coalescer(
      (integrationId) => this.renew(integrationId),
      CONCURRENCY,
      (integrationId, error) => {
        if (this.stopping.signal.aborted) return;
        options.log.warn({ err: error, integrationId }, 'a watch could not be started: the account is polled');
      },
    );
  }

  start(): void {
    const tick = () =>
      this.requestDue().catch((err: unknown) => this.options.log.error({ err }, 'watches could not be looked over'));
    void tick();
    this.timer = setInterval(tick, TICK_MS).unref();
  }

  async stop(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    const patience = setTimeout(() => this.stopping.abort(), STOP_MS);
    await this.renewals.stop(this.stopping.signal);
    clearTimeout(patience);
  }

  /** Renews soon, in the background. */
  request(integrationId: string): void {
    this.renewals.request(integrationId);
  }

  /** The provider has dropped the watch, and with it perhaps what it had to tell. */
  async lost(integrationId: string): Promise<void> {
    await this.options.watches.remove(integrationId);
    this.request(integrationId);
    this.options.sync.request(integrationId);
  }

  /** The watch first: what happens while the change feed's place is taken is then told. */
  async connected(integrationId: string): Promise<void> {
    try {
      await this.renew(integrationId);
    } finally {
      this.options.sync.request(integrationId);
    }
  }

  async disconnecting(integrationId: string): Promise<void> {
    const { watches, sessions } = this.options;
    this.lives.delete(integrationId);
    const watch = await watches.get(integrationId);
    await watches.remove(integrationId);
    if (!watch) return;
    // Stopping ends the mailbox's only watch where the provider knows mailboxes and not integrations.
    const sharers = await watches.named(watch.provider, watch.key);
    if (sharers.length > 0) return;
    await (await sessions.open(integrationId)).watch?.stop(watch, this.call());
  }

  private async requestDue(): Promise<void> {
    const { directory, watches } = this.options;
    const expiries = await watches.expiries();
    const now = Date.now();
    for (const { id } of await directory.connected()) {
      if (this.isDue(id, expiries.get(id), now)) this.request(id);
    }
  }

  /** Daily, at half its life when that is sooner, and once after a start that finds it older than a day may be. */
  private isDue(integrationId: string, expiresAt: Date | undefined, now: number): boolean {
    if (!expiresAt) return true;
    const life = this.lives.get(integrationId);
    if (!life) return expiresAt.getTime() - now < 6 * DAY_MS;
    return now - life.renewedAt > Math.min(DAY_MS, life.lifeMs / 2);
  }

  private async renew(integrationId: string): Promise<void> {
    const { directory, sessions, watches, publicUrl } = this.options;
    const record = await directory.get(integrationId);
    if (record?.status !== 'CONNECTED') return;
    const watcher = (await sessions.open(integrationId)).watch;
    if (!watcher) return;
    const previous = await watches.get(integrationId);
    const secret = previous?.secret ?? randomBytes(24).toString('base64url');
    const notificationUrl = `${publicUrl}/webhooks/${record.provider.toLowerCase()}`;
    const state = await watcher.start(previous, { notificationUrl, secret }, this.call());
    await watches.put({ integrationId, provider: record.provider, secret, ...state });
    const now = Date.now();
    this.lives.set(integrationId, { renewedAt: now, lifeMs: state.expiresAt.getTime() - now });
  }

  private call(): Call {
    const signal = AbortSignal.any([this.stopping.signal, AbortSignal.timeout(PATIENCE_MS)]);
    return { signal, priority: 'background' };
  }
}
