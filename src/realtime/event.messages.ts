import { setMaxListeners } from 'node:events';
import DataLoader from 'dataloader';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { AccountHandles } from '../accounts/handles/account-handles.ts';
import type { MailboxAddress, Reachability } from '../accounts/integrations/reachability.ts';
import { backoffMs, heldMs } from '../changes/backoff.ts';
import { isGivenUp, isMailError, isNotFound, isTransient, MailError, storeErrorIn } from '../domain/error.ts';
import type { MailboxRole } from '../domain/mailbox.ts';
import type { Message } from '../domain/message.ts';
import { abortable, deadline, following, sleep } from '../platform/abort.ts';
import type { Call } from '../providers/contract/call.ts';
import type { MailSession } from '../providers/contract/mail-session.ts';

interface EventMessagesOptions {
  readonly handles: Pick<AccountHandles, 'internal'>;
  /** The address of the account. Null when the account no longer exists. */
  readonly mailbox: (integrationId: string) => Promise<MailboxAddress | null>;
  readonly reachability: Pick<Reachability, 'listen'>;
  readonly log: Logger;
  /** How long an event waits for a provider that is unavailable, in milliseconds. */
  readonly maxWaitMs?: number;
}

/** The new messages of one account, shared by all subscriptions to it. */
interface AccountEventReads {
  readonly loader: DataLoader<string, Message>;
  readonly messages: LRUCache<string, Promise<Message>>;
  mailboxIds: Promise<ReadonlyMap<MailboxRole, string>> | null;
  /** The number of subscriptions that follow the account. */
  followers: number;
  /** Aborts when none of them is left. */
  readonly unfollowed: AbortController;
}

const MAX_MESSAGES = 200;
const LIFETIME_MS = 30_000;
/** Messages that arrive together are read together. */
const BATCH_DELAY_MS = 10;
const CALL_TIMEOUT_MS = 20_000;
const MAX_LIMITER_WAIT_MS = 2_000;
/** The time-out of each attempt to read a new message. */
const ATTEMPT_TIMEOUTS_MS = [4_000, 8_000, 20_000] as const;
/** After so many refusals, with other requests of the account answered in between, a message counts as unreadable. */
const MAX_REFUSALS = 3;
/** The minimum time between two attempts to read a message, however often its account is answered. */
const MIN_BACKOFF_MS = 500;
/** When no request of the account is answered, its provider is unavailable: the event waits for it this long. */
const MAX_WAIT_MS = 10 * 60_000;

/**
 * Reads each new message once for all subscriptions. Messages are dropped after a short time, because their flags change
 * and this is not a cache of mail. Only accounts that are followed are read.
 */
export class EventMessages {
  private readonly accounts = new Map<string, AccountEventReads>();
  /** How long the last answer of each provider took, in milliseconds: a slow provider gets a longer first time-out. */
  private readonly tookMs = new Map<string, number>();

  constructor(private readonly options: EventMessagesOptions) {}

  /** Begins to follow an account. When the last follower has left, its reads end and it is forgotten. */
  follow(integrationId: string): { leave(): void } {
    const reads = this.accounts.get(integrationId) ?? this.openReads(integrationId);
    this.accounts.set(integrationId, reads);
    reads.followers++;
    let isFollowing = true;
    return {
      leave: () => {
        if (!isFollowing) return;
        isFollowing = false;
        reads.followers--;
        if (reads.followers > 0) return;
        if (this.accounts.get(integrationId) === reads) this.accounts.delete(integrationId);
        reads.unfollowed.abort();
      },
    };
  }

  /** Ends all reads, because the process stops. */
  close(): void {
    for (const { unfollowed } of this.accounts.values()) unfollowed.abort();
    this.accounts.clear();
  }

  /**
   * The message's envelope. Rejects with MailError, NOT_FOUND when it has been deleted; any other failure is logged here, once
   * for all who asked.
   */
  read(integrationId: string, messageId: string): Promise<Message> {
    const reads = this.accounts.get(integrationId);
    if (!reads) return Promise.reject(notFollowed());
    const known = reads.messages.get(messageId);
    if (known) return known;
    const reading = reads.loader.load(messageId);
    reading.catch((err: unknown) => {
      // A failure of the gateway's own database is not cached.
      if (storeErrorIn(err)) reads.messages.delete(messageId);
      else if (!isNotFound(err) && !isGivenUp(err))
        this.options.log.warn({ err, integrationId, messageId }, 'a new message could not be read');
    });
    reads.messages.set(messageId, reading);
    const forget = () => setTimeout(() => reads.messages.delete(messageId), LIFETIME_MS).unref();
    reading.then(forget, forget);
    return reading;
  }

  /** The provider's id of the account's mailbox with that role; undefined when it has none. */
  async mailboxId(integrationId: string, role: MailboxRole): Promise<string | undefined> {
    const reads = this.accounts.get(integrationId);
    if (!reads) throw notFollowed();
    if (!reads.mailboxIds) {
      reads.mailboxIds = this.listMailboxes(integrationId, reads.unfollowed.signal);
      reads.mailboxIds.catch((err: unknown) => {
        if (!isGivenUp(err))
          this.options.log.warn({ err, integrationId }, 'the mailboxes of a new message could not be read');
      });
    }
    try {
      return (await reads.mailboxIds).get(role);
    } catch (error) {
      reads.mailboxIds = null;
      throw error;
    }
  }

  /** The account's mailboxes have changed. */
  forget(integrationId: string): void {
    const reads = this.accounts.get(integrationId);
    if (!reads) return;
    reads.messages.clear();
    reads.mailboxIds = null;
  }

