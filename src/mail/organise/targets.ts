import { MailError } from '../../domain/error.ts';
import type { Message } from '../../domain/message.ts';
import type { Thread } from '../../domain/thread.ts';
import type { Context } from '../../graphql/context.ts';
import { accountId, decodeId } from '../../graphql/global-id.ts';
import type { Account } from '../account.ts';
import type { OpenAccounts } from '../open-accounts.ts';

/** What one id stands for. */
export interface Target {
  readonly account: Account;
  readonly id: string;
  /** Null: the target is a single message. */
  readonly thread: Thread | null;
  /** By the provider's ids. */
  readonly messageIds: readonly string[];
}

/** Threads in one call of getThreads; the adapter splits it as its vendor likes. */
const THREADS = 200;

interface Named {
  readonly account: Account;
  readonly type: 'Message' | 'Thread';
  readonly id: string;
}

/** The target of each id, in their order, or why there is none: an id that is at fault takes nothing from the others. */
export async function targetsOf(
  accounts: OpenAccounts,
  context: Context,
  ids: readonly string[],
): Promise<readonly (Target | Error)[]> {
  const named = await Promise.all(ids.map((id) => nameOf(accounts, context, id).catch(asError)));
  const threads = await readThreads(
    named.filter((one): one is Named => !(one instanceof Error) && one.type === 'Thread'),
  );
  return named.map((one) => {
    if (one instanceof Error) return one;
    const { account, id, type } = one;
    if (type === 'Message') return { account, id, thread: null, messageIds: [id] };
    const thread = threads.get(account)?.get(id) ?? noSuch('thread');
    return thread instanceof Error
      ? thread
      : { account, id, thread, messageIds: thread.messages.map((m: Message) => m.id) };
  });
}

async function nameOf(accounts: OpenAccounts, context: Context, id: string): Promise<Named> {
  const type = decodeId(id).type === 'Thread' ? 'Thread' : 'Message';
  const { integrationId, providerId } = accountId(id, type);
  const account = await accounts.find(context, integrationId);
  if (!account) throw noSuch(type.toLowerCase());
  return { account, type, id: providerId };
}

/** Every account's threads at the same time; one that fails fails its own threads only. */
async function readThreads(named: readonly Named[]): Promise<Map<Account, Map<string, Thread | Error>>> {
  const byAccount = new Map<Account, Set<string>>();
  for (const { account, id } of named) byAccount.set(account, (byAccount.get(account) ?? new Set()).add(id));
  const read = [...byAccount].map(async ([account, ids]) => [account, await threadsOf(account, [...ids])] as const);
  return new Map(await Promise.all(read));
}

async function threadsOf(account: Account, ids: readonly string[]): Promise<Map<string, Thread | Error>> {
  const found = new Map<string, Thread | Error>();
  for (let start = 0; start < ids.length; start += THREADS) {
    const some = ids.slice(start, start + THREADS);
    try {
      const threads = await account.writeMany(some.length, (session, call) => session.getThreads(some, call));
      for (const [index, id] of some.entries()) found.set(id, threads[index] ?? noSuch('thread'));
    } catch (error) {
      for (const id of ids.slice(start)) found.set(id, asError(error));
      break;
    }
  }
  return found;
}

export const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

export const noSuch = (what: string): MailError => new MailError('NOT_FOUND', `There is no ${what} with this id.`);
