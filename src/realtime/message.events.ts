import type { AccountHandles } from '../accounts/handles/account-handles.ts';
import { INTEGRATION_TOPIC, IntegrationChange } from '../accounts/integrations/integration.directory.ts';
import type { LoggedChange } from '../changes/change.store.ts';
import { isNotFound, noSuchIntegration } from '../domain/error.ts';
import type { MailboxRole } from '../domain/mailbox.ts';
import type { Message } from '../domain/message.ts';
import type { Principal } from '../domain/principal.ts';
import { requirePrincipal } from '../graphql/caller.ts';
import type { Context } from '../graphql/context.ts';
import { createContext } from '../graphql/request-context.ts';
import type { MailOf } from '../mail/api/mail-of.ts';
import { MessageType } from '../mail/api/message/message.type.ts';
import { abortable } from '../platform/abort.ts';
import type { Bus } from '../platform/bus/bus.ts';
import { retryUntilStoreIsBack } from '../platform/database/store/store.retry.ts';
import type { ChangeCursors } from './event.cursor.ts';
import type { EventMessages } from './event.messages.ts';
import { type StreamedEvent, streamEvents } from './event.stream.ts';
import type { Hub } from './hub.ts';
import { MessageReceived } from './message-received.type.ts';

interface MessageEventsOptions {
  readonly hub: Hub;
  readonly handles: Pick<AccountHandles, 'all' | 'find'>;
  readonly mailOf: MailOf;
  readonly messages: EventMessages;
  readonly cursors: ChangeCursors;
  readonly bus: Pick<Bus, 'subscribe' | 'onGap'>;
}

interface MessageEventsRequest {
  /** Internal ids of integrations; null: all accounts of the viewer, including those connected later. */
  readonly integrationIds: readonly string[] | null;
  /** Null: in any mailbox, except drafts. */
  readonly role: MailboxRole | null;
  readonly after: string | null;
}

/** New messages as a stream of events, read from the change log. */
export class MessageEvents {
  constructor(private readonly options: MessageEventsOptions) {}

  /** Throws UNAUTHENTICATED, NOT_FOUND or BAD_USER_INPUT before the first event. */
  async open(request: MessageEventsRequest, context: Context): Promise<AsyncGenerator<MessageReceived, void, void>> {
    const { handles, cursors, bus } = this.options;
    const principal = requirePrincipal(context);
    const { userId } = principal;
    const after = request.after === null ? new Map<string, bigint>() : cursors.open(userId, request.after);
    for (const id of request.integrationIds ?? []) {
      const account = await handles.find(principal, id);
      if (!account || account.integration.status === 'DISCONNECTED') throw noSuchIntegration();
    }
    const wanted = request.integrationIds && new Set(request.integrationIds);
    const accounts = async () => {
      const all = await handles.all(principal);
      return wanted ? all.filter(({ integration: { id } }) => wanted.has(id)) : all;
    };
    return this.received(
      streamEvents({
        logs: { follow: (...following) => this.follow(principal, request.role, ...following) },
        after,
        signal: context.signal,
        keys: async () => (await accounts()).map(({ integration: { id } }) => id),
        keysChanged: (fn) => {
          const stops = [
            bus.subscribe(INTEGRATION_TOPIC, (payload) => {
              const change = IntegrationChange.safeParse(payload);
              if (change.success && change.data.userId === userId) fn();
            }),
            bus.onGap(fn),
          ];
          return () => {
            for (const stop of stops) stop();
          };
        },
        positionOf: ({ sequence }) => sequence,
        show: (change) => this.show(change, principal, request.role, context.signal),
      }),
      userId,
      context,
    );
  }

  /** Follows the log of an account and the messages in it. */
  private async follow(
    principal: Principal,
    role: MailboxRole | null,
    ...[integrationId, start, grown]: Parameters<Hub['follow']>
  ): ReturnType<Hub['follow']> {
    const { handles, hub, messages } = this.options;
    const log = await hub.follow(integrationId, start, grown);
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
    stream: AsyncGenerator<StreamedEvent<ReceivedMessage, bigint>, void, void>,
    userId: string,
    context: Context,
  ): AsyncGenerator<MessageReceived, void, void> {
    const { mailOf, cursors } = this.options;
    for await (const { value, positions } of stream) {
      const { integrationId, message } = value;
      const cursor = cursors.seal(userId, positions);
      if (!message) {
        yield new MessageReceived(cursor, null);
        continue;
      }
      // The event has its own context: its loaders start with the message and end with the event.
      const opening = () => mailOf(createContext({ ...context })).find(integrationId);
      const account = await retryUntilStoreIsBack(opening, context.signal);
      if (!account) continue;
      account.messages.prime(message);
      yield new MessageReceived(cursor, new MessageType(account, message));
    }
  }

  private async show(
    change: LoggedChange,
    principal: Principal,
    role: MailboxRole | null,
    signal: AbortSignal,
  ): Promise<ReceivedMessage | null> {
    const { handles, messages } = this.options;
    const { integrationId, kind, subject } = change;
    if (kind === 'mailbox' || kind === 'reset') messages.forget(integrationId);
    if (kind !== 'created') return null;
    try {
      const reading = async () => {
        const account = await handles.find(principal, integrationId);
        if (!account) return null;
        const [message, wanted] = await Promise.all([
          messages.read(account, subject),
          role === null ? null : messages.mailboxId(account, role).then((id) => ({ id })),
        ]);
        return isInMailbox(message, wanted) ? { integrationId, message } : null;
      };
      // An account that cannot be opened says nothing about the message, so this retries until the database is available.
      return await abortable(retryUntilStoreIsBack(reading, signal), signal);
    } catch (error) {
      if (isNotFound(error)) return null;
      return { integrationId, message: null };
    }
  }
}

/** `wanted` is the mailbox that the message must be in, if the account has it. Null: any mailbox, except drafts. */
function isInMailbox(message: Message, wanted: { readonly id: string | undefined } | null): boolean {
  if (wanted === null) return !message.isDraft;
  return wanted.id !== undefined && message.mailboxIds.includes(wanted.id);
}

interface ReceivedMessage {
  readonly integrationId: string;
  /** Null when the message could not be read. */
  readonly message: Message | null;
}