  private openReads(integrationId: string): AccountEventReads {
    const unfollowed = new AbortController();
    setMaxListeners(0, unfollowed.signal);
    return {
      loader: new DataLoader<string, Message>((ids) => this.hydrate(integrationId, ids, unfollowed.signal), {
        cache: false,
        maxBatchSize: 50,
        batchScheduleFn: (go) => setTimeout(go, BATCH_DELAY_MS),
      }),
      messages: new LRUCache({ max: MAX_MESSAGES }),
      mailboxIds: null,
      followers: 0,
      unfollowed,
    };
  }

  /**
   * An unanswered request is repeated, each time with a longer time-out: a request that hangs may never be answered. While
   * the provider is unavailable the event waits; otherwise mail that arrives as an outage begins would be an event without its message.
   */
  private async hydrate(
    integrationId: string,
    ids: readonly string[],
    signal: AbortSignal,
  ): Promise<(Message | MailError)[]> {
    const found = new Map<string, Message | MailError>();
    await this.untilAnswered(integrationId, signal, async (call) => {
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

  private async listMailboxes(integrationId: string, signal: AbortSignal): Promise<ReadonlyMap<MailboxRole, string>> {
    let ids: ReadonlyMap<MailboxRole, string> = new Map();
    await this.untilAnswered(integrationId, signal, async (call) => {
      const session = await this.session(integrationId);
      const mailboxes = await session.listMailboxes(call);
      ids = new Map(mailboxes.flatMap(({ role, id }) => (role ? [[role, id] as const] : [])));
      return null;
    });
    return ids;
  }

  /**
   * Calls `ask` until it succeeds, no retry is left, or the signal aborts. `ask` throws a transient failure, or resolves with
   * it when only a part of the request has failed.
   */
  private async untilAnswered(
    integrationId: string,
    signal: AbortSignal,
    ask: (call: Call) => Promise<unknown>,
  ): Promise<void> {
    const giveUpAt = Date.now() + (this.options.maxWaitMs ?? MAX_WAIT_MS);
    const provider = (await this.options.mailbox(integrationId))?.provider ?? '';
    let priority: Call['priority'] = 'interactive';
    for (let tries = 0, refusals = 0; ; tries++) {
      signal.throwIfAborted();
      const scheduledMs = ATTEMPT_TIMEOUTS_MS[Math.min(tries, ATTEMPT_TIMEOUTS_MS.length - 1)] as number;
      const attemptTimeoutMs = Math.min(Math.max(scheduledMs, 2 * (this.tookMs.get(provider) ?? 0)), CALL_TIMEOUT_MS);
      const beganAt = Date.now();
      let failure: unknown;
      let thrown = false;
      const limit = deadline(signal, CALL_TIMEOUT_MS, tookTooLong);
      try {
        failure = await abortable(ask(callOf(limit.signal, priority, attemptTimeoutMs)), signal);
        if (failure === null) {
          this.tookMs.set(provider, Date.now() - beganAt);
          return;
        }
      } catch (error) {
        if (!isTransient(error) || storeErrorIn(error)) throw error;
        failure = error;
        thrown = true;
      } finally {
        limit.clear();
      }
      if (priority === 'interactive' && isMailError(failure) && failure.code === 'RATE_LIMITED') {
        // Interactive requests may have used up their share of the provider's limit; background work has a separate one.
        priority = 'background';
        continue;
      }
      // A request that timed out has already waited.
      const isTimeout = isMailError(failure) && failure.code === 'TIMEOUT' && tries < ATTEMPT_TIMEOUTS_MS.length - 1;
      const pauseMs = isTimeout ? 0 : backoffMs(tries, failure);
      if (refusals < MAX_REFUSALS && Date.now() + pauseMs < giveUpAt) {
        if (await this.answered(integrationId, pauseMs, heldMs(failure), signal)) refusals++;
        continue;
      }
      if (thrown) throw failure;
      return;
    }
  }

  /**
   * Whether a request of the account is answered during the pause. An answer ends the pause, but not before the provider's
   * retryAfter. Rejects when the signal aborts.
   */
  private async answered(
    integrationId: string,
    pauseMs: number,
    heldMs: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (pauseMs === 0) return false;
    const mailbox = await this.options.mailbox(integrationId);
    const earliest = Date.now() + Math.max(MIN_BACKOFF_MS, heldMs);
    const isAnswered = new AbortController();
    const pause = following(signal, isAnswered.signal);
    const stop = this.options.reachability.listen({
      answered: ({ provider, address }) => {
        if (provider === mailbox?.provider && address === mailbox.address) isAnswered.abort();
      },
    });
    try {
      await sleep(pauseMs, pause.signal);
      return false;
    } catch (error) {
      if (signal.aborted) throw error;
      await sleep(Math.max(0, earliest - Date.now()), signal);
      return true;
    } finally {
      stop();
      pause.leave();
    }
  }
}

/** Not bound to one subscriber's signal: a subscriber that disconnects must not cancel the read for the others. */
function callOf(signal: AbortSignal, priority: Call['priority'], attemptTimeoutMs: number): Call {
  return { signal, priority, attemptTimeoutMs, maxWaitMs: MAX_LIMITER_WAIT_MS };
}

const tookTooLong = (): DOMException => new DOMException('The read of new messages took too long.', 'TimeoutError');
const notFollowed = (): DOMException => new DOMException('Nobody follows the account any more.', 'AbortError');
