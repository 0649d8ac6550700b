import { IntegrationType } from '../accounts/api/integration/integration.type.ts';
import type { AccountHandles } from '../accounts/handles/account-handles.ts';
import type { IntegrationDirectory } from '../accounts/integrations/integration.directory.ts';
import { isAskable } from '../accounts/integrations/integration.status.ts';
import type { Reachability } from '../accounts/integrations/reachability.ts';
import type { ChangeStore } from '../changes/change.store.ts';
import type { LogFollower } from '../changes/event.logs.ts';
import type { Hub } from '../changes/hub.ts';
import type { LogPosition } from '../changes/log-position.ts';
import { type UnreadMessageStore, unreadEventOf } from '../changes/unread/unread-message.store.ts';
import { isMailError, isNotFound, MailError, nullIfNotFound } from '../domain/error.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import type { Message } from '../domain/message.ts';
import type { Principal } from '../domain/principal.ts';
import { requirePrincipal } from '../graphql/caller.ts';
import type { Context } from '../graphql/context.ts';
import { createContext } from '../graphql/request-context.ts';
import type { MailOf } from '../mail/api/mail-of.ts';
import { MailboxType } from '../mail/api/mailbox/mailbox.type.ts';
import { MessageType } from '../mail/api/message/message.type.ts';
import { abortable, timeLimited } from '../platform/abort.ts';
import { retryUntilStoreIsBack } from '../platform/database/store/store.retry.ts';
import type { ChangeCursors } from './event.cursor.ts';
import type { EventMessages } from './event.messages.ts';
import { streamEvents } from './event.stream.ts';
import { type FeedEntry, FeedLogs } from './feed.logs.ts';
import { type FedEvent, FeedSource, type Reading } from './feed.source.ts';
import type { FeedRequest, FeedStarts } from './feed.start.ts';
import { lagLeftMs } from './lagging-reads.ts';
import { mailEventOf } from './mail-event.ts';
import type { MailEvent } from './mail-event.type.ts';

interface MailEventsOptions {
  readonly hub: Hub;
  readonly store: Pick<ChangeStore, 'bounds'>;
  readonly starts: FeedStarts;
  readonly handles: Pick<AccountHandles, 'find'>;
  readonly mailOf: MailOf;
  readonly messages: EventMessages;
  readonly unread: Pick<UnreadMessageStore, 'add'>;
  readonly cursors: ChangeCursors;
  readonly directory: Pick<IntegrationDirectory, 'follow'>;
  readonly reachability: Pick<Reachability, 'isAway'>;
}

/** How long an event waits for what it shows. Then it is sent without, and again later. */
const READ_TIMEOUT_MS = 10_000;

/** What the events of a subscription show, so that nothing else is read. */
interface EventSelection {
  readonly messages: boolean;
  readonly mailboxes: boolean;
}

/** An event whose message or mailbox has been read. */
interface ShownEvent {
  readonly entry: FeedEntry;
  readonly message: Message | null;
  /** Null when it no longer exists. An error when the mailboxes could not be read. */
  readonly mailbox: Mailbox | MailError | null;
}

/** All changes of a user's accounts as a stream of events, read from the change logs. */
export class MailEvents {
  constructor(private readonly options: MailEventsOptions) {}

  /** Throws UNAUTHENTICATED, NOT_FOUND or BAD_USER_INPUT before the first event. */
  async open(request: FeedRequest, selection: EventSelection, context: Context): Promise<FeedSource<MailEvent>> {
    const { starts } = this.options;
    const principal = requirePrincipal(context);
    const given = await starts.check(principal, request);
    const begin = () => retryUntilStoreIsBack(() => starts.beginning(principal, request, given), context.signal);
    const events = (...reading: Reading) => this.events(principal, request, selection, context, ...reading);
    return new FeedSource({ begin, events }, context.signal);
  }

  private async *events(
    principal: Principal,
    request: FeedRequest,
    selection: EventSelection,
    opened: Context,
    ...[{ all, positions: from }, reached, signal]: Reading
  ): AsyncGenerator<FedEvent<MailEvent>, void, void> {
    const { starts, directory, cursors } = this.options;
    const { userId } = principal;
    const context = { ...opened, signal };
    const unknown = new Set([...from].flatMap(([id, position]) => (position ? [] : [id])));
    const logs = new FeedLogs(this.options, unknown);
    const stream = streamEvents<FeedEntry, LogPosition | null, ShownEvent>({
      logs: { follow: (...following) => this.follow(logs, ...following) },
      positions: reached,
      signal,
      keys: () => starts.accounts(principal, request),
      keysChanged: (fn) => directory.follow(userId, fn),
      positionOf: ({ position }) => position,
      show: (entry, last) => this.show(entry, last, principal, selection, signal),
    });
    for await (const { value, positions } of stream) {
      const event = await this.event(value, principal, context, () => cursors.seal(userId, { all, positions }));
      if (event) yield { event, entry: value.entry, positions };
    }
  }

