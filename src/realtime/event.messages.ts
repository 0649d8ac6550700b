import DataLoader from 'dataloader';
import type { Logger } from 'pino';
import type { AccountHandles } from '../accounts/integrations/account-handles.ts';
import type { Mailbox, Reachability } from '../accounts/integrations/reachability.ts';
import { backoffMs, heldMs } from '../changes/backoff.ts';
import { isMailError, isNotFound, isTransient, MailError, storeErrorIn } from '../domain/error.ts';
import type { MailboxRole } from '../domain/mailbox.ts';
import type { Message } from '../domain/message.ts';
import type { Call } from '../providers/contract/call.ts';
import type { MailSession } from '../providers/contract/provider.ts';

export interface EventMessagesOptions {
  readonly handles: Pick<AccountHandles, 'internal'>;
  /** Whose account it is; null when it is gone. */
  readonly mailbox: (integrationId: string) => Promise<Mailbox | null>;
  readonly reachability: Pick<Reachability, 'listen'>;
  readonly log: Logger;
  /** How long an event waits for a vendor that is away. */
  readonly maxWaitMs?: number;
}

/** One account's new messages, read for everyone who subscribes to it. */
interface Shelf {
  readonly loader: DataLoader<string, Message>;
  readonly messages: Map<string, Promise<Message>>;
  mailboxIds: Promise<ReadonlyMap<MailboxRole, string>> | null;
}

const MAX_MESSAGES = 200;
const LIFETIME_MS = 30_000;
/** Messages that arrive together are read together. */
const BATCH_DELAY_MS = 10;
const CALL_TIMEOUT_MS = 20_000;
const MAX_LIMITER_WAIT_MS = 2_000;
/** How long each try to read a new message may go without an answer. */
const ATTEMPT_TIMEOUTS_MS = [4_000, 8_000, 20_000] as const;
/** A message that is refused again so often, after its account was answered otherwise, is one that cannot be read. */
const MAX_REFUSALS = 3;
/** However often its account is answered, a message is not asked for again within this. */
const MIN_BACKOFF_MS = 500;
/** Where nothing of the account is answered its vendor is away, and the event waits for it so long. */
const MAX_WAIT_MS = 10 * 60_000;

/**
 * Reads each new message once, however many subscriptions show it. What was read is forgotten soon: flags change, and
 * this is no cache of mail.
 */
export class EventMessages {
  private readonly shelves = new Map<string, Shelf>();
  /** How long the last answer of each provider took, in milliseconds: one that is slow is given more time at once. */
  private readonly tookMs = new Map<string, number>();

  constructor(private readonly options: EventMessagesOptions) {}

  /**
   * The message's envelope. Rejects with MailError, NOT_FOUND when it is gone again; another failure is logged here, once
   * for all who asked.
   */
  read(integrationId: string, messageId: string): Promise<Message> {
    const shelf = this.shelf(integrationId);
    const known = shelf.messages.get(messageId);
    if (known) return known;
    const reading = shelf.loader.load(messageId);
    reading.catch((err: unknown) => {
      // That our own store was away is no answer to remember.
      if (storeErrorIn(err)) shelf.messages.delete(messageId);
      else if (!isNotFound(err))
        this.options.log.warn({ err, integrationId, messageId }, 'a new message could not be read');
    });
    shelf.messages.set(messageId, reading);
    const forget = () => setTimeout(() => shelf.messages.delete(messageId), LIFETIME_MS).unref();
    reading.then(forget, forget);
    if (shelf.messages.size > MAX_MESSAGES) shelf.messages.delete(shelf.messages.keys().next().value ?? '');
    return reading;
  }

  /** The provider's id of the account's mailbox with that role; undefined when it has none. */
  async mailboxId(integrationId: string, role: MailboxRole): Promise<string | undefined> {
    const shelf = this.shelf(integrationId);
    if (!shelf.mailboxIds) {
      shelf.mailboxIds = this.listMailboxes(integrationId);
      shelf.mailboxIds.catch((err: unknown) =>
        this.options.log.warn({ err, integrationId }, 'the mailboxes of a new message could not be read'),
      );
    }
    try {
      return (await shelf.mailboxIds).get(role);
    } catch (error) {
      shelf.mailboxIds = null;
      throw error;
    }
  }

  /** Its mailboxes are not what they were, or it is not followed any more. */
  forget(integrationId: string): void {
    this.shelves.delete(integrationId);
  }

  private shelf(integrationId: string): Shelf {
    const known = this.shelves.get(integrationId);
    if (known) return known;
    const shelf: Shelf = {
      loader: new DataLoader<string, Message>((ids) => this.hydrate(integrationId, ids), {
        cache: false,
        maxBatchSize: 50,
        batchScheduleFn: (go) => setTimeout(go, BATCH_DELAY_MS),
      }),
      messages: new Map(),
      mailboxIds: null,
    };
    this.shelves.set(integrationId, shelf);
    return shelf;
  }

