import { setMaxListeners } from 'node:events';
import DataLoader from 'dataloader';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { AccountHandle } from '../accounts/handles/account-handle.ts';
import type { MailboxAddress, Reachability } from '../accounts/integrations/reachability.ts';
import { backoffMs } from '../changes/backoff.ts';
import {
  isGivenUp,
  isMailError,
  isNotFound,
  isTransient,
  type MailError,
  noSuchMessage,
  retryAfterMsOf,
  storeErrorIn,
} from '../domain/error.ts';
import type { MailboxRole } from '../domain/mailbox.ts';
import type { Message } from '../domain/message.ts';
import { abortable, deadline, following, sleep } from '../platform/abort.ts';
import type { Call } from '../providers/contract/call.ts';

interface EventMessagesOptions {
  /** The address of the account. Null when the account no longer exists. */
  readonly mailbox: (integrationId: string) => Promise<MailboxAddress | null>;
  readonly reachability: Pick<Reachability, 'listen'>;
  readonly log: Logger;
  /** How long an event waits for a provider that is unavailable, in milliseconds. */
  readonly maxWaitMs?: number;
}

/** The new messages of one account, shared by all subscriptions that have the same rights in it. */
interface AccountEventReads {
  readonly loader: DataLoader<string, Message>;
  readonly messages: LRUCache<string, Promise<Message>>;
  mailboxIds: Promise<ReadonlyMap<MailboxRole, string>> | null;
  /** Aborts when nobody follows the account any more. */
  readonly signal: AbortSignal;
}

/** An account that subscriptions follow. */
interface FollowedAccount {
  followers: number;
  /** By the `sharingKey` of the handles. */
  readonly reads: Map<string, AccountEventReads>;
  /** Aborts when no follower is left. */
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
  private readonly followed = new Map<string, FollowedAccount>();
  /** How long the last answer of each provider took, in milliseconds: a slow provider gets a longer first time-out. */
  private readonly tookMs = new Map<string, number>();

  constructor(private readonly options: EventMessagesOptions) {}

  /** Begins to follow an account. When the last follower has left, its reads end and it is forgotten. */
  follow(integrationId: string): { leave(): void } {
    const followed = this.followed.get(integrationId) ?? newlyFollowed();
    this.followed.set(integrationId, followed);
    followed.followers++;
    let isFollowing = true;
    return {
      leave: () => {
        if (!isFollowing) return;
        isFollowing = false;
        followed.followers--;
        if (followed.followers > 0) return;
        if (this.followed.get(integrationId) === followed) this.followed.delete(integrationId);
        followed.unfollowed.abort();
      },
    };
  }

  /** Ends all reads, because the process stops. */
  close(): void {
    for (const { unfollowed } of this.followed.values()) unfollowed.abort();
    this.followed.clear();
  }

  /**
   * The message's envelope. Rejects with MailError, NOT_FOUND when it has been deleted; any other failure is logged here, once
   * for all who asked.
   */
  read(account: AccountHandle, messageId: string): Promise<Message> {
    const integrationId = account.integration.id;
    const reads = this.readsOf(account);
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
  async mailboxId(account: AccountHandle, role: MailboxRole): Promise<string | undefined> {
    const integrationId = account.integration.id;
    const reads = this.readsOf(account);
    if (!reads) throw notFollowed();
    if (!reads.mailboxIds) {
      reads.mailboxIds = this.listMailboxes(account, reads.signal);
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
    this.followed.get(integrationId)?.reads.clear();
  }

  /** Null for an account that nobody follows. */
  private readsOf(account: AccountHandle): AccountEventReads | null {
    const followed = this.followed.get(account.integration.id);
    if (!followed) return null;
    const known = followed.reads.get(account.sharingKey);
    if (known) return known;
    const { signal } = followed.unfollowed;
    const reads: AccountEventReads = {
      loader: new DataLoader<string, Message>((ids) => this.hydrate(account, ids, signal), {
        cache: false,
        maxBatchSize: 50,
        batchScheduleFn: (go) => setTimeout(go, BATCH_DELAY_MS),
      }),
      messages: new LRUCache({ max: MAX_MESSAGES }),
      mailboxIds: null,
      signal,
    };
    followed.reads.set(account.sharingKey, reads);
    return reads;
  }

  /**
   * An unanswered request is repeated, each time with a longer time-out: a request that hangs may never be answered. While
   * the provider is unavailable the event waits; otherwise mail that arrives as an outage begins would be an event without its message.
   */
  private async hydrate(
    account: AccountHandle,
    ids: readonly string[],
    signal: AbortSignal,
  ): Promise<(Message | MailError)[]> {
    const found = new Map<string, Message | MailError>();
    await this.untilAnswered(account.integration.id, signal, async (call) => {
      const open = ids.filter((id) => !found.has(id) || isTransient(found.get(id)));
      const session = await account.session();
      const answers = await session.getMessages(open, 'envelope', call);
      for (const [i, answer] of answers.entries()) found.set(open[i] ?? '', answer);
      return answers.find(isTransient) ?? null;
    });
    return ids.map((id) => found.get(id) ?? noSuchMessage());
  }

  private async listMailboxes(account: AccountHandle, signal: AbortSignal): Promise<ReadonlyMap<MailboxRole, string>> {
    let ids: ReadonlyMap<MailboxRole, string> = new Map();
    await this.untilAnswered(account.integration.id, signal, async (call) => {
      const session = await account.session();
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
        if (await this.answered(integrationId, pauseMs, retryAfterMsOf(failure), signal)) refusals++;
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

function newlyFollowed(): FollowedAccount {
  const unfollowed = new AbortController();
  setMaxListeners(0, unfollowed.signal);
  return { followers: 0, reads: new Map(), unfollowed };
}
