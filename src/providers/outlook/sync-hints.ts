import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import { isMailError, type MailError } from '../../domain/error.ts';
import type { Call } from '../call.ts';
import type { Change, Hint } from '../provider.ts';
import type { Account } from './account.ts';
import { isId, segment } from './ids.ts';
import { shortHash } from './page-cursor.ts';
import { getEntities } from './read.ts';
import type { SyncState, Track } from './sync-state.ts';
import { path } from './url.ts';

/** What is known of the messages that hints name before any folder is asked. */
export interface Pointed {
  readonly there: readonly GraphMessage[];
  readonly deleted: readonly Change[];
}

/** A message costs a request, and one for the folder it is in: that must be less than asking every folder. */
export function arePointing(state: SyncState, hints: readonly Hint[]): boolean {
  const ids = new Set(hints.map(({ messageId }) => messageId));
  const folders = Object.values(state.folders);
  const isBegun = ({ delta, horizon }: Track) => delta !== undefined || horizon !== undefined;
  const isEstablished = state.tree.delta !== undefined && folders.every(isBegun);
  return isEstablished && ids.size > 0 && 2 * ids.size <= folders.length && [...ids].every(isId);
}

/**
 * Asks where the messages lie, and marks those folders to be asked, and where notifications led before. Null where that does
 * not tell enough: a new message that is not found may only be late.
 */
export async function follow(
  account: Account,
  state: SyncState,
  hints: readonly Hint[],
  call: Call,
): Promise<Pointed | null> {
  const ids = [...new Set(hints.map(({ messageId }) => messageId))];
  const paths = ids.map((id) => path(`/me/messages/${segment(id)}`, PLACE));
  const answers = await getEntities<GraphMessage>(account, paths, { operation: 'messages.get' }, call);
  const places = answers.map((answer): string => {
    if (!isMailError(answer)) return answer.parentFolderId ?? '';
    if (answer.code === 'NOT_FOUND') return '';
    throw answer;
  });
  const isLate = (id: string, n: number): boolean => {
    const hash = shortHash(id);
    const isKnown = state.known[hash] !== undefined || state.found[hash] !== undefined;
    const said = hints.filter(({ messageId }) => messageId === id);
    return places[n] === '' && !isKnown && said.every(({ kind }) => kind === 'created');
  };
  if (ids.some(isLate)) return null;
  const there: GraphMessage[] = [];
  const deleted: Change[] = [];
  for (const [n, messageId] of ids.entries()) {
    const [answer, hash] = [answers[n], shortHash(messageId)];
    const before = state.found[hash];
    const place = isOutOfSight(account, state, answer, before) ? '' : (places[n] ?? '');
    if (place !== '') there.push({ ...(answer as GraphMessage), id: messageId });
    else if (before !== '') deleted.push({ kind: 'deleted', messageId });
    // A folder that is not known is new, or hidden.
    if (place !== '' && !state.folders[place]) state.tree.due = true;
    for (const folder of [before, place]) {
      const track = state.folders[folder ?? ''];
      if (track) track.due = true;
    }
    state.found[hash] = place;
  }
  return { there, deleted };
}

/** It is no more, or it lies in a folder that nobody sees, as deleted messages do for a while. */
function isOutOfSight(
  { deletions }: Account,
  { folders }: SyncState,
  answer: GraphMessage | MailError | undefined,
  before: string | undefined,
): boolean {
  if (answer === undefined || isMailError(answer)) return true;
  return deletions.holds(answer) || (before === '' && !folders[answer.parentFolderId ?? '']);
}

/** Its folder turned out to be one that nobody sees. */
export function forget(state: SyncState, messageId: string): void {
  state.found[shortHash(messageId)] = '';
}

const PLACE = { $select: 'id,parentFolderId,createdDateTime' };