  /** Follows the log of an account and what is read for its events. */
  private async follow(
    logs: FeedLogs,
    ...[integrationId, start, grown]: Parameters<FeedLogs['follow']>
  ): Promise<LogFollower<FeedEntry, LogPosition | null>> {
    const log = await logs.follow(integrationId, start, grown);
    const { leave } = this.options.messages.follow(integrationId);
    return {
      ...log,
      leave: () => {
        leave();
        log.leave();
      },
    };
  }

  /** `last` is the last entry of its page. What is read now is as new as it. */
  private async show(
    entry: FeedEntry,
    last: FeedEntry,
    principal: Principal,
    selection: EventSelection,
    signal: AbortSignal,
  ): Promise<ShownEvent> {
    const { handles, messages, unread, reachability } = this.options;
    const { kind, integrationId, subject, sequence } = entry.change;
    messages.noted(entry.change);
    const shown = { entry, message: null, mailbox: null };
    const unreadEvent = unreadEventOf(entry.change);
    if (!unreadEvent) return shown;
    const isMessage = kind !== 'mailbox';
    if (isMessage ? !selection.messages : !selection.mailboxes) return shown;
    const showAgain = async (afterMs = 0) => {
      await retryUntilStoreIsBack(() => unread.add(unreadEvent, afterMs), signal).catch(() => {});
    };
    const reading = async (): Promise<ShownEvent & { readonly laggingMs: number }> => {
      const account = await handles.find(principal, integrationId);
      if (!account) return { ...shown, laggingMs: 0 };
      const { integration } = account;
      // A reader that is far behind must not wait for each event of an account that does not answer.
      const address = { provider: integration.provider, address: integration.address.toLowerCase() };
      if (!isAskable(integration) || reachability.isAway(address)) throw tookTooLong();
      if (isMessage) {
        const read = messages.read(account, subject, sequence, last.change.sequence);
        const message = await read.catch(nullIfNotFound);
        return { ...shown, message, laggingMs: await lagLeftMs(account, entry.change, message) };
      }
      const known = await messages.mailboxes(account, sequence);
      const mailbox = known.find(({ id }) => id === subject) ?? null;
      return { ...shown, mailbox, laggingMs: await lagLeftMs(account, entry.change, mailbox) };
    };
    try {
      const retried = retryUntilStoreIsBack(() => timeLimited(reading(), READ_TIMEOUT_MS, tookTooLong), signal);
      const { laggingMs, ...read } = await abortable(retried, signal);
      // What does not exist yet is looked for soon, and what is older than its change when every replica has that.
      if (laggingMs > 0) await showAgain(read.message || !isMessage ? laggingMs : 0);
      return read;
    } catch (error) {
      if (signal.aborted || (isMessage && isNotFound(error))) return shown;
      await showAgain();
      return isMessage ? shown : { ...shown, mailbox: isMailError(error) ? error : tookTooLong() };
    }
  }

  /** The event has its own context: its loaders start with what was read for it, and end with it. */
  private async event(
    { entry, message, mailbox }: ShownEvent,
    principal: Principal,
    context: Context,
    cursor: () => string,
  ): Promise<MailEvent | null> {
    const { handles, mailOf } = this.options;
    const { integrationId } = entry.change;
    const finding = () => handles.find(principal, integrationId);
    const handle = await retryUntilStoreIsBack(finding, context.signal);
    if (!handle) return null;
    const account = () => mailOf(createContext({ ...context })).of(handle.integration);
    const parts = { entry, integration: new IntegrationType(handle.integration), cursor };
    return mailEventOf(parts, {
      message: () => {
        if (!message) return null;
        const opened = account();
        this.options.messages.prime(opened, handle, message, context);
        return new MessageType(opened, message);
      },
      mailbox: () => {
        if (isMailError(mailbox)) throw mailbox;
        return mailbox && new MailboxType(account(), mailbox);
      },
    });
  }
}

const tookTooLong = (): MailError =>
  new MailError('TIMEOUT', 'It could not be read in time. The event is sent again as soon as it can be.');
