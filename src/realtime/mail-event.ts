import type { MailboxType } from '../mail/api/mailbox/mailbox.type.ts';
import type { MessageType } from '../mail/api/message/message.type.ts';
import type { FeedEntry } from './feed.logs.ts';
import {
  type EventParts,
  IntegrationChanged,
  MailboxChanged,
  type MailEvent,
  MailEventsReset,
  MessageCreated,
  MessageDeleted,
  MessageUpdated,
} from './mail-event.type.ts';

/** How the subjects of events are read. */
interface EventSubjects {
  message(entry: FeedEntry): MessageType | null | Promise<MessageType | null>;
  mailbox(entry: FeedEntry): MailboxType | null | Promise<MailboxType | null>;
}

/** The event of an entry. Its message or mailbox is read only when a query selects it. */
export function mailEventOf(parts: EventParts, subjects: EventSubjects): MailEvent {
  const { entry } = parts;
  switch (entry.change.kind) {
    case 'created':
      return new MessageCreated(parts, () => subjects.message(entry));
    case 'updated':
      return new MessageUpdated(parts, () => subjects.message(entry));
    case 'deleted':
      return new MessageDeleted(parts);
    case 'mailbox':
      return new MailboxChanged(parts, () => subjects.mailbox(entry));
    case 'integration':
      return new IntegrationChanged(parts);
    default:
      // An older instance does not know the kinds of a newer one, and a reset never leaves a reader with less than it needs.
      return new MailEventsReset(parts);
  }
}
