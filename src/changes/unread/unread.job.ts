import type { Logger } from 'pino';
import type { AccountHandles } from '../../accounts/handles/account-handles.ts';
import type { Reachability } from '../../accounts/integrations/reachability.ts';
import { isMailError, isNotFound, storeErrorIn } from '../../domain/error.ts';
import type { Bus } from '../../platform/bus/bus.ts';
import type { ChangeStore } from '../change.store.ts';
import { CHANGES_TOPIC, type ChangesWake } from '../change.topic.ts';
import type { ClaimedMessage, UnreadMessageStore } from './unread-message.store.ts';

interface UnreadJobOptions {
  readonly store: UnreadMessageStore;
  readonly changes: Pick<ChangeStore, 'position'>;
  readonly handles: Pick<AccountHandles, 'internal'>;
  readonly reachability: Pick<Reachability, 'listen'>;
  readonly bus: Pick<Bus, 'publish'>;
  readonly log: Logger;
}

const INTERVAL_MS = 2_000;
/** The messages that are read at once, of one account or of several. */
const BATCH = 50;
const MAX_LIMITER_WAIT_MS = 1_000;

/**
 * Reads the messages and mailboxes again that could not be read when their events were sent. Once one can be read, its event is appended to
 * the change log again, so that every follower on every instance receives it with what it shows.
 */
export class UnreadJob {
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> = Promise.resolve();
  private readonly calls = new AbortController();
  private stopListening: () => void = () => {};

  constructor(private readonly options: UnreadJobOptions) {}

  start(): void {
    const { store, reachability } = this.options;
    this.stopListening = reachability.listen({
      recovered: (mailbox) => void store.hurry(mailbox).catch((err: unknown) => this.failed(err)),
    });
    const next = () => {
      if (this.calls.signal.aborted) return;
      this.timer = setTimeout(() => {
        this.running = this.run()
          .catch((err: unknown) => this.failed(err))
          .finally(next);
      }, INTERVAL_MS).unref();
    };
    next();
  }

  async stop(): Promise<void> {
    this.stopListening();
    this.calls.abort();
    if (this.timer) clearTimeout(this.timer);
    await this.running;
  }

  private failed(err: unknown): void {
    if (this.calls.signal.aborted) return;
    this.options.log[storeErrorIn(err) ? 'debug' : 'error']({ err }, 'messages of events could not be read again');
  }

  private async run(): Promise<void> {
    const due = await this.options.store.claim(BATCH);
    const accounts = new Map<string, ClaimedMessage[]>();
    for (const message of due) {
      const known = accounts.get(message.integrationId) ?? [];
      accounts.set(message.integrationId, message.kind === 'reset' ? known : [...known, message]);
    }
    // An account that does not answer is due again later, and delays no other.
    await Promise.all(
      [...accounts].map(([id, messages]) => this.read(id, messages).catch((err: unknown) => this.unanswered(id, err))),
    );
  }

  private unanswered(integrationId: string, err: unknown): void {
    if (isMailError(err)) this.options.log.debug({ err, integrationId }, 'messages of events are still unreadable');
    else this.failed(err);
  }

  private async read(integrationId: string, due: readonly ClaimedMessage[]): Promise<void> {
    const { store, changes, handles, bus } = this.options;
    const { signal } = this.calls;
    const { sequence } = await changes.position(integrationId);
    const session = await (await handles.internal(integrationId)).session();
    const call = { signal, priority: 'background' as const, maxWaitMs: MAX_LIMITER_WAIT_MS };
    const messages = due.filter(({ kind }) => kind !== 'mailbox');
    const mailboxes = due.filter(({ kind }) => kind === 'mailbox');
    const ids = messages.map(({ messageId }) => messageId);
    const answers = ids.length > 0 ? await session.getMessages(ids, 'envelope', call) : [];
    const read = messages.filter((_, index) => answers[index] && !isMailError(answers[index]));
    // A replica of the provider may neither know yet that a message was created, nor that it was deleted.
    const { readsSettleMs = 0 } = session;
    const isSettling = ({ ageMs }: ClaimedMessage) => ageMs < readsSettleMs;
    const deleted = messages.filter((message, index) => isNotFound(answers[index]) && !isSettling(message));
    const entries = read.map((message) => BigInt(message.sequence ?? sequence));
    const since = entries.reduce((first, one) => (one < first ? one : first), sequence);
    // A mailbox that is not in the list no longer exists, which its event says.
    if (mailboxes.length > 0) await session.listMailboxes(call);
    const appended = await store.settle(integrationId, [...read, ...mailboxes], deleted, since);
    if (appended.length > 0) await bus.publish(CHANGES_TOPIC, { integrationId, altered: true } satisfies ChangesWake);
  }
}
