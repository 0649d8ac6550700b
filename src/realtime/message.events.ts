import { IntegrationType } from '../accounts/api/integration/integration.type.ts';
import type { AccountHandles } from '../accounts/handles/account-handles.ts';
import type { IntegrationDirectory } from '../accounts/integrations/integration.directory.ts';
import type { ChangeStore } from '../changes/change.store.ts';
import type { LogFollower } from '../changes/event.logs.ts';
import type { Hub } from '../changes/hub.ts';
import { type LogPosition, lossAfter } from '../changes/log-position.ts';
import { type UnreadMessageStore, unreadEventOf } from '../changes/unread/unread-message.store.ts';
import { badInput, isNotFound, MailError, noSuchIntegration } from '../domain/error.ts';
import { encodeId } from '../domain/global-id.ts';
import type { MailboxRole } from '../domain/mailbox.ts';
import type { Message } from '../domain/message.ts';
import type { Principal } from '../domain/principal.ts';
import { requirePrincipal } from '../graphql/caller.ts';
import type { Context } from '../graphql/context.ts';
import { createContext } from '../graphql/request-context.ts';
import type { MailOf } from '../mail/api/mail-of.ts';
import { MessageType } from '../mail/api/message/message.type.ts';
import { abortable } from '../platform/abort.ts';
import { retryUntilStoreIsBack } from '../platform/database/store/store.retry.ts';
import type { ChangeCursors, FeedPosition } from './event.cursor.ts';
import type { EventMessages } from './event.messages.ts';
import { streamEvents } from './event.stream.ts';
import { BEGINNING, type FeedEntry, FeedLogs } from './feed.logs.ts';
import { type FedEvent, FeedSource, type Reading } from './feed.source.ts';
import type { FeedRequest, FeedStarts } from './feed.start.ts';
import { lagLeftMs } from './lagging-reads.ts';
import { MessageReceived } from './message-received.type.ts';
import { ResetReasonEnum } from './reset-reason.enum.ts';

interface MessageEventsOptions {
  readonly hub: Hub;
  readonly store: Pick<ChangeStore, 'bounds'>;
  readonly starts: FeedStarts;
  readonly handles: Pick<AccountHandles, 'all' | 'find'>;
  readonly mailOf: MailOf;
  readonly messages: EventMessages;
  readonly unread: Pick<UnreadMessageStore, 'add'>;
  readonly cursors: ChangeCursors;
  readonly directory: Pick<IntegrationDirectory, 'follow'>;
}

interface MessageEventsRequest extends FeedRequest {
  /** Null: in any mailbox, except drafts. */
  readonly role: MailboxRole | null;
}

/** New messages as a stream of events, read from the change log. */
export class MessageEvents {
  constructor(private readonly options: MessageEventsOptions) {}

  /** Throws UNAUTHENTICATED, NOT_FOUND, BAD_USER_INPUT or CONFLICT before the first event. */
  async open(request: MessageEventsRequest, context: Context): Promise<FeedSource<MessageReceived>> {
    const { handles, starts } = this.options;
    const principal = requirePrincipal(context);
    const given = await starts.check(principal, request);
    for (const id of request.integrationIds ?? []) {
      if ((await handles.find(principal, id))?.integration.status === 'DISCONNECTED') throw noSuchIntegration();
    }
    const beginning = async () => {
      const start = await starts.beginning(principal, request, given, () => this.accounts(principal, request));
      if (given) await this.requireComplete(await this.accounts(principal, request), start.position);
      return start;
    };
    const start = await retryUntilStoreIsBack(beginning, context.signal);
    const events = (...reading: Reading) => this.received(principal, request, context, ...reading);
    return new FeedSource({ begin: async () => start, events }, context.signal);
  }

  private async accounts(principal: Principal, { integrationIds }: FeedRequest): Promise<readonly string[]> {
    const all = (await this.options.handles.all(principal)).map(({ integration }) => integration.id);
    return integrationIds === null ? all : all.filter((id) => integrationIds.includes(id));
  }

  private async requireComplete(ids: readonly string[], { positions }: FeedPosition): Promise<void> {
    if (ids.some((id) => positions.get(id) === null))
      throw badInput(
        'after was not made for all of these accounts. Pass the cursor of viewer.sync, or name the accounts in integrations.',
      );
    const known = ids.map((id) => [id, positions.get(id) ?? BEGINNING] as const);
    const bounds = await this.options.store.bounds(new Map(known.map(([id, { sequence }]) => [id, sequence])));
    for (const [id, position] of known) {
      const found = bounds.get(id);
      if (found && lossAfter(position, found)) throw incomplete('Events after this cursor are no longer stored');
    }
  }

  /** Follows the log of an account and the messages in it. */
  private async follow(
    logs: FeedLogs,
    principal: Principal,
    role: MailboxRole | null,
    ...[integrationId, start, grown]: Parameters<FeedLogs['follow']>
  ): Promise<LogFollower<FeedEntry, LogPosition | null>> {
    const { handles, messages } = this.options;
    const log = await logs.follow(integrationId, start, grown);
    const { leave } = messages.follow(integrationId);
    // Looks up the mailbox with the role in the background, so that the first event need not wait for it.
    if (role !== null)
      handles
        .find(principal, integrationId)
        .then((account) => account && messages.mailboxId(account, role))
        .catch(() => {});
    return {
      ...log,
      leave: () => {
        leave();
        log.leave();
      },
    };
  }

