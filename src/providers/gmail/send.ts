import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import { isMailError } from '../../domain/error.ts';
import type { Call } from '../call.ts';
import type { Probe, Sent, Submitted } from '../provider.ts';
import { requireWrite } from './access.ts';
import { runBatch } from './batch.ts';
import type { GmailClient } from './client.ts';
import { hasStatus } from './errors.ts';
import { HeaderFields } from './headers.ts';
import { getParts } from './read.ts';

/** How many of the newest sent messages are looked through for one whose send was not answered, so many at a time. */
const RECENT = 100;
const AT_ONCE = 25;

/** Never tried again: an answer that did not come says nothing. Ask `probe` then. */
export async function send(client: GmailClient, draftId: string, call: Call): Promise<Sent> {
  requireWrite(client.grant);
  const sent = await client.request(
    'drafts.send',
    call,
    (users, options) => users.drafts.send({ userId: 'me', requestBody: { id: draftId } }, options),
    false,
  );
  return { messageId: sent.id ?? null };
}

/**
 * Sending takes the draft away, so a draft that is still there was not sent. One that is gone was sent or deleted: only
 * the sent copy proves which. It is looked for among the newest sent messages first, which no index delays, then by
 * search; finding nothing proves nothing.
 */
export async function probe(
  client: GmailClient,
  { draftId, internetMessageId }: Submitted,
  call: Call,
): Promise<Probe> {
  if (draftId !== null && (await draftExists(client, draftId, call))) return { state: 'not-sent' };
  const recent = await sentIds(client, { maxResults: RECENT }, call);
  for (let start = 0; start < recent.length; start += AT_ONCE) {
    const parts = getParts('messages', recent.slice(start, start + AT_ONCE), SENT_COPY);
    const copies = await runBatch(client, 'messages.get', parts, call);
    const copy = copies.find(
      (one) => !isMailError(one) && isCopyOf(one as gmail_v1.Schema$Message, internetMessageId),
    ) as gmail_v1.Schema$Message | undefined;
    if (copy) return { state: 'sent', messageId: copy.id ?? null };
  }
  if (!/^[^\s"(){}]+$/.test(internetMessageId)) return { state: 'unknown' };
  const [found] = await sentIds(client, { maxResults: 1, q: `rfc822msgid:${internetMessageId}` }, call);
  return found === undefined ? { state: 'unknown' } : { state: 'sent', messageId: found };
}

/** Gmail may give the sent copy a Message-ID of its own; ours is then kept in the second header. */
const ID_HEADERS = ['Message-ID', 'X-Google-Original-Message-ID'];
const SENT_COPY = { format: 'metadata', metadataHeaders: ID_HEADERS, fields: 'id,payload/headers' };

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

async function sentIds(client: GmailClient, params: { maxResults: number; q?: string }, call: Call): Promise<string[]> {
  const { messages } = await client.request('messages.list', call, (users, options) =>
    users.messages.list(
      { userId: 'me', labelIds: ['SENT'], fields: 'messages/id,resultSizeEstimate', ...params },
      options,
    ),
  );
  return (messages ?? []).flatMap(({ id }) => id ?? []);
}
