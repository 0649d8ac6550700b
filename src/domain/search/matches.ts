import type { Address } from '../address.ts';
import type { Message } from '../message.ts';
import type { Condition } from './condition.ts';
import { addressIn, folded, hasPhrase, indexOf } from './words.ts';

/**
 * Whether a message meets a condition: the one evaluation, for every provider. An envelope decides all but `text`, and
 * `hasAttachment` where the envelope does not tell; those need the message with its content (see `needsContent`).
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
      return hasPhrase(indexOf(message.subject), condition.value);
    case 'text':
      return inText(message, condition.value);
    case 'mailbox':
      return message.mailboxIds.includes(condition.id);
    case 'read':
      return message.isRead === condition.value;
    case 'starred':
      return message.isStarred === condition.value;
    case 'important':
      return message.isImportant === condition.value;
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

/** Whether `matches` has to see the body or the attachments. */
export function needsContent(condition: Condition): boolean {
  if (condition.kind === 'and' || condition.kind === 'or') return condition.of.some(needsContent);
  if (condition.kind === 'not') return needsContent(condition.of);
  return condition.kind === 'text' || condition.kind === 'hasAttachment';
}

/** The words of one name or of one address; an address as a whole is the address, and no part of a longer one. */
function inAddresses(addresses: readonly (Address | null)[], value: string): boolean {
  const whole = addressIn(value);
  return addresses.some((one) => {
    if (one === null) return false;
    if (whole !== null) return folded(one.address) === folded(whole);
    return hasPhrase(indexOf(one.address), value) || hasPhrase(indexOf(one.name ?? ''), value);
  });
}

function inText(message: Message, value: string): boolean {
  const { from, sender, to, cc, bcc, content } = message;
  const people = [from, sender, ...to, ...cc, ...bcc].flatMap((one) => (one ? [one.name ?? '', one.address] : []));
  const files = content?.attachments.map(({ filename }) => filename ?? '') ?? [];
  const texts = [message.subject, content ? (content.text ?? '') : message.snippet, ...people, ...files];
  return texts.some((text) => hasPhrase(indexOf(text), value));
}

const hasAttachment = (message: Message): boolean =>
  message.content ? message.content.attachments.some((a) => !a.isInline) : (message.hasAttachments ?? false);

/** Compared without case: Exchange keeps and finds them so, and no two mails differ by it alone. */
const bare = (id: string): string => id.trim().replace(/^<|>$/g, '').toLowerCase();
