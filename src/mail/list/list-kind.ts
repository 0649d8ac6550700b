import type { Message } from '../../domain/message.ts';
import { isHidden, type Thread } from '../../domain/thread.ts';
import type { Call } from '../../providers/contract/call.ts';
import type { ListQuery, Page, PageRequest } from '../../providers/contract/list.ts';
import type { Draft, MailSession } from '../../providers/contract/mail-session.ts';
import type { MailAccount } from '../account/mail-account.ts';
import { secondOf } from './list-position.ts';

/** The properties of an item that the merge needs. Times are Unix milliseconds. */
export interface Shape<T> {
  id(item: T): string;
  /** The time by which the list is ordered. */
  at(item: T): number;
  /** The same time at the moment when the newest item of the list had the time `newest`: later messages do not count. */
  timeAsOf(item: T, newest: number): number;
  /** Whether an item can move down in the list, as a thread does when its newest message is moved to the trash. */
  readonly canMoveDown?: boolean;
  /** When the item was created. A thread can move up in its list long after that. */
  createdAt(item: T): number;
}

/** The differences between lists of messages, threads and drafts. */
export interface ListKind<T> {
  readonly name: 'messages' | 'threads' | 'drafts';
  readonly shape: Shape<T>;
  /** The number of messages that are read for this item. */
  cost(item: T): number;
  /** The messages of this item. */
  messages(item: T): readonly Message[];
  list(session: MailSession, query: ListQuery, page: PageRequest, call: Call): Promise<Page<T>>;
  /** Primes the request's loaders with a listed item. */
  prime(account: MailAccount, item: T): void;
}

export const MESSAGES: ListKind<Message> = {
  name: 'messages',
  shape: {
    id: (message) => message.id,
    at: (message) => message.receivedAt.getTime(),
    timeAsOf: (message) => message.receivedAt.getTime(),
    createdAt: (message) => message.receivedAt.getTime(),
  },
  cost: () => 1,
  messages: (message) => [message],
  list: (session, query, page, call) => session.listMessages(query, page, call),
  prime: (account, message) => account.messages.prime(message),
};

export const THREADS: ListKind<Thread> = {
  name: 'threads',
  shape: {
    id: (thread) => thread.id,
    at: (thread) => thread.lastMessageAt.getTime(),
    canMoveDown: true,
    timeAsOf: (thread, newest) => {
      const isOld = (message: Message) => secondOf(message.receivedAt.getTime()) <= secondOf(newest);
      const old = thread.messages.findLast((message) => isOld(message) && !isHidden(message, thread.hidden));
      return (old?.receivedAt ?? thread.lastMessageAt).getTime();
    },
    createdAt: (thread) => thread.messages[0]?.receivedAt.getTime() ?? thread.lastMessageAt.getTime(),
  },
  cost: (thread) => thread.messages.length,
  messages: (thread) => thread.messages,
  list: (session, query, page, call) => session.listThreads(query, page, call),
  prime: (account, thread) => account.threads.prime(thread),
};

/** The drafts of one account. A list of drafts has no query. */
export const DRAFTS: ListKind<Draft> = {
  name: 'drafts',
  shape: {
    id: (draft) => draft.id,
    at: (draft) => draft.message.receivedAt.getTime(),
    timeAsOf: (draft) => draft.message.receivedAt.getTime(),
    createdAt: (draft) => draft.message.receivedAt.getTime(),
  },
  cost: () => 1,
  messages: (draft) => [draft.message],
  list: (session, _query, page, call) => session.listDrafts(page, call),
  prime: (account, draft) => account.drafts.prime(draft),
};
