import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import type { Compose, ComposeOrigin } from '../../../domain/compose.ts';
import { isMailError, isNotFound } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import type { Draft, DraftWrite } from '../../contract/provider.ts';
import { requireWrite } from '../../shared/access.ts';
import { refuseHeaderInjection } from '../../shared/mime/header-check.ts';
import { messagesNamed } from '../list/listing.ts';
import type { GraphAccount } from '../wire/account.ts';
import { cost } from '../wire/client.ts';
import { isId, segment } from '../wire/ids.ts';
import { asReplicaLagError, ReplicaLagError, retryOnReplicaLag } from '../wire/replica-lag.ts';
import { type Held, heldBy, listHeld, replaceAttachments } from './draft-attachments.ts';
import { changedElsewhere, readDraft, requireDraft, toDraft } from './drafts.ts';
import { envelopeOf, hasSameEnvelope, toBody, toGraphMessage } from './message-body.ts';
import { DEFAULT_MESSAGE_BYTES, requireSize } from './message-size.ts';
import { mimeThatFits } from './mime.ts';

const MESSAGES = '/me/messages';
const ANSWER = { reply: 'createReply', replyAll: 'createReplyAll', forward: 'createForward' } as const;

/**
 * A new draft goes as MIME where it fits into one request, which keeps both bodies and every header; a larger one is made
 * empty and filled. A revision is written into the draft that is there, which keeps its id. What answers or forwards is
 * made by createReply and its kin either way: they alone promise the conversation, and mark the original as answered.
 */
export async function saveDraft(
  account: GraphAccount,
  { id, ifVersion, compose }: DraftWrite,
  call: Call,
): Promise<Draft> {
  requireWrite(account.access);
  refuseHeaderInjection(compose);
  await requireSize(account, compose, call);
  if (id !== null) {
    const draft = await requireDraft(account, id, ifVersion, call);
    return fill(account, draft, heldBy(draft), compose, call, patch);
  }
  const mime = await mimeThatFits(compose, account.address, call.signal);
  const made = await make(account, compose, mime, call);
  try {
    if (mime === null) {
      const held = await retryOnReplicaLag(account, call, () =>
        asReplicaLagError(copied(account, made, compose, call)),
      );
      return await fill(account, made, held, compose, call);
    }
    return toDraft(hasSameEnvelope(made, compose) ? made : await patchNew(account, made, envelopeOf(compose), call));
  } catch (error) {
    // What one replica does not know yet is there all the same, and holds what was written.
    if (!(error instanceof ReplicaLagError)) await discard(account, made);
    throw error;
  }
}

/** As an answer to its original, and as a message of its own when the original is gone. Without MIME: next to empty. */
async function make(account: GraphAccount, compose: Compose, mime: Buffer | null, call: Call): Promise<GraphMessage> {
  const create = (at: string, empty: () => string) => {
    const body = mime === null ? { body: empty() } : { body: mime.toString('base64'), contentType: 'text/plain' };
    const request = { method: 'POST' as const, path: at, ...body, cost: cost('messages.create', false) };
    return account.graph.json<GraphMessage>(request, call);
  };
  const createAlone = () => create(MESSAGES, () => toBody(envelopeOf(compose)));
  // Named at once, so that it can be found when the answer is lost.
  const { internetMessageId } = envelopeOf(compose);
  const answer = answerPath(compose.origin);
  try {
    if (answer === null) return await createAlone();
    return await create(answer, () => JSON.stringify({ message: { internetMessageId } })).catch((error: unknown) => {
      if (isNotFound(error)) return createAlone();
      throw error;
    });
  } catch (error) {
    const lost = isMailError(error) && (error.code === 'PROVIDER_UNAVAILABLE' || error.code === 'TIMEOUT');
    const found = lost && !call.signal.aborted ? await findMade(account, compose, call).catch(() => null) : null;
    if (found) return found;
    throw error;
  }
}

const answerPath = (origin: ComposeOrigin | null): string | null =>
  origin !== null && isId(origin.messageId) ? `${MESSAGES}/${segment(origin.messageId)}/${ANSWER[origin.kind]}` : null;

/** The draft whose making was not answered: its Message-ID is ours, and nobody else's. */
async function findMade(account: GraphAccount, compose: Compose, call: Call): Promise<GraphMessage | null> {
  const named = await messagesNamed(account, MESSAGES, compose.internetMessageId, call, null);
  return named.find(({ isDraft }) => isDraft === true) ?? null;
}

/** Exchange puts the original's files into an answer, and some of them it shows nowhere but in the list. */
async function copied(
  account: GraphAccount,
  draft: GraphMessage,
  { origin }: Compose,
  call: Call,
): Promise<readonly Held[]> {
  return origin === null ? [] : listHeld(account, draft.id ?? '', call);
}

/** Writes the whole message over a draft. The version that was read is the version that is written over. */
async function fill(
  account: GraphAccount,
  draft: GraphMessage,
  held: readonly Held[],
  compose: Compose,
  call: Call,
  write = patchNew,
): Promise<Draft> {
  const written = await write(account, draft, toGraphMessage(compose), call);
  if (held.length === 0 && compose.attachments.length === 0) return toDraft(written);
  const id = draft.id ?? '';
  await replaceAttachments(account, segment(id), held, compose, DEFAULT_MESSAGE_BYTES, call);
  return readDraft(account, id, call);
}

function change(account: GraphAccount, draft: GraphMessage, message: GraphMessage, call: Call): Promise<GraphMessage> {
  const { id = '', changeKey } = draft;
  const request = {
    method: 'PATCH' as const,
    path: `${MESSAGES}/${segment(id)}`,
    body: toBody(message),
    ...(changeKey ? { ifVersion: changeKey } : {}),
    cost: cost('messages.update', false),
  };
  return account.graph.json<GraphMessage>(request, call);
}

const patch: typeof change = (account, draft, message, call) =>
  change(account, draft, message, call).catch((error: unknown) => {
    throw isMailError(error) && error.code === 'CONFLICT' ? changedElsewhere(error) : error;
  });

/** Of a draft that was just made: nobody else writes to it, so its version says nothing, and a conflict is a replica's. */
const patchNew: typeof change = (account, { id = '' }, message, call) =>
  retryOnReplicaLag(account, call, () => asReplicaLagError(change(account, { id }, message, call)));

/** What came to nothing leaves nothing behind, where that can be helped. */
async function discard(account: GraphAccount, { id }: GraphMessage): Promise<void> {
  const call: Call = { signal: AbortSignal.timeout(10_000), priority: 'interactive' };
  await account.graph
    .done({ method: 'DELETE', path: `${MESSAGES}/${segment(id ?? '')}`, cost: cost('messages.delete') }, call)
    .catch(() => {});
}
