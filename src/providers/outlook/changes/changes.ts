import type { Message as GraphMessage, MailFolder } from '@microsoft/microsoft-graph-types';
import { isMailError, MailError } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import type { ChangePage, UnreadMailbox } from '../../contract/mail-session.ts';
import type { Hint, ProviderChange } from '../../contract/watch.ts';
import { markOf } from '../../shared/threads/thread-cursor.ts';
import { visibleFolders } from '../read/folder-tree.ts';
import { learnRoles } from '../read/mailboxes.ts';
import { getEntities } from '../read/messages.ts';
import type { GraphAccount } from '../wire/account.ts';
import { isRecord } from '../wire/answers.ts';
import { isId, segment } from '../wire/ids.ts';
import { path } from '../wire/url.ts';
import { satisfies } from './early-deltas.ts';
import { canReadByHints, followHints, type HintedMessages, isOfAccount, markHidden } from './sync-hints.ts';
import {
  applyFolderDelta,
  applyMessageDelta,
  beginSweep,
  canBeKept,
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
  const kept = canBeKept(state, Math.floor(Date.now() / 1000)) ? since : null;
  const hinted = canReadByHints(state, hints) ? await followHints(account, state, hints, call) : null;
  const read: ChangesRead = {
    mailboxes: [],
    present: new Map(),
    left: new Set(),
    unread: [],
    unreadable: 0,
    isFirst: false,
  };
  if (!hinted || state.sweeping) {
    if (!state.sweeping) await unlessRefused(learnRoles(account, call));
    beginSweep(state, Math.floor(Date.now() / 1000));
    await readDeltas(account, state, read, call);
  } else {
    if (hinted) applyEarly(state, hinted, read);
    for (let pages = 0; dueRequests(state).length > 0 && pages < MAX_HINTED_PAGES; pages++)
      await readDeltas(account, state, read, call, true);
    if (dueRequests(state).length > 0) beginSweep(state, Math.floor(Date.now() / 1000));
  }
  const isReported = (id: string) => read.present.has(id);
  const leftMessages = await lookUp(
    account,
    [...read.left].filter((id) => !isReported(id)),
    call,
  );
  const existing = (hinted?.existing ?? []).filter(({ id = '' }) => !isReported(id));
  const isMailbox = await recogniseFolders(account, state, [...existing, ...leftMessages.values()], call);
  const unreported = existing.flatMap((message) => unreportedChanges(state, message, read, isMailbox));
  const messages = inOrderOfArrival([...read.present.values(), ...unreported], state);
  const leftChanges = [...leftMessages].map(([id, answer]) => changeOfLeft(id, answer, isMailbox));
  const partial = hinted !== null && !state.sweeping;
  const more = state.sweeping && !endSweep(state);
  const found = [...read.mailboxes, ...messages, ...(hinted?.deleted ?? []), ...leftChanges];
  const isUnchanged = !hinted && !more && found.length + read.unread.length + read.unreadable === 0;
  return {
    changes: found,
    // The cursor may have a megabyte, which is not to be stored again each time that a silent account is read.
    cursor: (isUnchanged && kept) || writeState(state),
    more,
    partial,
    unread: read.unread,
    unreadable: read.unreadable,
    isFirstRead: read.isFirst,
  };
}

/**
 * Sorts the created messages by the second of their creation, as a delta names them folder by folder. Those of one second stay
 * in the order of their folder. The others keep their places after them.
 */
function inOrderOfArrival(messages: readonly ProviderChange[], { known }: SyncState): ProviderChange[] {
  const secondOf = (change: ProviderChange) => ('messageId' in change && known[markOf(change.messageId)]) || 0;
  const created = messages.filter(({ kind }) => kind === 'created').sort((a, b) => secondOf(a) - secondOf(b));
  return [...created, ...messages.filter(({ kind }) => kind !== 'created')];
}

/**
 * The deltas do not depend on this work, so its failure is ignored. A refusal of the whole account is thrown, because
 * the deltas would be refused as well.
 */
const unlessRefused = (work: Promise<void>): Promise<void> =>
  work.catch((error: unknown) => {
    if (!isMailError(error) || error.ofAccount || error.code === 'RECONNECT_REQUIRED') throw error;
  });

/** Applies the deltas that were read beside the look-up. Their folders stay due where they do not show what was looked up. */
function applyEarly(state: SyncState, { early, reasons }: HintedMessages, read: ChangesRead): void {
  for (const [folderId, answer] of early) {
    const track = state.folders[folderId];
    if (!track) continue;
    const delta = readable(answer, read);
    applyMessageDelta(state, folderId, delta, read.present, read.left);
    if (!satisfies(folderId, delta, reasons)) track.due = true;
  }
}

/**
 * Returns the change of a hinted message that exists but that no delta reported: its folder was refused, its delta is late,
 * or the folder is not synchronised.
 */
