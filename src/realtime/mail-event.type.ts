import { Field, ID, InterfaceType, ObjectType } from 'type-graphql';
import { IntegrationType } from '../accounts/api/integration/integration.type.ts';
import { IntegrationStatusEnum } from '../accounts/api/integration/integration-status.enum.ts';
import type { IntegrationStatus } from '../accounts/integrations/integration.ts';
import type { LoggedChange } from '../changes/change.store.ts';
import { originalOf } from '../changes/log-position.ts';
import { encodeId } from '../domain/global-id.ts';
import { Cursor, DateTime } from '../graphql/scalars.ts';
import { MailboxType } from '../mail/api/mailbox/mailbox.type.ts';
import { MessageType } from '../mail/api/message/message.type.ts';
import { shortHash } from '../platform/short-hash.ts';
import type { FeedEntry } from './feed.logs.ts';
import { MessageUpdate } from './message-update.type.ts';
import { type ResetReason, ResetReasonEnum } from './reset-reason.enum.ts';

/** What every event is made of. */
export interface EventParts {
  readonly entry: FeedEntry;
  readonly integration: IntegrationType;
  /** Seals the cursor. */
  readonly cursor: () => string;
}

@InterfaceType({
  description:
    'Something that happened in one of your accounts. The events of one account are in order; the order across accounts is not promised. Each is delivered at least once.',
})
export class MailEvent {
  // Not #private, as in PageInfo.
  protected readonly change: LoggedChange;
  private readonly seal: () => string;
  /** Sealed once, for all subscribers that share the event. */
  private sealed: string | null = null;

  @Field(() => ID, {
    description:
      'Identifies the event. A repetition of the event has the same `eventId`: when you resume, when it is sent again because its message can be read now, or because it was missing in the log. Its `cursor` may be another one, which is as good to go on from. A repetition is never older than the first, and may show what that could not: replace what you have by it. A MailEventsReset is never a repetition.',
  })
  get eventId(): string {
    return eventIdOf(this.change);
  }

  @Field(() => IntegrationType, { description: 'The account in which it happened, as it is now.' })
  readonly integration: IntegrationType;

  @Field(() => DateTime, {
    description: 'When the gateway learned of it. For a MailEventsReset that the gateway made now, the present time.',
  })
  readonly at: Date;

  constructor({ entry: { change }, integration, cursor }: EventParts) {
    this.change = change;
    this.seal = cursor;
    this.integration = integration;
    this.at = change.at;
  }

  @Field(() => Cursor, {
    description:
      'The position behind this event, in all accounts that you follow. Keep the latest one, and pass it as `after`: then no event is missed. It is valid for `mailEvents` and `changes`. Followed alone, an event of an account has the same cursor each time.',
  })
  get cursor(): string {
    this.sealed ??= this.seal();
    return this.sealed;
  }
}

/**
 * The same for each repetition of an event: its place in the log, and what it says. What it says distinguishes it from an
 * event with the same place in a log that was restored from a backup. A reset is to be obeyed each time, so it has its time.
 */
function eventIdOf(change: LoggedChange): string {
  const { integrationId, kind, subject, at } = change;
  const said = kind === 'reset' ? `${at.getTime()}` : shortHash(`${kind} ${subject}`, 8);
  return encodeId('MailEvent', integrationId, `${originalOf(change)}`, said);
}

const MESSAGE_ID = 'The id of the message, as in `Message.id` and `node(id:)`.';

/** An event of a message that can be read. */
type ReadMessage = () => MessageType | null | Promise<MessageType | null>;

@ObjectType({
  implements: MailEvent,
  simpleResolvers: true,
  description:
    'A message that is new in the account, in any mailbox: received, sent, or saved as a draft. It may be repeated for a message that could not be read before, and after a history was lost; store it by its id. With SYNC_INDEX=off, a message of Outlook that arrives with an old date, as imported mail does, is reported as MessageUpdated instead: Graph does not tell the two apart.',
})
export class MessageCreated extends MailEvent {
  private readonly readMessage: ReadMessage;

  @Field(() => ID, { description: MESSAGE_ID })
  get messageId(): string {
    return messageIdOf(this.change);
  }

  constructor(parts: EventParts, message: ReadMessage) {
    super(parts);
    this.readMessage = message;
  }

