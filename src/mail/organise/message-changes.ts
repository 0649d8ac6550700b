import { isNotFound, MailError } from '../../domain/error.ts';
import { effectiveRole, type Mailbox } from '../../domain/mailbox.ts';
import type { Message } from '../../domain/message.ts';
import { type Thread, threadOf } from '../../domain/thread.ts';
import type { MailAccount } from '../account/mail-account.ts';
import type { ViewerMail } from '../account/viewer-mail.ts';
import type { LocatedMessage, MessageChange, MessageLocation } from './change.ts';
import { asError, noSuch, type ResolvedId, resolveId, type Target, targetsOf, throwIfAllTimedOut } from './targets.ts';

export interface ChangeOutcome {
  /** The id as the client gave it. */
  readonly id: string;
  /** Null when the id belongs to no account of the user. */
  readonly account: MailAccount | null;
  /** The message after the change, when the id is that of a message. Null with an error, and after its permanent deletion. */
  readonly message: Message | null;
  /** The thread after the change, when the id is that of a thread. Null with an error, and after its permanent deletion. */
  readonly thread: Thread | null;
  /** Null when the change succeeded. */
  readonly error: unknown;
}

/** The outcome for one id. */
type TargetOutcome = Omit<ChangeOutcome, 'id' | 'account'>;
/** The result for one message: the changed message, null when it no longer exists, or why it was not changed. */
type MessageResult = Message | Error | null;
/** The results by the provider's ids. A message without a result was not to be changed. */
type MessageResults = ReadonlyMap<string, MessageResult>;

/**
 * The number of messages in one call to the provider, which splits it further. A lost answer concerns at most this many
 * messages.
 */
const BATCH = 500;

/**
 * Changes messages in any of the user's accounts, and returns an outcome for each id. A thread stands for its messages.
 * `ids` are global ids. Each account is processed separately, from the first read to the last change, so that an
 * unresponsive account does not delay the others.
 */
export async function changeMessages(
  mail: Pick<ViewerMail, 'find'>,
  ids: readonly string[],
  change: MessageChange,
): Promise<readonly ChangeOutcome[]> {
  const resolved = await Promise.all(ids.map((id) => resolveId(mail, id).catch(asError)));
  const byAccount = new Map<MailAccount, ResolvedId[]>();
  for (const one of resolved) {
    if (one instanceof Error) continue;
    byAccount.set(one.account, [...(byAccount.get(one.account) ?? []), one]);
  }
  const done = [...byAccount].map(async ([account, own]) => [account, await changeIn(account, own, change)] as const);
  const outcomes = new Map(await Promise.all(done));
  return resolved.map((one, index): ChangeOutcome => {
    const id = ids[index] as string;
    if (one instanceof Error) return { id, account: null, ...failed(one) };
    const { account } = one;
    return { id, account, ...(outcomes.get(account)?.get(one) ?? failed(noSuch('message'))) };
  });
}

export type ChangeMessages = typeof changeMessages;

const failed = (error: unknown): TargetOutcome => ({ message: null, thread: null, error });

async function changeIn(
  account: MailAccount,
  resolved: readonly ResolvedId[],
  change: MessageChange,
): Promise<ReadonlyMap<ResolvedId, TargetOutcome>> {
  const targets = await targetsOf(account, resolved);
  const found = targets.filter((target): target is Target => !(target instanceof Error));
  const results = await changeAll(account, found, change);
  return new Map(
    targets.map((target, index) => [
      resolved[index] as ResolvedId,
      target instanceof Error ? failed(target) : outcome(target, results),
    ]),
  );
}

async function changeAll(
  account: MailAccount,
  targets: readonly Target[],
  change: MessageChange,
): Promise<MessageResults> {
  const results = new Map<string, MessageResult>();
  const everything = [...new Set(targets.flatMap(({ messageIds }) => messageIds))];
  try {
    const read = new Map<string, LocatedMessage>();
    const concerned = await concernedOf(account, targets, change, results, read);
    for (let start = 0; start < concerned.length; start += BATCH) {
      const some = concerned.slice(start, start + BATCH);
      const batch = await account.writeMany(some.length, (session, call) =>
        change.apply(account, some, session, call, read),
      );
      some.forEach((id, index) => {
        const result = batch[index] === undefined ? noSuch('message') : (batch[index] as MessageResult);
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

/**
 * The messages to change, without duplicates. Single messages that were read and are not to be changed are added to
 * `results` unchanged.
 */
async function concernedOf(
  account: MailAccount,
  targets: readonly Target[],
  { inThread, only }: MessageChange,
  results: Map<string, MessageResult>,
  read: Map<string, LocatedMessage>,
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
    const at = locationOf(message, mailboxes);
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

function locationOf({ mailboxIds }: Message, mailboxes: ReadonlyMap<string, Mailbox>): MessageLocation {
  const found = mailboxIds.flatMap((id) => mailboxes.get(id) ?? []);
  const roles = (some: readonly Mailbox[]) =>
    new Set(some.flatMap((mailbox) => effectiveRole(mailbox, mailboxes) ?? []));
  return { roles: roles(found), folders: roles(found.filter(({ kind }) => kind === 'FOLDER')), mailboxIds };
}

function outcome({ id, thread }: Target, results: MessageResults): TargetOutcome {
  return thread ? ofThread(thread, results) : ofMessage(id, results);
}

function ofMessage(id: string, results: MessageResults): TargetOutcome {
  const result = results.get(id);
  if (result === undefined) return failed(noSuch('message'));
  if (result instanceof Error) return failed(result);
  return { message: result, thread: null, error: null };
}

function ofThread(thread: Thread, results: MessageResults): TargetOutcome {
  const all = thread.messages.map((message) => ({ message, result: results.get(message.id) }));
  // A message of the thread may have been deleted meanwhile. That is no error for the other messages.
  const failure = all.find(({ result }) => result instanceof Error && !isNotFound(result))?.result;
  if (failure) return failed(failure);
  const left = all.flatMap(({ message, result }) =>
    result === undefined ? [message] : result && !(result instanceof Error) ? [result] : [],
  );
  if (left.length > 0) {
    const deletedCount = all.length - left.length;
    const rest = threadOf(thread.id, left, thread.hidden, thread.messageCount - deletedCount);
    return { message: null, thread: rest, error: null };
  }
  // All messages were deleted permanently, by this request or by another client.
  const deleted = all.some(({ result }) => result === null);
  return failed(deleted ? null : new MailError('NOT_FOUND', 'All messages of this thread have been deleted.'));
}
