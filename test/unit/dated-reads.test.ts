import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AccountHandle } from '../../src/accounts/handles/account-handle.ts';
import type { CacheUse } from '../../src/cache/cached-session.ts';
import { openCache } from '../../src/cache/open.ts';
import type { LoggedChange } from '../../src/changes/change.store.ts';
import type { DatedRead, ReadNotes } from '../../src/domain/dated-read.ts';
import { MailError } from '../../src/domain/error.ts';
import { OperationReads, stateOf } from '../../src/graphql/reads.ts';
import type { Call } from '../../src/providers/contract/call.ts';
import type { MailSession } from '../../src/providers/contract/mail-session.ts';
import { aMailbox, aMessage } from '../support/fakes/fake-account.ts';

/** What the cache notes about the reads of an account that a test controls. */
const call: Call = { signal: new AbortController().signal, priority: 'interactive' };
const INBOX = aMailbox('INBOX', { name: 'Inbox', role: 'INBOX' });
const QUERY = { mailboxId: 'INBOX', where: null };
const PAGE = { size: 10, after: null };
/** A lease that no test outlasts, unless it moves the clock. */
const LEASE_MS = 60_000;

function aRoom(maxBytes: number) {
  const state = {
    live: true,
    sequence: 5n,
    changedAgoMs: null as number | null,
    dueForMs: null as number | null,
    isAway: false,
    followers: 0,
    hurries: 0,
  };
  const entries: LoggedChange[] = [];
  let grown = () => {};
  let changed: (id: string | null) => void = () => {};
  const hub = {
    follow: async (_key: string, _start: unknown, callback: () => void) => {
      grown = callback;
      state.followers++;
      const start = state.sequence;
      const after = async (from: bigint) => entries.filter(({ sequence }) => sequence > from);
      return { start, after, leave: () => {} };
    },
  };
  const health = {
    of: async () => {
      if (state.isAway) throw new Error('the database is away');
      const { live, sequence, changedAgoMs, dueForMs } = state;
      return { live, dueForMs, changedAgoMs, position: { hasCursor: true, sequence } };
    },
  };
  const onChanged = (fn: typeof changed) => {
    changed = fn;
    return () => {};
  };
  const bus = { onGap: () => () => {}, isConnected: true };
  const sync = { hurry: () => state.hurries++ };
  const cache = openCache({ bus } as never, { directory: { onChanged } } as never, { hub, health, sync } as never, {
    maxBytes,
    times: { leaseMs: LEASE_MS, checkTimeoutMs: LEASE_MS },
  });
  const asked: string[] = [];
  const answered: Partial<Record<keyof MailSession, unknown>> = {
    listMessages: { items: [aMessage('one')], next: null },
    getMessages: [aMessage('one')],
    getThreads: [],
    listMailboxes: [INBOX],
    identities: [],
    getDrafts: [],
    update: [aMessage('one', { isRead: false })],
  };
  const provider: Record<string, unknown> = { roleMailboxId: () => null, decides: () => 'exact' };
  for (const [name, answer] of Object.entries(answered))
    provider[name] = async () => {
      asked.push(name);
      return answer;
    };
  const open = (
    recorder: OperationReads | ReadNotes | null,
    { use = 'reuse' as CacheUse, status = 'CONNECTED', more = {} as Partial<MailSession>, sharingKey = 'account' } = {},
  ) =>
    cache.session(
      {
        integration: { id: 'account', connectedAt: null, access: 'FULL', status },
        sharingKey,
        capabilities: { mailboxesPerMessage: 'MANY' },
        session: async () => ({ ...provider, ...more }) as unknown as MailSession,
      } as unknown as AccountHandle,
      use,
      recorder,
    );
  const commit = (kind: LoggedChange['kind'], subject: string) =>
    void entries.push({ sequence: ++state.sequence, kind, subject, detail: null } as LoggedChange);
  const log = async (kind: LoggedChange['kind'], subject: string) => {
    commit(kind, subject);
    grown();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    state,
    open,
    asked,
    log,
    /** Logs a change that nothing announces. */
    commit,
    noted: (sequence: bigint) => cache.noted('account', sequence),
    applied: () => [...cache.applied(['account', 'another'])],
    integrationChanged: (id: string | null) => changed(id),
    close: () => cache.close(),
  };
}

