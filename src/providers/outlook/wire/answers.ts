import { z } from 'zod';
import type { MailError } from '../../../domain/error.ts';
import { unreachable } from './errors.ts';

/**
 * The shape that a good answer must have, by the kind of request, whatever fields were selected. A proxy's page, an
 * empty body or a foreign object must not pass for an empty mailbox. A field has the same type in every entity, and the
 * types are checked here so that no other code has to.
 */
const text = z.string().nullish();
const count = z.int().nullish();
const flag = z.boolean().nullish();
const recipient = z.looseObject({ emailAddress: z.looseObject({ name: text, address: text }).nullish() }).nullish();
const recipients = z.array(recipient).nullish();
const texts = 'displayName parentFolderId conversationId changeKey subject bodyPreview importance internetMessageId';
const more = 'receivedDateTime sentDateTime createdDateTime color name contentType contentId';
const flags = 'isRead isDraft isHidden isInline hasAttachments';
const all = <T>(names: string, type: T): Record<string, T> =>
  Object.fromEntries(names.split(' ').map((name) => [name, type]));
const fields = {
  ...all(`${texts} ${more}`, text),
  ...all(flags, flag),
  ...all('size totalItemCount unreadItemCount', count),
  ...all('from sender', recipient),
  ...all('toRecipients ccRecipients bccRecipients replyTo', recipients),
  expirationDateTime: text.refine((at) => at == null || !Number.isNaN(Date.parse(at))),
  categories: z.array(z.string()).nullish(),
  flag: z.looseObject({ flagStatus: text }).nullish(),
  body: z.looseObject({ content: text, contentType: text }).nullish(),
  internetMessageHeaders: z.array(z.looseObject({ name: text, value: text })).nullish(),
  singleValueExtendedProperties: z.array(z.looseObject({ id: text, value: text })).nullish(),
};
const identified = z.looseObject({ id: z.string().min(1), ...fields });
const entity = identified.extend({ attachments: z.array(identified).nullish() });
/** Whether a record of a messages delta has the documented shape. */
export const isRecord = (value: unknown): boolean => entity.safeParse(value).success;
const collectionOf = (item: z.ZodType) =>
  z.looseObject({
    value: z.array(item),
    '@odata.nextLink': text,
    '@odata.deltaLink': text,
    '@odata.count': count,
  });
const BY_NAME: Readonly<Record<string, z.ZodType>> = {
  $batch: z.looseObject({
    responses: z.array(
      z.looseObject({ id: z.string(), status: z.number(), headers: z.record(z.string(), z.unknown()).nullish() }),
    ),
  }),
  me: z.looseObject({ userPrincipalName: text, mail: text, displayName: text }).refine(isSomebody),
  getMailTips: collectionOf(z.looseObject({ maxMessageSize: count })),
  createUploadSession: z.looseObject({ uploadUrl: z.string().min(1) }),
};
const RECORDS = collectionOf(z.unknown());
const MESSAGES_DELTA = /\/messages\/delta(?:\?|$)/;
const COLLECTIONS: ReadonlySet<string> = new Set(
  'messages mailFolders childFolders attachments masterCategories delta subscriptions'.split(' '),
);

function isSomebody({ userPrincipalName, mail }: { userPrincipalName?: unknown; mail?: unknown }): boolean {
  return typeof userPrincipalName === 'string' || typeof mail === 'string';
}

/**
 * Returns PROVIDER_UNAVAILABLE when the answer lacks what this kind of request returns, and null when it is well
 * formed.
 */
export function malformed(method: string, path: string, answer: unknown): MailError | null {
  if (method === 'DELETE') return null;
  const name = /([^/?]*)(?:\?|$)/.exec(path)?.[1] ?? '';
  // The records of a delta are checked one by one, so that one of them spoils no other.
  if (MESSAGES_DELTA.test(path))
    return RECORDS.safeParse(answer).success ? null : unreachable('the answer is malformed');
  const shape = BY_NAME[name] ?? (method === 'GET' && COLLECTIONS.has(name) ? collectionOf(entity) : entity);
  return shape.safeParse(answer).success ? null : unreachable('the answer is malformed');
}
