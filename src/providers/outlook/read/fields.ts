import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';

/** The fields that a request reads of each message. */
export interface Fields {
  readonly select: string;
  readonly expand: string | null;
  readonly prefer?: string;
}

/** PidTagLastVerbExecuted (102 and 103 mean answered) and PidTagMessageSize, for which v1.0 has no properties. */
const LAST_VERB = 'Integer 0x1081';
const MESSAGE_SIZE = 'Integer 0x0E08';
/**
 * PidTagReceivedByEmailAddress, which the transport sets on delivery ([MS-OXOMSG]). A sent copy lacks it, even one
 * whose author is among the recipients or wrote under another address.
 */
const RECEIVED_BY = 'String 0x0076';
/**
 * PidTagInReplyToId and PidTagInternetReferences. A message written in this mailbox has no internet headers to read
 * them from.
 */
export const IN_REPLY_TO = 'String 0x1042';
export const REFERENCES = 'String 0x1039';

/** PidTagMessageFlags. Its flag mfSubmitted marks a message for sending ([MS-OXCMSG] 2.2.1.6). */
const MESSAGE_FLAGS = 'Integer 0x0E07';
const SUBMITTED = 0x4;

const ENVELOPE_SELECT = [
  'id',
  'conversationId',
  'parentFolderId',
  'changeKey',
  'subject',
  'bodyPreview',
  'from',
  'sender',
  'toRecipients',
  'ccRecipients',
  'bccRecipients',
  'replyTo',
  'sentDateTime',
  'receivedDateTime',
  'isRead',
  'isDraft',
  'importance',
  'flag',
  'categories',
  'hasAttachments',
  'internetMessageId',
].join(',');
const properties = (...ids: string[]): string =>
  `singleValueExtendedProperties($filter=${ids.map((id) => `id eq '${id}'`).join(' or ')})`;
export const EXPAND_MESSAGE_FLAGS = properties(MESSAGE_FLAGS);
const ENVELOPE_EXPAND = properties(LAST_VERB, MESSAGE_SIZE, RECEIVED_BY);

export const ENVELOPE: Fields = { select: ENVELOPE_SELECT, expand: ENVELOPE_EXPAND };

/** Asks for the HTML as the sender wrote it. By default Graph removes parts of it. */
const UNTOUCHED = 'outlook.allow-unsafe-html';
/** All fields of an attachment but its bytes. Only files have a contentId, hence the cast. */
const ATTACHMENTS = 'attachments($select=id,name,contentType,size,isInline,microsoft.graph.fileAttachment/contentId)';
export const FULL: Fields = {
  select: `${ENVELOPE_SELECT},body,internetMessageHeaders`,
  expand: `${properties(LAST_VERB, MESSAGE_SIZE, RECEIVED_BY, IN_REPLY_TO, REFERENCES)},${ATTACHMENTS}`,
  prefer: UNTOUCHED,
};

export const lastVerb = (message: GraphMessage): string | null => extended(message, LAST_VERB);
export const messageSize = (message: GraphMessage): string | null => extended(message, MESSAGE_SIZE);

/** Returns undefined when the message was read without extended properties. */
export const isReceived = (message: GraphMessage): boolean | undefined =>
  message.singleValueExtendedProperties ? extended(message, RECEIVED_BY) !== null : undefined;

export const inReplyTo = (message: GraphMessage): string | null => extended(message, IN_REPLY_TO);
export const references = (message: GraphMessage): string | null => extended(message, REFERENCES);
/** Returns null when the message was read without its flags. */
export function isSubmitted(message: GraphMessage): boolean | null {
  const flags = extended(message, MESSAGE_FLAGS);
  return flags === null ? null : (Number(flags) & SUBMITTED) !== 0;
}

/**
 * Compares property tags as numbers, because Graph returns the id in its own spelling: "Integer 0xe08" for "Integer
 * 0x0E08".
 */
function extended(message: GraphMessage, id: string): string | null {
  const tag = tagOf(id);
  return message.singleValueExtendedProperties?.find((p) => tagOf(p.id ?? '') === tag)?.value ?? null;
}
const tagOf = (id: string): number => Number.parseInt(id.split(' ')[1] ?? '', 16);