let reads: OperationReads;
/** The milliseconds by which a test has moved the clock. */
let passed = 0;
const clock = performance.now.bind(performance);
beforeEach(() => {
  passed = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => clock() + passed);
  reads = new OperationReads();
  reads.begin();
});
afterEach(() => void vi.restoreAllMocks());
/** The one read of the answer. */
function theRead(): DatedRead {
  expect(reads.undatedBy).toBeNull();
  expect(reads.dates?.reads.length).toBe(1);
  return reads.dates?.reads[0] as DatedRead;
}

describe.each([
  ['with a cache', 1_000_000],
  ['without one', 0],
])('%s', (_, maxBytes) => {
  it.each([
    ['a page', (session: MailSession) => session.listMessages(QUERY, PAGE, call)],
    ['a message', (session) => session.getMessages(['one'], 'full', call)],
    ['threads', (session) => session.getThreads([], call)],
    ['mailboxes', (session) => session.listMailboxes(call)],
    ['identities', (session) => session.identities(call)],
  ] as [string, (session: MailSession) => Promise<unknown>][])(
    'dates %s until something is logged',
    async (_, read) => {
      const room = aRoom(maxBytes);
      await read(await room.open(reads));
      const noted = theRead();
      expect(await noted.confirm()).toBe('unchanged');
      await room.log('updated', 'another message');
      expect([noted.state, await noted.confirm()]).toEqual(['changed', 'changed']);
      reads = new OperationReads();
      reads.begin();
      await read(await room.open(reads));
      expect([theRead().key, await theRead().confirm()]).toEqual([noted.key, 'unchanged']);
      room.close();
      expect(theRead().state).toBe('changed');
    },
  );

  it('dates a read by the state before the provider was asked', async () => {
    const room = aRoom(maxBytes);
    const listMessages: MailSession['listMessages'] = async () => {
      await room.log('created', 'two');
      return { items: [aMessage('one')], next: null };
    };
    const session = await room.open(reads, { more: { listMessages } });
    await session.listMessages(QUERY, PAGE, call);
    expect(theRead().state).toBe('changed');
    // An answer of two states is of none.
    await session.getMessages(['three'], 'envelope', call);
    expect(reads.undatedBy).toContain('changed meanwhile');
  });

  it('ends the date when a write ends, also of a request that began before', async () => {
    const room = aRoom(maxBytes);
    const writing = await room.open(null);
    await (await room.open(reads)).getMessages(['one'], 'envelope', call);
    expect(await theRead().confirm()).toBe('unchanged');
    await writing.update([{ id: 'one', isRead: false }], call);
    expect(theRead().state).toBe('changed');
  });

  it('ends the date when the integration changes, and has another key for another grant', async () => {
    const room = aRoom(maxBytes);
    await (await room.open(reads)).listMailboxes(call);
    const before = theRead();
    room.integrationChanged('another account');
    expect(await before.confirm()).toBe('unchanged');
    room.integrationChanged('account');
    expect([before.state, await before.confirm()]).toEqual(['changed', 'changed']);
    reads = new OperationReads();
    reads.begin();
    await (await room.open(reads, { status: 'ERROR' })).listMailboxes(call);
    expect(theRead().key).not.toBe(before.key);
  });

  it('does not date what is read while the account is not live, and ends the date when it is found not to be', async () => {
    const room = aRoom(maxBytes);
    const session = await room.open(reads);
    await session.listMailboxes(call);
    const before = theRead();
    room.state.isAway = true;
    expect(await before.confirm()).toBe('unchanged');
    passed = LEASE_MS;
    expect([before.state, await before.confirm()]).toEqual(['unconfirmed', 'changed']);
    await session.listMailboxes(call);
    expect(reads.undatedBy).toBe('an account that is not live');
  });

  it.each([
    ['a draft', (session: MailSession) => session.getDrafts(['one'], call)],
    ['a member that a later release adds', (session: MailSession) => (session as unknown as Later).later()],
    ['an object of a later release', async (session: MailSession) => (session as unknown as Later).settings],
  ] as [string, (session: MailSession) => Promise<unknown>][])('does not date an answer with %s', async (_, read) => {
    const room = aRoom(maxBytes);
    const session = await room.open(reads, { more: { later: async () => 1, settings: {} } as Partial<MailSession> });
    expect([session.roleMailboxId?.('INBOX'), session.decides({ kind: 'everything' } as never)]).toEqual([
      null,
      'exact',
    ]);
    expect(reads.undatedBy).toBeNull();
    await read(session);
    expect(reads.undatedBy).toMatch(/^MailSession\./);
  });

  it('does not date an answer with a read that failed', async () => {
    const room = aRoom(maxBytes);
    const limited = new MailError('RATE_LIMITED', 'Later.');
    const session = await room.open(reads, { more: { getMessages: async () => [limited] } });
    await session.getMessages(['one'], 'envelope', call);
    expect(reads.undatedBy).toBe('an object that was not read');
    reads = new OperationReads();
    reads.begin();
    const failing = async () => Promise.reject(limited);
    const other = await room.open(reads, { more: { listMailboxes: failing } });
    await expect(other.listMailboxes(call)).rejects.toBe(limited);
    expect(reads.undatedBy).toBe('a read that failed');
  });

  it('dates that an object does not exist', async () => {
    const room = aRoom(maxBytes);
    const getMessages = async () => [new MailError('NOT_FOUND', 'There is no such message.')];
    await (await room.open(reads, { more: { getMessages } })).getMessages(['two'], 'envelope', call);
    expect(await theRead().confirm()).toBe('unchanged');
  });

  it('holds for five minutes where the answer shows what no feed announces', async () => {
    const room = aRoom(maxBytes);
    for (const use of ['refresh', 'reuse'] as const) {
      reads = new OperationReads();
      reads.begin();
      const before = Date.now();
      const session = await room.open(reads, { use });
      await Promise.all([session.listMailboxes(call), session.identities(call)]);
      const { until = 0 } = reads.dates ?? {};
      expect(until).toBeGreaterThan(before);
      expect(until).toBeLessThanOrEqual(Date.now() + 300_000);
      expect(reads.dates && [stateOf(reads.dates, until), stateOf(reads.dates, until - 1)]).toEqual([
        'changed',
        'unchanged',
      ]);
    }
  });

  it('does not date what a lagging replica answers soon after a change', async () => {
    const room = aRoom(maxBytes);
    const more = { readsSettleMs: 60_000 };
    await (await room.open(reads, { more })).getMessages(['one'], 'envelope', call);
    expect(await theRead().confirm()).toBe('unchanged');
    await room.log('updated', 'two');
    reads = new OperationReads();
    reads.begin();
    const session = await room.open(reads, { more });
    await session.getMessages(['one'], 'envelope', call);
    // What was read before the change, and is not concerned by it, is in the cache.
    expect(reads.undatedBy).toBe(maxBytes > 0 ? null : 'a read soon after a change');
    await session.getMessages(['two'], 'envelope', call);
    expect(reads.undatedBy).toBe('a read soon after a change');
  });

  it('does not date a search that the index decides soon after a change', async () => {
    const room = aRoom(maxBytes);
    const listMessages = async () => ({ items: [], next: null, evaluation: 'INDEXED' as const });
    const search = { mailboxId: null, where: { kind: 'text', value: 'lunch' } } as const;
    const session = await room.open(reads, { more: { listMessages } });
    await session.listMessages(search, PAGE, call);
    expect(await theRead().confirm()).toBe('unchanged');
    await room.log('created', 'two');
    reads = new OperationReads();
    reads.begin();
    await (await room.open(reads, { more: { listMessages } })).listMessages(search, PAGE, call);
    expect(reads.undatedBy).toBe('a search soon after a change');
  });

  it('dates such a search again a minute after the change, where nothing else is set', async () => {
    const room = aRoom(maxBytes);
    const listMessages = async () => ({ items: [], next: null, evaluation: 'INDEXED' as const });
    const search = async (word: string) => {
      reads = new OperationReads();
      reads.begin();
      const session = await room.open(reads, { more: { listMessages } });
      await session.listMessages({ mailboxId: null, where: { kind: 'text', value: word } }, PAGE, call);
      return reads.undatedBy;
    };
    await search('before');
    await room.log('created', 'two');
    passed = 30_000;
    expect(await search('lunch')).toBe('a search soon after a change');
    passed = 60_000;
    expect(await search('lunch')).toBeNull();
  });

  it('knows of a change that was logged before it began to follow', async () => {
    const room = aRoom(maxBytes);
    room.state.changedAgoMs = 1_000;
    await (await room.open(reads, { more: { readsSettleMs: 60_000 } })).listMailboxes(call);
    expect(reads.undatedBy).toBe('a read soon after a change');
  });

  it('waits for a change that was announced, except where the provider is asked in any case', async () => {
    const room = aRoom(maxBytes);
    room.state.dueForMs = 0;
    await (await room.open(reads, { use: 'refresh' })).listMailboxes(call);
    expect([room.asked, room.state.hurries]).toEqual([['listMailboxes'], 0]);
    const waiting = (await room.open(reads)).listMailboxes(call);
    await expect.poll(() => room.state.hurries).toBeGreaterThan(0);
    room.state.dueForMs = null;
    await room.log('created', 'two');
    await waiting;
  });

  it('dates nothing that is read for a job', async () => {
    const room = aRoom(maxBytes);
    await (await room.open(reads, { use: 'through' })).listMailboxes(call);
    expect(reads.undatedBy).toBe('MailSession.listMailboxes');
  });
});

