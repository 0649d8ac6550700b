import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import { isMailError } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import type { SendStatus, Sent, Submitted } from '../../contract/mail-session.ts';
import { requireWrite } from '../../shared/access.ts';
import { HeaderFields } from '../read/headers.ts';
import { getParts } from '../read/messages.ts';
import { runBatch } from '../wire/batch.ts';
import type { GmailClient } from '../wire/client.ts';
import { hasStatus } from '../wire/errors.ts';
import { OWN_ID_HEADER } from './mime.ts';

/** How many of the newest sent messages are searched for a message whose send was not answered. */
const MAX_RECENT = 500;
const PAGE = 100;
const READ_BATCH_SIZE = 25;
/** How far Gmail's clock may be behind ours. */
const MAX_CLOCK_SKEW_MS = 300_000;

/** How long after drafts.send a draft may still be there although the message is being sent. */
export const SEND_SETTLES_MS = 5_000;

/** Sends a draft. Never retried, because a lost answer does not say whether the message was sent; `probe` finds out. */
export async function send(client: GmailClient, draftId: string, call: Call): Promise<Sent> {
  requireWrite(client.options.access);
  const sent = await client.request(
    'drafts.send',
    call,
    (users, options) => users.drafts.send({ userId: 'me', requestBody: { id: draftId } }, options),
    false,
  );
  return { messageId: sent.id ?? null };
}

/**
 * Finds out whether a draft was sent. Sending removes the draft, so a draft that still exists was not sent. A draft that does
 * not exist was sent or deleted, and only the sent copy proves which. It is searched for among the newest sent messages first,
 * which do not depend on an index, and then by a search. Finding none proves nothing.
 */
export async function probe(
  client: GmailClient,
  { draftId, internetMessageId, since }: Submitted,
  call: Call,
): Promise<SendStatus> {
  if (draftId !== null && (await draftExists(client, draftId, call))) return { state: 'not-sent' };
  if (internetMessageId === '') return { state: 'unknown' };
  const recent = await amongRecent(client, internetMessageId, since.getTime() - MAX_CLOCK_SKEW_MS, call);
  if (recent !== null) return { state: 'sent', messageId: recent };
  if (!/^[^\s"(){}]+$/.test(internetMessageId)) return { state: 'unknown' };
  const { ids } = await sentIds(client, { maxResults: 1, q: `rfc822msgid:${internetMessageId}` }, call);
  const [found] = ids;
  return found === undefined ? { state: 'unknown' } : { state: 'sent', messageId: found };
}

/** Searches the newest sent messages until they are older than the message. */
async function amongRecent(
  client: GmailClient,
  internetMessageId: string,
  since: number,
  call: Call,
): Promise<string | null> {
  let pageToken: string | undefined;
  for (let seen = 0; seen < MAX_RECENT; ) {
    const page = await sentIds(client, { maxResults: PAGE, ...(pageToken && { pageToken }) }, call);
    for (let start = 0; start < page.ids.length; start += READ_BATCH_SIZE) {
      const parts = getParts('messages', page.ids.slice(start, start + READ_BATCH_SIZE), SENT_COPY);
      const answers = await runBatch(client, 'messages.get', parts, call);
      const copies = answers.flatMap((one) => (isMailError(one) ? [] : (one as gmail_v1.Schema$Message)));
      const copy = copies.find((one) => isCopyOf(one, internetMessageId));
      if (copy?.id) return copy.id;
      if (copies.some(({ internalDate }) => Number(internalDate ?? Number.NaN) < since)) return null;
    }
    seen += page.ids.length;
    pageToken = page.next;
    if (pageToken === undefined) return null;
  }
  return null;
}

/** Headers that may contain our Message-ID. Gmail may give the sent copy another one and keep ours in one of the others. */
const ID_HEADERS = ['Message-ID', 'X-Google-Original-Message-ID', OWN_ID_HEADER];
const SENT_COPY = { format: 'metadata', metadataHeaders: ID_HEADERS, fields: 'id,internalDate,payload/headers' };

function isCopyOf({ payload }: gmail_v1.Schema$Message, internetMessageId: string): boolean {
  const headers = new HeaderFields(payload?.headers ?? []);
  return ID_HEADERS.some((name) => headers.ids(name.toLowerCase()).includes(internetMessageId));
}

async function draftExists(client: GmailClient, id: string, call: Call): Promise<boolean> {
  try {
    await client.request('drafts.get', call, (users, options) =>
      users.drafts.get({ userId: 'me', id, format: 'minimal', fields: 'id' }, options),
    );
    return true;
  } catch (error) {
    if (hasStatus(error, 404)) return false;
    throw error;
  }
}

async function sentIds(
  client: GmailClient,
  params: { maxResults: number; q?: string; pageToken?: string },
  call: Call,
): Promise<{ ids: string[]; next: string | undefined }> {
  const { messages, nextPageToken } = await client.request('messages.list', call, (users, options) =>
    users.messages.list(
      { userId: 'me', labelIds: ['SENT'], fields: 'messages/id,nextPageToken,resultSizeEstimate', ...params },
      options,
    ),
  );
  return { ids: (messages ?? []).flatMap(({ id }) => id ?? []), next: nextPageToken ?? undefined };
}
