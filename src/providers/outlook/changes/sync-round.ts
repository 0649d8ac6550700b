import type { Message as GraphMessage, MailFolder } from '@microsoft/microsoft-graph-types';
import { MailError } from '../../../domain/error.ts';
import { stateDigest } from '../../contract/snapshot.ts';
import type { ProviderChange } from '../../contract/watch.ts';
import { markOf } from '../../shared/threads/thread-cursor.ts';
import { changeDetail, toMessage } from '../read/map.ts';
import { unreachable } from '../wire/errors.ts';
import { segment } from '../wire/ids.ts';
import { path, tokenOf } from '../wire/url.ts';
import type { SyncState, Track } from './sync-state.ts';

/** A page of a delta: the current items, and the bare ids of those that left. */
export interface Delta<T> {
  readonly value?: readonly (T & { readonly '@removed'?: unknown })[];
  readonly '@odata.nextLink'?: string;
  readonly '@odata.deltaLink'?: string;
}

/** A delta request. A `folderId` of null means the folder tree. */
interface DeltaRequest {
  readonly folderId: string | null;
  readonly path: string;
}

const TREE_FIELDS = { $select: 'displayName,parentFolderId,isHidden,totalItemCount,unreadItemCount' };
/**
 * Graph may not report the change of a property that is not selected: a change of isRead does not move
 * lastModifiedDateTime (alcionai/corso#1866). If this $select changes, every folder's delta must start again, as
 * sync-state.ts does for version 1.
 */
const MESSAGE_FIELDS = {
  $select: 'createdDateTime,lastModifiedDateTime,parentFolderId,isRead,isDraft,flag,categories,importance',
};
export const PAGE = 'odata.maxpagesize=500';
/** Maximum number of identical pages in a row. A few empty pages in a row are ordinary (microsoft-graph-docs#20637). */
const MAX_SAME_PAGES = 20;
/** Seconds of tolerance for clocks that differ, and for Graph showing a new message a little late. */
const SLACK_SECONDS = 120;

/**
 * How long a cursor is kept while nothing changes, in seconds. Graph does not say for how long a token stays valid: it drops the
 * oldest of a mailbox when there are many new ones, and each reading makes new ones. So long, there are a dozen readings.
 */
const MAX_KEPT_SECONDS = 15 * 60;

/**
 * Returns whether a sweep that finds nothing leaves the position as it was: everything was read to its end before, so that the
 * tokens of this state and those of the sweep lead to the same changes.
 */
export function canBeKept({ tree, folders, sweeping, found, began }: SyncState, now: number): boolean {
  const isRead = ({ delta, count: _, ...rest }: Track) => delta !== undefined && Object.keys(rest).length === 0;
  // A clock that was set back must not make it last.
  const isYoung = now >= began && now - began < MAX_KEPT_SECONDS;
  return isYoung && !sweeping && Object.keys(found).length === 0 && [tree, ...Object.values(folders)].every(isRead);
}

/** Starts a sweep unless one is running. */
export function beginSweep(state: SyncState, now: number): void {
  if (state.sweeping) return;
  if (state.began === 0) state.horizon = now - SLACK_SECONDS;
  state.sweeping = true;
  state.began = now;
  for (const track of [state.tree, ...Object.values(state.folders)]) track.due = true;
}

/** Ends the sweep when everything has been read. Returns false while something is left. */
export function endSweep(state: SyncState): boolean {
  const tracks = Object.values(state.folders);
  if (state.tree.due || tracks.some(({ due }) => due)) return false;
  state.sweeping = false;
  state.found = {};
  // Messages created before the sweep that ends are old from now on and need not be remembered.
  state.horizon = Math.max(state.horizon, state.began - SLACK_SECONDS);
  const oldest = tracks.reduce((minimum, { horizon }) => Math.min(minimum, horizon ?? minimum), state.horizon);
  state.known = Object.fromEntries(Object.entries(state.known).filter(([, second]) => second >= oldest));
  return true;
}

/** Returns the next requests: one page of everything that has not been read to its end. */
export function dueRequests({ tree, folders }: SyncState): DeltaRequest[] {
  const requests = Object.entries(folders).flatMap(([id, track]) => (track.due ? messagesOf(id, track) : []));
  return tree.due
    ? [{ folderId: null, path: next('/me/mailFolders/delta', tree, TREE_FIELDS) }, ...requests]
    : requests;
}

/** The next page of a folder's delta. */
export const messagesOf = (folderId: string, track: Track): DeltaRequest => ({
  folderId,
  path: next(`/me/mailFolders/${segment(folderId)}/messages/delta`, tokensOf(track) ?? track, MESSAGE_FIELDS),
});

/** Returns the tokens of the older $select while those are to be read next. */
const tokensOf = ({ delta, page, replaced }: Track): Track['replaced'] =>
  delta !== undefined && page === undefined ? replaced : undefined;

function next(
  base: string,
  { page, delta }: Pick<Track, 'page' | 'delta'>,
  first: Readonly<Record<string, string>>,
): string {
  return path(base, page !== undefined ? { $skiptoken: page } : delta !== undefined ? { $deltatoken: delta } : first);
}

function advance(track: Track, answer: Delta<unknown>): void {
  const page = tokenOf(answer['@odata.nextLink'], '$skiptoken');
  const delta = tokenOf(answer['@odata.deltaLink'], '$deltatoken');
  const replaced = tokensOf(track);
  if (page !== null) (replaced ?? track).page = page;
  else if (delta === null) throw unreachable(new Error('a delta page has no link'));
  else {
    if (replaced) delete track.replaced;
    else track.delta = delta;
    delete track.page;
    if (track.replaced) return;
    delete track.quiet;
    delete track.horizon;
    delete track.due;
  }
}

