import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import { z } from 'zod';
import type { Call } from '../../contract/call.ts';
import type { Cursor } from '../../contract/list.ts';
import { type MessageState, type SnapshotPage, stateDigest } from '../../contract/snapshot.ts';
import { SnapshotCursors } from '../../shared/snapshot-cursor.ts';
import { markOf } from '../../shared/threads/thread-cursor.ts';
import { readListing } from '../list/listing.ts';
import { visibleFolders } from '../read/folder-tree.ts';
import { receivedAt, toMessage } from '../read/map.ts';
import type { GraphAccount } from '../wire/account.ts';
import { path } from '../wire/url.ts';

/** Graph's maximum for one page of messages. */
const MAX_TOP = 1_000;
const SELECT =
  'id,parentFolderId,receivedDateTime,sentDateTime,createdDateTime,isRead,isDraft,flag,importance,categories';
/** How much of a page is read again where pages can only be counted, so that a deletion meanwhile moves no message past them. */
const OVERLAP = 0.1;

const Position = z.object({
  /** Messages received since this second, as Graph wrote it. Null: from the oldest. */
  since: z.string().nullable(),
  /** So many messages of that second were passed. 0 unless it has more messages than one page. */
  skip: z.number().int().nonnegative(),
  /** The marks of the messages of that second that the page before had. */
  shown: z.array(z.string()),
  /** Whether a folder, by its mark, is one of the account's mailboxes. */
  folders: z.record(z.string(), z.boolean()),
});
type Position = z.infer<typeof Position>;
const cursors = new SnapshotCursors<Position>(Position);

const START: Position = { since: null, skip: 0, shown: [], folders: {} };

/**
 * Lists all messages, oldest first, a thousand in a request. /me/messages has those of every folder, hidden ones too. A page
 * begins with the second in which the last one ended and not with Graph's own link, because that counts messages: each one
 * that is deleted meanwhile would hide another. What arrives or is written meanwhile comes at the end.
 */
export async function snapshot(
  account: GraphAccount,
  after: Cursor | null,
  call: Call,
  limit = MAX_TOP,
): Promise<SnapshotPage> {
  const position = after === null ? START : cursors.read(after);
  const page = path('/me/messages', {
    $filter: position.since === null ? null : `receivedDateTime ge ${position.since}`,
    $orderby: 'receivedDateTime',
    $select: SELECT,
    $top: Math.min(MAX_TOP, limit),
    $skip: position.skip || null,
  });
  const list = { base: '/me/messages', isWholeAccount: false };
  const query = { operation: 'messages.list', select: SELECT, expand: null, top: 0, skip: 0, before: null };
  const { messages: listed, link } = await readListing(
    account,
    list,
    { ...query, filter: '', search: null, page },
    call,
  );
  const folders = await learnFolders(account, position.folders, listed, call);
  const shown = new Set(position.shown);
  const messages = listed
    .filter(({ id, parentFolderId }) => id && !shown.has(markOf(id)) && folders[markOf(parentFolderId ?? '')])
    .map(stateOf);
  return { messages, next: link === undefined ? null : cursors.write({ ...following(position, listed), folders }) };
}

function following(position: Position, listed: readonly GraphMessage[]): Omit<Position, 'folders'> {
  const since = listed.at(-1)?.receivedDateTime ?? null;
  const ofSecond = listed.filter(({ receivedDateTime }) => (receivedDateTime ?? null) === since);
  const marks = ofSecond.map(({ id }) => markOf(id ?? ''));
  if (since !== position.since) return { since, skip: 0, shown: marks };
  const skip = position.skip + Math.ceil(listed.length * (1 - OVERLAP));
  return { since, skip, shown: [...position.shown, ...marks].slice(-2 * MAX_TOP) };
}

const stateOf = (message: GraphMessage): MessageState => ({
  id: message.id ?? '',
  receivedAt: receivedAt(message),
  state: stateDigest(toMessage(message)),
});

/**
 * Returns the known folders and those of these messages. The tree is read only when one of them is unknown. `changes` reports
 * no messages of hidden folders either.
 */
async function learnFolders(
  account: GraphAccount,
  known: Position['folders'],
  messages: readonly GraphMessage[],
  call: Call,
): Promise<Position['folders']> {
  const named = new Set(messages.map(({ parentFolderId }) => parentFolderId ?? ''));
  if ([...named].every((id) => known[markOf(id)] !== undefined)) return known;
  const visible = await visibleFolders(account, call);
  return { ...known, ...Object.fromEntries([...named].map((id) => [markOf(id), visible.has(id)])) };
}
