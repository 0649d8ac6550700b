import type { Address } from '../address.ts';
import type { Message } from '../message.ts';
import type { Condition } from './condition.ts';
import { addressIn, hasPhrase, indexOf } from './words.ts';

/**
 * Whether a message matches a condition, evaluated in the same way for every provider. An envelope suffices except for `text`, and
 * for `hasAttachment` where the envelope does not show it. These need the message with its content.
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

/** The people of a message in the form in which they are compared. Each name and address is a line, so that no phrase spans two of them. */
interface People {
  readonly words: string;
  /** The addresses in lower case, each between line ends. */
  readonly addresses: string;
}

/** A cache: a message may have ten thousand recipients and a condition fifty terms, so the recipients are folded once. */
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
 * Whether a value matches the words of one name or one address. A value that is an address matches that address alone and no
 * longer one. jörg@ and jorg@ are different people, which Graph's filter distinguishes too. Full-width characters also match their
 * plain forms.
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

/** A Message-ID in the form in which it is compared. Exchange ignores its case too, and no two mails differ in it alone. */
const bare = (id: string): string => id.trim().replace(/^<|>$/g, '').toLowerCase();
