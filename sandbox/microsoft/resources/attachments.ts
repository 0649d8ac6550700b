import { mailFromRaw } from '../../mail/received.ts';
import { ReceivedContent, type StoredAttachment } from '../mailbox/content.ts';
import { DraftContent } from '../mailbox/draft.ts';
import { attachmentId, isWellFormed } from '../mailbox/ids.ts';
import type { Item } from '../mailbox/item.ts';
import { itemNotFound, malformedId } from '../wire/errors.ts';
import { contextOf } from '../wire/links.ts';
import { type ListOptions, parseListOptions, parseShape, type Shape } from '../wire/odata.ts';
import { type Answer, type Call, created, jsonBody, noContent, ok, plain } from '../wire/request.ts';
import type { Route } from '../wire/router.ts';
import { ATTACHMENT, formatAttachment } from './attachment.format.ts';
import { parseAttachment, readAttachment } from './attachment.input.ts';
import { attach } from './drafts.ts';
import { formatMessage } from './message.format.ts';
import { freshMessageId, requireDraft } from './message.input.ts';
import type { Uploads } from './uploads.ts';
import { READ_CONTENT, viewOf, WRITE } from './view.ts';

const LIST = '/me/messages/{message-id}/attachments';
const ONE = `${LIST}/{attachment-id}`;

export const attachmentRoutes = (uploads: Uploads): readonly Route[] => [
  { method: 'GET', path: LIST, scopes: READ_CONTENT, handle: list },
  {
    method: 'GET',
    path: `${LIST}/$count`,
    scopes: READ_CONTENT,
    handle: (call) => plain(String(itemOf(call).content.attachments().length)),
  },
  { method: 'GET', path: ONE, scopes: READ_CONTENT, handle: show },
  { method: 'GET', path: `${ONE}/$value`, scopes: READ_CONTENT, handle: bytes },
  { method: 'POST', path: LIST, scopes: WRITE, handle: add },
  { method: 'DELETE', path: ONE, scopes: WRITE, handle: remove },
  {
    method: 'POST',
    path: `${LIST}/createUploadSession`,
    scopes: WRITE,
    handle: (call) => uploads.create(call, itemOf(call)),
  },
];

function itemOf(call: Call): Item {
  return call.account.mailbox.item(call.ids[0] ?? '');
}

function find(item: Item, id: string): StoredAttachment {
  const found = item.content
    .attachments()
    .find((attachment) => attachmentId(item.immutableId, attachment.number) === id);
  if (found) return found;
  throw isWellFormed(id) ? itemNotFound() : malformedId();
}

function list(call: Call): Answer {
  const item = itemOf(call);
  const options: ListOptions = parseListOptions(call.query, ATTACHMENT);
  const all = item.content.attachments();
  const page = all.slice(options.skip, options.top === null ? undefined : options.skip + options.top);
  return ok({
    '@odata.context': contextOf(call, `messages('${encodeURIComponent(call.ids[0] ?? '')}')/attachments`),
    ...(options.count ? { '@odata.count': all.length } : {}),
    value: page.map((attachment) => formatAttachment(item, attachment, options.select, true)),
  });
}

function show(call: Call): Answer {
  const item = itemOf(call);
  const shape: Shape = parseShape(call.query, ATTACHMENT);
  const attachment = find(item, call.ids[1] ?? '');
  return ok({
    '@odata.context': contextOf(call, `messages('${encodeURIComponent(call.ids[0] ?? '')}')/attachments/$entity`),
    ...formatAttachment(item, attachment, shape.select, true),
    ...(shape.expand.has('item') && attachment.kind === 'item' ? { item: inner(call, item, attachment) } : {}),
  });
}

/** An attached message, opened. */
function inner(call: Call, item: Item, attachment: StoredAttachment): object {
  const { mailbox } = call.account;
  const mail = mailFromRaw(attachment.bytes(), {
    key: `${item.key}/${attachment.number}`,
    receivedAt: item.receivedAt,
  });
  const shown = mailbox.detachedItem(mail.key, new ReceivedContent(mail), mail.envelope.date ?? item.receivedAt);
  const { id, ...message } = formatMessage(shown, { select: null, expand: new Map() }, viewOf(call));
  return { '@odata.type': '#microsoft.graph.message', id, ...message };
}

function bytes(call: Call): Answer {
  const attachment = find(itemOf(call), call.ids[1] ?? '');
  const type = attachment.kind === 'item' ? 'text/plain' : attachment.contentType;
  return { status: 200, headers: { 'Content-Type': type }, body: attachment.bytes() };
}

function add(call: Call): Answer {
  const item = itemOf(call);
  requireDraft(item);
  const now = new Date(call.account.mailbox.time());
  const added = attach(call, item, readAttachment(parseAttachment(jsonBody(call)), now));
  return created({
    '@odata.context': contextOf(call, `messages('${encodeURIComponent(call.ids[0] ?? '')}')/attachments/$entity`),
    ...formatAttachment(item, added, null, true),
  });
}

function remove(call: Call): Answer {
  const item = itemOf(call);
  requireDraft(item);
  const { number } = find(item, call.ids[1] ?? '');
  const { mailbox, address } = call.account;
  const draft = DraftContent.from(item.content, new Date(mailbox.time()), freshMessageId(address));
  draft.detach(number);
  mailbox.update(item, () => {
    item.content = draft;
  });
  return noContent;
}
