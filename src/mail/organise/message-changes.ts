import { isNotFound, MailError } from '../../domain/error.ts';
import { effectiveRole, type Mailbox } from '../../domain/mailbox.ts';
import type { Message } from '../../domain/message.ts';
import { type Thread, threadOf } from '../../domain/thread.ts';
import type { MailAccount } from '../account/mail-account.ts';
import type { ViewerMail } from '../account/viewer-mail.ts';
import type { MessageChange, MessageLocation, Read } from './change.ts';
import { asError, type Named, nameOf, noSuch, type Target, targetsOf, throwIfAllTimedOut } from './targets.ts';

export interface Outcome {
  /** As the caller gave it. */
  readonly id: string;
  /** Null when the id is of none. */
  readonly account: MailAccount | null;
  /** The message as it is now, where the id is of one; null with an error, and when it was permanently deleted. */
  readonly message: Message | null;
  /** The thread as it is now, where the id is of one; null with an error, and when it was permanently deleted. */
  readonly thread: Thread | null;
  /** Null when it was changed. */
  readonly error: unknown;
}

/** What became of one of the ids. */
type Became = Omit<Outcome, 'id' | 'account'>;
/** What became of a message: as it is now, gone (null), or not changed. */
type Changed = Message | Error | null;
/** By the provider's ids. What is not in it was not concerned. */
type Results = ReadonlyMap<string, Changed>;

/** Messages in one call to an adapter, which splits it as its vendor likes; beyond it a lost answer would be lost for too many. */
const BATCH = 500;

/**
 * Changes messages of any mix of the caller's accounts, and answers for each id by itself; a thread stands for its messages.
 * `ids` are global ids. Every account by itself, from the first read to the last change: one that hangs holds up no other.
 */
export async function changeMessages(
  mail: Pick<ViewerMail, 'find'>,
  ids: readonly string[],
  change: MessageChange,
): Promise<readonly Outcome[]> {
  const named = await Promise.all(ids.map((id) => nameOf(mail, id).catch(asError)));
  const byAccount = new Map<MailAccount, Named[]>();
  for (const one of named) {
    if (one instanceof Error) continue;
    byAccount.set(one.account, [...(byAccount.get(one.account) ?? []), one]);
  }
  const done = [...byAccount].map(async ([account, own]) => [account, await changeIn(account, own, change)] as const);
  const outcomes = new Map(await Promise.all(done));
  return named.map((one, index): Outcome => {
    const id = ids[index] as string;
    if (one instanceof Error) return { id, account: null, ...failed(one) };
    const { account } = one;
    return { id, account, ...(outcomes.get(account)?.get(one) ?? failed(noSuch('message'))) };
  });
}

const failed = (error: unknown): Became => ({ message: null, thread: null, error });

async function changeIn(
  account: MailAccount,
  named: readonly Named[],
  change: MessageChange,
): Promise<ReadonlyMap<Named, Became>> {
  const targets = await targetsOf(account, named);
  const found = targets.filter((target): target is Target => !(target instanceof Error));
  const results = await changeAll(account, found, change);
  return new Map(
    targets.map((target, index) => [
      named[index] as Named,
      target instanceof Error ? failed(target) : outcome(target, results),
    ]),
  );
}

async function changeAll(account: MailAccount, targets: readonly Target[], change: MessageChange): Promise<Results> {
  const results = new Map<string, Changed>();
  const everything = [...new Set(targets.flatMap(({ messageIds }) => messageIds))];
  try {
    const read = new Map<string, Read>();
    const concerned = await concernedOf(account, targets, change, results, read);
    for (let start = 0; start < concerned.length; start += BATCH) {
      const some = concerned.slice(start, start + BATCH);
      const batch = await account.writeMany(some.length, (session, call) =>
        change.apply(account, some, session, call, read),
      );
      some.forEach((id, index) => {
        const result = batch[index] === undefined ? noSuch('message') : (batch[index] as Changed);
        if (result === null) account.messages.forget(id);
        else if (!(result instanceof Error)) account.messages.replace(result);
        results.set(id, result);
      });
      throwIfAllTimedOut(batch);
    }
  } catch (error) {
    for (const id of everything) if (!results.has(id)) results.set(id, asError(error));
  }
  return results;
}

