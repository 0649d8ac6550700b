import type { Logger } from 'pino';
import { isMailError } from '../../domain/error.ts';
import { abortable } from '../../platform/abort.ts';
import { findProviderByPath } from '../../providers/contract/find-provider.ts';
import type { Provider } from '../../providers/contract/provider.ts';
import type { WatchNotification, WebhookOutcome, WebhookRequest } from '../../providers/contract/watch.ts';
import type { PendingSyncStore } from '../sync/pending-sync.store.ts';
import type { SyncJob } from '../sync/sync.job.ts';
import type { WatchJob } from './watch.job.ts';
import type { WatchStore } from './watch.store.ts';

interface WebhookServiceOptions {
  readonly providers: readonly Provider[];
  readonly watches: Pick<WatchStore, 'named' | 'requireRenewal' | 'remove'>;
  readonly pendingSyncs: Pick<PendingSyncStore, 'note' | 'noteHints'>;
  readonly sync: Pick<SyncJob, 'request'>;
  readonly watchJob: Pick<WatchJob, 'request' | 'heard'>;
  readonly log: Logger;
}

type Reply = WebhookOutcome['reply'];

/**
 * Milliseconds from the arrival of a notification to the answer. Graph requires an answer within 3 s, and sends ever fewer
 * notifications to an endpoint that answers late. After a refusal in time it repeats the notification for hours.
 */
const ANSWER_TIMEOUT_MS = 2_500;

/** Milliseconds within which notifications belong to one run. Graph sends two for one mail: created and updated. */
const DEBOUNCE_MS = 250;

/**
 * Receives the notifications of the providers. It verifies the sender, records the notification in the database, so that no
 * crash loses it, and then answers. The sync follows in the background.
 */
export class WebhookService {
  constructor(private readonly options: WebhookServiceOptions) {}

  /** `provider` is the id of the provider in lower case. Returns null when no such provider sends notifications. */
  async receive(provider: string, request: WebhookRequest): Promise<Reply | null> {
    const { providers, watches, log } = this.options;
    const receiver = findProviderByPath(providers, provider);
    if (!receiver?.receive) return null;
    try {
      const late = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
      const proven = receiver.receive(request, (key) => watches.named(receiver.id, key));
      const outcome = await abortable(proven, late).catch((error: unknown) => {
        // A notification that is verified too late for an answer is still news.
        const act = (late: WebhookOutcome) => {
          for (const notification of late.notifications) this.act(notification, false);
        };
        proven.then(act, () => {});
        throw error;
      });
      let isNoted = false;
      try {
        await abortable(this.note(outcome.notifications), late);
        isNoted = true;
        return outcome.reply;
      } finally {
        // A notification that could not be recorded is acted on too, because its repetition may take a while.
        for (const notification of outcome.notifications) this.act(notification, isNoted);
      }
    } catch (error) {
      log.warn({ err: error, provider }, 'a webhook was refused');
      const isForged = isMailError(error) && (error.code === 'UNAUTHENTICATED' || error.code === 'FORBIDDEN');
      // After a 503 the provider repeats the notification, which is right for a failure of the gateway.
      return { status: isForged ? 401 : 503 };
    }
  }

  private async note(notifications: readonly WatchNotification[]): Promise<void> {
    const { watches, pendingSyncs } = this.options;
    const of = (...kinds: WatchNotification['kind'][]) => [
      ...new Set(
        notifications.flatMap(({ kind, integrationId, hints }) =>
          kinds.includes(kind) && !hints ? integrationId : [],
        ),
      ),
    ];
    for (const { kind, integrationId, hints } of notifications)
      if (kind === 'CHANGED' && hints) await pendingSyncs.noteHints(integrationId, hints);
    await pendingSyncs.note(of('CHANGED', 'MISSED', 'LOST'));
    await watches.requireRenewal(of('REAUTHORIZE'));
    for (const integrationId of of('LOST')) await watches.remove(integrationId);
  }

  private act({ integrationId, kind, hints }: WatchNotification, isNoted: boolean): void {
    const { sync, watchJob } = this.options;
    if (kind === 'REAUTHORIZE' || kind === 'LOST') watchJob.request(integrationId);
    if (kind === 'CHANGED') watchJob.heard(integrationId);
    // A lost watch may have missed changes.
    if (kind !== 'REAUTHORIZE') sync.request(integrationId, hints ? DEBOUNCE_MS : 0, isNoted);
  }
}
