import type { Message as GraphMessage, Recipient } from '@microsoft/microsoft-graph-types';
import { type Address, bareAddress, isEmptyGroup } from '../../../domain/address.ts';
import { displayName, nameBeside } from '../../../domain/display-name.ts';
import type { Message, MessageContent } from '../../../domain/message.ts';
import { toOneLine } from '../../../domain/one-line.ts';
import type { ChangeDetail } from '../../contract/change-detail.ts';
import type { Draft } from '../../contract/mail-session.ts';
import { retaining } from '../../contract/retained.ts';
import { lazySnippet } from '../../shared/html/snippet.ts';
import { messageIdsOf } from '../../shared/mime/message-ids.ts';
import { categoryId } from '../wire/ids.ts';
import { isReceived, lastVerb, messageSize } from './fields.ts';

const REPLIED = new Set(['102', '103']);

/** Converts a message that was read with the $select of fields.ts. content.ts converts the `content`. */
export function toMessage(from: GraphMessage, content: MessageContent | null = null): Message {
  const verb = lastVerb(from);
  const snippet = lazySnippet(from.bodyPreview ?? '', content);
  const received = isReceived(from);
  const size = Number(messageSize(from) ?? Number.NaN);
  const message: Message = {
    id: from.id ?? '',
    threadId: from.conversationId ?? null,
    mailboxIds: mailboxIdsOf(from),
    subject: toOneLine(from.subject ?? ''),
    get snippet() {
      return snippet();
    },
    from: address(from.from),
    sender: address(from.sender),
    to: addresses(from.toRecipients),
    cc: addresses(from.ccRecipients),
    bcc: addresses(from.bccRecipients),
    replyTo: addresses(from.replyTo),
    sentAt: date(from.sentDateTime),
    receivedAt: receivedAt(from),
    ...(received === undefined ? {} : { isReceived: received }),
    isRead: from.isRead ?? false,
    isStarred: isStarred(from),
    isDraft: from.isDraft ?? false,
    isImportant: isImportant(from),
    isAnswered: verb !== null && REPLIED.has(verb),
    hasAttachments: from.hasAttachments ?? null,
    internetMessageId: messageId(from.internetMessageId),
    sizeBytes: Number.isSafeInteger(size) && size >= 0 ? size : null,
    content,
  };
  return retaining(message, (from.bodyPreview?.length ?? 0) + (content ? (from.body?.content?.length ?? 0) : 0));
}

/** Exchange changes a message's change key with each change to it, while its immutable id stays. */
export const toDraft = (message: GraphMessage): Draft => ({
  id: message.id ?? '',
  version: message.changeKey ?? '',
  message: toMessage(message),
});

/** Returns the message's folder and, as labels, its categories. */
const mailboxIdsOf = ({ parentFolderId, categories }: GraphMessage): string[] => [
  ...(parentFolderId ? [parentFolderId] : []),
  ...(categories ?? []).map(categoryId),
];
const isStarred = ({ flag }: GraphMessage): boolean => flag?.flagStatus === 'flagged';
const isImportant = ({ importance }: GraphMessage): boolean => importance === 'high';

/**
 * Returns the changed fields of a message that a delta reports as updated: all selected ones, or isRead alone
 * (microsoft-graph-docs#7776).
 */
export function changeDetail(from: GraphMessage): ChangeDetail {
  const { isRead, isDraft } = from;
  return {
    ...(from.parentFolderId && from.categories && { mailboxIds: mailboxIdsOf(from) }),
    ...(isRead != null && { isRead }),
    ...(isDraft != null && { isDraft }),
    ...(from.flag && { isStarred: isStarred(from) }),
    ...(from.importance && { isImportant: isImportant(from) }),
  };
}

export const receivedAt = (from: GraphMessage): Date =>
  date(from.receivedDateTime) ?? date(from.sentDateTime) ?? date(from.createdDateTime) ?? new Date(0);

/** Exchange writes the year 1 for a missing date. */
function date(text: string | null | undefined): Date | null {
  const at = new Date(text ?? Number.NaN);
  return Number.isNaN(at.getTime()) || at.getUTCFullYear() < 1900 ? null : at;
}

/**
 * Graph repeats the address as the name when there is no name, and returns a group such as "undisclosed recipients:;"
 * as a name without an address.
 */
function address(from: Recipient | null | undefined): Address | null {
  const name = from?.emailAddress?.name ?? '';
  const written = bareAddress(from?.emailAddress?.address ?? '') || displayName(name);
  return written === null ? null : { name: nameBeside(written, name), address: written };
}

/**
 * Returns the addresses without empty groups. A name that was split at its comma, "Doe, Jane <jane@example.org>", is
 * joined again.
 */
function addresses(from: readonly Recipient[] | null | undefined): Address[] {
  const joined: Address[] = [];
  let halves: Address[] = [];
  for (const one of (from ?? []).map(address)) {
    if (one === null || (one.name === null && isEmptyGroup(one.address))) continue;
    if (one.name === null && !one.address.includes('@')) halves.push(one);
    else {
      const words = halves.map((half) => half.address);
      if (words.length > 0 && one.name !== null) joined.push({ ...one, name: [...words, one.name].join(', ') });
      else for (const each of [...halves, one]) joined.push(each);
      halves = [];
    }
  }
  return [...joined, ...halves];
}

function messageId(header: string | null | undefined): string | null {
  return messageIdsOf(header ?? '')[0] ?? (header?.trim().replace(/^<|>$/g, '') || null);
}
