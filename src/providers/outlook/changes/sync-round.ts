import type { Message as GraphMessage, MailFolder } from '@microsoft/microsoft-graph-types';
import { MailError } from '../../../domain/error.ts';
import type { ProviderChange } from '../../contract/watch.ts';
import { markOf } from '../../shared/threads/thread-cursor.ts';
import { changeDetail } from '../read/map.ts';
import { unreachable } from '../wire/errors.ts';
import { segment } from '../wire/ids.ts';
import { path, tokenOf } from '../wire/url.ts';
import type { SyncState, Track } from './sync-state.ts';

/** An answer of a delta: items as they are now, or only the id of one that left. */
export interface Delta<T> {
  readonly value?: readonly (T & { readonly '@removed'?: unknown })[];
  readonly '@odata.nextLink'?: string;
  readonly '@odata.deltaLink'?: string;
}

/** A request of a round; null is the tree. */
interface Asked {
  readonly folderId: string | null;
  readonly path: string;
}

const TREE_FIELDS = { $select: 'displayName,parentFolderId,isHidden,totalItemCount,unreadItemCount' };
/**
 * A change of a property that is not selected may go untold: one of isRead does not move lastModifiedDateTime
 * (alcionai/corso#1866). With another $select, folders must begin again: sync-state.ts.
 */
const MESSAGE_FIELDS = {
  $select: 'createdDateTime,lastModifiedDateTime,parentFolderId,isRead,isDraft,flag,categories,importance',
};
export const PAGE = 'odata.maxpagesize=500';
/** Pages of one round that tell the same, one after the other: some that are empty are ordinary (microsoft-graph-docs#20637). */
const MAX_SAME_PAGES = 20;
/** Clocks differ, and Graph shows a new message a little late. */
const SLACK_SECONDS = 120;

/** Begins a sweep unless one is under way. */
export function beginSweep(state: SyncState, now: number): void {
  if (state.sweeping) return;
  if (state.began === 0) state.horizon = now - SLACK_SECONDS;
  state.sweeping = true;
  state.began = now;
  for (const track of [state.tree, ...Object.values(state.folders)]) track.due = true;
}

/** Ends the sweep where everything has been read in it; false where something is left. */
export function endSweep(state: SyncState): boolean {
  const tracks = Object.values(state.folders);
  if (state.tree.due || tracks.some(({ due }) => due)) return false;
  state.sweeping = false;
  state.found = {};
  // What was made before the sweep that ends is old from now on, and need not be remembered.
  state.horizon = Math.max(state.horizon, state.began - SLACK_SECONDS);
  const oldest = tracks.reduce((least, { horizon }) => Math.min(least, horizon ?? least), state.horizon);
  state.known = Object.fromEntries(Object.entries(state.known).filter(([, second]) => second >= oldest));
  return true;
}

/** What is to be asked next: a page of everything that is not read to its end. */
export function due({ tree, folders }: SyncState): Asked[] {
  const asked = Object.entries(folders).flatMap(([id, track]) => (track.due ? messagesOf(id, track) : []));
  return tree.due ? [{ folderId: null, path: next('/me/mailFolders/delta', tree, TREE_FIELDS) }, ...asked] : asked;
}

const messagesOf = (folderId: string, track: Track): Asked => ({
  folderId,
  path: next(`/me/mailFolders/${segment(folderId)}/messages/delta`, tokensOf(track) ?? track, MESSAGE_FIELDS),
});

/** The tokens of an older $select, where they are what is to be read now. */
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
 * Whether the links of a round lead on and on to the same page, or to nothing (msgraph-sdk-dotnet#3082). That is no end of it,
 * and may pass: when it is asked for again, as many pages are followed again.
 */
export function isPagingLoop(
  track: Track,
  { value = [], '@odata.nextLink': link }: Delta<{ readonly id?: string }>,
): boolean {
  const hash = markOf(value.map(({ id }) => id).join());
  const times = track.told?.hash === hash ? track.told.times + 1 : 0;
  delete track.told;
  if (link == null) return false;
  if (times < MAX_SAME_PAGES) track.told = { hash, times };
  // From a page that leads to itself only a new round leads away (microsoft-graph-docs#4897).
  else if (tokenOf(link, '$skiptoken') === track.page) delete track.page;
  return times >= MAX_SAME_PAGES;
}

/** Goes on without a folder, whose place stays what it was for the next sweep. */
export function leaveOut(state: SyncState, folderId: string): void {
  const track = state.folders[folderId];
  if (!track) return;
  delete track.due;
  track.horizon ??= track.quiet ? state.began : state.horizon;
}

/** The ids of folders that changed. A folder that is new to a running account brings its messages as changes. */
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

/** A folder that went away with messages in it does not say which. */
function dropFolder(state: SyncState, id: string): void {
  const track = state.folders[id];
  delete state.folders[id];
  if (track && !track.quiet && (track.count ?? 0) > 0) {
    throw new MailError('CURSOR_EXPIRED', 'A folder was deleted with its messages. Read again from the top.');
  }
}

/** Sorts a folder's page into messages that are there, created or updated, and messages that left. */
export function takeMessages(
  state: SyncState,
  folderId: string,
  answer: Delta<GraphMessage>,
  present: Map<string, ProviderChange>,
  left: Set<string>,
): void {
  const track = state.folders[folderId] ?? {};
  // Its old token will tell of them what is new.
  const isBeginningAgain = track.replaced !== undefined && tokensOf(track) === undefined;
  for (const message of isBeginningAgain ? [] : (answer.value ?? [])) {
    const { id = '', createdDateTime } = message;
    if (message['@removed']) {
      // Where a notification led there, that it is gone from here is told.
      if ((state.found[markOf(id)] ?? folderId) === folderId) left.add(id);
      continue;
    }
    // Of a message that was only read or unread nothing else may be told: what is absent is as it was.
    const made = secondOf(createdDateTime);
    const isCreated = isNew(state, id, made, track);
    // The first round of a large mailbox takes minutes, in which mail comes.
    if (track.quiet && !(isCreated && made > (track.horizon ?? state.began))) continue;
    const before = present.get(id)?.kind;
    if (isCreated || before === 'created') present.set(id, { kind: 'created', messageId: id });
    // Of two states of one message, in two folders while it is moved, it is not known which is the later one.
    else present.set(id, { kind: 'updated', messageId: id, ...(!before && { detail: changeDetail(message) }) });
  }
  advance(track, answer);
}

/** NaN when Graph does not say. */
const secondOf = (dateTime: string | null | undefined): number => Math.floor(Date.parse(dateTime ?? '') / 1000);

/** Made since the horizon, and not seen before. Remembers it. */
function isNew(state: SyncState, id: string, second: number, track: Track): boolean {
  if (!(second >= (track.horizon ?? state.horizon))) return false;
  const hash = markOf(id);
  if (state.known[hash] !== undefined) return false;
  state.known[hash] = second;
  return true;
}

/** Whether a message is new that is known to be there though the delta of its folder does not show it, or not yet. */
export function isUnreportedNew(state: SyncState, { id = '', createdDateTime, parentFolderId }: GraphMessage): boolean {
  return isNew(state, id, secondOf(createdDateTime), state.folders[parentFolderId ?? ''] ?? {});
}
