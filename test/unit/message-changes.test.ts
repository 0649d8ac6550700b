import { expect, it } from 'vitest';
import { MailError } from '../../src/domain/error.ts';
import { encodeId } from '../../src/domain/global-id.ts';
import type { Mailbox, MailboxRole } from '../../src/domain/mailbox.ts';
import type { Message } from '../../src/domain/message.ts';
import { threadOf } from '../../src/domain/thread.ts';
import type { MailAccount } from '../../src/mail/account/mail-account.ts';
import {
  ARCHIVE,
  DELETE_FOREVER,
  MARK_JUNK,
  type MessageChange,
  moving,
  patching,
  UNTRASH,
} from '../../src/mail/organise/change.ts';
import { changeMessages } from '../../src/mail/organise/message-changes.ts';
import type { Patch } from '../../src/providers/contract/mail-session.ts';
import { aMessage, fakeAccount } from '../support/fakes/fake-account.ts';

const FOLDERS: readonly MailboxRole[] = ['INBOX', 'ARCHIVE', 'SENT', 'TRASH', 'JUNK', 'DRAFTS'];
const mailbox = (role: MailboxRole): Mailbox => ({
  id: role,
  name: role,
  kind: 'FOLDER',
  role,
  parentId: null,
  color: null,
  totalMessages: null,
  unreadMessages: null,
});
const missing = () => new MailError('NOT_FOUND', 'There is no such message.');

/** An account in memory that counts its requests. */
function inMemory(id: string, mail: readonly Message[], fails: MailError | null = null) {
  const messages = new Map(mail.map((message) => [message.id, message]));
  const calls: string[] = [];
  const moved = (patch: Patch): Message | MailError => {
    const message = messages.get(patch.id);
    if (!message) return missing();
    const to = typeof patch.moveTo === 'string' ? patch.moveTo : patch.moveTo?.mailboxId;
    const changed = {
      ...message,
      ...(to && { mailboxIds: [to] }),
      ...(patch.isRead !== undefined && { isRead: patch.isRead }),
    };
    messages.set(patch.id, changed);
    return changed;
  };
  const account = fakeAccount(id, {
    listMailboxes: async () => FOLDERS.map(mailbox),
    getMessages: async (ids) => {
      calls.push(`get ${ids.length}`);
      return ids.map((one) => messages.get(one) ?? missing());
    },
    getThreads: async (ids) => {
      calls.push(`threads ${ids.length}`);
      return ids.map((one) => {
        const own = [...messages.values()].filter(({ threadId }) => threadId === one);
        return own.length > 0 ? threadOf(one, own, new Set()) : missing();
      });
    },
    update: async (patches) => {
      calls.push(`update ${patches.length}`);
      if (fails) throw fails;
      return patches.map(moved);
    },
    deleteForever: async (ids) => {
      calls.push(`delete ${ids.length}`);
      return ids.map((one) => (messages.delete(one) ? true : missing()));
    },
  });
  return { account, calls, messages };
}

async function run(accounts: readonly MailAccount[], ids: readonly string[], change: MessageChange) {
  const mail = { find: async (id: string) => accounts.find((account) => account.id === id) ?? null };
  const outcomes = await changeMessages(mail, ids, change);
  return outcomes.map(({ message, thread, error }) => (error instanceof MailError ? error.code : (message ?? thread)));
}
const message = (id: string, account = 'a') => encodeId('Message', account, id);
const thread = (id: string, account = 'a') => encodeId('Thread', account, id);
const READ = patching(() => ({ isRead: true }));
const lying = (id: string, role: MailboxRole, threadId = 't') =>
  aMessage(id, { mailboxIds: [role], threadId, isRead: false });
const where = ({ messages }: { messages: Map<string, Message> }) =>
  Object.fromEntries([...messages.values()].map((m) => [m.id, m.mailboxIds[0]]));

it('changes a thousand messages of two accounts in one call each, and returns a result for each', async () => {
  const mail = Array.from({ length: 500 }, (_, i) => lying(`m${i}`, 'INBOX', `t${i}`));
  const [a, b] = [inMemory('a', mail), inMemory('b', mail)];
  const ids = mail.flatMap(({ id }) => [message(id), message(id, 'b')]);
  const ended = mail.filter((_, i) => i % 10 === 0);
  for (const { id } of ended) b.messages.delete(id);
  const outcomes = await run([a.account, b.account], ids, READ);
  expect(outcomes.filter((o) => o === 'NOT_FOUND')).toHaveLength(50);
  expect(outcomes.filter((o) => typeof o === 'object')).toHaveLength(950);
  expect([a.calls, b.calls]).toEqual([['update 500'], ['update 500']]);
});

