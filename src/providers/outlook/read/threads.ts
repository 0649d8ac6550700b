import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import { isMailError, MailError } from '../../../domain/error.ts';
import type { Message } from '../../../domain/message.ts';
import { type Thread, threadOf } from '../../../domain/thread.ts';
import type { Call } from '../../contract/call.ts';
import type { Batch } from '../../contract/list.ts';
import type { GraphAccount } from '../wire/account.ts';
import { unreachable } from '../wire/errors.ts';
import { type Collection, MAX_EMPTY_PAGES } from '../wire/pages.ts';
import { literal, path, pathOf } from '../wire/url.ts';
import { ENVELOPE } from './fields.ts';
import { readHiddenFolders } from './folder-tree.ts';
import { toMessage } from './map.ts';
import { getEntities } from './messages.ts';

/** Maximum number of messages in a thread. The newest are returned, while messageCount counts all. */
const MAX_THREAD_MESSAGES = 100;
const ID = /^[!-~]{1,512}$/;

interface Conversation extends Collection<GraphMessage> {
  readonly '@odata.count'?: number;
}

const noSuchThread = (): MailError => new MailError('NOT_FOUND', 'There is no such thread in this Outlook account.');

/**
 * Reads the messages of each conversation in $batch requests, because Graph has no threads. A page may be short or
 * empty and still have a link. A conversation whose pages bring nothing new without end is PROVIDER_UNAVAILABLE rather
 * than empty.
 */
export async function getThreads(account: GraphAccount, ids: readonly string[], call: Call): Promise<Batch<Thread>> {
  const read = ids.map((): { messages: Message[]; count: number; failure: MailError | null } => ({
    messages: [],
    count: 0,
    failure: null,
  }));
  let pending = ids.flatMap((id, i) => (ID.test(id) ? [{ index: i, path: conversationPath(id), empty: 0 }] : []));
  while (pending.length > 0) {
    const answers = await readConversations(
      account,
      pending.map(({ path }) => path),
      call,
    );
    pending = pending.flatMap(({ index, empty }, i) => {
      const [answer, thread] = [answers[i] ?? noSuchThread(), read[index]];
      if (!thread) return [];
      if (isMailError(answer)) {
        thread.failure = answer.code === 'NOT_FOUND' ? noSuchThread() : answer;
        return [];
      }
      // Mail that arrives between two pages shifts them, so a message can appear on both.
      const known = new Set(thread.messages.map((message) => message.id));
      const more = (answer.value ?? []).flatMap((m) => (known.has(m.id ?? '') ? [] : [toMessage(m)]));
      thread.messages.push(...more);
      thread.count = Math.max(thread.count, answer['@odata.count'] ?? 0);
      const link = answer['@odata.nextLink'];
      if (link == null || thread.messages.length >= MAX_THREAD_MESSAGES) return [];
      const next = { index, path: pathOf(link), empty: more.length === 0 ? empty + 1 : 0 };
      if (next.path !== null && next.empty <= MAX_EMPTY_PAGES) return [{ ...next, path: next.path }];
      thread.failure = unreachable('a conversation goes on elsewhere or without end');
      return [];
    });
  }
  return read.map(({ messages, count, failure }, i) => {
    if (failure) return failure;
    if (messages.length === 0) return noSuchThread();
    // Graph sorts by fractions of a second that it does not show, so messages of the same second keep its order.
    const newest = messages.slice(0, MAX_THREAD_MESSAGES).reverse();
    return threadOf(ids[i] ?? '', newest, new Set(account.hidden.ids), Math.max(messages.length, count));
  });
}

/**
 * Hidden folders decide where a thread appears, so they are requested together with the conversations at first and from
 * time to time.
 */
async function readConversations(
  account: GraphAccount,
  paths: readonly string[],
  call: Call,
): Promise<Batch<Conversation>> {
  const { hidden } = account;
  const folders = hidden.isDue ? hidden.paths : [];
  const answers = await getEntities<Conversation>(account, [...folders, ...paths], { operation: 'threads.get' }, call);
  if (folders.length > 0) await readHiddenFolders(account, answers.slice(0, folders.length), call);
  return answers.slice(folders.length);
}

/** Graph's $orderby requires its property to come first in the filter. */
const conversationPath = (id: string): string =>
  path('/me/messages', {
    $filter: `receivedDateTime ge 1900-01-01T00:00:00Z and conversationId eq ${literal(id)}`,
    $orderby: 'receivedDateTime desc',
    $select: ENVELOPE.select,
    $expand: ENVELOPE.expand,
    $top: MAX_THREAD_MESSAGES,
    $count: 'true',
  });
