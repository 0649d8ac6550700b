import { isMailError, MailError } from '../../domain/error.ts';
import { accountId, decodeId } from '../../domain/global-id.ts';
import type { Message } from '../../domain/message.ts';
import type { Thread } from '../../domain/thread.ts';
import type { MailAccount } from '../account/mail-account.ts';
import type { ViewerMail } from '../account/viewer-mail.ts';

/** The messages that one id stands for. */
export interface Target {
  readonly account: MailAccount;
  readonly id: string;
  /** Null when the id is that of a message. */
  readonly thread: Thread | null;
  /** The provider's ids. */
  readonly messageIds: readonly string[];
}

/** The number of threads in one call of getThreads, which the provider splits further. */
const THREADS = 200;

/** A decoded id. Whether the object exists is not known yet. */
export interface ResolvedId {
  readonly account: MailAccount;
  readonly type: 'Message' | 'Thread';
  readonly id: string;
}

/** Throws for an id that is not a message or thread, or that belongs to another user's account. */
export async function resolveId(mail: Pick<ViewerMail, 'find'>, id: string): Promise<ResolvedId> {
  const type = decodeId(id).type === 'Thread' ? 'Thread' : 'Message';
  const { integrationId, providerId } = accountId(id, type);
  const account = await mail.find(integrationId);
  if (!account) throw noSuch(type.toLowerCase());
  return { account, type, id: providerId };
}

/** The target of each id, all in one account, or the error for that id. An error does not affect the other ids. */
export async function targetsOf(
  account: MailAccount,
  resolved: readonly ResolvedId[],
): Promise<readonly (Target | Error)[]> {
  const ids = resolved.flatMap(({ type, id }) => (type === 'Thread' ? [id] : []));
  const threads = await threadsOf(account, [...new Set(ids)]);
  return resolved.map(({ id, type }) => {
    if (type === 'Message') return { account, id, thread: null, messageIds: [id] };
    const thread = threads.get(id) ?? noSuch('thread');
    return thread instanceof Error
      ? thread
      : { account, id, thread, messageIds: thread.messages.map((m: Message) => m.id) };
  });
}

async function threadsOf(account: MailAccount, ids: readonly string[]): Promise<Map<string, Thread | Error>> {
  const found = new Map<string, Thread | Error>();
  for (let start = 0; start < ids.length; start += THREADS) {
    const some = ids.slice(start, start + THREADS);
    try {
      const threads = await account.readForChange(some.length, (session, call) => session.getThreads(some, call));
      for (const [index, id] of some.entries()) found.set(id, threads[index] ?? noSuch('thread'));
      throwIfAllTimedOut(threads);
    } catch (error) {
      for (const id of ids.slice(start)) if (!found.has(id)) found.set(id, asError(error));
      break;
    }
  }
  return found;
}

/** Throws the timeout of a provider that answered for none of the ids, so that it is not asked for the next ones. */
export function throwIfAllTimedOut(results: readonly unknown[]): void {
  const isTimeout = (result: unknown) => isMailError(result) && result.code === 'TIMEOUT';
  if (results.length > 0 && results.every(isTimeout)) throw results[0];
}

export const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

export const noSuch = (what: string): MailError => new MailError('NOT_FOUND', `There is no ${what} with this id.`);