  /**
   * What goes unanswered is asked for again, each time with more patience: a request that hung may never be answered. While
   * the vendor is away the event waits for it, or mail that comes as an outage begins would be told of without being shown.
   */
  private async hydrate(integrationId: string, ids: readonly string[]): Promise<(Message | MailError)[]> {
    const found = new Map<string, Message | MailError>();
    await this.untilAnswered(integrationId, async (call) => {
      const open = ids.filter((id) => !found.has(id) || isTransient(found.get(id)));
      const session = await this.session(integrationId);
      const answers = await session.getMessages(open, 'envelope', call);
      for (const [i, answer] of answers.entries()) found.set(open[i] ?? '', answer);
      return answers.find(isTransient) ?? null;
    });
    return ids.map((id) => found.get(id) ?? new MailError('NOT_FOUND', 'There is no such message.'));
  }

  private async session(integrationId: string): Promise<MailSession> {
    return (await this.options.handles.internal(integrationId)).session();
  }

  private async listMailboxes(integrationId: string): Promise<ReadonlyMap<MailboxRole, string>> {
    let ids: ReadonlyMap<MailboxRole, string> = new Map();
    await this.untilAnswered(integrationId, async (call) => {
      const session = await this.session(integrationId);
      const mailboxes = await session.listMailboxes(call);
      ids = new Map(mailboxes.flatMap(({ role, id }) => (role ? [[role, id] as const] : [])));
      return null;
    });
    return ids;
  }

  /** Asks until no transient failure is left of it: `ask` throws that, or resolves with it where the rest was answered. */
  private async untilAnswered(integrationId: string, ask: (call: Call) => Promise<unknown>): Promise<void> {
    const giveUpAt = Date.now() + (this.options.maxWaitMs ?? MAX_WAIT_MS);
    const provider = (await this.options.mailbox(integrationId))?.provider ?? '';
    let priority: Call['priority'] = 'interactive';
    for (let tries = 0, refusals = 0; ; tries++) {
      const scheduledMs = ATTEMPT_TIMEOUTS_MS[Math.min(tries, ATTEMPT_TIMEOUTS_MS.length - 1)] as number;
      const attemptTimeoutMs = Math.min(Math.max(scheduledMs, 2 * (this.tookMs.get(provider) ?? 0)), CALL_TIMEOUT_MS);
      const beganAt = Date.now();
      let failure: unknown;
      let thrown = false;
      try {
        failure = await ask(callOf(priority, attemptTimeoutMs));
        if (failure === null) {
          this.tookMs.set(provider, Date.now() - beganAt);
          return;
        }
      } catch (error) {
        if (!isTransient(error) || storeErrorIn(error)) throw error;
        failure = error;
        thrown = true;
      }
      if (priority === 'interactive' && isMailError(failure) && failure.code === 'RATE_LIMITED') {
        // People may have used up their part of the vendor's window; background work has one of its own.
        priority = 'background';
        continue;
      }
      // A request that went without an answer has waited already.
      const isSilence = isMailError(failure) && failure.code === 'TIMEOUT' && tries < ATTEMPT_TIMEOUTS_MS.length - 1;
      const pauseMs = isSilence ? 0 : backoffMs(tries, failure);
      if (refusals < MAX_REFUSALS && Date.now() + pauseMs < giveUpAt) {
        if (await this.answered(integrationId, pauseMs, heldMs(failure))) refusals++;
        continue;
      }
      if (thrown) throw failure;
      return;
    }
  }

  /** Whether a request of the account is answered during the pause, which that ends, but not before the provider allows it. */
  private async answered(integrationId: string, pauseMs: number, heldMs: number): Promise<boolean> {
    if (pauseMs === 0) return false;
    const mailbox = await this.options.mailbox(integrationId);
    const earliest = Date.now() + Math.max(MIN_BACKOFF_MS, heldMs);
    let isAnswered = false;
    let stop = () => {};
    await new Promise<void>((resolve) => {
      let timer = setTimeout(resolve, pauseMs);
      stop = this.options.reachability.listen({
        answered: ({ provider, address }) => {
          if (isAnswered || provider !== mailbox?.provider || address !== mailbox.address) return;
          isAnswered = true;
          clearTimeout(timer);
          timer = setTimeout(resolve, Math.max(0, earliest - Date.now()));
        },
      });
    });
    stop();
    return isAnswered;
  }
}

/** Nobody's request: a subscriber that goes away must not take the message from the others. */
function callOf(priority: Call['priority'], attemptTimeoutMs: number): Call {
  return { signal: AbortSignal.timeout(CALL_TIMEOUT_MS), priority, attemptTimeoutMs, maxWaitMs: MAX_LIMITER_WAIT_MS };
}
