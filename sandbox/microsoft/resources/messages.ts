import { randomUUID } from 'node:crypto';
import { DraftContent } from '../mailbox/draft.ts';
import type { Folder, Item } from '../mailbox/item.ts';
import { badRequest, GraphError, staleChangeKey } from '../wire/errors.ts';
import { contextOf } from '../wire/links.ts';
import { parseShape, type Shape } from '../wire/odata.ts';
import { type Answer, actionBody, type Call, created, jsonBody, noContent, ok } from '../wire/request.ts';
import type { Route } from '../wire/router.ts';
import { draftFromBody } from './drafts.ts';
import { formatMessage, MESSAGE } from './message.format.ts';
import { freshMessageId, readMessage, requireDraft, touchesDraft, writeContent, writeState } from './message.input.ts';
import { READ, READ_CONTENT, viewOf, WRITE } from './view.ts';

const MESSAGE_PATH = '/me/messages/{message-id}';

export const messageRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: MESSAGE_PATH,
    scopes: READ,
    handle: (call) => show(call, call.account.mailbox.read(call.ids[0] ?? ''), parseShape(call.query, MESSAGE), ok),
  },
  { method: 'GET', path: `${MESSAGE_PATH}/$value`, scopes: READ_CONTENT, handle: raw },
  { method: 'PATCH', path: MESSAGE_PATH, scopes: WRITE, handle: patch },
  { method: 'DELETE', path: MESSAGE_PATH, scopes: WRITE, handle: softDelete },
  { method: 'POST', path: `${MESSAGE_PATH}/permanentDelete`, scopes: WRITE, handle: purge },
  { method: 'POST', path: `${MESSAGE_PATH}/move`, scopes: WRITE, handle: move },
  { method: 'POST', path: `${MESSAGE_PATH}/copy`, scopes: WRITE, handle: copy },
  {
    method: 'POST',
    path: '/me/messages',
    scopes: WRITE,
    handle: (call) => create(call, call.account.mailbox.folder('drafts')),
  },
  {
    method: 'POST',
    path: '/me/mailFolders/{mailFolder-id}/messages',
    scopes: WRITE,
    handle: (call) => create(call, call.account.mailbox.folder(call.ids[0] ?? '')),
  },
];

const WHOLE: Shape = { select: null, expand: new Map() };

/** Throws ErrorIrresolvableConflict when If-Match names another version. */
export function requireMatch(call: Call, item: Item): void {
  const expected = call.headers['if-match'];
  if (expected !== undefined && expected !== '*' && expected !== item.etag) throw staleChangeKey();
}

function itemOf(call: Call): Item {
  return call.account.mailbox.item(call.ids[0] ?? '');
}

function show(
  call: Call,
  item: Item,
  shape: Shape,
  answer: (body: object, headers?: Record<string, string>) => Answer,
): Answer {
  const body = { '@odata.context': contextOf(call, 'messages/$entity'), ...formatMessage(item, shape, viewOf(call)) };
  return answer(body, { ETag: item.etag });
}

function raw(call: Call): Answer {
  return { status: 200, headers: { 'Content-Type': 'text/plain' }, body: itemOf(call).content.raw() };
}

function create(call: Call, folder: Folder): Answer {
  if (folder === call.account.mailbox.root)
    throw badRequest('A message cannot be created here.', 'ErrorCannotCreateItem');
  return show(call, draftFromBody(call, folder), WHOLE, created);
}

function patch(call: Call): Answer {
  const item = itemOf(call);
  requireMatch(call, item);
  const given = jsonBody(call);
  if ('attachments' in given)
    throw badRequest("The navigation property 'attachments' cannot be updated this way.", 'ErrorInvalidPropertySet');
  const input = readMessage(given);
  const { mailbox, address } = call.account;
  if (touchesDraft(input)) requireDraft(item);
  const readFlagOnly = Object.keys(input).every((name) => name === 'isRead');
  mailbox.update(
    item,
    () => {
      const now = new Date(mailbox.time());
      if (touchesDraft(input) || item.content instanceof DraftContent) {
        const draft = DraftContent.from(item.content, now, freshMessageId(address));
        writeContent(draft, input, now);
        item.content = draft;
      }
      writeState(item, input);
    },
    readFlagOnly,
  );
  return show(call, item, WHOLE, ok);
}

/** Moves a message to the recoverable items, which no other folder shows. */
function softDelete(call: Call): Answer {
  const item = itemOf(call);
  requireMatch(call, item);
  const { mailbox } = call.account;
  if (item.folder === mailbox.dumpster)
    throw new GraphError(403, 'ErrorCannotDeleteObject', 'Object cannot be deleted.');
  mailbox.move(item, mailbox.dumpster);
  return noContent;
}

function purge(call: Call): Answer {
  call.account.mailbox.purge(itemOf(call));
  return noContent;
}

function move(call: Call): Answer {
  const item = itemOf(call);
  const to = destinationOf(call);
  if (item.folder !== to) call.account.mailbox.move(item, to);
  return show(call, item, WHOLE, created);
}

function copy(call: Call): Answer {
  const item = itemOf(call);
  const to = destinationOf(call);
  const { mailbox } = call.account;
  const twin = mailbox.newItem(`copy:${randomUUID()}`, to, item.content, item.receivedAt);
  twin.isRead = item.isRead;
  twin.isDraft = item.isDraft;
  twin.flag = item.flag;
  twin.importance = item.importance;
  twin.categories = [...item.categories];
  if (item.content instanceof DraftContent)
    twin.content = DraftContent.copyOf(item.content, item.receivedAt, item.content.messageId);
  return show(call, mailbox.add(twin), WHOLE, created);
}

function destinationOf(call: Call): Folder {
  const destination = actionBody(call).get('destinationid');
  if (typeof destination !== 'string')
    throw badRequest("The required parameter 'DestinationId' is missing.", 'ErrorInvalidParameter');
  const { mailbox } = call.account;
  const folder = mailbox.folder(destination);
  if (folder === mailbox.root) throw badRequest('The destination folder cannot hold messages.', 'ErrorMoveCopyFailed');
  return folder;
}
