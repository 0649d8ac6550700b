import { isMailError, MailError } from '../../domain/error.ts';
import { accountId, decodeId } from '../../domain/global-id.ts';
import type { Message } from '../../domain/message.ts';
import type { Thread } from '../../domain/thread.ts';
import type { MailAccount } from '../account/mail-account.ts';
import type { ViewerMail } from '../account/viewer-mail.ts';

/** What one id stands for. */
export interface Target {
  readonly account: MailAccount;
  readonly id: string;
  /** Null: the target is a single message. */
  readonly thread: Thread | null;
  /** By the provider's ids. */
  readonly messageIds: readonly string[];
}

/** Threads in one call of getThreads; the adapter splits it as its vendor likes. */
const THREADS = 200;

/** What an id names; nobody has been asked whether there is such a thing. */
export interface ResolvedId {
  readonly account: MailAccount;
  readonly type: 'Message' | 'Thread';
  readonly id: string;
}

/** Throws for what is no id of a message or thread, and for one of somebody else's. */
export async function resolveId(mail: Pick<ViewerMail, 'find'>, id: string): Promise<ResolvedId> {
  const type = decodeId(id).type === 'Thread' ? 'Thread' : 'Message';
  const { integrationId, providerId } = accountId(id, type);
  const account = await mail.find(integrationId);
  if (!account) throw noSuch(type.toLowerCase());
  return { account, type, id: providerId };
}

/** The target of each of these, all of one account, or why there is none: one that is at fault takes nothing from the others. */
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
      const threads = await account.writeMany(some.length, (session, call) => session.getThreads(some, call));
      for (const [index, id] of some.entries()) found.set(id, threads[index] ?? noSuch('thread'));
      throwIfAllTimedOut(threads);
    } catch (error) {
      for (const id of ids.slice(start)) if (!found.has(id)) found.set(id, asError(error));
      break;
    }
  }
  return found;
}

/** Throws the time-out of a provider that answered for none of them: it is not asked for the next ones as well. */
export function throwIfAllTimedOut(results: readonly unknown[]): void {
  const isSilence = (result: unknown) => isMailError(result) && result.code === 'TIMEOUT';
  if (results.length > 0 && results.every(isSilence)) throw results[0];
}

export const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

export const noSuch = (what: string): MailError => new MailError('NOT_FOUND', `There is no ${what} with this id.`);