interface Later {
  later(): Promise<unknown>;
  readonly settings: object;
}

it('follows no account without a cache, unless somebody notes what is read', async () => {
  const room = aRoom(0);
  await (await room.open(null)).listMailboxes(call);
  expect([room.asked, room.state.followers]).toEqual([['listMailboxes'], 0]);
  await (await room.open(reads)).listMailboxes(call);
  expect([room.asked, room.state.followers]).toEqual([['listMailboxes', 'listMailboxes'], 1]);
});

it.each([
  [
    'a mailbox',
    (session: MailSession) => session.listMailboxes(call),
    { listMailboxes: async () => [{ ...INBOX, name: 'New' }] },
  ],
  [
    'an identity',
    (session: MailSession) => session.identities(call),
    { identities: async () => [{ address: 'a@b', name: null }] },
  ],
] as [string, (session: MailSession) => Promise<unknown>, Partial<MailSession>][])(
  'ends the date where a fresh read shows %s that nobody has reported',
  async (_, read, more) => {
    const room = aRoom(1_000_000);
    await read(await room.open(reads));
    const before = theRead();
    await read(await room.open(null, { use: 'refresh' }));
    expect(await before.confirm()).toBe('unchanged');
    await read(await room.open(null, { use: 'refresh', more }));
    expect(before.state).toBe('changed');
  },
);

