import type { Address } from '../domain/address.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import type { Message, MessageContent } from '../domain/message.ts';
import { retainedChars } from '../providers/contract/retained.ts';

/*
 * Estimates of what objects occupy in memory. V8 needs one byte for each character of a Latin text and two for others, an object
 * needs about 8 bytes for each property, and a string, an array or a Map entry some dozen bytes besides.
 */

const BYTES_PER_CHAR = 2;
const STRING_BYTES = 24;
const ENTRY_BYTES = 150;
const MESSAGE_BYTES = 700;
const ADDRESS_BYTES = 60;

const textBytes = (text: string | null | undefined): number =>
  text == null ? 0 : STRING_BYTES + BYTES_PER_CHAR * text.length;
export const textsBytes = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + textBytes(text), 0);

const addressBytes = (one: Address | null): number =>
  one === null ? 0 : ADDRESS_BYTES + textBytes(one.name) + textBytes(one.address);

/** Reads no property that is computed when it is first read: `retainedChars` counts what such properties are made from. */
export function messageBytes(message: Message): number {
  const own = Object.getOwnPropertyDescriptors(message);
  const lists = (['to', 'cc', 'bcc', 'replyTo'] as const).flatMap((name) => own[name].value ?? []);
  const texts = [message.id, message.threadId, message.subject, message.internetMessageId, own.snippet.value ?? null];
  return (
    ENTRY_BYTES +
    MESSAGE_BYTES +
    texts.reduce<number>((sum, text) => sum + textBytes(text), 0) +
    textsBytes(message.mailboxIds) +
    [message.from, message.sender, ...lists].reduce<number>((sum, one) => sum + addressBytes(one), 0) +
    // The source, and what is computed from it.
    2 * BYTES_PER_CHAR * retainedChars(message) +
    (message.content ? contentBytes(message.content) : 0)
  );
}

function contentBytes(content: MessageContent): number {
  const { html, attachments, headers, inReplyTo, references } = content;
  const text: unknown = Object.getOwnPropertyDescriptor(content, 'text')?.value;
  return (
    MESSAGE_BYTES +
    textBytes(html) +
    (typeof text === 'string' ? textBytes(text) : 0) +
    attachments.reduce((sum, { id, filename }) => sum + MESSAGE_BYTES / 4 + textBytes(id) + textBytes(filename), 0) +
    headers.reduce((sum, { name, value }) => sum + ADDRESS_BYTES + textBytes(name) + textBytes(value), 0) +
    textsBytes(inReplyTo) +
    textsBytes(references)
  );
}

export const mailboxBytes = ({ id, name, parentId, color }: Mailbox): number =>
  ENTRY_BYTES + textsBytes([id, name]) + textBytes(parentId) + textBytes(color);

/** An entry with these texts, which may be ids that other entries have too. */
export const entryBytes = (...texts: readonly string[]): number => ENTRY_BYTES + textsBytes(texts);
