import type { Message as GraphMessage, MailFolder } from '@microsoft/microsoft-graph-types';
import { isMailError, MailError } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import type { ChangePage, UnreadMailbox } from '../../contract/mail-session.ts';
import type { Hint, ProviderChange } from '../../contract/watch.ts';
import { learnRoles } from '../read/mailboxes.ts';
import { getEntities } from '../read/messages.ts';
import type { GraphAccount } from '../wire/account.ts';
import { isId, segment } from '../wire/ids.ts';
import { path } from '../wire/url.ts';
import { canReadByHints, followHints, type HintedMessages, isOfAccount, markHidden } from './sync-hints.ts';
import {
  applyFolderDelta,
  applyMessageDelta,
  beginSweep,
  type Delta,
  dueRequests,
  endSweep,
  isPagingLoop,
  isUnreportedNew,
  PAGE,
  skipFolder,
} from './sync-round.ts';
import { newState, readState, type SyncState, type Track, writeState } from './sync-state.ts';

/** Maximum number of delta pages that are read for hints. What is left after them is left to a sweep. */
const MAX_HINTED_PAGES = 5;

/**
 * Without hints, this runs a sweep: it reads one page of every folder's delta and of the folder tree's delta, in $batch
 * requests. With hints, it reads only the folders that the hinted messages are in. A delta distinguishes neither a new
 * message from a changed one nor a move from a deletion. sync-round.ts recognises new messages, and a message that left
 * a folder is looked up: if it still exists, it was moved.
 */
export async function changes(
  account: GraphAccount,
  since: string | null,
  call: Call,
  hints: readonly Hint[] = [],
): Promise<ChangePage> {
  const state = since === null ? newState() : readState(since);
  const hinted = canReadByHints(state, hints) ? await followHints(account, state, hints, call) : null;
  const read: ChangesRead = { mailboxes: [], present: new Map(), left: new Set(), unread: [] };
  if (!hinted || state.sweeping) {
    if (!state.sweeping) await unlessRefused(learnRoles(account, call));
    beginSweep(state, Math.floor(Date.now() / 1000));
    await readDeltas(account, state, read, call);
  } else {
    for (let pages = 0; dueRequests(state).length > 0 && pages < MAX_HINTED_PAGES; pages++)
      await readDeltas(account, state, read, call, true);
    if (dueRequests(state).length > 0) beginSweep(state, Math.floor(Date.now() / 1000));
  }
  const unreported = hinted ? unreportedChanges(state, hinted, read) : [];
  const messages = [...read.present.values()];
  const leftIds = [...read.left].filter((id) => !read.present.has(id));
  const leftChanges = await changesOfLeft(account, leftIds, state, call);
  const partial = hinted !== null && !state.sweeping;
  const more = state.sweeping && !endSweep(state);
  return {
    changes: [...read.mailboxes, ...messages, ...unreported, ...(hinted?.deleted ?? []), ...leftChanges],
    cursor: writeState(state),
    more,
    partial,
    unread: read.unread,
  };
}

/**
 * The deltas do not depend on this work, so its failure is ignored. A refusal of the whole account is thrown, because
 * the deltas would be refused as well.
 */
const unlessRefused = (work: Promise<void>): Promise<void> =>
  work.catch((error: unknown) => {
    if (!isMailError(error) || error.ofAccount || error.code === 'RECONNECT_REQUIRED') throw error;
  });

/**
 * Returns the changes of hinted messages that exist but that no delta reported: their folder was refused, its delta is
 * late, or the folder is not synchronised.
 */
function unreportedChanges(
  state: SyncState,
  { existing }: HintedMessages,
  { present, unread }: ChangesRead,
): ProviderChange[] {
  return existing.flatMap((message): ProviderChange[] => {
    const { id: messageId = '', parentFolderId } = message;
    if (present.has(messageId)) return [];
    if (!state.folders[parentFolderId ?? '']) {
      markHidden(state, messageId);
      return [{ kind: 'deleted', messageId }];
    }
    if (isUnreportedNew(state, message)) return [{ kind: 'created', messageId }];
    return unread.some(({ mailboxId }) => mailboxId === parentFolderId) ? [{ kind: 'updated', messageId }] : [];
  });
}

