import { randomUUID } from 'node:crypto';
import type { FollowupFlag } from '@microsoft/microsoft-graph-types';
import { z } from 'zod';
import type { Person } from '../../mail/mail.ts';
import type { TextBody } from '../mailbox/content.ts';
import type { DraftContent } from '../mailbox/draft.ts';
import type { Item } from '../mailbox/item.ts';
import { badRequest, GraphError } from '../wire/errors.ts';
import { attachmentInput, readAttachment } from './attachment.input.ts';
import { canonicalId } from './extended.ts';
import { MESSAGE } from './message.format.ts';

/** Graph reads enumerations without regard to case. */
const anyCase = <T extends string>(names: readonly T[]) =>
  z.string().transform((value, context): T => {
    const found = names.find((name) => name.toLowerCase() === value.toLowerCase());
    if (found !== undefined) return found;
    context.addIssue({ code: 'custom', message: `Requested value '${value}' was not found.` });
    return z.NEVER;
  });

const recipient = z.object({ emailAddress: z.object({ address: z.string().nullish(), name: z.string().nullish() }) });
const recipients = z.array(recipient);
const moment = z.object({ dateTime: z.string(), timeZone: z.string().nullish() }).nullish();

const schema = z.object({
  subject: z.string().nullish(),
  body: z.object({ contentType: anyCase(['text', 'html']).optional(), content: z.string().nullish() }).nullish(),
  from: recipient.nullish(),
  sender: recipient.nullish(),
  toRecipients: recipients.optional(),
  ccRecipients: recipients.optional(),
  bccRecipients: recipients.optional(),
  replyTo: recipients.optional(),
  importance: anyCase(['low', 'normal', 'high']).optional(),
  inferenceClassification: anyCase(['focused', 'other']).optional(),
  isRead: z.boolean().nullish(),
  flag: z
    .object({
      flagStatus: anyCase(['notFlagged', 'complete', 'flagged']).optional(),
      startDateTime: moment,
      dueDateTime: moment,
      completedDateTime: moment,
    })
    .optional(),
  categories: z.array(z.string()).optional(),
  internetMessageId: z.string().nullish(),
  internetMessageHeaders: z.array(z.object({ name: z.string(), value: z.string() })).optional(),
  attachments: z.array(attachmentInput).optional(),
  singleValueExtendedProperties: z.array(z.object({ id: z.string(), value: z.string() })).optional(),
});

export type MessageInput = z.infer<typeof schema>;

/** Reads a message of a request, and ignores what a caller may not set. Throws BadRequest. */
export function readMessage(given: unknown): MessageInput {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw badRequest('The message is not an object.', 'RequestBodyRead');
  for (const name of Object.keys(given))
    if (!name.includes('@') && !MESSAGE.properties.has(name) && !MESSAGE.navigations.has(name))
      throw badRequest(
        `The property '${name}' does not exist on type 'microsoft.graph.message'. Make sure to only use property names that are defined by the type.`,
        'RequestBodyRead',
      );
  const read = schema.safeParse(given);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw badRequest(
      `Cannot read the value of '${issue?.path.join('/') ?? ''}': ${issue?.message ?? 'it is not valid.'}`,
      'RequestBodyRead',
    );
  }
  for (const { name } of read.data.internetMessageHeaders ?? [])
    if (!/^x-/i.test(name))
      throw badRequest(
        `The internet message header name '${name}' should start with 'x-' or 'X-'.`,
        'InvalidInternetMessageHeader',
      );
  if ((read.data.internetMessageHeaders?.length ?? 0) > 5)
    throw badRequest(
      'Maximum number of headers in one message should be less than or equal to 5.',
      'InvalidInternetMessageHeaderCollection',
    );
  return read.data;
}

/** The properties that can only be changed in a draft. */
const DRAFT_ONLY = [
  'subject',
  'body',
  'from',
  'sender',
  'toRecipients',
  'ccRecipients',
  'bccRecipients',
  'replyTo',
  'internetMessageId',
  'internetMessageHeaders',
] as const;

export const touchesDraft = (input: MessageInput) => DRAFT_ONLY.some((name) => input[name] !== undefined);

/** Throws ErrorInvalidPropertySet. */
export function requireDraft(item: Item): void {
  if (!item.isDraft) throw new GraphError(400, 'ErrorInvalidPropertySet', 'Set action is invalid for property.');
}

/** Writes the content of a draft. */
export function writeContent(draft: DraftContent, input: MessageInput, now: Date): void {
  if (input.subject !== undefined) draft.subject = (input.subject ?? '').slice(0, 255);
  if (input.body) draft.text = textOf(input.body);
  if (input.from) draft.from = personOf(input.from);
  if (input.sender) draft.sender = personOf(input.sender);
  if (input.toRecipients) draft.to = input.toRecipients.map(personOf);
  if (input.ccRecipients) draft.cc = input.ccRecipients.map(personOf);
  if (input.bccRecipients) draft.bcc = input.bccRecipients.map(personOf);
  if (input.replyTo) draft.replyTo = input.replyTo.map(personOf);
  if (input.internetMessageId) draft.messageId = input.internetMessageId;
  if (input.internetMessageHeaders) draft.customHeaders = input.internetMessageHeaders;
  if (input.importance) draft.importance = input.importance;
  for (const attachment of input.attachments ?? []) draft.attach(readAttachment(attachment, now));
  for (const { id, value } of input.singleValueExtendedProperties ?? []) {
    if (canonicalId(id) === 'String 0x1042') draft.inReplyTo = messageIds(value);
    if (canonicalId(id) === 'String 0x1039') draft.references = messageIds(value);
  }
}

/** Writes the state of a message in its mailbox. */
export function writeState(item: Item, input: MessageInput): void {
  if (typeof input.isRead === 'boolean') item.isRead = input.isRead;
  if (input.importance) item.importance = input.importance;
  if (input.inferenceClassification) item.inferenceClassification = input.inferenceClassification;
  if (input.categories) item.categories = [...new Set(input.categories)];
  if (input.flag) item.flag = flagOf(input.flag);
  for (const { id, value } of input.singleValueExtendedProperties ?? []) item.extended.set(canonicalId(id), value);
}

/** Returns a Message-ID like those that Exchange gives to messages written there. */
export function freshMessageId(address: string): string {
  return `<${randomUUID().replace(/-/g, '').toUpperCase()}@${address.split('@')[1] ?? 'sandbox.example'}>`;
}

function flagOf(flag: NonNullable<MessageInput['flag']>): FollowupFlag {
  const shown: FollowupFlag = { flagStatus: flag.flagStatus ?? 'notFlagged' };
  if (shown.flagStatus === 'notFlagged') return shown;
  for (const name of ['startDateTime', 'dueDateTime', 'completedDateTime'] as const) {
    const value = flag[name];
    if (value) shown[name] = { dateTime: value.dateTime, timeZone: value.timeZone ?? 'UTC' };
  }
  return shown;
}

function textOf({ contentType, content }: NonNullable<MessageInput['body']>): TextBody {
  return { type: contentType ?? 'text', content: content ?? '' };
}

const personOf = ({ emailAddress }: z.infer<typeof recipient>): Person => ({
  name: emailAddress.name ?? '',
  address: (emailAddress.address ?? '').trim(),
});

const messageIds = (value: string) => value.match(/<[^<>\s]+>/g) ?? [];
