import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import type { World } from '../../world.ts';
import { invalidArgument, notFound } from '../errors.ts';
import { byRecency, type StoredMessage } from '../mailbox/message.ts';
import { estimate } from '../paging.ts';
import { LIST_QUERY, readPage, selection } from '../search/selection.ts';
import { type Call, MODIFY, type Operation, READ_METADATA } from '../wire/operation.ts';
import { SHAPES } from '../wire/shapes.ts';
import { messageResource, snippet } from './format.ts';
import { formatOf, THREAD_QUERY } from './get.query.ts';
import { changed } from './messages.ts';
import { type LabelChange, labelChange, relabel, TRASH, UNTRASH } from './relabel.ts';

/** users.threads. A thread is listed when one of its messages matches, at the place of the newest match. */
export function threads(world: World): readonly Operation[] {
  return [
    {
      name: 'threads.list',
      method: 'GET',
      path: '/threads',
      scopes: READ_METADATA,
      query: LIST_QUERY,
      response: SHAPES.threadList,
      run(call): gmail_v1.Schema$ListThreadsResponse {
        const { mailbox } = call.account;
        const selected = selection(call, world);
        const isFirst = (message: StoredMessage, asOf: number) =>
          selected(message) &&
          !mailbox
            .thread(message.threadId)
            .some((other) => other.addedWith <= asOf && byRecency(other, message) < 0 && selected(other));
        const { items, nextPageToken } = readPage(call, isFirst);
        const found = items.map(({ threadId }) => summary(threadId, mailbox.thread(threadId)));
        return {
          ...(found.length > 0 ? { threads: found } : {}),
          ...(nextPageToken ? { nextPageToken } : {}),
          resultSizeEstimate: estimate(found.length, nextPageToken !== undefined),
        };
      },
    },
    {
      name: 'threads.get',
      method: 'GET',
      path: '/threads/{id}',
      scopes: READ_METADATA,
      query: THREAD_QUERY,
      response: SHAPES.thread,
      run(call): gmail_v1.Schema$Thread {
        const thread = find(call);
        const format = formatOf(call);
        const only = call.query.texts('metadataHeaders');
        const { spelling } = call.account;
        const { id, historyId } = summary(thread[0]?.threadId ?? '', thread);
        return { id, historyId, messages: thread.map((message) => messageResource(message, format, spelling, only)) };
      },
    },
    {
      name: 'threads.modify',
      method: 'POST',
      path: '/threads/{id}/modify',
      scopes: MODIFY,
      request: SHAPES.modifyThread,
      response: SHAPES.thread,
      run: (call) => change(call, labelChange(call.body, call.account.mailbox)),
    },
    ...[TRASH, UNTRASH].map(
      (labels): Operation => ({
        name: labels === TRASH ? 'threads.trash' : 'threads.untrash',
        method: 'POST',
        path: labels === TRASH ? '/threads/{id}/trash' : '/threads/{id}/untrash',
        scopes: MODIFY,
        response: SHAPES.thread,
        run: (call) => change(call, labels),
      }),
    ),
    {
      name: 'threads.delete',
      method: 'DELETE',
      path: '/threads/{id}',
      scopes: ['full'],
      run(call) {
        for (const message of find(call)) call.account.mailbox.delete(message);
      },
    },
  ];
}

function find({ account, params }: Call): readonly StoredMessage[] {
  const id = params.id ?? '';
  if (!/^[0-9a-f]{1,16}$/i.test(id)) throw invalidArgument('Invalid id value');
  const thread = account.mailbox.thread(id.toLowerCase());
  if (thread.length === 0) throw notFound();
  return thread;
}

function change(call: Call, labels: LabelChange): gmail_v1.Schema$Thread {
  const thread = find(call);
  for (const message of thread) relabel(call.account.mailbox, message, labels);
  return { id: thread[0]?.threadId ?? '', messages: thread.map(changed) };
}

function summary(id: string, thread: readonly StoredMessage[]) {
  const historyId = String(Math.max(...thread.map((message) => message.historyId)));
  return { id, snippet: snippet(thread.at(-1)?.mail.envelope.preview ?? ''), historyId };
}
