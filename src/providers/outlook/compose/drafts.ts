import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import { isMailError, MailError } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import type { Batch } from '../../contract/list.ts';
import type { Draft } from '../../contract/mail-session.ts';
import { requireWrite } from '../../shared/access.ts';
import { ENVELOPE } from '../read/fields.ts';
import { toDraft } from '../read/map.ts';
import { getLiving } from '../read/messages.ts';
import type { GraphAccount } from '../wire/account.ts';
import { cost } from '../wire/client.ts';
import { isId, segment } from '../wire/ids.ts';
import { path } from '../wire/url.ts';
import { EXPAND_FILES } from './draft-attachments.ts';

export async function getDrafts(account: GraphAccount, ids: readonly string[], call: Call): Promise<Batch<Draft>> {
  const { select, expand } = ENVELOPE;
  const paths = ids.map((id) =>
    isId(id) ? path(`/me/messages/${segment(id)}`, { $select: select, $expand: expand }) : null,
  );
  const answers = await getLiving(account, paths, { operation: 'messages.get' }, call);
  return answers.map((answer) => {
    if (isMailError(answer)) return answer.code === 'NOT_FOUND' ? noSuchDraft() : answer;
    return answer.isDraft ? toDraft(answer) : noSuchDraft();
  });
}

export async function readDraft(account: GraphAccount, id: string, call: Call): Promise<Draft> {
  const [draft] = await getDrafts(account, [id], call);
  if (!draft || isMailError(draft)) throw draft ?? noSuchDraft();
  return draft;
}

/**
 * Reads the fields of a draft that are needed to overwrite it. Throws NOT_FOUND when it was sent or deleted, and
 * CONFLICT when its version is another than `ifVersion`.
 */
export async function requireDraft(
  account: GraphAccount,
  id: string,
  ifVersion: string | null,
  call: Call,
): Promise<GraphMessage> {
  const at = isId(id)
    ? path(`/me/messages/${segment(id)}`, { $select: 'id,isDraft,changeKey,parentFolderId', $expand: EXPAND_FILES })
    : null;
  const [draft] = await getLiving(account, [at], { operation: 'messages.get' }, call);
  if (isMailError(draft) && draft.code !== 'NOT_FOUND') throw draft;
  if (!draft || isMailError(draft) || !draft.isDraft) throw noSuchDraft();
  if (ifVersion !== null && ifVersion !== draft.changeKey) throw changedElsewhere();
  return draft;
}

/** Deletes nothing but a draft: a message that was sent meanwhile is kept. */
export async function deleteDraft(
  account: GraphAccount,
  id: string,
  ifVersion: string | null,
  call: Call,
): Promise<void> {
  requireWrite(account.access);
  const { changeKey } = await requireDraft(account, id, ifVersion, call);
  const request = {
    method: 'DELETE' as const,
    path: `/me/messages/${segment(id)}`,
    ...(changeKey ? { ifVersion: changeKey } : {}),
    cost: cost('messages.delete', false),
  };
  await account.graph.done(request, call).catch((error: unknown) => {
    if (!isMailError(error)) throw error;
    if (error.code === 'CONFLICT') throw changedElsewhere(error);
    throw error.code === 'NOT_FOUND' ? noSuchDraft() : error;
  });
}

const noSuchDraft = (): MailError =>
  new MailError('NOT_FOUND', 'There is no such draft in this Outlook account: it was sent or deleted.');

export const changedElsewhere = (cause?: unknown): MailError =>
  new MailError(
    'CONFLICT',
    'This draft was changed elsewhere in the meantime. Read it again, then save your changes to its current version.',
    {
      cause,
    },
  );
