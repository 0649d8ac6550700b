import type { Address } from '../../domain/address.ts';
import type { Message } from '../../domain/message.ts';
import type { Condition } from '../../domain/search.ts';
import type { Thread } from '../../domain/thread.ts';

/** Text as it is compared: without case, and without the difference between one spelling of a character and another. */
export const folded = (text: string): string =>
  text.normalize('NFKC').toLowerCase().normalize('NFKC').replace(/\s+/gu, ' ').trim();

/**
 * Whether a message meets a condition: the evaluation for what a provider cannot. A condition that needsContent is
 * answered right only for a message with its content.
 */
export function matches(message: Message, condition: Condition): boolean {
  switch (condition.kind) {
    case 'and':
      return condition.of.every((part) => matches(message, part));
    case 'or':
      return condition.of.some((part) => matches(message, part));
    case 'not':
      return !matches(message, condition.of);
    case 'from':
      return inAddresses([message.from, message.sender], condition.value);
    case 'to':
      return inAddresses([...message.to, ...message.cc, ...message.bcc], condition.value);
    case 'subject':
      return contains(message.subject, condition.value);
    case 'text':
      return inText(message, condition.value);
    case 'mailbox':
      return message.mailboxIds.includes(condition.id);
    case 'read':
      return message.isRead === condition.value;
    case 'starred':
      return message.isStarred === condition.value;
    case 'hasAttachment':
      return hasAttachment(message) === condition.value;
    case 'receivedAfter':
      return message.receivedAt.getTime() >= condition.at.getTime();
    case 'receivedBefore':
      return message.receivedAt.getTime() < condition.at.getTime();
    case 'internetMessageId':
      return message.internetMessageId !== null && bare(message.internetMessageId) === bare(condition.value);
    case 'nothing':
      return false;
  }
}

/** A thread matches when any of its messages does. */
export const threadMatches = (thread: Thread, condition: Condition): boolean =>
  thread.messages.some((message) => matches(message, condition));

/** Whether `matches` has to see the body or the attachments. */
export function needsContent(condition: Condition): boolean {
  if (condition.kind === 'and' || condition.kind === 'or') return condition.of.some(needsContent);
  if (condition.kind === 'not') return needsContent(condition.of);
  return condition.kind === 'text' || condition.kind === 'hasAttachment';
}

const contains = (text: string | null, value: string): boolean => text !== null && folded(text).includes(folded(value));

const inAddresses = (addresses: readonly (Address | null)[], value: string): boolean =>
  addresses.some((a) => a !== null && (contains(a.address, value) || contains(a.name, value)));

function inText(message: Message, value: string): boolean {
  const { from, sender, to, cc, bcc, replyTo, content } = message;
  return (
    contains(message.subject, value) ||
    contains(content ? content.text : message.snippet, value) ||
    inAddresses([from, sender, ...to, ...cc, ...bcc, ...replyTo], value)
  );
}

const hasAttachment = (message: Message): boolean =>
  message.content ? message.content.attachments.some((a) => !a.isInline) : (message.hasAttachments ?? false);

const bare = (id: string): string => id.trim().replace(/^<|>$/g, '');
