import type { Folder, Item } from '../mailbox/item.ts';
import { newestFirst } from '../mailbox/item-list.ts';
import type { Mailbox } from '../mailbox/mailbox.ts';
import { badRequest, GraphError } from '../wire/errors.ts';
import { contextOf, linkTo, packToken, unpackToken } from '../wire/links.ts';
import { MAX_TOP, parseListOptions, parseSelect, parseShape, type Shape } from '../wire/odata.ts';
import { type Answer, type Call, ok } from '../wire/request.ts';
import type { Route } from '../wire/router.ts';
import { formatFolder, MAIL_FOLDER } from './folders.ts';
import { formatMessage, MESSAGE, type View } from './message.format.ts';
import { READ, viewOf } from './view.ts';

const DEFAULT_PAGE = 10;
const CHANGE_TYPES = ['created', 'updated', 'deleted'] as const;
type ChangeType = (typeof CHANGE_TYPES)[number];

export const deltaRoutes: readonly Route[] = [
  { method: 'GET', path: '/me/mailFolders/{mailFolder-id}/messages/delta', scopes: READ, handle: messagesDelta },
  { method: 'GET', path: '/me/mailFolders/delta', scopes: READ, handle: foldersDelta },
];

/** The only properties that are reported of a message that was only marked read or unread, whatever was selected (microsoft-graph-docs#7776). */
const READ_FLAG: Shape = { select: ['isRead', 'parentFolderId'], expand: new Map() };

/** The state of a round of a messages delta, with the options of the request that began it. */
interface Position {
  readonly generation: string;
  readonly folder: string;
  /** The number of the last change that the caller knows. */
  readonly since: number;
  /** The last message that the first round has returned: [receivedAt, serial]. */
  readonly after?: readonly [number, number];
  /** The newest message that the first round returns. */
  readonly last?: number;
  readonly select: string | null;
  readonly from: number | null;
  readonly changeType: ChangeType | null;
  readonly top: number | null;
}

