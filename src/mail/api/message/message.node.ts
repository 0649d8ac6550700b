import type { GraphQLResolveInfo } from 'graphql';
import { isNotFound } from '../../../domain/error.ts';
import { selects } from '../../../graphql/selection.ts';
import type { MailAccount } from '../../account/mail-account.ts';
import { MessageType } from './message.type.ts';

/** The fields that need the content of a message, and not only its envelope. */
export const CONTENT_FIELDS = new Set(['body', 'attachments', 'headers', 'inReplyTo', 'references', 'unsubscribe']);

/** One message by the provider's id, or null. The content is read in the same request when its fields are selected. */
export async function readMessage(
  account: MailAccount,
  id: string,
  info: GraphQLResolveInfo,
): Promise<MessageType | null> {
  return orNull(async () => {
    const full = selects(info, CONTENT_FIELDS, 1);
    return new MessageType(account, await (full ? account.messages.full(id) : account.messages.envelope(id)));
  });
}

/** Returns null instead of throwing NOT_FOUND, as `node` does for an object that does not exist. */
export async function orNull<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}