/** The messages to be changed, each once. What single messages are read for it and not concerned goes into `results` as it is. */
async function concernedOf(
  account: MailAccount,
  targets: readonly Target[],
  { inThread, only }: MessageChange,
  results: Map<string, Changed>,
  read: Map<string, Read>,
): Promise<string[]> {
  const rule = only ?? inThread;
  if (!rule) return [...new Set(targets.flatMap(({ messageIds }) => messageIds))];
  const concerned = new Set<string>();
  const singles = [...new Set(targets.flatMap(({ thread, id }) => (thread ? [] : [id])))];
  const threads = targets.flatMap(({ thread }) => thread ?? []);
  if (!only) for (const id of singles) concerned.add(id);
  if (threads.length === 0 && !only) return [...concerned];
  const mailboxes = new Map((await account.mailboxes.all()).map((mailbox) => [mailbox.id, mailbox]));
  const roleOf = (mailboxId: string) => mailboxes.get(mailboxId)?.role ?? null;
  const concerns = (message: Message, isMeant: NonNullable<MessageChange['inThread']>): boolean => {
    const at = whereabouts(message, mailboxes);
    if (!isMeant(at, { account, message, roleOf })) return false;
    read.set(message.id, { message, at });
    return true;
  };
  for (const message of threads.flatMap(({ messages }) => messages))
    if (concerns(message, rule)) concerned.add(message.id);
  if (!only || singles.length === 0) return [...concerned];
  const singly = await account.writeMany(singles.length, (session, call) =>
    session.getMessages(singles, 'envelope', call),
  );
  singles.forEach((id, index) => {
    const message = singly[index] ?? noSuch('message');
    if (!(message instanceof Error) && concerns(message, only)) concerned.add(id);
    else results.set(id, message);
  });
  return [...concerned];
}

function whereabouts({ mailboxIds }: Message, mailboxes: ReadonlyMap<string, Mailbox>): MessageLocation {
  const found = mailboxIds.flatMap((id) => mailboxes.get(id) ?? []);
  const roles = (some: readonly Mailbox[]) =>
    new Set(some.flatMap((mailbox) => effectiveRole(mailbox, mailboxes) ?? []));
  return { roles: roles(found), folders: roles(found.filter(({ kind }) => kind === 'FOLDER')), mailboxIds };
}

function outcome({ id, thread }: Target, results: Results): Became {
  return thread ? ofThread(thread, results) : ofMessage(id, results);
}

function ofMessage(id: string, results: Results): Became {
  const result = results.get(id);
  if (result === undefined) return failed(noSuch('message'));
  if (result instanceof Error) return failed(result);
  return { message: result, thread: null, error: null };
}

function ofThread(thread: Thread, results: Results): Became {
  const all = thread.messages.map((message) => ({ message, result: results.get(message.id) }));
  // A thread can lose a message while it is being changed; that is no failure of the others.
  const failure = all.find(({ result }) => result instanceof Error && !isNotFound(result))?.result;
  if (failure) return failed(failure);
  const left = all.flatMap(({ message, result }) =>
    result === undefined ? [message] : result && !(result instanceof Error) ? [result] : [],
  );
  if (left.length > 0) {
    const gone = all.length - left.length;
    const rest = threadOf(thread.id, left, thread.hidden, thread.messageCount - gone);
    return { message: null, thread: rest, error: null };
  }
  // Deleted permanently, by this request or by another client in the meantime.
  const deleted = all.some(({ result }) => result === null);
  return failed(deleted ? null : new MailError('NOT_FOUND', 'All messages of this thread have been deleted.'));
}
