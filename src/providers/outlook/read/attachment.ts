import { isMailError, MailError } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import type { GraphAccount } from '../wire/account.ts';
import { cost } from '../wire/client.ts';
import { segment } from '../wire/ids.ts';
import { path } from '../wire/url.ts';
import { getOne } from './messages.ts';

/**
 * Streams a file's bytes, or the MIME of an attached message or event. Throws UNSUPPORTED for a link to a file
 * elsewhere, which has no bytes.
 */
export async function readAttachment(
  account: GraphAccount,
  messageId: string,
  attachmentId: string,
  call: Call,
): Promise<ReadableStream<Uint8Array>> {
  const at = `/me/messages/${segment(messageId)}/attachments/${segment(attachmentId)}`;
  try {
    return await account.graph.stream({ method: 'GET', path: `${at}/$value`, cost: cost('attachments.get') }, call);
  } catch (error) {
    if (!isMailError(error) || error.code === 'NOT_FOUND' || !(await isLink(account, at, call))) throw error;
    throw new MailError('UNSUPPORTED', 'This attachment is a link to a file kept elsewhere. Open it in Outlook.', {
      cause: error,
    });
  }
}

async function isLink(account: GraphAccount, at: string, call: Call): Promise<boolean> {
  const attachment = await getOne<{ '@odata.type'?: string }>(
    account,
    path(at, { $select: 'id,name' }),
    { operation: 'attachments.get' },
    call,
  );
  return !isMailError(attachment) && attachment['@odata.type'] === '#microsoft.graph.referenceAttachment';
}

export const readRaw = (account: GraphAccount, messageId: string, call: Call): Promise<ReadableStream<Uint8Array>> =>
  account.graph.stream(
    { method: 'GET', path: `/me/messages/${segment(messageId)}/$value`, cost: cost('messages.raw') },
    call,
  );
