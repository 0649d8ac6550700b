import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import type { World } from '../../world.ts';
import type { Account } from '../directory.ts';
import { invalidArgument, notFound } from '../errors.ts';
import type { StoredMessage } from '../mailbox/message.ts';
import type { Outbox } from '../outbox.ts';
import { rawOf, requireAddresses, stampDraft } from '../outgoing.ts';
import { estimate } from '../paging.ts';
import { LIST_QUERY, readPage, selection } from '../search/selection.ts';
import { object, text } from '../wire/body.ts';
import { type Call, COMPOSE, MAX_SEND_BYTES, type Operation, READ } from '../wire/operation.ts';
import { SHAPES } from '../wire/shapes.ts';
import { FORMATS, messageResource, reference } from './format.ts';
import { formatOf } from './get.query.ts';
import { changed } from './messages.ts';

const { labelIds: _, ...DRAFTS_QUERY } = LIST_QUERY;
const READ_DRAFTS = [...READ, 'compose'] as const;

/** users.drafts. A draft keeps its id, and has another message after each update. */
export function drafts(world: World, outbox: Outbox): readonly Operation[] {
  const write = (call: Call, draftId: string | null, old: StoredMessage | null): gmail_v1.Schema$Draft => {
    const { account, body, media } = call;
    const message = object(body, 'message');
    const mail = outbox.mail(stampDraft(rawOf(message, media), account, world.now()));
    requireAddresses(mail);
    const threadId = threadOf(account, text(message ?? {}, 'threadId'), old, (id) =>
      outbox.threadFor(account, mail, id),
    );
    const { mailbox } = account;
    if (old) mailbox.delete(old);
    const stored = mailbox.add(mail, new Set(['DRAFT']), threadId);
    if (draftId !== null) mailbox.drafts.set(stored.id, draftId);
    return { id: mailbox.drafts.get(stored.id) ?? '', message: changed(stored) };
  };

  return [
    {
      name: 'drafts.list',
      method: 'GET',
      path: '/drafts',
      scopes: READ_DRAFTS,
      query: DRAFTS_QUERY,
      response: SHAPES.draftList,
      run(call): gmail_v1.Schema$ListDraftsResponse {
        const selected = selection(call, world);
        const { mailbox } = call.account;
        const { items, nextPageToken } = readPage(
          call,
          (message) => mailbox.drafts.has(message.id) && selected(message),
        );
        const found = items.map((message) => ({
          id: mailbox.drafts.get(message.id) ?? '',
          message: reference(message),
        }));
        return {
          ...(found.length > 0 ? { drafts: found } : {}),
          ...(nextPageToken ? { nextPageToken } : {}),
          resultSizeEstimate: estimate(found.length, nextPageToken !== undefined),
        };
      },
    },
    {
      name: 'drafts.get',
      method: 'GET',
      path: '/drafts/{id}',
      scopes: READ_DRAFTS,
      query: { format: FORMATS },
      response: SHAPES.draft,
      run: (call): gmail_v1.Schema$Draft => ({
        id: call.params.id ?? '',
        message: messageResource(find(call.account, call.params.id), formatOf(call), call.account.spelling),
      }),
    },
    {
      name: 'drafts.create',
      method: 'POST',
      path: '/drafts',
      scopes: COMPOSE,
      request: SHAPES.draft,
      response: SHAPES.draft,
      upload: MAX_SEND_BYTES,
      run: (call) => write(call, null, null),
    },
    {
      name: 'drafts.update',
      method: 'PUT',
      path: '/drafts/{id}',
      scopes: COMPOSE,
      request: SHAPES.draft,
      response: SHAPES.draft,
      upload: MAX_SEND_BYTES,
      run: (call) => write(call, call.params.id ?? '', find(call.account, call.params.id)),
    },
    {
      name: 'drafts.send',
      method: 'POST',
      path: '/drafts/send',
      scopes: COMPOSE,
      request: SHAPES.draft,
      response: SHAPES.message,
      upload: MAX_SEND_BYTES,
      run({ account, body, media }) {
        const id = text(body, 'id');
        if (!id) throw invalidArgument('Missing draft id');
        const draft = find(account, id);
        const message = object(body, 'message');
        const raw = media || message?.raw !== undefined ? rawOf(message, media) : draft.mail.raw();
        const sent = outbox.send(account, raw, () => draft.threadId);
        account.mailbox.delete(draft);
        return changed(sent);
      },
    },
    {
      name: 'drafts.delete',
      method: 'DELETE',
      path: '/drafts/{id}',
      scopes: COMPOSE,
      run: ({ account, params }) => account.mailbox.delete(find(account, params.id)),
    },
  ];
}

/** A draft whose update names no thread stays in its thread only while it is alone there. */
function threadOf(
  { mailbox }: Account,
  named: string | undefined,
  old: StoredMessage | null,
  fitting: (threadId: string) => string | null,
): string | null {
  if (named) return named === old?.threadId ? named : fitting(named);
  return old && mailbox.thread(old.threadId).length === 1 ? old.threadId : null;
}

function find({ mailbox }: Account, draftId: string | undefined): StoredMessage {
  for (const [messageId, id] of mailbox.drafts) {
    const message = id === draftId ? mailbox.get(messageId) : undefined;
    if (message) return message;
  }
  throw notFound();
}