it('is as new as the older of two grants of an account, until the account changes', async () => {
  const room = aRoom(1_000_000);
  expect(room.applied()).toEqual([]);
  await (await room.open(null)).listMailboxes(call);
  expect(room.applied()).toEqual([['account', 5n]]);
  room.state.sequence = 9n;
  await (await room.open(null, { sharingKey: 'of another user' })).listMailboxes(call);
  expect(room.applied()).toEqual([['account', 5n]]);
  room.integrationChanged('another');
  expect(room.applied()).toEqual([['account', 5n]]);
  room.integrationChanged('account');
  expect(room.applied()).toEqual([]);
});

const [LIST, OTHER, DRAFT, MAILBOXES] = ['the list', 'another message', 'the draft', 'the mailboxes'];
it.each<
  [write: keyof MailSession, run: (session: MailSession) => Promise<unknown>, again: readonly (string | undefined)[]]
>([
  ['deleteForever', (session) => session.deleteForever(['other'], call), [OTHER]],
  ['saveDraft', (session) => session.saveDraft({} as never, call), [LIST, DRAFT]],
  ['deleteDraft', (session) => session.deleteDraft('draft', null as never, call), [LIST, DRAFT]],
  ['send', (session) => session.send('draft', call), [LIST, DRAFT]],
  ['saveMailbox', (session) => session.saveMailbox({} as never, call), [LIST, MAILBOXES]],
  ['deleteMailbox', (session) => session.deleteMailbox('INBOX', call), [LIST, OTHER, DRAFT, MAILBOXES]],
])(
  'reads again what a write of ours may have changed, also where its answer is lost: %s',
  async (write, run, again) => {
    for (const isLost of [false, true]) {
      const room = aRoom(1_000_000);
      const asked: (string | undefined)[] = [];
      const more: Partial<MailSession> = {
        listMessages: async () => {
          asked.push(LIST);
          return { items: [aMessage('one')], next: null };
        },
        getMessages: async ([id = '']) => {
          asked.push(id === 'draft' ? DRAFT : OTHER);
          return [aMessage(id, { isDraft: id === 'draft' })];
        },
        listMailboxes: async () => {
          asked.push(MAILBOXES);
          return [INBOX];
        },
        [write]: async () => {
          if (isLost) throw new Error('the answer is lost');
          return [];
        },
      };
      const readAll = async () => {
        asked.length = 0;
        const session = await room.open(null, { more });
        await session.listMessages(QUERY, PAGE, call);
        await session.getMessages(['other'], 'envelope', call);
        await session.getMessages(['draft'], 'envelope', call);
        await session.listMailboxes(call);
        return [...asked];
      };
      expect(await readAll()).toEqual([LIST, OTHER, DRAFT, MAILBOXES]);
      expect(await readAll()).toEqual([]);
      const writing = run(await room.open(null, { more }));
      if (isLost) await expect(writing).rejects.toThrow('lost');
      else await writing;
      expect(await readAll()).toEqual(again);
      room.close();
    }
  },
);

