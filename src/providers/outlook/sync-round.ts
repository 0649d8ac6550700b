import type { Message as GraphMessage, MailFolder } from '@microsoft/microsoft-graph-types';
import { MailError } from '../../domain/error.ts';
import type { Part } from './batch.ts';
import { unreachable } from './errors.ts';
import { segment } from './ids.ts';
import { shortHash } from './page-cursor.ts';
import type { SyncState, Track } from './sync-state.ts';
import { path, tokenOf } from './url.ts';

/** An answer of a delta: items as they are now, or only the id of one that left. */
export interface Delta<T> {
  readonly value?: readonly (T & { readonly '@removed'?: unknown })[];
  readonly '@odata.nextLink'?: string;
  readonly '@odata.deltaLink'?: string;
}

const TREE_FIELDS = { $select: 'displayName,parentFolderId,isHidden,totalItemCount,unreadItemCount' };
/** lastModifiedDateTime stands for every property: whatever changes, it does. */
const MESSAGE_FIELDS = { $select: 'createdDateTime,lastModifiedDateTime' };
const PAGE = 'odata.maxpagesize=500';
/** Clocks differ, and Graph shows a new message a little late. */
const SLACK_SECONDS = 120;

const isUnfinished = (track: Track): boolean => track.page !== undefined || track.delta === undefined;

/** Something is left to be read in this round: a page, or a folder that has not begun. */
export const isUnderWay = ({ tree, folders }: SyncState): boolean =>
  isUnfinished(tree) || Object.values(folders).some(isUnfinished);

export function beginRound(state: SyncState, now: number): void {
  if (state.began === 0) state.horizon = now - SLACK_SECONDS;
  if (state.began === 0 || !isUnderWay(state)) state.began = now;
}

/** What was made before the round that ends is old from now on, and need not be remembered. */
export function endRound(state: SyncState): void {
  state.horizon = Math.max(state.horizon, state.began - SLACK_SECONDS);
  state.known = Object.fromEntries(Object.entries(state.known).filter(([, second]) => second >= state.horizon));
}

/** The requests of this call; null is the tree. A round that goes on reads only what is unfinished. */
export function due({ tree, folders }: SyncState): { readonly folderId: string | null; readonly part: Part }[] {
  const all = [
    { folderId: null, track: tree, part: part('/me/mailFolders/delta', tree, TREE_FIELDS) },
    ...Object.entries(folders).map(([folderId, track]) => ({
      folderId,
      track,
      part: part(`/me/mailFolders/${segment(folderId)}/messages/delta`, track, MESSAGE_FIELDS),
    })),
  ];
  const unfinished = all.filter(({ track }) => isUnfinished(track));
  return unfinished.length > 0 ? unfinished : all;
}

function part(base: string, { page, delta }: Track, first: Readonly<Record<string, string>>): Part {
  const query = page !== undefined ? { $skiptoken: page } : delta !== undefined ? { $deltatoken: delta } : first;
  return { method: 'GET', path: path(base, query), prefer: PAGE };
}

function advance(track: Track, answer: Delta<unknown>): void {
  const page = tokenOf(answer['@odata.nextLink'], '$skiptoken');
  const delta = tokenOf(answer['@odata.deltaLink'], '$deltatoken');
  if (page !== null) track.page = page;
  else if (delta !== null) {
    track.delta = delta;
    delete track.page;
    delete track.quiet;
  } else throw unreachable(new Error('a delta page has no link'));
}

/** The ids of folders that changed. A folder that is new to a running account brings its messages as changes. */
export function takeTree(state: SyncState, answer: Delta<MailFolder>): string[] {
  const establishing = state.tree.delta === undefined;
  const changed: string[] = [];
  for (const folder of answer.value ?? []) {
    const id = folder.id ?? '';
    if (folder['@removed']) dropFolder(state, id);
    else if (folder.isHidden) continue;
    else {
      const track = state.folders[id] ?? (establishing ? { quiet: true } : {});
      if (folder.totalItemCount != null) track.count = folder.totalItemCount;
      state.folders[id] = track;
    }
    if (!establishing) changed.push(id);
  }
  advance(state.tree, answer);
  return changed;
}

/** A folder that went away with messages in it does not say which. */
export function dropFolder(state: SyncState, id: string): void {
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
  present: Map<string, 'created' | 'updated'>,
  left: Set<string>,
): void {
  const track = state.folders[folderId] ?? {};
  for (const { id = '', createdDateTime, '@removed': removed } of answer.value ?? []) {
    if (removed) {
      left.add(id);
      continue;
    }
    const made = secondOf(createdDateTime);
    const isCreated = isNew(state, id, made);
    // The first round of a large mailbox takes minutes, in which mail comes.
    if (track.quiet && !(isCreated && made > state.began)) continue;
    if (present.get(id) !== 'created') present.set(id, isCreated ? 'created' : 'updated');
  }
  advance(track, answer);
}

/** NaN when Graph does not say. */
const secondOf = (dateTime: string | null | undefined): number => Math.floor(Date.parse(dateTime ?? '') / 1000);

/** Made since the horizon, and not seen before. Remembers it. */
function isNew(state: SyncState, id: string, second: number): boolean {
  if (!(second >= state.horizon)) return false;
  const hash = shortHash(id);
  if (state.known[hash] !== undefined) return false;
  state.known[hash] = second;
  return true;
}
