import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import { isMailError, isNotFound, type MailError, type MailErrorCode } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import type { Hint, ProviderChange } from '../../contract/watch.ts';
import { sleepBeforeRetry } from '../../limiter/aborted.ts';
import { markOf } from '../../shared/threads/thread-cursor.ts';
import { getEntities } from '../read/messages.ts';
import type { GraphAccount } from '../wire/account.ts';
import { isId, segment } from '../wire/ids.ts';
import { path } from '../wire/url.ts';
import { type DueReason, earlyPath, probableFolders, wholeRounds } from './early-deltas.ts';
import { type Delta, PAGE } from './sync-round.ts';
import type { SyncState, Track } from './sync-state.ts';

/** What is known of the hinted messages before the deltas of the folders that are due are read. */
export interface HintedMessages {
  readonly existing: readonly GraphMessage[];
  readonly deleted: readonly ProviderChange[];
  /** The deltas of folders that the messages probably were in, by the folders. */
  readonly early: ReadonlyMap<string, Delta<GraphMessage>>;
  readonly reasons: readonly DueReason[];
}

/**
 * Each hinted message costs one request, and one more for its folder. Hints are used only where that costs less than
 * reading every folder.
 */
export function canReadByHints(state: SyncState, hints: readonly Hint[]): boolean {
  const ids = new Set(hints.map(({ messageId }) => messageId));
  const folders = Object.values(state.folders);
  const isBegun = ({ delta, horizon }: Track) => delta !== undefined || horizon !== undefined;
  const isEstablished = state.tree.delta !== undefined && folders.every(isBegun);
  return isEstablished && ids.size > 0 && 2 * ids.size <= folders.length && [...ids].every(isId);
}

/**
 * Looks up the folders of the hinted messages, and marks as due those folders and the ones where earlier notifications
 * found the messages. Returns null when the answers do not suffice and a sweep is needed.
 */
export async function followHints(
  account: GraphAccount,
  state: SyncState,
  hints: readonly Hint[],
  call: Call,
): Promise<HintedMessages | null> {
  const ids = [...new Set(hints.map(({ messageId }) => messageId))];
  const isLate = (id: string, answer: GraphMessage | MailError | undefined): boolean => {
    const hash = markOf(id);
    const isKnown = state.known[hash] !== undefined || state.found[hash] !== undefined;
    const isSaidToBeDeleted = hints.some(({ messageId, kind }) => messageId === id && kind === 'deleted');
    return isNotFound(answer) && !isKnown && !isSaidToBeDeleted;
  };
  const answers = new Map<string, GraphMessage | MailError>();
  const probable = probableFolders(account, state, hints);
  const deltaPaths = probable.map((id) => earlyPath(state, id));
  const deltas = await readFolders(account, ids, answers, call, deltaPaths);
  const early = wholeRounds(probable, deltas as (Delta<GraphMessage> | MailError)[]);
  const reasons: DueReason[] = [];
  for (const wait of RETRY_DELAYS_MS) {
    const late = ids.filter((id) => isLate(id, answers.get(id)));
    if (late.length === 0) break;
    await sleepBeforeRetry(wait, call.signal);
    await readFolders(account, late, answers, call);
  }
  const late = ids.filter((id) => isLate(id, answers.get(id)));
  const inbox = late.length > 0 ? markInbox(account, state) : null;
  if (late.length > 0 && inbox === null) return null;
  for (const messageId of late) reasons.push({ folderId: inbox ?? '', messageId, isThere: true });
  if ([...answers.values()].some((answer) => isMailError(answer) && answer.code !== 'NOT_FOUND')) return null;
  const existing: GraphMessage[] = [];
  const deleted: ProviderChange[] = [];
  for (const messageId of ids) {
    const [answer, hash] = [answers.get(messageId), markOf(messageId)];
    // The message may still appear later. The next sweep reports it then.
    if (isLate(messageId, answer)) continue;
    const before = state.found[hash];
    const isThere = !isMailError(answer) && !isHiddenOrMissing(account, state, answer, before);
    const folderId = isThere ? (answer?.parentFolderId ?? '') : '';
    if (folderId !== '') existing.push({ ...(answer as GraphMessage), id: messageId });
    else if (before !== '') deleted.push({ kind: 'deleted', messageId });
    // An unknown folder is either new or hidden.
    if (folderId !== '' && !state.folders[folderId]) state.tree.due = true;
    for (const folder of [before, folderId]) {
      const track = state.folders[folder ?? ''];
      if (!track || folder === undefined) continue;
      track.due = true;
      reasons.push({ folderId: folder, messageId, isThere: folder === folderId });
    }
    state.found[hash] = folderId;
  }
  return { existing, deleted, early, reasons };
}

/** Reads the folders of the messages and, by the same request, what is at these paths. Returns the answers of the latter. */
async function readFolders(
  account: GraphAccount,
  ids: readonly string[],
  answers: Map<string, GraphMessage | MailError>,
  call: Call,
  more: readonly string[] = [],
): Promise<readonly unknown[]> {
  const paths = ids.map((id) => path(`/me/messages/${segment(id)}`, FOLDER_QUERY));
  const options = { operation: 'messages.get', prefer: PAGE };
  const results = await getEntities<GraphMessage>(account, [...paths, ...more], options, call);
  for (const [n, answer] of results.slice(0, ids.length).entries()) {
    if (isMailError(answer) && isOfAccount(answer)) throw answer;
    answers.set(ids[n] ?? '', answer);
  }
  return results.slice(ids.length);
}

/**
 * Returns whether an error concerns the whole account. An error of one entity may be permanent and must not hold up the
 * others.
 */
export const isOfAccount = ({ code, ofAccount, retryAfterMs }: MailError): boolean =>
  ofAccount || retryAfterMs !== undefined || ACCOUNT_CODES.has(code);
const ACCOUNT_CODES: ReadonlySet<MailErrorCode> = new Set([
  'RATE_LIMITED',
  'TIMEOUT',
  'RECONNECT_REQUIRED',
  'STORE_UNAVAILABLE',
]);

/** Marks the inbox as due, because most new mail arrives there, and returns its id. Null when the inbox is not known yet. */
function markInbox({ roles }: GraphAccount, { folders }: SyncState): string | null {
  const [id, inbox] = Object.entries(folders).find(([folderId]) => roles.of(folderId) === 'INBOX') ?? [];
  if (inbox) inbox.due = true;
  return id ?? null;
}

/** Returns whether a message no longer exists or is in a hidden folder, where deleted messages stay for a while. */
function isHiddenOrMissing(
  { deletions }: GraphAccount,
  { folders }: SyncState,
  answer: GraphMessage | MailError | undefined,
  before: string | undefined,
): boolean {
  if (answer === undefined || isMailError(answer)) return true;
  return deletions.holds(answer) || (before === '' && !folders[answer.parentFolderId ?? '']);
}

/** Records that the message is in a hidden folder. */
export function markHidden(state: SyncState, messageId: string): void {
  state.found[markOf(messageId)] = '';
}

/**
 * Delays between tries to find a message that was just announced, in milliseconds. The replica that answers may lag
 * behind.
 */
const RETRY_DELAYS_MS = [500, 1_000, 2_000];
const FOLDER_QUERY = { $select: 'id,parentFolderId,createdDateTime' };
