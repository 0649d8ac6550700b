import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import type { Compose, ComposeOrigin } from '../../../domain/compose.ts';
import { isAnswerLost, isMailError, isNotFound } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import type { Draft, DraftWrite } from '../../contract/mail-session.ts';
import { requireWrite } from '../../shared/access.ts';
import { refuseHeaderInjection } from '../../shared/mime/header-check.ts';
import { messagesNamed } from '../list/listing.ts';
import { toDraft } from '../read/map.ts';
import type { GraphAccount } from '../wire/account.ts';
import { cost } from '../wire/client.ts';
import { isId, segment } from '../wire/ids.ts';
import { asReplicaLagError, ReplicaLagError, retryOnReplicaLag } from '../wire/replica-lag.ts';
import { cleanupCall } from './cleanup-call.ts';
import { type DraftFile, filesIn, listFiles, replaceAttachments } from './draft-attachments.ts';
import { changedElsewhere, readDraft, requireDraft } from './drafts.ts';
import { envelopeOf, hasSameEnvelope, toBody, toGraphMessage } from './message-body.ts';
import { DEFAULT_MESSAGE_BYTES, requireSize } from './message-size.ts';
import { mimeThatFits } from './mime.ts';

const MESSAGES = '/me/messages';
const ANSWER = { reply: 'createReply', replyAll: 'createReplyAll', forward: 'createForward' } as const;

/**
 * Saves a draft. A new one is sent as MIME if it fits into one request, because MIME keeps both bodies and every
 * header; a larger one is created empty and then filled. A new version is written into the existing draft, which keeps
 * its id. A reply or forward is always created by createReply, createReplyAll or createForward, because only these
 * guarantee the conversation and mark the original as answered.
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
    return fill(account, draft, filesIn(draft), compose, call, patch);
  }
  const mime = await mimeThatFits(compose, account.address, call.signal);
  const created = await createDraft(account, compose, mime, call);
  try {
    if (mime === null) {
      const existing = await retryOnReplicaLag(account, call, () =>
        asReplicaLagError(copiedFiles(account, created, compose, call)),
      );
      return await fill(account, created, existing, compose, call);
    }
    return toDraft(
      hasSameEnvelope(created, compose) ? created : await patchNew(account, created, envelopeOf(compose), call),
    );
  } catch (error) {
    // A draft that one replica does not know yet exists all the same and holds what was written, so it is kept.
    if (!(error instanceof ReplicaLagError)) await discard(account, created, call);
    throw error;
  }
}

/**
 * Creates the draft as a reply to its original, or as a message of its own when the original no longer exists. Without
 * MIME the draft is nearly empty.
 */
async function createDraft(
  account: GraphAccount,
  compose: Compose,
  mime: Buffer | null,
  call: Call,
): Promise<GraphMessage> {
  const create = (at: string, empty: () => string) => {
    const body = mime === null ? { body: empty() } : { body: mime.toString('base64'), contentType: 'text/plain' };
    const request = { method: 'POST' as const, path: at, ...body, cost: cost('messages.create', false) };
    return account.graph.json<GraphMessage>(request, call);
  };
  const createAlone = () => create(MESSAGES, () => toBody(envelopeOf(compose)));
  // The Message-ID is set at once, so that the draft can be found when the answer is lost.
  const { internetMessageId } = envelopeOf(compose);
  const answer = answerPath(compose.origin);
  try {
    if (answer === null) return await createAlone();
    return await create(answer, () => JSON.stringify({ message: { internetMessageId } })).catch((error: unknown) => {
      if (isNotFound(error)) return createAlone();
      throw error;
    });
  } catch (error) {
    const found =
      isAnswerLost(error) && !call.signal.aborted ? await findCreated(account, compose, call).catch(() => null) : null;
    if (found) return found;
    throw error;
  }
}

const answerPath = (origin: ComposeOrigin | null): string | null =>
  origin !== null && isId(origin.messageId) ? `${MESSAGES}/${segment(origin.messageId)}/${ANSWER[origin.kind]}` : null;

/** Finds the draft whose creation was not answered, by its Message-ID, which only this gateway uses. */
async function findCreated(account: GraphAccount, compose: Compose, call: Call): Promise<GraphMessage | null> {
  const named = await messagesNamed(account, MESSAGES, compose.internetMessageId, call, null);
  return named.find(({ isDraft }) => isDraft === true) ?? null;
}

/**
 * Lists the original's files that Exchange has copied into a reply. Some of them appear only in the attachment list.
 */
async function copiedFiles(
  account: GraphAccount,
  draft: GraphMessage,
  { origin }: Compose,
  call: Call,
): Promise<readonly DraftFile[]> {
  return origin === null ? [] : listFiles(account, draft.id ?? '', call);
}

/** Writes the whole message over a draft. With `patch`, only the version that was read is overwritten. */
async function fill(
  account: GraphAccount,
  draft: GraphMessage,
  existing: readonly DraftFile[],
  compose: Compose,
  call: Call,
  write = patchNew,
): Promise<Draft> {
  const written = await write(account, draft, toGraphMessage(compose), call);
  if (existing.length === 0 && compose.attachments.length === 0) return toDraft(written);
  const id = draft.id ?? '';
  await replaceAttachments(account, segment(id), existing, compose, DEFAULT_MESSAGE_BYTES, call);
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

/**
 * Writes to a draft that was just created. Nobody else writes to it, so no version is checked, and a conflict comes
 * from a replica that lags behind.
 */
const patchNew: typeof change = (account, { id = '' }, message, call) =>
  retryOnReplicaLag(account, call, () => asReplicaLagError(change(account, { id }, message, call)));

/** Tries to delete a draft whose creation failed halfway. */
async function discard(account: GraphAccount, { id }: GraphMessage, failed: Call): Promise<void> {
  const call = cleanupCall(failed, 10_000);
  await account.graph
    .done({ method: 'DELETE', path: `${MESSAGES}/${segment(id ?? '')}`, cost: cost('messages.delete') }, call)
    .catch(() => {});
}
