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
import { currentRevision, noDraft, requireSameVersion, requireVersion } from './drafts.ts';
import { MAX_MESSAGE_BYTES, type Mime, mimeOf } from './mime.ts';
import { uploadInPieces } from './upload.ts';

/** Above this many bytes the message goes up in pieces rather than in one JSON body: Google's own advice. */
const MAX_JSON_BYTES = 5_000_000;
/** How many of the newest drafts are looked through for one whose saving was not answered. */
const MAX_RECENT_DRAFTS = 10;

export async function saveDraft(client: GmailClient, write: DraftWrite, call: Call): Promise<Draft> {
  requireWrite(client.account.access);
  const { id, ifVersion, compose } = write;
  const mime = mimeOf(compose, client.account.address);
  // Written out before the draft is looked at, so that little time passes between the look and the save.
  const raw =
    mime.estimate > MAX_JSON_BYTES ? null : Buffer.concat(await mime.open(call.signal).toArray()).toString('base64url');
  const before = id === null ? null : await currentRevision(client, id, call);
  if (before) requireSameVersion(before, ifVersion);
  // A revision that names no thread would leave the one that it is in.
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

/** A conversation that was deleted meanwhile is no reason to lose what was written in answer to it. */
async function inThread<T>(
  threadId: string | null,
  store: (thread: { threadId?: string }) => Promise<T>,
  isUpdate: boolean,
): Promise<T> {
  const worded = (error: unknown) => (isUpdate && hasStatus(error, 404) ? noDraft(error) : error);
  try {
    return await store(threadId === null ? {} : { threadId });
  } catch (error) {
    if (threadId === null || !hasStatus(error, 404)) throw worded(error);
  }
  try {
    return await store({});
  } catch (error) {
    throw worded(error);
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
      most: MAX_MESSAGE_BYTES,
      // Much can have happened since it began.
      beforeLast: async () => {
        if (id !== null) await requireVersion(client, id, ifVersion, call);
      },
    },
    call,
  );
  return (answer ?? {}) as gmail_v1.Schema$Draft;
}

/** `safe`: said twice it is the same revision; not so where it was only to be said of one that is now replaced. */
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

/** Never said twice, or there would be two drafts: where the answer is lost, the draft itself is looked for. */
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
