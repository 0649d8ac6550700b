import { expect, it } from 'vitest';
import type { LoggedChange } from '../../src/changes/change.store.ts';
import type { UnreadMessage } from '../../src/changes/unread/unread-message.store.ts';
import { MailError } from '../../src/domain/error.ts';
import { EventConnections } from '../../src/realtime/event.connections.ts';
import type { MailboxChanged, MessageCreated } from '../../src/realtime/mail-event.type.ts';

/** A page with a new message and a changed mailbox, of which neither can be read. */
async function unreadable(error: Error, signal: AbortSignal) {
  const added: UnreadMessage[] = [];
  const entry = (kind: LoggedChange['kind'], sequence: bigint) => ({
    entry: { change: { integrationId: 'i', sequence, kind, subject: kind }, position: { sequence, at: 1 } },
  });
  const page = { entries: [entry('created', 1n), entry('mailbox', 2n)], hasNextPage: false };
  const fail = () => Promise.reject(error);
  const account = { messages: { envelope: fail }, mailboxes: { find: fail } };
  const connections = new EventConnections({
    pages: { page: async () => page },
    handles: { find: async () => ({ integration: { id: 'i' } }) },
    mailOf: () => ({ of: () => account }),
    unread: { add: async (message: UnreadMessage) => void added.push(message) },
    cursors: {},
    cache: { noted: () => {} },
  } as never);
  const context = { principal: { userId: 'u' }, signal } as never;
  const { nodes } = await connections.page({ integrationIds: null, after: null }, 10, context);
  const [created, mailbox] = nodes as unknown as [MessageCreated, MailboxChanged];
  const shown: readonly unknown[] = [created.message, mailbox.mailbox];
  const reading = shown.map((read) => Promise.resolve(read).catch(({ name }: Error) => name));
  return { read: await Promise.all(reading), added: added.map(({ kind }) => kind).sort() };
}

it('what could not be read is announced to all again, but not because one client has left', async () => {
  const { signal } = new AbortController();
  const away = new MailError('PROVIDER_UNAVAILABLE', 'away');
  expect(await unreadable(away, signal)).toEqual({ read: [null, 'MailError'], added: ['created', 'mailbox'] });
  const given = new DOMException('the client has left', 'AbortError');
  expect(await unreadable(given, signal)).toEqual({ read: ['AbortError', 'AbortError'], added: [] });
  expect(await unreadable(away, AbortSignal.abort())).toEqual({ read: ['MailError', 'MailError'], added: [] });
});

it('shows nothing that is older than the last entry of the page, of each account', async () => {
  const done: string[] = [];
  const entry = (integrationId: string, sequence: bigint) => ({
    entry: {
      change: { integrationId, sequence, kind: 'updated', subject: 'm', detail: null, writtenAt: 0 },
      position: { sequence, at: 1 },
    },
  });
  const accountOf = ({ id }: { id: string }) => ({
    session: async () => ({}),
    messages: {
      envelope: async () => {
        done.push(`read ${id}`);
        throw new MailError('NOT_FOUND', 'deleted');
      },
    },
  });
  const mails = new Set<unknown>();
  const connections = new EventConnections({
    pages: { page: async () => ({ entries: [entry('a', 7n), entry('b', 3n), entry('a', 9n)], hasNextPage: false }) },
    handles: { find: async (_: unknown, id: string) => ({ integration: { id } }) },
    mailOf: (context: unknown) => {
      mails.add(context);
      return { of: accountOf };
    },
    cursors: {},
    cache: { noted: (id: string, sequence: bigint) => done.push(`noted ${id} ${sequence}`) },
  } as never);
  const context = { principal: { userId: 'u' }, signal: new AbortController().signal } as never;
  const { nodes } = await connections.page({ integrationIds: null, after: null }, 10, context);
  await Promise.all((nodes as unknown as MessageCreated[]).map(({ message }) => message));
  expect(done).toEqual(['noted a 9', 'noted b 3', 'read a', 'read b', 'read a']);
  // What other fields of the request have read may be older.
  expect(mails.size).toBe(1);
  expect(mails.has(context)).toBe(false);
});

it('has events sent again whose provider may not have answered with the change yet', async () => {
  const added: [string, string, boolean][] = [];
  const entry = (kind: LoggedChange['kind'], subject: string, detail: object | null = null) => {
    const change = { integrationId: 'i', sequence: 1n, kind, subject, detail, writtenAt: performance.now() };
    return { entry: { change, position: { sequence: 1n, at: 1 } } };
  };
  const entries = [
    entry('created', 'missing'),
    entry('updated', 'stale', { isRead: true }),
    entry('updated', 'current', { isRead: false }),
    entry('mailbox', 'folder'),
  ];
  const envelope = async (id: string) => {
    if (id === 'missing') throw new MailError('NOT_FOUND', 'unknown to the replica');
    return { id, isRead: false, mailboxIds: [] };
  };
  const account = {
    session: async () => ({ readsSettleMs: 3_600_000 }),
    messages: { envelope },
    mailboxes: { find: async () => null },
  };
  const connections = new EventConnections({
    pages: { page: async () => ({ entries, hasNextPage: false }) },
    handles: { find: async () => ({ integration: { id: 'i' } }) },
    mailOf: () => ({ of: () => account }),
    unread: {
      add: async ({ messageId, kind }: UnreadMessage, afterMs: number) =>
        void added.push([messageId, kind, afterMs > 0]),
    },
    cursors: {},
    cache: { noted: () => {} },
  } as never);
  const context = { principal: { userId: 'u' }, signal: new AbortController().signal } as never;
  const { nodes } = await connections.page({ integrationIds: null, after: null }, 10, context);
  const shown = nodes as unknown as (MessageCreated & MailboxChanged)[];
  await Promise.all(shown.map((event, index) => (index === 3 ? event.mailbox : event.message)));
  // What does not exist yet is looked for soon, and the others when every replica has the change.
  expect(added.sort()).toEqual([
    ['folder', 'mailbox', true],
    ['missing', 'created', false],
    ['stale', 'updated', true],
  ]);
});