interface ChangesRead {
  readonly mailboxes: ProviderChange[];
  readonly present: Map<string, ProviderChange>;
  readonly left: Set<string>;
  readonly unread: UnreadMailbox[];
}

/**
 * Returns whether an error concerns this folder alone: the folder was deleted a moment ago, or Exchange has no room for
 * the folder's delta state while it answers everything else (microsoft-graph-docs#5730). A single unavailable folder
 * among others that answer counts as well.
 */
function concernsOneFolder(error: MailError, answers: readonly unknown[], isAnswering: boolean): boolean {
  if (error.code === 'CURSOR_EXPIRED' || isOfAccount(error)) return false;
  if (error.code !== 'PROVIDER_UNAVAILABLE') return true;
  const failed = answers.filter((answer) => isMailError(answer) && answer.code === 'PROVIDER_UNAVAILABLE');
  return failed.length === 1 && (isAnswering || answers.length > 1);
}

class PagingLoopError extends MailError {
  constructor() {
    super('PROVIDER_UNAVAILABLE', 'Outlook returns the changes of this folder without end. It is read again later.');
  }
}

/**
 * Replaces an answer that belongs to a paging loop by an error. Otherwise the folder would be requested without end and
 * the sweep would never finish.
 */
function withoutPagingLoop<T extends Delta<GraphMessage & MailFolder>>(
  track: Track | undefined,
  answer: T | MailError | undefined,
): T | MailError | undefined {
  return track && answer && !isMailError(answer) && isPagingLoop(track, answer) ? new PagingLoopError() : answer;
}

/**
 * Reads one page of every delta that is due. A refused folder does not hold up the others, but this throws when all
 * folders are refused.
 */
async function readDeltas(
  account: GraphAccount,
  state: SyncState,
  read: ChangesRead,
  call: Call,
  /** True when Graph has just answered another request for this account. */
  isAnswering = false,
): Promise<void> {
  const requests = dueRequests(state);
  const paths = requests.map((one) => one.path);
  const options = { operation: 'messages.delta', prefer: PAGE };
  const answers = await getEntities<Delta<GraphMessage & MailFolder>>(account, paths, options, call);
  let refused = 0;
  for (const [i, { folderId }] of requests.entries()) {
    const answer = withoutPagingLoop(folderId === null ? state.tree : state.folders[folderId], answers[i]);
    const isFolderError =
      isMailError(answer) && (answer instanceof PagingLoopError || concernsOneFolder(answer, answers, isAnswering));
    if (folderId !== null && isFolderError) {
      skipFolder(state, folderId);
      read.unread.push({ mailboxId: folderId, error: answer });
      refused++;
    } else if (answer === undefined || isMailError(answer)) throw answer;
    else if (folderId === null) {
      account.hidden.notice(answer.value ?? []);
      read.mailboxes.push(
        ...applyFolderDelta(state, answer).map((mailboxId): ProviderChange => ({ kind: 'mailbox', mailboxId })),
      );
    } else applyMessageDelta(state, folderId, answer, read.present, read.left);
  }
  if (refused > 0 && refused === Object.keys(state.folders).length) throw read.unread[0]?.error;
}

/**
 * Looks up messages that left a folder. A moved message keeps its id and is in another folder, perhaps one whose delta
 * was read a moment too early. A deleted message may still be found too, in a hidden folder of recoverable items.
 */
async function changesOfLeft(
  account: GraphAccount,
  ids: readonly string[],
  state: SyncState,
  call: Call,
): Promise<ProviderChange[]> {
  if (ids.length === 0) return [];
  const paths = ids.map((id) =>
    isId(id) ? path(`/me/messages/${segment(id)}`, { $select: 'id,parentFolderId' }) : null,
  );
  const answers = await getEntities<GraphMessage>(account, paths, { operation: 'messages.get' }, call);
  return answers.map((answer, i): ProviderChange => {
    if (isMailError(answer) && isOfAccount(answer)) throw answer;
    // Whether a message still exists is unknown when its request is refused, so it is reported as updated.
    const isThere = isMailError(answer)
      ? answer.code !== 'NOT_FOUND'
      : state.folders[answer.parentFolderId ?? ''] !== undefined;
    return { kind: isThere ? 'updated' : 'deleted', messageId: ids[i] ?? '' };
  });
}
