import type { Logger } from 'pino';
import { isMailError, storeErrorIn } from '../domain/error.ts';
import type { Provider } from '../providers/provider.ts';
import type { Signal, WebhookOutcome, WebhookRequest } from '../providers/watch.ts';
import type { SyncJob } from './sync.job.ts';
import type { WatchJob } from './watch.job.ts';
import type { WatchStore } from './watch.store.ts';

export interface WebhookServiceOptions {
  readonly providers: readonly Provider[];
  readonly watches: Pick<WatchStore, 'named'>;
  readonly sync: Pick<SyncJob, 'request'>;
  readonly watchJob: Pick<WatchJob, 'request' | 'lost'>;
  readonly log: Logger;
}

type Reply = WebhookOutcome['reply'];

/** Takes what providers push: who sent it is proven, then it is answered; the work comes later. */
export class WebhookService {
  constructor(private readonly options: WebhookServiceOptions) {}

  /** `provider` is its id in lower case. Null when no such provider pushes here. */
  async receive(provider: string, request: WebhookRequest): Promise<Reply | null> {
    const { providers, watches, log } = this.options;
    const receiver = providers.find((p) => p.configured && p.id.toLowerCase() === provider);
    if (!receiver?.receive) return null;
    try {
      const outcome = await receiver.receive(request, (key) => watches.named(receiver.id, key));
      // A provider that is told it was taken does not tell it again.
      for (const signal of outcome.signals) await this.act(signal);
      return outcome.reply;
    } catch (error) {
      log.warn({ err: error, provider }, 'a webhook was refused');
      const theirs = isMailError(error) && (error.code === 'UNAUTHENTICATED' || error.code === 'FORBIDDEN');
      // 503 is asked again later, which is right for what failed on our side.
      const away = storeErrorIn(error);
      if (away) return { status: 503, contentType: 'text/plain', body: `${away.code}: ${away.message}\n` };
      return { status: theirs ? 401 : 503 };
    }
  }

  private async act({ integrationId, kind }: Signal): Promise<void> {
    const { sync, watchJob } = this.options;
    if (kind === 'CHANGED' || kind === 'MISSED') sync.request(integrationId);
    else if (kind === 'REAUTHORIZE') watchJob.request(integrationId);
    else await watchJob.lost(integrationId);
  }
}
