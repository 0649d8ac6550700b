import type { Message as GraphMessage, MailFolder } from '@microsoft/microsoft-graph-types';
import { isMailError, type MailErrorCode } from '../../domain/error.ts';
import type { Call } from '../call.ts';
import type { Change, Changes, UnreadMailbox } from '../provider.ts';
import type { Account } from './account.ts';
import { batch } from './batch.ts';
import { isId, segment } from './ids.ts';
import { getEntities } from './read.ts';
import { type Asked, beginSweep, type Delta, due, endSweep, leaveOut, takeMessages, takeTree } from './sync-round.ts';
import { newState, readState, type SyncState, writeState } from './sync-state.ts';
import { path } from './url.ts';

/**
 * A sweep: one page of every folder's delta and of the folder tree's, in $batches. Delta does not tell new from changed, nor
 * a move from a deletion: sync-round.ts knows the new; what left a folder is asked after, and was moved if it is still there.
 */
export async function changes(account: Account, since: string | null, call: Call): Promise<Changes> {
  const state = since === null ? newState() : readState(since);
  beginSweep(state, Math.floor(Date.now() / 1000));
  const { mailboxes, present, left, unread } = await readDeltas(account, state, due(state), call);
  const messages = [...present].map(([messageId, kind]): Change => ({ kind, messageId }));
  const missing = [...left].filter((id) => !present.has(id));
  const gone = await whatBecameOf(account, missing, state, call);
  const more = !endSweep(state);
  return { changes: [...mailboxes, ...messages, ...gone], cursor: writeState(state), more, unread };
}

interface Read {
  readonly mailboxes: readonly Change[];
  readonly present: ReadonlyMap<string, 'created' | 'updated'>;
  readonly left: ReadonlySet<string>;
  readonly unread: readonly UnreadMailbox[];
}

/**
 * What a folder refuses for itself: it was deleted a moment ago, or Exchange has no room for what it notes of a delta, while
 * everything else is answered (microsoft-graph-docs#5730).
 */
const OF_THE_FOLDER: ReadonlySet<MailErrorCode> = new Set(['NOT_FOUND', 'FORBIDDEN', 'CONFLICT']);

/** A page of each; a folder that is refused holds up no other, and all of them are a failure. */
async function readDeltas(account: Account, state: SyncState, asked: readonly Asked[], call: Call): Promise<Read> {
  const chains = asked.map(({ part }) => [part]);
  const answers = await batch<Delta<GraphMessage & MailFolder>>(account.graph, 'messages.delta', chains, call);
  const mailboxes: Change[] = [];
  const present = new Map<string, 'created' | 'updated'>();
  const left = new Set<string>();
  const unread: UnreadMailbox[] = [];
  for (const [i, { folderId }] of asked.entries()) {
    const answer = answers[i];
    if (folderId !== null && isMailError(answer) && OF_THE_FOLDER.has(answer.code)) {
      leaveOut(state, folderId);
      unread.push({ mailboxId: folderId, error: answer });
    } else if (answer === undefined || isMailError(answer)) throw answer;
    else if (folderId === null)
      mailboxes.push(...takeTree(state, answer).map((mailboxId): Change => ({ kind: 'mailbox', mailboxId })));
    else takeMessages(state, folderId, answer, present, left);
  }
  if (unread.length > 0 && unread.length === Object.keys(state.folders).length) throw unread[0]?.error;
  return { mailboxes, present, left, unread };
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
