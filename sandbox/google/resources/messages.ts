import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import type { World } from '../../world.ts';
import { invalidArgument, notFound } from '../errors.ts';
import type { StoredMessage } from '../mailbox/message.ts';
import { estimate } from '../paging.ts';
import { LIST_QUERY, readPage, selection } from '../search/selection.ts';
import { texts } from '../wire/body.ts';
import { type Call, MODIFY, type Operation, READ_METADATA } from '../wire/operation.ts';
import { SHAPES } from '../wire/shapes.ts';
import { labelIds, messageResource, reference } from './format.ts';
import { formatOf, GET_QUERY } from './get.query.ts';
import { labelChange, relabel, TRASH, UNTRASH } from './relabel.ts';

const MAX_IDS = 1000;

/** users.messages, but for sending. */
export function messages(world: World): readonly Operation[] {
  return [
    {
      name: 'messages.list',
      method: 'GET',
      path: '/messages',
      scopes: READ_METADATA,
      query: LIST_QUERY,
      response: SHAPES.messageList,
      run(call): gmail_v1.Schema$ListMessagesResponse {
        const { items, nextPageToken } = readPage(call, selection(call, world));
        return {
          ...(items.length > 0 ? { messages: items.map(reference) } : {}),
          ...(nextPageToken ? { nextPageToken } : {}),
          resultSizeEstimate: estimate(items.length, nextPageToken !== undefined),
        };
      },
    },
    {
      name: 'messages.get',
      method: 'GET',
      path: '/messages/{id}',
      scopes: READ_METADATA,
      query: GET_QUERY,
      response: SHAPES.message,
      run: (call) =>
        messageResource(find(call), formatOf(call), call.account.spelling, call.query.texts('metadataHeaders')),
    },
    {
      name: 'messages.modify',
      method: 'POST',
      path: '/messages/{id}/modify',
      scopes: MODIFY,
      request: SHAPES.modify,
      response: SHAPES.message,
      run(call) {
        const message = find(call);
        relabel(call.account.mailbox, message, labelChange(call.body, call.account.mailbox));
        return changed(message);
      },
    },
    ...[TRASH, UNTRASH].map(
      (change): Operation => ({
        name: change === TRASH ? 'messages.trash' : 'messages.untrash',
        method: 'POST',
        path: change === TRASH ? '/messages/{id}/trash' : '/messages/{id}/untrash',
        scopes: MODIFY,
        response: SHAPES.message,
        run(call) {
          const message = find(call);
          relabel(call.account.mailbox, message, change);
          return changed(message);
        },
      }),
    ),
    {
      name: 'messages.batchModify',
      method: 'POST',
      path: '/messages/batchModify',
      scopes: MODIFY,
      request: SHAPES.batchModify,
      run({ account: { mailbox }, body }) {
        const ids = idsOf(texts(body, 'ids'));
        const change = labelChange(body, mailbox);
        for (const message of present(ids, (id) => mailbox.get(id))) relabel(mailbox, message, change);
      },
    },
    {
      name: 'messages.batchDelete',
      method: 'POST',
      path: '/messages/batchDelete',
      scopes: ['full'],
      request: SHAPES.batchDelete,
      run({ account: { mailbox }, body }) {
        const ids = idsOf(texts(body, 'ids'));
        for (const message of present(ids, (id) => mailbox.get(id))) mailbox.delete(message);
      },
    },
    {
      name: 'messages.delete',
      method: 'DELETE',
      path: '/messages/{id}',
      scopes: ['full'],
      run: (call) => call.account.mailbox.delete(find(call)),
    },
  ];
}

function find({ account, params }: Call): StoredMessage {
  const id = params.id ?? '';
  if (!/^[0-9a-f]{1,16}$/i.test(id)) throw invalidArgument('Invalid id value');
  const message = account.mailbox.get(id.toLowerCase());
  if (!message) throw notFound();
  return message;
}

/** The answer of the methods that change messages. */
export function changed(message: StoredMessage): gmail_v1.Schema$Message {
  return { ...reference(message), ...labelIds(message.labels) };
}

function idsOf(ids: readonly string[]): readonly string[] {
  if (ids.length === 0) throw invalidArgument('No message ids specified');
  if (ids.length > MAX_IDS) throw invalidArgument(`Too many message ids: at most ${MAX_IDS} are allowed`);
  return ids;
}

/** Ids of deleted messages are ignored. */
function present(ids: readonly string[], get: (id: string) => StoredMessage | undefined): StoredMessage[] {
  return [...new Set(ids)].flatMap((id) => get(id) ?? []);
}