it('sends no more requests to an account that answered none of many, and reports that for all', async () => {
  const calls: number[] = [];
  const silent = fakeAccount('a', {
    update: async (patches) => {
      calls.push(patches.length);
      return patches.map(() => new MailError('TIMEOUT', 'The mail provider did not answer in time.'));
    },
  });
  const ids = Array.from({ length: 1_000 }, (_, n) => message(`m${n}`));
  const outcomes = await run([silent], ids, READ);
  expect(outcomes).toEqual(ids.map(() => 'TIMEOUT'));
  expect(calls).toEqual([500]);
});

it('isolates an id that fails from the others', async () => {
  const a = inMemory('a', [lying('m', 'INBOX')]);
  const b = inMemory('b', [lying('m', 'INBOX')], new MailError('PROVIDER_UNAVAILABLE', 'down'));
  const outcomes = await run(
    [a.account, b.account],
    [message('m'), 'rubbish', message('m', 'b'), message('x'), message('m', 'stranger'), thread('x')],
    READ,
  );
  expect(outcomes).toEqual([
    expect.objectContaining({ isRead: true }),
    'BAD_USER_INPUT',
    'PROVIDER_UNAVAILABLE',
    'NOT_FOUND',
    'NOT_FOUND',
    'NOT_FOUND',
  ]);
});

it('changes a message once when it is named twice', async () => {
  const a = inMemory('a', [lying('m', 'INBOX')]);
  const outcomes = await run([a.account], [message('m'), message('m'), thread('t')], READ);
  expect(outcomes).toMatchObject([{ isRead: true }, { isRead: true }, { isUnread: false }]);
  expect(a.calls).toEqual(['threads 1', 'update 1']);
});

it('changes those messages of a thread that the change is meant for', async () => {
  const mail = () => [
    lying('in', 'INBOX'),
    lying('sent', 'SENT'),
    lying('draft', 'DRAFTS'),
    lying('old', 'ARCHIVE'),
    lying('bin', 'TRASH'),
  ];
  const after = async (change: MessageChange) => {
    const a = inMemory('a', mail());
    const [node] = await run([a.account], [thread('t')], change);
    expect(node).toMatchObject({ messageCount: 5 });
    return where(a);
  };
  const before = { in: 'INBOX', sent: 'SENT', draft: 'DRAFTS', old: 'ARCHIVE', bin: 'TRASH' };
  expect(await after(ARCHIVE)).toEqual({ ...before, in: 'ARCHIVE' });
  expect(await after(MARK_JUNK)).toEqual({ ...before, in: 'JUNK', old: 'JUNK' });
  expect(await after(UNTRASH)).toEqual({ ...before, bin: 'INBOX' });
  const toJunk = () => ({ moveTo: { mailboxId: 'X', fromMailboxId: null } });
  expect(await after(moving(toJunk, { from: null, to: 'X' }))).toEqual({ ...before, in: 'X', old: 'X' });
  expect(await after(moving(toJunk, { from: 'ARCHIVE', to: 'X' }))).toEqual({ ...before, old: 'X' });
});

it('moves out of the trash only what is in it', async () => {
  const a = inMemory('a', [lying('bin', 'TRASH'), lying('old', 'ARCHIVE')]);
  const outcomes = await run([a.account], [message('bin'), message('old'), message('x')], UNTRASH);
  expect(outcomes).toMatchObject([{ mailboxIds: ['INBOX'] }, { mailboxIds: ['ARCHIVE'] }, 'NOT_FOUND']);
  expect(a.calls).toEqual(['get 3', 'update 1']);
});

it('deletes permanently, and reports what was missing', async () => {
  const a = inMemory('a', [lying('m', 'INBOX'), lying('n', 'INBOX')]);
  expect(await run([a.account], [thread('t'), message('m'), message('x')], DELETE_FOREVER)).toEqual([
    null,
    null,
    'NOT_FOUND',
  ]);
  expect(await run([a.account], [thread('t'), message('m')], DELETE_FOREVER)).toEqual(['NOT_FOUND', 'NOT_FOUND']);
});

it('changes the messages of one account while another one hangs', async () => {
  const well = inMemory('b', [lying('m', 'INBOX')]);
  let answer = () => {};
  const hanging = fakeAccount('a', {
    listMailboxes: async () => FOLDERS.map(mailbox),
    getThreads: (ids) =>
      new Promise((resolve) => {
        answer = () => resolve(ids.map(missing));
      }),
  });
  const changing = run([hanging, well.account], [thread('x'), thread('t', 'b')], ARCHIVE);
  await expect.poll(() => where(well)).toEqual({ m: 'ARCHIVE' });
  answer();
  expect(await changing).toMatchObject(['NOT_FOUND', { id: 't' }]);
});
