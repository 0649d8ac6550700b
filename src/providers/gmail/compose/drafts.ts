import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import { isMailError, MailError } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import type { Batch } from '../../contract/list.ts';
import type { Draft } from '../../contract/mail-session.ts';
import { requireWrite } from '../../shared/access.ts';
import { ENVELOPE_FIELDS } from '../read/fields.ts';
import { toMessage } from '../read/map.ts';
import { headersAsWritten } from '../read/raw-header.ts';
import { runBatch } from '../wire/batch.ts';
import type { GmailClient } from '../wire/client.ts';
import { hasStatus } from '../wire/errors.ts';

/** The state of a stored draft. Its version is the id of its message, which changes with each revision. */
interface DraftState {
  readonly version: string;
  readonly threadId: string | null;
}

export async function getDrafts(client: GmailClient, ids: readonly string[], call: Call): Promise<Batch<Draft>> {
  const query = new URLSearchParams({ format: 'metadata', fields: `id,message(${ENVELOPE_FIELDS})` });
  const parts = ids.map((id) => ({
    method: 'GET' as const,
    path: `/gmail/v1/users/me/drafts/${encodeURIComponent(id)}?${query}`,
  }));
  const answers = await runBatch(client, 'drafts.get', parts, call);
  const messages = answers.flatMap((answer) =>
    isMailError(answer) ? [] : ((answer as gmail_v1.Schema$Draft).message ?? []),
  );
  const written = await headersAsWritten(client, messages, call);
  return answers.map((answer) => {
    if (isMailError(answer)) return isMissing(answer) ? noDraft(answer) : answer;
    const { id, message } = answer as gmail_v1.Schema$Draft;
    if (!id || !message?.id) return noDraft();
    return { id, version: message.id, message: toMessage(message, 'envelope', written.get(message.id)) };
  });
}

/** Reads the draft's version and thread. Throws NOT_FOUND. */
export async function readDraftState(client: GmailClient, id: string, call: Call): Promise<DraftState> {
  try {
    const { message } = await client.request('drafts.get', call, (users, options) =>
      users.drafts.get({ userId: 'me', id, format: 'minimal', fields: 'id,message(id,threadId)' }, options),
    );
    if (!message?.id) throw noDraft();
    return { version: message.id, threadId: message.threadId ?? null };
  } catch (error) {
    throw isMissing(error) ? noDraft(error) : error;
  }
}

/**
 * Throws CONFLICT when the draft has another version. Gmail has no conditional requests, so this is a read just before the
 * write. A change that another client saves in the few milliseconds between them is overwritten.
 */
export async function requireCurrentVersion(
  client: GmailClient,
  id: string,
  ifVersion: string | null,
  call: Call,
): Promise<void> {
  if (ifVersion !== null) requireSameVersion(await readDraftState(client, id, call), ifVersion);
}

export function requireSameVersion(draft: DraftState, ifVersion: string | null): void {
  if (ifVersion === null || draft.version === ifVersion) return;
  throw new MailError('CONFLICT', 'The draft was changed elsewhere since you read it. Read it again and retry.');
}

export async function deleteDraft(
  client: GmailClient,
  id: string,
  ifVersion: string | null,
  call: Call,
): Promise<void> {
  requireWrite(client.options.access);
  await requireCurrentVersion(client, id, ifVersion, call);
  try {
    await client.request('drafts.delete', call, (users, options) => users.drafts.delete({ userId: 'me', id }, options));
  } catch (error) {
    throw isMissing(error) ? noDraft(error) : error;
  }
}

/** Whether the item does not exist. Gmail answers 400 for an id that it cannot parse. */
export const isMissing = (error: unknown): boolean => hasStatus(error, 404) || hasStatus(error, 400);

export const noDraft = (cause?: unknown): MailError =>
  new MailError('NOT_FOUND', 'There is no such draft; it was sent or deleted.', { cause });
