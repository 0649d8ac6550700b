import { isNotFound } from '../../domain/error.ts';
import type { Message } from '../../domain/message.ts';
import type { Condition } from '../../domain/search/condition.ts';
import { matches, needsContent } from '../../domain/search/matches.ts';
import type { Thread } from '../../domain/thread.ts';
import type { Call } from '../../providers/call.ts';
import type { ListQuery, MailSession, Page, PageRequest } from '../../providers/provider.ts';
import type { Account } from '../account.ts';
import { slicesOf } from '../slices.ts';
import type { Shape } from './list-source.ts';

/** What differs between a list of messages and a list of threads. */
export interface ListKind<T> {
  readonly name: 'messages' | 'threads' | 'drafts';
  readonly shape: Shape<T>;
  list(session: MailSession, query: ListQuery, page: PageRequest, call: Call): Promise<Page<T>>;
  /** Takes a listed item into the request's loaders. */
  prime(account: Account, item: T): void;
  /** Whether the item meets what the provider could not evaluate; reads bodies where that is needed. */
  meets(account: Account, item: T, rest: Condition): Promise<boolean>;
}

export const MESSAGES: ListKind<Message> = {
  name: 'messages',
  shape: {
    id: (message) => message.id,
    at: (message) => message.receivedAt.getTime(),
    born: (message) => message.receivedAt.getTime(),
  },
  list: (session, query, page, call) => session.listMessages(query, page, call),
  prime: (account, message) => account.messages.prime(message),
  async meets(account, message, rest) {
    if (!matches(message, withoutContent(rest))) return false;
    if (!needsContent(rest)) return true;
    const full = await contentOf(account, message);
    return full !== null && inTurn(account, full, () => matches(full, rest));
  },
};

export const THREADS: ListKind<Thread> = {
  name: 'threads',
  shape: {
    id: (thread) => thread.id,
    at: (thread) => thread.lastMessageAt.getTime(),
    born: (thread) => thread.messages[0]?.receivedAt.getTime() ?? thread.lastMessageAt.getTime(),
  },
  list: (session, query, page, call) => session.listThreads(query, page, call),
  prime: (account, thread) => account.threads.prime(thread),
  async meets(account, thread, rest) {
    if (!needsContent(rest)) return thread.messages.some((message) => matches(message, rest));
    const candidates = thread.messages.filter((message) => matches(message, withoutContent(rest)));
    const read = await Promise.all(candidates.map((message) => contentOf(account, message)));
    for (const full of read) if (full && (await inTurn(account, full, () => matches(full, rest)))) return true;
    return false;
  },
};

/** The words of a long HTML take a while to find: those of a page of a hundred are not looked through in one go. */
const inTurn = (account: Account, { content, sizeBytes }: Message, work: () => boolean): boolean | Promise<boolean> =>
  slicesOf(account).take(content?.html?.length ?? sizeBytes ?? 0, work);

/** The part of a conjunction that an envelope decides: what fails it need not be read. */
function withoutContent(rest: Condition): Condition {
  if (rest.kind === 'and') return { kind: 'and', of: rest.of.filter((part) => !needsContent(part)) };
  return needsContent(rest) ? { kind: 'and', of: [] } : rest;
}

/** Null when the message has gone in the meantime. */
async function contentOf(account: Account, message: Message): Promise<Message | null> {
  if (message.content) return message;
  try {
    return await account.messages.full(message.id);
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}