it('believes a lease, and asks when it has ended', async () => {
  const room = aRoom(1_000_000);
  await (await room.open(reads)).listMailboxes(call);
  const read = theRead();
  room.state.isAway = true;
  passed = LEASE_MS / 3;
  expect(read.state).toBe('unchanged');
  room.state.isAway = false;
  passed = LEASE_MS;
  expect(read.state).toBe('unconfirmed');
  expect([await read.confirm(), read.state]).toEqual(['unchanged', 'unchanged']);
});

it('follows an account as long as somebody asks whether an answer still holds', async () => {
  vi.restoreAllMocks();
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  try {
    const room = aRoom(1_000_000);
    await (await room.open(reads)).listMailboxes(call);
    const read = theRead();
    const after = (minutes: number) => {
      vi.advanceTimersByTime(minutes * 60_000);
      return read.state;
    };
    expect([after(14), after(14), after(17)]).toEqual(['unconfirmed', 'unconfirmed', 'changed']);
  } finally {
    vi.useRealTimers();
  }
});

it('does not date an account that cannot be opened', async () => {
  const room = aRoom(1_000_000);
  const handle = { session: () => Promise.reject(new MailError('RECONNECT_REQUIRED', 'Connect it again.')) };
  expect(room.asked).toEqual([]);
  const cache = openCache(
    { bus: { onGap: () => () => {} } } as never,
    { directory: { onChanged: () => () => {} } } as never,
    {} as never,
    { maxBytes: 0 },
  );
  await expect(cache.session(handle as never, 'reuse', reads)).rejects.toThrow('Connect it again.');
  expect(reads.undatedBy).toBe('an account that could not be opened');
  cache.close();
});

it('reads nothing from memory that is older than an entry to which a reader of the log has come', async () => {
  const room = aRoom(1_000_000);
  const read = async () => (await room.open(null)).getMessages(['one'], 'envelope', call);
  const isAsked = () => room.asked.splice(0).length > 0;
  await read();
  await read();
  expect(isAsked()).toBe(true);
  room.commit('updated', 'one');
  await read();
  expect(isAsked()).toBe(false);
  room.noted(6n);
  await read();
  expect([isAsked(), room.applied()]).toEqual([true, [['account', 6n]]]);
  // What the reader of a page has come to is mostly applied already.
  room.noted(6n);
  await read();
  expect(isAsked()).toBe(false);
  room.close();
});
