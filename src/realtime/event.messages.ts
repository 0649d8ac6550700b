import { setMaxListeners } from 'node:events';
import DataLoader from 'dataloader';
import type { Logger } from 'pino';
import type { AccountHandle } from '../accounts/handles/account-handle.ts';
import type { IntegrationDirectory } from '../accounts/integrations/integration.directory.ts';
import { entryBytes, messageBytes } from '../cache/bytes.ts';
import { CacheBudget } from '../cache/cache-budget.ts';
import { EntryStore } from '../cache/entry-store.ts';
import type { LoggedChange } from '../changes/change.store.ts';
import { isGivenUp, isNotFound, isTransient, MailError, noSuchMessage, storeErrorIn } from '../domain/error.ts';
import type { Mailbox, MailboxRole } from '../domain/mailbox.ts';
import type { Message } from '../domain/message.ts';
import type { Context } from '../graphql/context.ts';
import type { MailAccount } from '../mail/account/mail-account.ts';
import { abortable, timeLimited } from '../platform/abort.ts';
import { type KnownMailboxes, type MailboxRead, MailboxReads } from './event.mailboxes.ts';
import { EventRequests, type EventRequestsOptions } from './event.requests.ts';
import { type KeptMessage, KeptMessages, type MessageRead } from './kept-messages.ts';
import { ResetReasonEnum } from './reset-reason.enum.ts';

interface EventMessagesOptions extends EventRequestsOptions {
  readonly log: Logger;
  readonly directory: Pick<IntegrationDirectory, 'onChanged'>;
  /** The bytes of what is kept of all accounts. Default: MAX_BYTES. */
  readonly maxBytes?: number;
}

/** The messages of the events of one account, shared by all subscriptions that have the same rights in it. */
interface AccountEventReads {
  readonly loader: DataLoader<string, Message>;
  readonly pending: Map<string, MessageRead>;
  readonly kept: KeptMessages;
  /** What of the messages and mailboxes is kept, within the bytes of all accounts. */
  readonly store: EntryStore<{ readonly message: KeptMessage; readonly mailboxes: MailboxRead }>;
  readonly mailboxes: MailboxReads;
}

/** An account that subscriptions follow. */
interface FollowedAccount {
  followers: number;
  /** By the `sharingKey` of the handles. */
  readonly reads: Map<string, AccountEventReads>;
  /** The sequence of the latest entry that reports a change of the mailboxes. */
  mailboxesChangedAt: bigint;
  /** Aborts when no follower is left. */
  readonly unfollowed: AbortController;
}

/** Enough for as many messages as the hub keeps entries of a log, so that followers at different places of a flood read each once. */
const MAX_BYTES = 8 * 1024 * 1024;
/** How long an event waits for the mailboxes that it shows. */
const LIST_TIMEOUT_MS = 10_000;
/** Messages of events that come together are read together. */
const BATCH_DELAY_MS = 10;

/**
 * Reads each new message once for all subscriptions. Messages are dropped after a short time, because their flags change
 * and this is not a cache of mail. Only accounts that are followed are read, and nothing outlives a change of its integration.
 */
export class EventMessages {
  private readonly followed = new Map<string, FollowedAccount>();
  private readonly requests: EventRequests;
  private readonly budget: CacheBudget;
  private readonly stopListening: () => void;

  constructor(private readonly options: EventMessagesOptions) {
    this.requests = new EventRequests(options);
    this.budget = new CacheBudget(options.maxBytes ?? MAX_BYTES);
    this.stopListening = options.directory.onChanged((integrationId) => {
      for (const [id, followed] of this.followed)
        if (integrationId === null || integrationId === id) dropReads(followed);
    });
  }

