import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import { isMailError } from '../../../domain/error.ts';
import type { Mailbox, MailboxRole } from '../../../domain/mailbox.ts';
import type { Call } from '../../contract/call.ts';
import type { Batch } from '../../contract/list.ts';
import type { MailboxCounts } from '../../contract/mail-session.ts';
import { runBatch } from '../wire/batch.ts';
import type { GmailClient } from '../wire/client.ts';
import { listLabels, SYSTEM_LABELS, toMailboxes } from './labels.ts';

/** Reads names, roles, colours and nesting in one request. Counts cost a request for each label, see `mailboxCounts`. */
export async function listMailboxes(client: GmailClient, call: Call): Promise<readonly Mailbox[]> {
  return toMailboxes(await listLabels(client, call));
}
export async function mailboxCounts(
  client: GmailClient,
  ids: readonly string[],
  call: Call,
): Promise<Batch<MailboxCounts>> {
  const parts = ids.map((id) => ({
    method: 'GET' as const,
    path: `/gmail/v1/users/me/labels/${encodeURIComponent(id)}?fields=id,messagesTotal,messagesUnread`,
  }));
  const answers = await runBatch(client, 'labels.get', parts, call);
  return answers.map((answer) => {
    if (isMailError(answer)) return answer;
    const { messagesTotal, messagesUnread } = answer as gmail_v1.Schema$Label;
    return { total: messagesTotal ?? 0, unread: messagesUnread ?? 0 };
  });
}
/** System labels have the same ids in every account. Null for ALL and ARCHIVE. */
export const roleMailboxId = (role: MailboxRole): string | null =>
  [...SYSTEM_LABELS].find(([, label]) => label.role === role)?.[0] ?? null;
