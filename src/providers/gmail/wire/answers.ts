import { z } from 'zod';
import { GmailError } from './errors.ts';
import type { Operation } from './quota.ts';

/**
 * The schemas of valid answers for each operation. They keep a proxy's page, an empty body or a foreign object from being read as
 * an empty mailbox: an empty list has no items, but it has a resultSizeEstimate. Fields must have their documented types, so
 * that the rest of the adapter need not check them.
 */
const text = z.string().nullish();
const count = z.int().nullish();
const flag = z.boolean().nullish();
/** Gmail encodes 64-bit numbers as strings. */
const DIGITS = /^\d{1,15}$/;
const named = z.string().min(1);
const message = z.looseObject({
  id: named,
  threadId: text,
  labelIds: z.array(z.string()).nullish(),
  snippet: text,
  internalDate: z
    .string()
    .regex(/^-?\d{1,15}$/)
    .nullish(),
  sizeEstimate: count,
  payload: z.custom((payload) => isPayload(payload)).nullish(),
});
const label = z.looseObject({
  id: named,
  name: text,
  type: text,
  color: z.looseObject({ backgroundColor: text }).nullish(),
  messagesTotal: count,
  messagesUnread: count,
});
const thread = z.looseObject({ id: named, messages: z.array(message).nullish() });
const draft = z.looseObject({ id: named, message: message.nullish() });
const alias = z.looseObject({ sendAsEmail: z.string(), displayName: text, isDefault: flag, isPrimary: flag });
const changedMessages = z
  .array(z.looseObject({ message: z.looseObject({ id: named, labelIds: z.array(z.string()).nullish() }) }))
  .nullish();
const changedLabels = z
  .array(
    z.looseObject({
      message: z.looseObject({ id: named, labelIds: z.array(z.string()).nullish() }),
      labelIds: z.array(z.string()).nullish(),
    }),
  )
  .nullish();
const record = z.looseObject({
  id: named,
  messagesAdded: changedMessages,
  messagesDeleted: changedMessages,
  labelsAdded: changedLabels,
  labelsRemoved: changedLabels,
});
const list = { resultSizeEstimate: z.number(), nextPageToken: text };
/** "If successful, the response body is an empty JSON object", or it is empty. */
const nothing = z.union([z.undefined(), z.literal(''), z.strictObject({})]);
const SHAPES: Readonly<Record<Operation, z.ZodType>> = {
  getProfile: z.union([z.looseObject({ historyId: z.string() }), z.looseObject({ emailAddress: z.string() })]),
  'labels.list': z.looseObject({ labels: z.array(label) }),
  'labels.get': label,
  'labels.create': label,
  'labels.patch': label,
  'labels.delete': nothing,
  'settings.sendAs.list': z.looseObject({ sendAs: z.array(alias) }),
  'messages.list': z.looseObject({ ...list, messages: z.array(message).nullish() }),
  'messages.get': message,
  'messages.attachments.get': z.looseObject({ data: z.string() }),
  'messages.modify': message,
  'messages.delete': nothing,
  'messages.batchModify': nothing,
  'messages.batchDelete': nothing,
  'threads.list': z.looseObject({ ...list, threads: z.array(thread).nullish() }),
  'threads.get': thread,
  'drafts.list': z.looseObject({ ...list, drafts: z.array(draft).nullish() }),
  'drafts.get': draft,
  'drafts.create': draft,
  'drafts.update': draft,
  'drafts.delete': nothing,
  'drafts.send': message,
  'history.list': z.looseObject({
    historyId: z.string(),
    history: z.array(z.unknown()).nullish(),
    nextPageToken: text,
  }),
  watch: z.looseObject({ expiration: z.string().regex(DIGITS) }),
  stop: nothing,
};

const field = z.looseObject({ name: z.string(), value: z.string() });
const part = z.looseObject({
  partId: text,
  mimeType: text,
  filename: text,
  headers: z.array(field).nullish(),
  body: z.looseObject({ data: text, attachmentId: text, size: count }).nullish(),
  parts: z.array(z.unknown()).nullish(),
});

/** Whether a record of a history has the documented shape. Records are checked one by one, so that one of them spoils no other. */
export const isHistoryRecord = (value: unknown): boolean => record.safeParse(value).success;

/** A loop rather than a recursive schema, because the sender of a mail decides how deep its parts are nested. */
function isPayload(payload: unknown): boolean {
  const open = [payload];
  while (open.length > 0) {
    const { success, data } = part.safeParse(open.pop());
    if (!success) return false;
    open.push(...(data.parts ?? []));
  }
  return true;
}

/** PROVIDER_UNAVAILABLE for an answer that does not match the schema of its operation; null for a valid one. */
export function malformed(operation: Operation, answer: unknown): GmailError | null {
  if (SHAPES[operation].safeParse(answer).success) return null;
  const message = 'Gmail returned an unreadable answer. Try again.';
  return new GmailError('PROVIDER_UNAVAILABLE', message, operation, null, 'malformed');
}
