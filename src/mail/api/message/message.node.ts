import type { GraphQLResolveInfo } from 'graphql';
import { isNotFound } from '../../../domain/error.ts';
import { selects } from '../../../graphql/selection.ts';
import type { MailAccount } from '../../account/mail-account.ts';
import { MessageType } from './message.type.ts';

/** Fields that an envelope does not answer. */
export const CONTENT_FIELDS = new Set(['body', 'attachments', 'headers', 'inReplyTo', 'references', 'unsubscribe']);

/** One message by the provider's id; null when there is none. Read once, with its content where that is selected. */
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

/** Null instead of NOT_FOUND, which is how a node that does not exist is answered. */
export async function orNull<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}
