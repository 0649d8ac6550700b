import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { IntegrationRecord } from '../../accounts/integrations/integration.ts';
import { storeErrorIn } from '../../domain/error.ts';
import type { SyncJob } from '../sync/sync.job.ts';
import type { SyncHealthService } from '../sync-health.service.ts';

interface OwnWritesOptions {
  readonly health: Pick<SyncHealthService, 'of'>;
  readonly sync: Pick<SyncJob, 'poll' | 'idle'>;
  /** Milliseconds for which writes are collected. */
  readonly collectMs?: number | undefined;
  readonly log: Logger;
}

interface PendingRead {
  timer: NodeJS.Timeout | null;
  requested: Promise<void>;
  done: () => void;
}

/** The feeds of the providers lag behind a write for about as long. A thousand writes in a row are one sync a second. */
const COLLECT_MS = 1_000;
/**
 * The next sync waits for so many times as long as the last one took. Without notifications, a mailbox of many folders is read
 * folder by folder, and a user who goes on working would keep it busy.
 */
const REST_FACTOR = 10;
const MAX_REST_MS = 60_000;
const MAX_ACCOUNTS = 10_000;

/**
 * Reads the changes of an account soon after the gateway has changed it, where no notification is expected: its events would
 * otherwise wait for the next poll.
 */
export class OwnWrites {
  private readonly pending = new Map<string, PendingRead>();
  /** When the next sync of an account may begin, by the clock of `performance.now`. */
  private readonly restsUntil = new LRUCache<string, number>({ max: MAX_ACCOUNTS });

  constructor(private readonly options: OwnWritesOptions) {}

  /** Records that the account may have been changed. Further writes within the same time belong to the same sync. */
  written(record: Pick<IntegrationRecord, 'id' | 'status'>): void {
    if (this.pending.has(record.id)) return;
    const pending: PendingRead = { timer: null, done: () => {}, requested: Promise.resolve() };
    pending.requested = new Promise((resolve) => {
      pending.done = resolve;
    });
    const due = () => {
      this.pending.delete(record.id);
      this.read(record)
        .catch((err: unknown) => {
          const { log } = this.options;
          log[storeErrorIn(err) ? 'debug' : 'error'](
            { err, integrationId: record.id },
            'own changes could not be read',
          );
        })
        .finally(pending.done);
    };
    const restMs = (this.restsUntil.get(record.id) ?? 0) - performance.now();
    pending.timer = setTimeout(due, Math.max(this.options.collectMs ?? COLLECT_MS, restMs)).unref();
    this.pending.set(record.id, pending);
  }

  /** Resolves when the sync of what was written so far has been requested, or is not needed. */
  async idle(integrationId: string): Promise<void> {
    await this.pending.get(integrationId)?.requested;
  }

  /** The next start reads every account, so nothing is lost. */
  stop(): void {
    for (const { timer, done } of this.pending.values()) {
      if (timer) clearTimeout(timer);
      done();
    }
    this.pending.clear();
  }

  private async read(record: Pick<IntegrationRecord, 'id' | 'status'>): Promise<void> {
    const { health, sync } = this.options;
    if ((await health.of(record)).live) return;
    const beganAt = performance.now();
    // It is no news from the provider: a dead watch stays one, and a provider that fails is not asked sooner.
    sync.poll(record.id, true);
    void sync.idle(record.id).then(() => {
      const endedAt = performance.now();
      this.restsUntil.set(record.id, endedAt + Math.min(MAX_REST_MS, REST_FACTOR * (endedAt - beganAt)));
    });
  }
}
