import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';

/** What a request for messages asks of each. */
export interface Fields {
  readonly select: string;
  readonly expand: string | null;
  readonly prefer?: string;
}

/** PidTagLastVerbExecuted (102 and 103: answered) and PidTagMessageSize, which v1.0 has no properties for. */
const LAST_VERB = 'Integer 0x1081';
const MESSAGE_SIZE = 'Integer 0x0E08';
/**
 * PidTagReceivedByEmailAddress, which the transport sets where it delivers ([MS-OXOMSG]): a sent copy has none, also
 * one whose author is among the recipients or wrote under another address.
 */
const RECEIVED_BY = 'String 0x0076';
/** PidTagInReplyToId and PidTagInternetReferences: what was written here has no internet headers to read them from. */
export const IN_REPLY_TO = 'String 0x1042';
export const REFERENCES = 'String 0x1039';

/** PidTagMessageFlags; its mfSubmitted: the message is marked for sending ([MS-OXCMSG] 2.2.1.6). */
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

/** The body as the sender wrote it: Graph leaves things out of HTML otherwise. */
const UNTOUCHED = 'outlook.allow-unsafe-html';
/** Everything about an attachment but its bytes; contentId belongs to files only, hence the cast. */
const ATTACHMENTS = 'attachments($select=id,name,contentType,size,isInline,microsoft.graph.fileAttachment/contentId)';
export const FULL: Fields = {
  select: `${ENVELOPE_SELECT},body,internetMessageHeaders`,
  expand: `${properties(LAST_VERB, MESSAGE_SIZE, RECEIVED_BY, IN_REPLY_TO, REFERENCES)},${ATTACHMENTS}`,
  prefer: UNTOUCHED,
};

export const lastVerb = (message: GraphMessage): string | null => extended(message, LAST_VERB);
export const messageSize = (message: GraphMessage): string | null => extended(message, MESSAGE_SIZE);

/** Undefined: its extended properties were not told. */
export const isReceived = (message: GraphMessage): boolean | undefined =>
  message.singleValueExtendedProperties ? extended(message, RECEIVED_BY) !== null : undefined;

export const inReplyTo = (message: GraphMessage): string | null => extended(message, IN_REPLY_TO);
export const references = (message: GraphMessage): string | null => extended(message, REFERENCES);
/** Null: its flags were not told. */
export function isSubmitted(message: GraphMessage): boolean | null {
  const flags = extended(message, MESSAGE_FLAGS);
  return flags === null ? null : (Number(flags) & SUBMITTED) !== 0;
}

/** Graph gives the id back in a spelling of its own: "Integer 0xe08" for "Integer 0x0E08". */
function extended(message: GraphMessage, id: string): string | null {
  const wanted = tagOf(id);
  return message.singleValueExtendedProperties?.find((p) => tagOf(p.id ?? '') === wanted)?.value ?? null;
}
const tagOf = (id: string): number => Number.parseInt(id.split(' ')[1] ?? '', 16);
