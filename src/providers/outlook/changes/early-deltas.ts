import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import { isMailError, type MailError } from '../../../domain/error.ts';
import type { Hint } from '../../contract/watch.ts';
import { markOf } from '../../shared/threads/thread-cursor.ts';
import type { GraphAccount } from '../wire/account.ts';
import { type Delta, messagesOf } from './sync-round.ts';
import type { SyncState, Track } from './sync-state.ts';

/** Why the delta of a folder is read: a hinted message is in it, or has left it. */
export interface DueReason {
  readonly folderId: string;
  readonly messageId: string;
  readonly isThere: boolean;
}

/** Wrong guesses are requests too. The other folders are read when it is known that they are needed. */
const MAX_EARLY = 4;

/**
 * The folders that hinted messages probably are in: where a notification or a page found them before, and otherwise the inbox.
 * Their deltas are read in the request that looks the messages up, so that a changed flag costs one request.
 */
export function probableFolders(
  { roles, folders }: Pick<GraphAccount, 'roles' | 'folders'>,
  state: SyncState,
  hints: readonly Hint[],
): string[] {
  // During a sweep every folder has a position of its own.
  if (state.sweeping) return [];
  const inbox = Object.keys(state.folders).find((id) => roles.of(id) === 'INBOX');
  const probable = hints.map(({ kind, messageId }) => {
    const found = state.found[markOf(messageId)];
    if (found !== undefined || kind === 'deleted') return found;
    return folders.of(messageId) ?? inbox;
  });
  const known = [...new Set(probable)].flatMap((id) => (id && isBetweenRounds(state.folders[id]) ? [id] : []));
  return known.slice(0, MAX_EARLY);
}

/** The request for what changed in a folder. */
export const earlyPath = (state: SyncState, folderId: string): string =>
  messagesOf(folderId, state.folders[folderId] ?? {}).path;

const isBetweenRounds = (track: Track | undefined): boolean =>
  track?.delta !== undefined && track.page === undefined && !track.replaced;

/** The answers that end a round with their first page. The others are asked for again, if they are needed. */
export function wholeRounds(
  folderIds: readonly string[],
  answers: readonly (Delta<GraphMessage> | MailError | undefined)[],
): ReadonlyMap<string, Delta<GraphMessage>> {
  return new Map(
    folderIds.flatMap((id, n) => {
      const answer = answers[n];
      return answer && !isMailError(answer) && answer['@odata.deltaLink'] ? [[id, answer] as const] : [];
    }),
  );
}

/**
 * Whether a delta shows all for which its folder is read. It was read beside the look-up and not after it, so it may be from
 * before the change. Then it is read again.
 */
export const satisfies = (
  folderId: string,
  { value = [] }: Delta<GraphMessage>,
  reasons: readonly DueReason[],
): boolean =>
  reasons
    .filter((reason) => reason.folderId === folderId)
    .every(({ messageId, isThere }) =>
      value.some((message) => message.id === messageId && !message['@removed'] === isThere),
    );
