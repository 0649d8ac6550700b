import type { Message } from '../../domain/message.ts';
import type { Condition } from '../../domain/search/condition.ts';

/** Whether a message meets what filter.ts has a clause for. Anything else is taken to match. */
export function meetsFilter(message: Message, condition: Condition): boolean {
  switch (condition.kind) {
    case 'and':
      return condition.of.every((c) => meetsFilter(message, c));
    case 'or':
      return condition.of.some((c) => meetsFilter(message, c));
    case 'not':
      return !meetsFilter(message, condition.of);
    case 'subject':
      return condition.value
        .toLowerCase()
        .split(/\s+/u)
        .every((word) => message.subject.toLowerCase().includes(word));
    case 'read':
      return message.isRead === condition.value;
    case 'starred':
      return message.isStarred === condition.value;
    case 'hasAttachment':
      return message.hasAttachments === condition.value;
    case 'receivedAfter':
      return message.receivedAt >= condition.at;
    case 'receivedBefore':
      return message.receivedAt < condition.at;
    case 'internetMessageId':
      return message.internetMessageId === condition.value;
    case 'mailbox':
      return message.mailboxIds.includes(condition.id);
    default:
      return true;
  }
}
