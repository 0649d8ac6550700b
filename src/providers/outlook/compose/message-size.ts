import type { MailTips } from '@microsoft/microsoft-graph-types';
import type { Compose } from '../../../domain/compose.ts';
import { isMailError, MailError } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import type { GraphAccount } from '../wire/account.ts';
import { cost } from '../wire/client.ts';

/** Maximum size of a file in an upload session, in bytes. */
export const MAX_FILE_BYTES = 150 * 1024 * 1024;
/** The largest limit that an administrator of Exchange can set for a message, in bytes. */
const MAX_MESSAGE_BYTES = 150 * 1024 * 1024;
/** Exchange's default limit for one message, in bytes. */
export const DEFAULT_MESSAGE_BYTES = 35 * 1024 * 1024;

/**
 * Throws INVALID with both sizes, before anything is sent or read. The mailbox's own limit is requested only for
 * messages above Exchange's default.
 */
export async function requireSize(account: GraphAccount, compose: Compose, call: Call): Promise<void> {
  const large = compose.attachments.find(({ sizeBytes }) => sizeBytes > MAX_FILE_BYTES);
  if (large) throw tooLarge(`${large.filename} has`, large.sizeBytes, 'Outlook accepts files of', MAX_FILE_BYTES);
  const size = sizeOf(compose);
  if (size <= DEFAULT_MESSAGE_BYTES) return;
  if (size > MAX_MESSAGE_BYTES) throw tooLarge('The message has', size, 'Outlook accepts', MAX_MESSAGE_BYTES);
  const limit = await messageLimit(account, call);
  if (size > limit) throw tooLarge('The message has', size, 'this mailbox accepts', limit);
}

/** Returns the size as the mailbox counts it: files without their transfer encoding. */
function sizeOf({ attachments, html, text }: Compose): number {
  return attachments.reduce((sum, { sizeBytes }) => sum + sizeBytes, Buffer.byteLength(html ?? text ?? ''));
}

/**
 * Returns the mailbox's limit for incoming messages, which its organisation has configured. A personal account does not
 * report one.
 */
async function messageLimit(account: GraphAccount, call: Call): Promise<number> {
  const body = JSON.stringify({ EmailAddresses: [account.address], MailTipsOptions: 'maxMessageSize' });
  const request = { method: 'POST' as const, path: '/me/getMailTips', body, cost: cost('mailTips.get') };
  try {
    const { value } = await account.graph.json<{ value?: readonly MailTips[] }>(request, call);
    const reported = value?.[0]?.maxMessageSize ?? 0;
    // Exchange has been seen to report the limit in KB.
    return Math.max(DEFAULT_MESSAGE_BYTES, reported < 1024 * 1024 ? reported * 1024 : reported);
  } catch (error) {
    if (isMailError(error) && ['FORBIDDEN', 'NOT_FOUND', 'UNSUPPORTED'].includes(error.code))
      return DEFAULT_MESSAGE_BYTES;
    throw error;
  }
}

function tooLarge(subject: string, bytes: number, acceptor: string, limit: number): MailError {
  return new MailError(
    'INVALID',
    `${subject} ${megabytes(bytes)} (${bytes} bytes), but ${acceptor} at most ${megabytes(limit)}. Attach smaller files or fewer of them.`,
    {
      field: ['attachments'],
    },
  );
}

const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`;
