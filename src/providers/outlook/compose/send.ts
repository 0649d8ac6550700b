import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import { isMailError } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import type { SendStatus, Sent, Submitted } from '../../contract/mail-session.ts';
import { requireWrite } from '../../shared/access.ts';
import { messagesNamed } from '../list/listing.ts';
import { EXPAND_MESSAGE_FLAGS, isSubmitted } from '../read/fields.ts';
import { getEntities } from '../read/messages.ts';
import type { GraphAccount } from '../wire/account.ts';
import { cost } from '../wire/client.ts';
import { isId, segment } from '../wire/ids.ts';
import { path } from '../wire/url.ts';

/**
 * How long after the order to send a draft may still look unsent: delivery takes seconds to minutes, and a replica may
 * show a message's flags late.
 */
export const SEND_SETTLES_MS = 180_000;

/**
 * Sends a draft. Graph's 202 means that the message was accepted. It is sent later, and the sent copy may have another
 * id in spite of immutable ids (microsoft-graph-docs#1533, #6250, #11969). The request is never repeated.
 */
export async function send(account: GraphAccount, draftId: string, call: Call): Promise<Sent> {
  requireWrite(account.access);
  const at = `/me/messages/${segment(draftId)}/send`;
  await account.graph.done({ method: 'POST', path: at, cost: cost('messages.send', false) }, call);
  return { messageId: null };
}

/**
 * Finds out whether a message was sent. It was if the draft is no longer a draft, or if a copy of it is in the sent
 * folder. A draft that is being sent has the submitted flag. Finding nothing proves nothing.
 */
export async function probe(
  account: GraphAccount,
  { draftId, internetMessageId }: Submitted,
  call: Call,
): Promise<SendStatus> {
  const query = { $select: 'id,isDraft', $expand: EXPAND_MESSAGE_FLAGS };
  const paths = [draftId !== null && isId(draftId) ? path(`/me/messages/${segment(draftId)}`, query) : null];
  const [draft] = await getEntities<GraphMessage>(account, paths, { operation: 'messages.get' }, call);
  if (isMailError(draft) && draft.code !== 'NOT_FOUND') throw draft;
  const found = draft && !isMailError(draft) ? draft : null;
  if (found?.isDraft === false) return { state: 'sent', messageId: found.id ?? null };
  const [copy] = await notDrafts(account, '/me/mailFolders/sentitems/messages', internetMessageId, call);
  if (copy) return { state: 'sent', messageId: copy.id ?? null };
  if (found) {
    const submitted = isSubmitted(found);
    // Only a message that is marked as a draft and not as submitted proves that it was not sent.
    if (submitted === null || found.isDraft !== true) return { state: 'unknown' };
    return { state: submitted ? 'submitted' : 'not-sent' };
  }
  // A copy elsewhere proves that the message was sent, for instance when the user is a recipient or the copy was moved.
  // It may not be the sent copy, so its id is not returned.
  const elsewhere = await notDrafts(account, '/me/messages', internetMessageId, call);
  return elsewhere.length > 0 ? { state: 'sent', messageId: null } : { state: 'unknown' };
}

async function notDrafts(
  account: GraphAccount,
  at: string,
  internetMessageId: string,
  call: Call,
): Promise<readonly GraphMessage[]> {
  if (internetMessageId === '') return [];
  return (await messagesNamed(account, at, internetMessageId, call)).filter(({ isDraft }) => isDraft === false);
}