function messagesDelta(call: Call): Answer {
  const { mailbox } = call.account;
  const folder = mailbox.folder(call.ids[0] ?? '');
  const position = positionOf(call, mailbox, folder);
  const view = viewOf(call);
  const shape: Shape = { select: parseSelect(position.select, MESSAGE), expand: new Map() };
  const size = Math.min(call.prefer.pageSize ?? position.top ?? DEFAULT_PAGE, MAX_TOP);
  const page = call.emptyPage
    ? { value: [], isComplete: false, position }
    : position.last === undefined
      ? changes(position, mailbox, folder, shape, view, size)
      : firstRound(position, folder, shape, view, size);
  const link = page.isComplete ? '@odata.deltaLink' : '@odata.nextLink';
  const token = packToken(page.position);
  return ok({
    '@odata.context': contextOf(call, `mailFolders('${encodeURIComponent(call.ids[0] ?? '')}')/messages`).replace(
      /users\(.*/,
      'Collection(message)',
    ),
    [link]: linkTo(
      { ...call, query: new URLSearchParams() },
      { [page.isComplete ? '$deltatoken' : '$skiptoken']: token },
    ),
    value: page.value,
  });
}

interface DeltaPage {
  readonly value: readonly object[];
  readonly isComplete: boolean;
  readonly position: Position;
}

function positionOf(call: Call, mailbox: Mailbox, folder: Folder): Position {
  const token = call.query.get('$deltatoken') ?? call.query.get('$skiptoken');
  if (token !== null) {
    const position = unpackToken(token) as Position | null;
    if (position?.folder !== folder.id) throw badRequest('Badly formed token.', 'ErrorInvalidUrlQuery');
    requireLiving(mailbox, position.generation, position.since);
    return position;
  }
  const options = parseListOptions(call.query, MESSAGE);
  if (options.search !== null)
    throw badRequest("The query parameter '$search' is not supported with delta.", 'ErrorInvalidUrlQuery');
  const [order] = options.orderby;
  if (order && (options.orderby.length > 1 || order.path !== 'receivedDateTime' || !order.descending))
    throw badRequest("Change tracking supports only '$orderby=receivedDateTime desc'.", 'ErrorInvalidUrlQuery');
  const wanted = call.query.get('changeType');
  const changeType = CHANGE_TYPES.find((type) => type === wanted) ?? null;
  if (wanted !== null && changeType === null)
    throw badRequest(`Invalid value '${wanted}' for changeType.`, 'ErrorInvalidUrlQuery');
  return {
    generation: mailbox.generation,
    folder: folder.id,
    since: mailbox.sequence,
    last: mailbox.lastSerial,
    select: call.query.get('$select'),
    from: startOf(options.filter),
    changeType,
    top: options.top,
  };
}

/** The one filter that change tracking accepts. */
function startOf(filter: string | null): number | null {
  if (filter === null) return null;
  const match = /^\s*receivedDateTime\s+(ge|gt)\s+(\S+)\s*$/.exec(filter);
  const time = match ? Date.parse(match[2] ?? '') : Number.NaN;
  if (Number.isNaN(time))
    throw badRequest("Change tracking supports only '$filter=receivedDateTime ge' and 'gt'.", 'ErrorInvalidUrlQuery');
  return match?.[1] === 'gt' ? time + 1 : time;
}

function requireLiving(mailbox: Mailbox, generation: string, since: number): void {
  if (generation !== mailbox.generation || since < mailbox.deltaFloor)
    throw new GraphError(
      410,
      'SyncStateNotFound',
      `The sync state generation is not found; generation=${since};[highest=${mailbox.sequence}].`,
    );
}

/** Returns the messages that existed when the round began and still exist, newest first. */
function firstRound(position: Position, folder: Folder, shape: Shape, view: View, size: number): DeltaPage {
  const { after, last = 0, from } = position;
  const mark = after === undefined ? null : { receivedAt: new Date(after[0]), serial: after[1] };
  const found: Item[] = [];
  let isComplete = true;
  for (const item of position.changeType === 'deleted' ? [] : folder.items.all) {
    if (item.serial > last || (mark !== null && newestFirst(item, mark) <= 0)) continue;
    if (from !== null && item.receivedAt.getTime() < from) break;
    if (found.length === size) {
      isComplete = false;
      break;
    }
    found.push(item);
  }
  const value = found.map((item) => whole(item, shape, view));
  const { last: _, after: __, ...rest } = position;
  const end = found.at(-1);
  if (isComplete || end === undefined) return { value, isComplete: true, position: rest };
  return { value, isComplete: false, position: { ...position, after: [end.receivedAt.getTime(), end.serial] } };
}

/** Returns the later changes, in their order. */
function changes(
  position: Position,
  mailbox: Mailbox,
  folder: Folder,
  shape: Shape,
  view: View,
  size: number,
): DeltaPage {
  const { since, from, changeType } = position;
  const wants = (type: ChangeType) => changeType === null || changeType === type;
  const reportsReadFlag = shape.select === null || shape.select.includes('isRead');
  const found: { readonly change: number; readonly show: () => object }[] = [];
  for (const item of folder.items.all) {
    if (item.lastChange <= since || (from !== null && item.receivedAt.getTime() < from)) continue;
    if (!wants(item.enteredFolderAtChange > since ? 'created' : 'updated')) continue;
    const isReadFlagOnly = item.contentChange <= since;
    if (isReadFlagOnly && !reportsReadFlag) continue;
    const shown = isReadFlagOnly && mailbox.changeReporting.readToggles === 'flag' ? READ_FLAG : shape;
    found.push({
      change: item.lastChange,
      show: () => readable(whole(item, shown, view), item.malformedChange !== item.lastChange),
    });
  }
  const present = new Set(folder.items.all.filter((item) => item.lastChange > since).map((item) => item.immutableId));
  for (const departure of folder.departures) {
    if (departure.change <= since || departure.enteredAtChange > since || !wants('deleted')) continue;
    // It has come back and is among the messages above.
    if (view.immutableIds && present.has(departure.immutableId)) continue;
    const id = view.immutableIds ? departure.immutableId : departure.id;
    found.push({
      change: departure.change,
      show: () => readable({ '@odata.type': ITEM_TYPE, id, '@removed': { reason: 'deleted' } }, !departure.isMalformed),
    });
  }
  found.sort((a, b) => a.change - b.change);
  const page = found.slice(0, size);
  const isComplete = found.length <= size;
  const reached = isComplete ? mailbox.sequence : (page.at(-1)?.change ?? since);
  return { value: page.map(({ show }) => show()), isComplete, position: { ...position, since: reached } };
}

/** Without its id nobody can tell what a record is about. */
const readable = (record: object, isReadable: boolean): object => (isReadable ? record : { ...record, id: null });

const ITEM_TYPE = '#microsoft.graph.message';
const whole = (item: Item, shape: Shape, view: View) => ({
  '@odata.type': ITEM_TYPE,
  ...formatMessage(item, shape, view),
});

function foldersDelta(call: Call): Answer {
  const { mailbox } = call.account;
  const token = call.query.get('$deltatoken') ?? call.query.get('$skiptoken');
  const state =
    token === null
      ? null
      : (unpackToken(token) as { generation?: string; since?: number; select?: string | null } | null);
  if (token !== null && (typeof state?.since !== 'number' || typeof state.generation !== 'string'))
    throw badRequest('Badly formed token.', 'ErrorInvalidUrlQuery');
  const since = state?.since ?? -1;
  if (state?.generation !== undefined && since >= 0) requireLiving(mailbox, state.generation, since);
  const select = state === null ? call.query.get('$select') : (state.select ?? null);
  const shape = parseShape(new URLSearchParams(select === null ? {} : { $select: select }), MAIL_FOLDER);
  const changed = [...mailbox.root.tree()].filter(
    (folder) => folder !== mailbox.root && !folder.isHidden && folder.lastChange > since,
  );
  const removed =
    since < 0
      ? []
      : mailbox.folders.deleted.filter(({ change, createdAtChange }) => change > since && createdAtChange <= since);
  const context = contextOf(call, '').replace(/users\(.*/, 'Collection(mailFolder)');
  const { generation, sequence } = mailbox;
  const tokenOf = (reached: number) => packToken({ generation, since: reached, select });
  const linkWith = (token: Record<string, string>) => linkTo({ ...call, query: new URLSearchParams() }, token);
  if (call.emptyPage)
    return ok({
      '@odata.context': context,
      '@odata.nextLink': linkWith({ $skiptoken: tokenOf(since) }),
      value: [],
    });
  return ok({
    '@odata.context': context,
    '@odata.deltaLink': linkWith({ $deltatoken: tokenOf(sequence) }),
    value: [
      ...changed.map((folder) => ({
        '@odata.type': '#microsoft.graph.mailFolder',
        ...formatFolder(folder, shape, mailbox),
      })),
      ...removed.map(({ id }) => ({
        '@odata.type': '#microsoft.graph.mailFolder',
        id,
        '@removed': { reason: 'deleted' },
      })),
    ],
  });
}