  /** The bytes that are kept, by estimate. */
  get bytes(): number {
    return this.budget.bytes;
  }

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
        dropReads(followed);
      },
    };
  }

  /** Ends all reads, because the process stops. */
  close(): void {
    this.stopListening();
    for (const followed of this.followed.values()) {
      followed.unfollowed.abort();
      dropReads(followed);
    }
    this.followed.clear();
  }

  /**
   * The message's envelope, read after `entry` of its change log was written. Rejects with MailError, NOT_FOUND when it has been
   * deleted; any other failure is logged here, once for all who asked. `newest` is the newest entry that the caller knows: what
   * is read now is as new, so that followers whose pages end at different entries share it.
   */
  read(account: AccountHandle, messageId: string, entry: bigint, newest = entry): Promise<Message> {
    const integrationId = account.integration.id;
    const reads = this.readsOf(account);
    if (!reads) return Promise.reject(notFollowed());
    const known = reads.pending.get(messageId) ?? reads.kept.get(messageId);
    if (known && known.asOf >= entry) return known.reading;
    const read: MessageRead = { asOf: newest, reading: reads.loader.load(messageId) };
    reads.pending.set(messageId, read);
    const keep = (bytes: number) => {
      if (reads.pending.get(messageId) !== read) return;
      reads.pending.delete(messageId);
      reads.kept.keep(messageId, read, bytes);
    };
    read.reading.then(
      (message) => keep(messageBytes(message)),
      (err: unknown) => {
        if (!isNotFound(err) && !isGivenUp(err) && !storeErrorIn(err))
          this.options.log.warn({ err, integrationId, messageId }, 'the message of an event could not be read');
        // A failure of the gateway's own database is not cached.
        if (!storeErrorIn(err)) keep(entryBytes(messageId));
        else if (reads.pending.get(messageId) === read) reads.pending.delete(messageId);
      },
    );
    return read.reading;
  }

  /** The mailboxes of the account, read after the entry `asOf` of its change log was written. */
  mailboxes(account: AccountHandle, asOf: bigint): Promise<readonly Mailbox[]> {
    return this.withMailboxes(account, (reads, changedAt) => reads.after(asOf, changedAt));
  }

  /**
   * Lets an account, as it was opened for one event, show a message without another request: the message itself, and the
   * mailboxes that were listed for other events.
   */
  prime(opened: MailAccount, account: AccountHandle, message: Message, { signal, noCache = false }: Context): void {
    opened.messages.prime(message);
    if (noCache) return;
    const read = (reads: MailboxReads, changedAt: bigint) => reads.naming(message.mailboxIds, changedAt);
    const listing = () => timeLimited(this.withMailboxes(account, read), LIST_TIMEOUT_MS, listedTooLate);
    opened.mailboxes.share(() => abortable(listing(), signal));
  }

  /** The provider's id of the account's mailbox with that role; undefined when it has none. */
  async mailboxId(account: AccountHandle, role: MailboxRole): Promise<string | undefined> {
    const { mailboxes } = await this.withMailboxes(account, (reads, changedAt) => reads.naming([], changedAt));
    return mailboxes.find((mailbox) => mailbox.role === role)?.id;
  }

  /** A follower has come to an entry of the log, after which mailboxes or everything have to be read again. */
  noted({ integrationId, kind, subject, sequence }: LoggedChange): void {
    const followed = this.followed.get(integrationId);
    if (!followed) return;
    if (kind === 'mailbox' && sequence > followed.mailboxesChangedAt) followed.mailboxesChangedAt = sequence;
    // The first sync says nothing new about the mailboxes, which may just have been read for the first event.
    if (kind !== 'reset' || subject === ResetReasonEnum.FIRST_SYNC) return;
    // The log may be another one, whose sequences do not compare with those of the log before.
    dropReads(followed);
    followed.mailboxesChangedAt = 0n;
  }

  private withMailboxes<T>(
    account: AccountHandle,
    read: (reads: MailboxReads, changedAt: bigint) => Promise<T>,
  ): Promise<T> {
    const reads = this.readsOf(account);
    const changedAt = this.followed.get(account.integration.id)?.mailboxesChangedAt ?? 0n;
    return reads ? read(reads.mailboxes, changedAt) : Promise.reject(notFollowed());
  }

  /** Null for an account that nobody follows. */
  private readsOf(account: AccountHandle): AccountEventReads | null {
    const integrationId = account.integration.id;
    const followed = this.followed.get(integrationId);
    if (!followed) return null;
    const known = followed.reads.get(account.sharingKey);
    if (known) return known;
    const { signal } = followed.unfollowed;
    const failed = (err: unknown) => {
      if (!isGivenUp(err)) this.options.log.warn({ err, integrationId }, 'the mailboxes of an event could not be read');
    };
    const store: AccountEventReads['store'] = new EntryStore(this.budget);
    const reads: AccountEventReads = {
      loader: new DataLoader<string, Message>((ids) => this.hydrate(account, ids, signal), {
        cache: false,
        maxBatchSize: 50,
        batchScheduleFn: (go) => setTimeout(go, BATCH_DELAY_MS),
      }),
      pending: new Map(),
      kept: new KeptMessages(store),
      store,
      mailboxes: new MailboxReads(store, () => this.listMailboxes(account, signal), failed),
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
    // A message may have several entries of the log, which are read for at the same time.
    const asked = [...new Set(ids)];
    await this.requests.untilAnswered(account.integration.id, signal, async (call) => {
      const open = asked.filter((id) => !found.has(id) || isTransient(found.get(id)));
      const session = await account.session();
      const answers = await session.getMessages(open, 'envelope', call);
      for (const [i, answer] of answers.entries()) found.set(open[i] ?? '', answer);
      return answers.find(isTransient) ?? null;
    });
    return ids.map((id) => found.get(id) ?? noSuchMessage());
  }

  private async listMailboxes(account: AccountHandle, signal: AbortSignal): Promise<KnownMailboxes> {
    let known: KnownMailboxes = { mailboxes: [], unlisted: () => null };
    await this.requests.untilAnswered(account.integration.id, signal, async (call) => {
      const session = await account.session();
      const mailboxes = await session.listMailboxes(call);
      known = { mailboxes, unlisted: (id) => session.unlistedMailbox?.(id) ?? null };
      return null;
    });
    return known;
  }
}

const listedTooLate = (): MailError =>
  new MailError('TIMEOUT', 'The mailboxes of the account could not be listed in time. Read the message again later.');
const notFollowed = (): DOMException => new DOMException('Nobody follows the account any more.', 'AbortError');

/** What is being read is shown to those who have asked, and not kept. */
function dropReads({ reads }: FollowedAccount): void {
  for (const { kept, store } of reads.values()) {
    kept.stop();
    store.close();
  }
  reads.clear();
}

function newlyFollowed(): FollowedAccount {
  const unfollowed = new AbortController();
  setMaxListeners(0, unfollowed.signal);
  return { followers: 0, reads: new Map(), mailboxesChangedAt: 0n, unfollowed };
}
