import type { Address } from '../address.ts';
import type { Message } from '../message.ts';
import type { Condition } from './condition.ts';
import { addressIn, hasPhrase, indexOf } from './words.ts';

/**
 * Whether a message meets a condition: the one evaluation, for every provider. An envelope decides all but `text`, and
 * `hasAttachment` where the envelope does not tell; those need the message with its content.
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
      return isAmong(peopleOf(message).authors, condition.value);
    case 'to':
      return isAmong(peopleOf(message).recipients, condition.value);
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

/** The people of a message as they are compared, a name or an address a line, so that no phrase reaches from one to the next. */
interface People {
  readonly words: string;
  /** The addresses without case, each between line ends. */
  readonly addresses: string;
}

/** A message may have ten thousand recipients, and a condition fifty terms: the recipients are folded once for all terms. */
const known = new WeakMap<Message, { readonly authors: People; readonly recipients: People }>();

function peopleOf(message: Message) {
  const { from, sender, to, cc, bcc } = message;
  const people = known.get(message) ?? {
    authors: asPeople([from, sender]),
    recipients: asPeople([...to, ...cc, ...bcc]),
  };
  known.set(message, people);
  return people;
}

function asPeople(list: readonly (Address | null)[]): People {
  const present = list.filter((one) => one !== null);
  return {
    words: present.flatMap(({ name, address }) => [indexOf(address), indexOf(name ?? '')]).join('\n'),
    addresses: `\n${present.map(({ address }) => caseless(address).replaceAll('\n', ' ')).join('\n')}\n`,
  };
}

/**
 * The words of one name or of one address; an address as a whole is the address, and no part of a longer one. jörg@ and jorg@
 * are two people, and Graph's filter tells them apart; what was typed in full width is meant plainly as well.
 */
function isAmong({ words, addresses }: People, value: string): boolean {
  const whole = addressIn(value);
  if (whole === null) return hasPhrase(words, value);
  return [caseless(whole), caseless(whole.normalize('NFKC'))].some((spelling) => addresses.includes(`\n${spelling}\n`));
}

const caseless = (address: string): string => address.normalize('NFC').toLowerCase();

function inText(message: Message, value: string): boolean {
  const { authors, recipients } = peopleOf(message);
  const { content } = message;
  const files = content?.attachments.map(({ filename }) => filename ?? '') ?? [];
  const texts = [message.subject, content ? (content.text ?? '') : message.snippet, ...files];
  return [authors.words, recipients.words, ...texts.map(indexOf)].some((index) => hasPhrase(index, value));
}

const hasAttachment = (message: Message): boolean =>
  message.content ? message.content.attachments.some((a) => !a.isInline) : (message.hasAttachments ?? false);

/** Compared without case: Exchange keeps and finds them so, and no two mails differ by it alone. */
const bare = (id: string): string => id.trim().replace(/^<|>$/g, '').toLowerCase();
