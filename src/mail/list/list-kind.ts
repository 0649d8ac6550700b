import type { Message } from '../../domain/message.ts';
import { isHidden, type Thread } from '../../domain/thread.ts';
import type { Call } from '../../providers/contract/call.ts';
import type { ListQuery, Page, PageRequest } from '../../providers/contract/list.ts';
import type { Draft, MailSession } from '../../providers/contract/mail-session.ts';
import type { MailAccount } from '../account/mail-account.ts';
import { secondOf } from './list-place.ts';

/** What the merge must know of an item. Times are Unix milliseconds. */
export interface Shape<T> {
  id(item: T): string;
  /** What the list is ordered by. */
  at(item: T): number;
  /** The same as of when the newest of the list was of that moment: what came later is left out. */
  stood(item: T, newest: number): number;
  /** Whether it may come to stand lower: a thread does once its newest message is in the trash. */
  readonly sinks?: boolean;
  /** When it was created; a thread moves up in its list long after that. */
  createdAt(item: T): number;
}

/** What differs between a list of messages, of threads and of drafts. */
export interface ListKind<T> {
  readonly name: 'messages' | 'threads' | 'drafts';
  readonly shape: Shape<T>;
  /** How many messages are read for an item that is listed. */
  cost(item: T): number;
  list(session: MailSession, query: ListQuery, page: PageRequest, call: Call): Promise<Page<T>>;
  /** Takes a listed item into the request's loaders. */
  prime(account: MailAccount, item: T): void;
}

export const MESSAGES: ListKind<Message> = {
  name: 'messages',
  shape: {
    id: (message) => message.id,
    at: (message) => message.receivedAt.getTime(),
    stood: (message) => message.receivedAt.getTime(),
    createdAt: (message) => message.receivedAt.getTime(),
  },
  cost: () => 1,
  list: (session, query, page, call) => session.listMessages(query, page, call),
  prime: (account, message) => account.messages.prime(message),
};

export const THREADS: ListKind<Thread> = {
  name: 'threads',
  shape: {
    id: (thread) => thread.id,
    at: (thread) => thread.lastMessageAt.getTime(),
    sinks: true,
    stood: (thread, newest) => {
      const isOld = (message: Message) => secondOf(message.receivedAt.getTime()) <= secondOf(newest);
      const old = thread.messages.findLast((message) => isOld(message) && !isHidden(message, thread.hidden));
      return (old?.receivedAt ?? thread.lastMessageAt).getTime();
    },
    createdAt: (thread) => thread.messages[0]?.receivedAt.getTime() ?? thread.lastMessageAt.getTime(),
  },
  cost: (thread) => thread.messages.length,
  list: (session, query, page, call) => session.listThreads(query, page, call),
  prime: (account, thread) => account.threads.prime(thread),
};

/** The drafts of one account. They have no query. */
export const DRAFTS: ListKind<Draft> = {
  name: 'drafts',
  shape: {
    id: (draft) => draft.id,
    at: (draft) => draft.message.receivedAt.getTime(),
    stood: (draft) => draft.message.receivedAt.getTime(),
    createdAt: (draft) => draft.message.receivedAt.getTime(),
  },
  cost: () => 1,
  list: (session, _query, page, call) => session.listDrafts(page, call),
  prime: (account, draft) => account.drafts.prime(draft),
};
