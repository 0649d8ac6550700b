import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import type { Compose } from '../../../domain/compose.ts';
import { isAnswerLost, isMailError, MailError } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import { isUnreadable } from '../../contract/list.ts';
import type { Draft, DraftWrite } from '../../contract/mail-session.ts';
import { requireWrite } from '../../shared/access.ts';
import { listDrafts } from '../list/drafts.ts';
import { getMessages } from '../read/messages.ts';
import type { GmailClient } from '../wire/client.ts';
import { hasStatus } from '../wire/errors.ts';
import { noDraft, readDraftState, requireCurrentVersion, requireSameVersion } from './drafts.ts';
import { MAX_MESSAGE_BYTES, type Mime, mimeOf } from './mime.ts';
import { uploadInPieces } from './upload.ts';

/** The maximum size of a message in one JSON body. Google advises to upload larger ones in pieces. */
const MAX_JSON_BYTES = 5_000_000;
/** How many of the newest drafts are searched for a draft whose creation was not answered. */
const MAX_RECENT_DRAFTS = 10;

export async function saveDraft(client: GmailClient, write: DraftWrite, call: Call): Promise<Draft> {
  requireWrite(client.options.access);
  const { id, ifVersion, compose } = write;
  const mime = mimeOf(compose, client.options.address);
  // The message is encoded before the version check, so that little time passes between the check and the write.
  const raw =
    mime.estimate > MAX_JSON_BYTES ? null : Buffer.concat(await mime.open(call.signal).toArray()).toString('base64url');
  const before = id === null ? null : await readDraftState(client, id, call);
  if (before) requireSameVersion(before, ifVersion);
  // A revision without a thread id would leave its thread.
  const threadId = compose.origin?.threadId ?? before?.threadId ?? null;
  const store = (thread: { threadId?: string }): Promise<gmail_v1.Schema$Draft> => {
    if (raw === null) return upload(client, write, mime, thread, call);
    const requestBody = { message: { raw, ...thread } };
    return id === null
      ? create(client, requestBody, compose, call)
      : replace(client, id, requestBody, ifVersion === null, call);
  };
  const saved = await inThread(threadId, store, id !== null);
  const version = saved.message?.id;
  if (!saved.id || !version)
    throw new MailError('PROVIDER_UNAVAILABLE', 'Gmail did not confirm what it saved. Check the drafts.');
  const [message] = await getMessages(client, [version], 'envelope', call);
  if (!message || isMailError(message)) throw message ?? noDraft();
  return { id: saved.id, version, message };
}

/** Stores the draft in its thread. When the thread was deleted meanwhile, stores it without one, so that the reply is not lost. */
async function inThread<T>(
  threadId: string | null,
  store: (thread: { threadId?: string }) => Promise<T>,
  isUpdate: boolean,
): Promise<T> {
  const explained = (error: unknown) => (isUpdate && hasStatus(error, 404) ? noDraft(error) : error);
  try {
    return await store(threadId === null ? {} : { threadId });
  } catch (error) {
    if (threadId === null || !hasStatus(error, 404)) throw explained(error);
  }
  try {
    return await store({});
  } catch (error) {
    throw explained(error);
  }
}

async function upload(
  client: GmailClient,
  { id, ifVersion }: DraftWrite,
  mime: Mime,
  message: { threadId?: string },
  call: Call,
): Promise<gmail_v1.Schema$Draft> {
  const answer = await uploadInPieces(
    client,
    {
      operation: id === null ? 'drafts.create' : 'drafts.update',
      path: `/gmail/v1/users/me/drafts${id === null ? '' : `/${encodeURIComponent(id)}`}?uploadType=resumable`,
      metadata: { message },
      message: mime.open(call.signal),
      maxBytes: MAX_MESSAGE_BYTES,
      // The draft may have changed since the upload began.
      beforeLast: async () => {
        if (id !== null) await requireCurrentVersion(client, id, ifVersion, call);
      },
    },
    call,
  );
  return (answer ?? {}) as gmail_v1.Schema$Draft;
}

/** Replaces a draft's message. `safe` is false for a conditional write, whose repetition could overwrite another client's revision. */
const replace = (
  client: GmailClient,
  id: string,
  requestBody: gmail_v1.Schema$Draft,
  safe: boolean,
  call: Call,
): Promise<gmail_v1.Schema$Draft> =>
  client.request(
    'drafts.update',
    call,
    (users, options) => users.drafts.update({ userId: 'me', id, requestBody }, options),
    safe,
  );

/** Creates a draft. It is never retried, because that could create two; when the answer is lost, the draft is searched for. */
async function create(
  client: GmailClient,
  requestBody: gmail_v1.Schema$Draft,
  compose: Compose,
  call: Call,
): Promise<gmail_v1.Schema$Draft> {
  try {
    return await client.request(
      'drafts.create',
      call,
      (users, options) => users.drafts.create({ userId: 'me', requestBody }, options),
      false,
    );
  } catch (error) {
    if (!isAnswerLost(error) || call.signal.aborted) throw error;
    const { items } = await listDrafts(client, { size: MAX_RECENT_DRAFTS, after: null }, call);
    const found = items.find(
      (draft) => !isUnreadable(draft) && draft.message.internetMessageId === compose.internetMessageId,
    );
    if (!found || isUnreadable(found)) throw error;
    return { id: found.id, message: { id: found.version } };
  }
}