/**
 * Returns whether the links of a round lead to the same page again and again, or to empty pages without end
 * (msgraph-sdk-dotnet#3082). A loop is not the end of the round and may be temporary: the next sweep allows as many
 * pages again.
 */
export function isPagingLoop(
  track: Track,
  { value = [], '@odata.nextLink': link }: Delta<{ readonly id?: string }>,
): boolean {
  const hash = markOf(value.map(({ id }) => id).join());
  const times = track.lastPage?.hash === hash ? track.lastPage.times + 1 : 0;
  delete track.lastPage;
  if (link == null) return false;
  if (times < MAX_SAME_PAGES) track.lastPage = { hash, times };
  // Only a new round leads away from a page that links to itself (microsoft-graph-docs#4897).
  else if (tokenOf(link, '$skiptoken') === track.page) delete track.page;
  return times >= MAX_SAME_PAGES;
}

/** Leaves a folder out of this sweep. Its tokens stay as they are for the next one. */
export function skipFolder(state: SyncState, folderId: string): void {
  const track = state.folders[folderId];
  if (!track) return;
  delete track.due;
  track.horizon ??= track.quiet ? state.began : state.horizon;
}

/**
 * Applies a page of the folder tree's delta and returns the ids of the folders that changed. The messages of a folder
 * that appears after the first sync count as changes.
 */
export function applyFolderDelta(state: SyncState, answer: Delta<MailFolder>): string[] {
  const establishing = state.tree.delta === undefined;
  const changed: string[] = [];
  for (const folder of answer.value ?? []) {
    const id = folder.id ?? '';
    if (folder['@removed']) dropFolder(state, id);
    else if (folder.isHidden) continue;
    else {
      const track = state.folders[id] ?? { due: true, ...(establishing ? { quiet: true } : {}) };
      if (folder.totalItemCount != null) track.count = folder.totalItemCount;
      state.folders[id] = track;
    }
    if (!establishing) changed.push(id);
  }
  advance(state.tree, answer);
  return changed;
}

/** Forgets a deleted folder. Throws CURSOR_EXPIRED when it held messages, because Graph does not say which. */
function dropFolder(state: SyncState, id: string): void {
  const track = state.folders[id];
  delete state.folders[id];
  if (track && !track.quiet && (track.count ?? 0) > 0) {
    throw new MailError(
      'CURSOR_EXPIRED',
      'A folder was deleted together with its messages, which Outlook does not name. Read the account again from the start.',
    );
  }
}

/**
 * Sorts a page of a folder's delta into messages that are present (created or updated) and messages that left. Returns true
 * when the page completes the first round of a folder that an earlier sweep left out: what has changed there since that sweep is
 * not known, except new messages.
 */
export function applyMessageDelta(
  state: SyncState,
  folderId: string,
  answer: Delta<GraphMessage>,
  present: Map<string, ProviderChange>,
  left: Set<string>,
): boolean {
  const track = state.folders[folderId] ?? {};
  const wasLeftOut = track.quiet === true && track.horizon !== undefined;
  // The old token will report which of these messages are new.
  const isRestarting = track.replaced !== undefined && tokensOf(track) === undefined;
  for (const message of isRestarting ? [] : (answer.value ?? [])) {
    const { id = '', createdDateTime } = message;
    if (message['@removed']) {
      // Skips the removal when a notification has found the message in another folder since.
      if ((state.found[markOf(id)] ?? folderId) === folderId) left.add(id);
      continue;
    }
    // Graph may report nothing but isRead for a message that was only marked read or unread. An absent property is
    // unchanged.
    const made = secondCreated(createdDateTime);
    const isCreated = isNew(state, id, made, track);
    // The first round of a large mailbox takes minutes, during which new mail arrives.
    if (track.quiet && !(isCreated && made > (track.horizon ?? state.began))) continue;
    const before = present.get(id)?.kind;
    // During a move a message can appear in two folders in two states, and it is not known which is the later one. The
    // detail and the state are dropped then.
    const stated = before ? {} : stateOf(message);
    if (isCreated || before === 'created') present.set(id, { kind: 'created', messageId: id, ...stated });
    else
      present.set(id, { kind: 'updated', messageId: id, ...(!before && { detail: changeDetail(message) }), ...stated });
  }
  advance(track, answer);
  return wasLeftOut && !track.quiet;
}

/** Returns the state of a message, where the delta has all of it. Of a message that was only marked read it has the flag alone. */
function stateOf(message: GraphMessage): { readonly state?: string } {
  const { parentFolderId, categories, isRead, isDraft, flag, importance } = message;
  const isWhole = [parentFolderId, categories, isRead, isDraft, flag, importance].every((field) => field != null);
  return isWhole ? { state: stateDigest(toMessage(message)) } : {};
}

/** Returns seconds since 1970, or NaN when Graph gives no date. */
const secondCreated = (dateTime: string | null | undefined): number => Math.floor(Date.parse(dateTime ?? '') / 1000);

/** Returns whether a message was created since the horizon and has not been seen before. Remembers it as seen. */
function isNew(state: SyncState, id: string, second: number, track: Track): boolean {
  if (!(second >= (track.horizon ?? state.horizon))) return false;
  const hash = markOf(id);
  if (state.known[hash] !== undefined) return false;
  state.known[hash] = second;
  return true;
}

/**
 * Returns whether a message that exists is new although the delta of its folder does not show it, or does not show it
 * yet.
 */
export function isUnreportedNew(state: SyncState, { id = '', createdDateTime, parentFolderId }: GraphMessage): boolean {
  return isNew(state, id, secondCreated(createdDateTime), state.folders[parentFolderId ?? ''] ?? {});
}