  @Field(() => MessageType, {
    nullable: true,
    description:
      'The message as it is when the event is sent. Null when it has been deleted since, or could not be read just then: as soon as it can be read, the event is sent again.',
  })
  get message(): MessageType | null | Promise<MessageType | null> {
    return this.readMessage();
  }
}

@ObjectType({
  implements: MailEvent,
  simpleResolvers: true,
  description: 'A message whose flags or mailboxes have changed, or a draft with another content.',
})
export class MessageUpdated extends MailEvent {
  private readonly readMessage: ReadMessage;

  @Field(() => ID, { description: MESSAGE_ID })
  get messageId(): string {
    return messageIdOf(this.change);
  }

  @Field(() => MessageUpdate, {
    nullable: true,
    description:
      'What has changed. Null when the provider did not say: read `message`. The content of a draft may have changed too.',
  })
  readonly update: MessageUpdate | null;

  constructor(parts: EventParts, message: ReadMessage) {
    super(parts);
    this.readMessage = message;
    const { integrationId, detail } = parts.entry.change;
    this.update = detail && new MessageUpdate(integrationId, detail);
  }

  @Field(() => MessageType, {
    nullable: true,
    description:
      'The message as it is when the event is sent, which may be newer than this change. Null when it has been deleted since, or could not be read just then: as soon as it can be read, the event is sent again. Outlook may return it as it was before the change for some seconds; then the event is sent again too.',
  })
  get message(): MessageType | null | Promise<MessageType | null> {
    return this.readMessage();
  }
}

@ObjectType({
  implements: MailEvent,
  simpleResolvers: true,
  description:
    'A message that was removed permanently. Moving it to the trash is a MessageUpdated. The earlier events of a deleted message have `message: null`.',
})
export class MessageDeleted extends MailEvent {
  @Field(() => ID, { description: MESSAGE_ID })
  get messageId(): string {
    return messageIdOf(this.change);
  }
}

@ObjectType({
  implements: MailEvent,
  simpleResolvers: true,
  description:
    'A mailbox that was created, renamed, moved or deleted. Outlook announces no category that was created or deleted elsewhere: it is reported by the next comparison (`sync { proof }`), and not at all with SYNC_INDEX=off.',
})
export class MailboxChanged extends MailEvent {
  private readonly readMailbox: () => MailboxType | null | Promise<MailboxType | null>;

  @Field(() => ID, { description: 'The id of the mailbox, as in `Mailbox.id` and `node(id:)`.' })
  readonly mailboxId: string;

  constructor(parts: EventParts, mailbox: () => MailboxType | null | Promise<MailboxType | null>) {
    super(parts);
    this.readMailbox = mailbox;
    const { integrationId, subject } = parts.entry.change;
    this.mailboxId = encodeId('Mailbox', integrationId, subject);
  }

  @Field(() => MailboxType, {
    nullable: true,
    description:
      'The mailbox as it is when the event is sent. Null when it no longer exists. When the mailboxes of the account could not be read just then, it is null with an error at this field, and the event is sent again when they can be.',
  })
  get mailbox(): MailboxType | null | Promise<MailboxType | null> {
    return this.readMailbox();
  }
}

@ObjectType({
  implements: MailEvent,
  simpleResolvers: true,
  description:
    'An account whose status has changed: it was connected, disconnected, refused by its provider, or works again.',
})
export class IntegrationChanged extends MailEvent {
  @Field(() => IntegrationStatusEnum, {
    description: 'The status that it changed to. `integration.status` is the present one.',
  })
  readonly status: IntegrationStatus;

  constructor(parts: EventParts) {
    super(parts);
    const { subject } = parts.entry.change;
    this.status = Object.hasOwn(IntegrationStatusEnum, subject)
      ? (subject as IntegrationStatus)
      : parts.integration.status;
  }
}

@ObjectType({
  implements: MailEvent,
  simpleResolvers: true,
  description:
    'Events of the account are missing before this one. Read again what you keep of the account, and go on from the cursor of this event: nothing after it is missing.',
})
export class MailEventsReset extends MailEvent {
  @Field(() => ResetReasonEnum, { description: 'Why events are missing.' })
  readonly reason: ResetReason;

  constructor(parts: EventParts) {
    super(parts);
    const { subject } = parts.entry.change;
    this.reason = Object.hasOwn(ResetReasonEnum, subject) ? (subject as ResetReason) : 'HISTORY_LOST';
  }
}

const messageIdOf = ({ integrationId, subject }: LoggedChange): string => encodeId('Message', integrationId, subject);
