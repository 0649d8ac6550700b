import type { Message as GraphMessage, MailFolder } from '@microsoft/microsoft-graph-types';
import { isMailError } from '../../domain/error.ts';
import type { Call } from '../call.ts';
import type { Change, Changes } from '../provider.ts';
import type { Account } from './account.ts';
import { batch } from './batch.ts';
import { isId, segment } from './ids.ts';
import { getEntities } from './read.ts';
import { beginRound, type Delta, dropFolder, due, endRound, isUnderWay, takeMessages, takeTree } from './sync-round.ts';
import { newState, readState, type SyncState, writeState } from './sync-state.ts';
import { path } from './url.ts';

/**
 * One page of every folder's delta and of the folder tree's, in $batches. Delta does not tell new from changed, nor a
 * move from a deletion: sync-round.ts knows the new; what left a folder is asked after, and was moved if it is still there.
 */
export async function changes(account: Account, since: string | null, call: Call): Promise<Changes> {
  const state = since === null ? newState() : readState(since);
  beginRound(state, Math.floor(Date.now() / 1000));
  const tracks = due(state);
  const chains = tracks.map(({ part }) => [part]);
  const answers = await batch<Delta<GraphMessage & MailFolder>>(account.graph, 'messages.delta', chains, call);
  const mailboxes: Change[] = [];
  const present = new Map<string, 'created' | 'updated'>();
  const left = new Set<string>();
  for (const [i, { folderId }] of tracks.entries()) {
    const answer = answers[i];
    if (folderId !== null && isMailError(answer) && answer.code === 'NOT_FOUND') dropFolder(state, folderId);
    else if (answer === undefined || isMailError(answer)) throw answer;
    else if (folderId === null)
      mailboxes.push(...takeTree(state, answer).map((mailboxId): Change => ({ kind: 'mailbox', mailboxId })));
    else takeMessages(state, folderId, answer, present, left);
  }
  const messages = [...present].map(([messageId, kind]): Change => ({ kind, messageId }));
  const gone = await whatBecameOf(
    account,
    [...left].filter((id) => !present.has(id)),
    state,
    call,
  );
  const more = isUnderWay(state);
  if (!more) endRound(state);
  return { changes: [...mailboxes, ...messages, ...gone], cursor: writeState(state), more };
}

/**
 * A move leaves the id in another folder, perhaps in one whose delta was read a moment too early. What was deleted may be
 * there as well, in a hidden folder of what can be recovered.
 */
async function whatBecameOf(account: Account, ids: readonly string[], state: SyncState, call: Call): Promise<Change[]> {
  if (ids.length === 0) return [];
  const paths = ids.map((id) =>
    isId(id) ? path(`/me/messages/${segment(id)}`, { $select: 'id,parentFolderId' }) : null,
  );
  const answers = await getEntities<GraphMessage>(account, paths, { operation: 'messages.get' }, call);
  return answers.map((answer, i): Change => {
    if (isMailError(answer) && answer.code !== 'NOT_FOUND') throw answer;
    const isThere = !isMailError(answer) && state.folders[answer.parentFolderId ?? ''] !== undefined;
    return { kind: isThere ? 'updated' : 'deleted', messageId: ids[i] ?? '' };
  });
}
