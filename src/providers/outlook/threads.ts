import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import { isMailError, MailError } from '../../domain/error.ts';
import type { Message } from '../../domain/message.ts';
import { type Thread, threadOf } from '../../domain/thread.ts';
import type { Call } from '../call.ts';
import type { Batch } from '../provider.ts';
import type { Account } from './account.ts';
import { ENVELOPE } from './fields.ts';
import { toMessage } from './map.ts';
import { getEntities } from './read.ts';
import { literal, path } from './url.ts';

/** A thread holds its newest messages up to this many; messageCount tells of all. */
export const MAX_THREAD_MESSAGES = 100;
const ID = /^[!-~]{1,512}$/;

interface Conversation {
  readonly value?: readonly GraphMessage[];
  readonly '@odata.count'?: number;
}

const noSuchThread = (): MailError => new MailError('NOT_FOUND', 'There is no such thread in this Outlook account.');

/** Graph has no threads: the messages of each conversation, all in $batches. */
export async function getThreads(account: Account, ids: readonly string[], call: Call): Promise<Batch<Thread>> {
  const paths = ids.map((id) => (ID.test(id) ? conversationPath(id) : null));
  const answers = await getEntities<Conversation>(account, paths, { operation: 'threads.get' }, call);
  return answers.map((answer, i) => {
    if (isMailError(answer)) return answer.code === 'NOT_FOUND' ? noSuchThread() : answer;
    const messages: Message[] = (answer.value ?? []).map((m) => toMessage(m));
    if (messages.length === 0) return noSuchThread();
    return threadOf(ids[i] ?? '', messages, Math.max(messages.length, answer['@odata.count'] ?? 0));
  });
}

/** $orderby demands that its property stands first in the filter. */
const conversationPath = (id: string): string =>
  path('/me/messages', {
    $filter: `receivedDateTime ge 1900-01-01T00:00:00Z and conversationId eq ${literal(id)}`,
    $orderby: 'receivedDateTime desc',
    $select: ENVELOPE.select,
    $expand: ENVELOPE.expand,
    $top: MAX_THREAD_MESSAGES,
    $count: 'true',
  });