function unreportedChanges(
  state: SyncState,
  message: GraphMessage,
  { unread }: ChangesRead,
  isMailbox: IsMailbox,
): ProviderChange[] {
  const { id: messageId = '', parentFolderId } = message;
  if (!isMailbox(parentFolderId)) {
    markHidden(state, messageId);
    return [{ kind: 'deleted', messageId }];
  }
  if (isUnreportedNew(state, message)) return [{ kind: 'created', messageId }];
  const isUnread = !state.folders[parentFolderId ?? ''] || unread.some(({ mailboxId }) => mailboxId === parentFolderId);
  return isUnread ? [{ kind: 'updated', messageId }] : [];
}

/** Whether a folder is a mailbox. A message that is in another one, such as that of recoverable items, counts as deleted. */
type IsMailbox = (folderId: string | null | undefined) => boolean;

/**
 * Recognises the folders that these messages are in. A folder that the delta of the tree has not listed is hidden, or was
 * created a moment ago. The tree as it is now tells which, and its delta is then read again.
 */
async function recogniseFolders(
  account: GraphAccount,
  state: SyncState,
  messages: readonly (GraphMessage | MailError)[],
  call: Call,
): Promise<IsMailbox> {
  const isUnknown = (message: GraphMessage | MailError): boolean =>
    !isMailError(message) && !state.folders[message.parentFolderId ?? ''] && !account.deletions.holds(message);
  const unknown = messages.filter(isUnknown);
  const visible = unknown.length > 0 ? await visibleFolders(account, call) : new Set<string>();
  if (unknown.some((message) => !isMailError(message) && visible.has(message.parentFolderId ?? ''))) {
    beginSweep(state, Math.floor(Date.now() / 1000));
    state.tree.due = true;
  }
  return (folderId) => state.folders[folderId ?? ''] !== undefined || visible.has(folderId ?? '');
}

interface ChangesRead {
  readonly mailboxes: ProviderChange[];
  readonly present: Map<string, ProviderChange>;
  readonly left: Set<string>;
  readonly unread: UnreadMailbox[];
  unreadable: number;
  /** A folder that was left out of the first sweep has been read. */
  isFirst: boolean;
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

/** The delta without the records that cannot be read. */
function readable<T extends Delta<GraphMessage & MailFolder>>(answer: T, read: ChangesRead): T {
  const value = answer.value?.filter(isRecord) ?? [];
  read.unreadable += (answer.value?.length ?? 0) - value.length;
  return { ...answer, value };
}

/**
 * Reads one page of every delta that is due. A refused folder does not hold up the others, but this throws when all
 * folders are refused. `isAnswering`: Graph has just answered another request for this account.
 */
async function readDeltas(
  account: GraphAccount,
  state: SyncState,
  read: ChangesRead,
  call: Call,
  isAnswering = false,
): Promise<void> {
  const requests = dueRequests(state);
  const paths = requests.map((one) => one.path);
  const options = { operation: 'messages.delta', prefer: PAGE };
  const entities = await getEntities<Delta<GraphMessage & MailFolder>>(account, paths, options, call);
  const answers = requests.map(({ folderId }, i) => {
    const answer = entities[i];
    return folderId === null || answer === undefined || isMailError(answer) ? answer : readable(answer, read);
  });
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
    } else if (applyMessageDelta(state, folderId, answer, read.present, read.left)) read.isFirst = true;
  }
  if (refused > 0 && refused === Object.keys(state.folders).length) throw read.unread[0]?.error;
}

/** Looks up messages that left a folder. */
async function lookUp(
  account: GraphAccount,
  ids: readonly string[],
  call: Call,
): Promise<ReadonlyMap<string, GraphMessage | MailError>> {
  if (ids.length === 0) return new Map();
  const paths = ids.map((id) =>
    isId(id) ? path(`/me/messages/${segment(id)}`, { $select: 'id,parentFolderId' }) : null,
  );
  const answers = await getEntities<GraphMessage>(account, paths, { operation: 'messages.get' }, call);
  for (const answer of answers) if (isMailError(answer) && isOfAccount(answer)) throw answer;
  return new Map(answers.map((answer, i) => [ids[i] ?? '', answer]));
}

/**
 * A moved message keeps its id and is in another folder, perhaps one whose delta was read a moment too early. A deleted
 * message may still be found too, in a hidden folder of recoverable items.
 */
function changeOfLeft(messageId: string, answer: GraphMessage | MailError, isMailbox: IsMailbox): ProviderChange {
  // Whether a message still exists is unknown when its request is refused, so it is reported as updated.
  const isThere = isMailError(answer) ? answer.code !== 'NOT_FOUND' : isMailbox(answer.parentFolderId);
  return { kind: isThere ? 'updated' : 'deleted', messageId };
}
