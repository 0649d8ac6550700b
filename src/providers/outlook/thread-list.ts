import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import { isMailError } from '../../domain/error.ts';
import type { Thread } from '../../domain/thread.ts';
import type { Call } from '../call.ts';
import { isUnreadable, type ListQuery, type Page, type PageRequest, type Unreadable } from '../provider.ts';
import type { Account } from './account.ts';
import { readPage } from './messages.ts';
import { getThreads } from './threads.ts';

/** One page of threads: a list of messages, grouped by conversation, then each conversation whole, in $batches. */
export async function listThreads(
  account: Account,
  query: ListQuery,
  page: PageRequest,
  call: Call,
): Promise<Page<Thread>> {
  const { messages, next, evaluation, spent, truncated } = await readPage(
    account,
    query,
    { ...page, skip: () => false },
    call,
  );
  const found = messages.map(({ conversationId }: GraphMessage) => conversationId ?? '');
  const ids = [...new Set(found)].filter((id) => id !== '' && !page.skip?.(id));
  const threads = ids.length === 0 ? [] : await getThreads(account, ids, call);
  const items = threads.flatMap((thread, i): (Thread | Unreadable)[] => {
    if (!isMailError(thread)) return [thread];
    return thread.code === 'NOT_FOUND' ? [] : [{ id: ids[i] ?? '', error: thread }];
  });
  const newest = (item: Thread | Unreadable): number =>
    isUnreadable(item) ? Number.POSITIVE_INFINITY : item.lastMessageAt.getTime();
  return {
    items: items.sort((a, b) => newest(b) - newest(a)),
    next,
    spent,
    ...(evaluation === undefined ? {} : { evaluation }),
    ...(truncated ? { truncated } : {}),
  };
}
