import type { Logger } from 'pino';
import { isMailError } from '../../domain/error.ts';
import { abortable } from '../../platform/abort.ts';
import { findProviderByPath } from '../../providers/contract/find-provider.ts';
import type { Provider } from '../../providers/contract/provider.ts';
import type { Signal, WebhookOutcome, WebhookRequest } from '../../providers/contract/watch.ts';
import type { PendingSyncStore } from '../sync/pending-sync.store.ts';
import type { SyncJob } from '../sync/sync.job.ts';
import type { WatchJob } from './watch.job.ts';
import type { WatchStore } from './watch.store.ts';

interface WebhookServiceOptions {
  readonly providers: readonly Provider[];
  readonly watches: Pick<WatchStore, 'named' | 'wanted' | 'remove'>;
  readonly pendingSyncs: Pick<PendingSyncStore, 'note' | 'noteHints'>;
  readonly sync: Pick<SyncJob, 'request'>;
  readonly watchJob: Pick<WatchJob, 'request' | 'heard'>;
  readonly log: Logger;
}

type Reply = WebhookOutcome['reply'];

/**
 * Graph wants an answer within 3 s, and tells an endpoint that answers late of less and less: better a refusal in time, after
 * which it asks again for hours. From the arrival of the notification, in milliseconds.
 */
const ANSWER_TIMEOUT_MS = 2_500;

/** Graph tells of one mail twice, as created and as updated: one run does for both. In milliseconds. */
const DEBOUNCE_MS = 250;

/**
 * Takes what providers push: who sent it is proven, what it told of is noted where no crash loses it, then it is answered;
 * the work comes later.
 */
export class WebhookService {
  constructor(private readonly options: WebhookServiceOptions) {}

  /** `provider` is its id in lower case. Null when no such provider pushes here. */
  async receive(provider: string, request: WebhookRequest): Promise<Reply | null> {
    const { providers, watches, log } = this.options;
    const receiver = findProviderByPath(providers, provider);
    if (!receiver?.receive) return null;
    try {
      const late = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
      const proven = receiver.receive(request, (key) => watches.named(receiver.id, key));
      const outcome = await abortable(proven, late).catch((error: unknown) => {
        // Proven too late to be answered, it is news all the same.
        const act = (late: WebhookOutcome) => {
          for (const signal of late.signals) this.act(signal, false);
        };
        proven.then(act, () => {});
        throw error;
      });
      let isNoted = false;
      try {
        await abortable(this.note(outcome.signals), late);
        isNoted = true;
        return outcome.reply;
      } finally {
        // Also what could not be noted: the provider will tell of it again, but that may take a while.
        for (const signal of outcome.signals) this.act(signal, isNoted);
      }
    } catch (error) {
      log.warn({ err: error, provider }, 'a webhook was refused');
      const theirs = isMailError(error) && (error.code === 'UNAUTHENTICATED' || error.code === 'FORBIDDEN');
      // 503 is asked again later, which is right for what failed on our side.
      return { status: theirs ? 401 : 503 };
    }
  }

  private async note(signals: readonly Signal[]): Promise<void> {
    const { watches, pendingSyncs } = this.options;
    const of = (...kinds: Signal['kind'][]) => [
      ...new Set(
        signals.flatMap(({ kind, integrationId, hints }) => (kinds.includes(kind) && !hints ? integrationId : [])),
      ),
    ];
    for (const { kind, integrationId, hints } of signals)
      if (kind === 'CHANGED' && hints) await pendingSyncs.noteHints(integrationId, hints);
    await pendingSyncs.note(of('CHANGED', 'MISSED', 'LOST'));
    await watches.wanted(of('REAUTHORIZE'));
    for (const integrationId of of('LOST')) await watches.remove(integrationId);
  }

  private act({ integrationId, kind, hints }: Signal, isNoted: boolean): void {
    const { sync, watchJob } = this.options;
    if (kind === 'REAUTHORIZE' || kind === 'LOST') watchJob.request(integrationId);
    if (kind === 'CHANGED') watchJob.heard(integrationId);
    // A watch that is lost may have had something to tell.
    if (kind !== 'REAUTHORIZE') sync.request(integrationId, hints ? DEBOUNCE_MS : 0, isNoted);
  }
}