  private async *received(
    principal: Principal,
    request: MessageEventsRequest,
    opened: Context,
    ...[{ all }, reached, signal]: Reading
  ): AsyncGenerator<FedEvent<MessageReceived>, void, void> {
    const { handles, mailOf, messages, cursors, directory } = this.options;
    const { userId } = principal;
    const context = { ...opened, signal };
    const logs = new FeedLogs(this.options, new Set());
    const stream = streamEvents<FeedEntry, LogPosition | null, ReceivedMessage>({
      logs: { follow: (...following) => this.follow(logs, principal, request.role, ...following) },
      positions: reached,
      signal,
      keys: () => this.accounts(principal, request),
      keysChanged: (fn) => directory.follow(userId, fn),
      positionOf: ({ position }) => position,
      show: (entry, last) => this.show(entry, last, principal, request.role, signal),
    });
    for await (const { value, positions } of stream) {
      const { entry, message } = value;
      const { change } = entry;
      if (change.kind === 'reset') throw incomplete('New messages of an account may be missing from here on');
      const handle = await retryUntilStoreIsBack(() => handles.find(principal, change.integrationId), signal);
      if (!handle) continue;
      const cursor = cursors.seal(userId, { all, positions });
      const integration = new IntegrationType(handle.integration);
      const messageId = encodeId('Message', change.integrationId, change.subject);
      // The event has its own context: its loaders start with the message and end with the event.
      const account = mailOf(createContext({ ...context })).of(handle.integration);
      if (message) messages.prime(account, handle, message, context);
      const event = new MessageReceived(cursor, integration, messageId, message && new MessageType(account, message));
      yield { event, entry, positions };
    }
  }

  private async show(
    entry: FeedEntry,
    last: FeedEntry,
    principal: Principal,
    role: MailboxRole | null,
    signal: AbortSignal,
  ): Promise<ReceivedMessage | null> {
    const { handles, messages, unread } = this.options;
    const { integrationId, kind, subject, sequence } = entry.change;
    messages.noted(entry.change);
    if (kind === 'reset' && !NO_GAPS.has(subject)) return { entry, message: null };
    const unreadEvent = unreadEventOf(entry.change);
    if (kind !== 'created' || !unreadEvent) return null;
    try {
      const reading = async () => {
        const account = await handles.find(principal, integrationId);
        if (!account) return null;
        const [message, wanted] = await Promise.all([
          messages.read(account, subject, sequence, last.change.sequence),
          role === null ? null : messages.mailboxId(account, role).then((id) => ({ id })),
        ]);
        return isInMailbox(message, wanted) ? { entry, message } : null;
      };
      // An account that cannot be opened says nothing about the message, so this retries until the database is available.
      return await abortable(retryUntilStoreIsBack(reading, signal), signal);
    } catch (error) {
      // One that only a replica does not know yet has its event when it is found.
      const isMissing = isNotFound(error);
      if (isMissing && !(await this.mayBeFound(principal, entry))) return null;
      const adding = () => unread.add(unreadEvent);
      const isStored = !signal.aborted && (await retryUntilStoreIsBack(adding, signal).catch(() => false));
      return isMissing && isStored ? null : { entry, message: null };
    }
  }

  private async mayBeFound(principal: Principal, { change }: FeedEntry): Promise<boolean> {
    const account = await this.options.handles.find(principal, change.integrationId).catch(() => null);
    return account !== null && (await lagLeftMs(account, change, null)) > 0;
  }
}

/** `wanted` is the mailbox that the message must be in, if the account has it. Null: any mailbox, except drafts. */
function isInMailbox(message: Message, wanted: { readonly id: string | undefined } | null): boolean {
  if (wanted === null) return !message.isDraft;
  return wanted.id !== undefined && message.mailboxIds.includes(wanted.id);
}

/**
 * The resets that are no gap: where a log begins, no mail is missing before it, and messages that could not be read had their events.
 * Every other one is, and so is one of a kind that is not known. A lost history is a reset only where no index tells what was new
 * meanwhile: the newest mail is then listed, but neither all of it nor mail that was imported with an old date.
 */
const NO_GAPS: ReadonlySet<string> = new Set([ResetReasonEnum.FIRST_SYNC, ResetReasonEnum.MESSAGES_UNREADABLE]);

/** This subscription has no event for a gap, so it does not begin before one, and ends with it. */
const incomplete = (what: string): MailError =>
  new MailError(
    'CONFLICT',
    `${what}. Take the cursor of viewer.sync, read your lists, and subscribe after it. The subscription mailEvents goes on instead, and reports the gap as MailEventsReset.`,
  );

/** A new message, or a gap in the log of an account. */
interface ReceivedMessage {
  readonly entry: FeedEntry;
  /** Null when the message could not be read, and for a gap. */
  readonly message: Message | null;
}
