import type { Logger } from 'pino';
import type { MailSession } from '../../providers/contract/mail-session.ts';
import type { SyncJob } from '../sync/sync.job.ts';

interface HeldConnectionsOptions {
  readonly sync: Pick<SyncJob, 'request'>;
  readonly log: Logger;
}

/** Milliseconds within which news belongs to one run, for example a new message and its flag. */
const SETTLE_MS = 250;

/** Listens on the sessions that hold a connection on which the provider announces news, and requests a sync for each news. */
export class HeldConnections {
  private readonly listening = new Map<string, MailSession>();
  private readonly stopping = new AbortController();

  constructor(private readonly options: HeldConnectionsOptions) {}

  /** Listens on the session until it closes. It is called repeatedly for each account, and does nothing while it listens. */
  follow(integrationId: string, session: MailSession): void {
    if (this.stopping.signal.aborted || !session.listen || this.listening.get(integrationId) === session) return;
    this.listening.set(integrationId, session);
    void this.listen(integrationId, session);
  }

  stop(): void {
    this.stopping.abort();
  }

  private async listen(integrationId: string, session: MailSession): Promise<void> {
    const { sync, log } = this.options;
    const changed = () => sync.request(integrationId, SETTLE_MS);
    try {
      await session.listen?.(changed, { signal: this.stopping.signal, priority: 'background' });
    } catch (err) {
      if (this.stopping.signal.aborted) return;
      log.warn({ err, integrationId }, 'the connection that announces news was lost: the account is polled meanwhile');
    } finally {
      if (this.listening.get(integrationId) === session) this.listening.delete(integrationId);
    }
  }
}
