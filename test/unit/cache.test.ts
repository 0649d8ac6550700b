import { expect, it } from 'vitest';
import { AccountCache } from '../../src/cache/account-cache.ts';
import { AccountLog, LEASE_MS } from '../../src/cache/account-log.ts';
import { CacheBudget } from '../../src/cache/cache-budget.ts';
import type { LoggedChange } from '../../src/changes/change.store.ts';
import type { Condition } from '../../src/domain/search/condition.ts';
import { threadOf } from '../../src/domain/thread.ts';
import type { ListQuery, PageRequest } from '../../src/providers/contract/list.ts';
import type { MailSession } from '../../src/providers/contract/mail-session.ts';
import { aMailbox, aMessage } from '../support/fakes/fake-account.ts';

const GMAIL = {
  roleMailboxId: (role) => (role === 'TRASH' ? 'TRASH' : role === 'JUNK' ? 'SPAM' : null),
} as MailSession;
const PAGE: PageRequest = { size: 10, after: null };
const inMailbox = (mailboxId: string | null, where: Condition | null = null): ListQuery => ({ mailboxId, where });
const INBOX = inMailbox('INBOX');
const UNREAD = inMailbox('INBOX', { kind: 'read', value: false });
const WORDS = inMailbox(null, { kind: 'text', value: 'lunch' });
const aCache = (clock = { now: 0 }, settleMs = 0) =>
  new AccountCache({
    budget: new CacheBudget(1_000_000),
    mailboxesPerMessage: 'MANY',
    settleMs,
    now: () => clock.now,
  });
const one = aMessage('one', { isRead: false });
const two = aMessage('two');
const MAILBOX = aMailbox('INBOX', { name: 'Inbox', role: 'INBOX', totalMessages: 2, unreadMessages: 1 });

function keep(cache: AccountCache, query: ListQuery, items = [one, two], page = PAGE): void {
  const mark = cache.begin();
  cache.keepMessageList(GMAIL, query, page, { items, next: null }, [], mark);
  cache.end(mark);
}
const logged = (kind: LoggedChange['kind'], subject: string, detail: LoggedChange['detail'] = null) => ({
  kind,
  subject,
  detail,
});
const kept = (cache: AccountCache) =>
  [INBOX, UNREAD, WORDS].map((query) => cache.list('messages', query, PAGE) !== null);

it.each([
  [
    'a flag',
    logged('updated', 'one', { isRead: true, mailboxIdsAdded: [], mailboxIdsRemoved: [] }),
    [true, false, true],
  ],
  ['another flag', logged('updated', 'one', { isStarred: true, mailboxIdsAdded: ['STARRED'] }), [true, true, true]],
  ['a label of another mailbox', logged('updated', 'one', { mailboxIdsAdded: ['Label_1'] }), [true, true, true]],
  ['the mailbox of the list', logged('updated', 'one', { mailboxIdsRemoved: ['INBOX'] }), [false, false, true]],
  [
    'trash, which every list leaves out',
    logged('updated', 'one', { mailboxIdsAdded: ['TRASH'] }),
    [false, false, false],
  ],
  ['something unknown', logged('updated', 'other'), [false, false, false]],
  ['a new message', logged('created', 'three'), [false, false, false]],
  ['a deletion on the page', logged('deleted', 'one'), [false, false, false]],
  ['a deletion elsewhere', logged('deleted', 'other'), [true, false, false]],
  ['a mailbox', logged('mailbox', 'Label_1'), [false, false, false]],
  ['a reset', logged('reset', 'CURSOR_EXPIRED'), [false, false, false]],
])('a change of %s drops the lists that can depend on it, and no others', (_, change, expected) => {
  const cache = aCache();
  for (const query of [INBOX, UNREAD, WORDS]) keep(cache, query);
  expect(kept(cache)).toEqual([true, true, true]);
  cache.apply(change);
  expect(kept(cache)).toEqual(expected);
});

it.each([
  ['a new message, which may belong to it', logged('created', 'three'), null],
  ['a mailbox', logged('mailbox', 'Label_1'), null],
  ['a reset', logged('reset', 'CURSOR_EXPIRED'), null],
  ['a deletion in it', logged('deleted', 'one'), null],
  ['something unknown in it', logged('updated', 'one'), null],
  ['a deletion elsewhere', logged('deleted', 'three'), [false, true]],
  [
    'a flag in it',
    logged('updated', 'one', { isRead: true, mailboxIdsAdded: [], mailboxIdsRemoved: [] }),
    [true, true],
  ],
])('a change of %s drops a thread, or is shown in it', (_, change, expected) => {
  const cache = aCache();
  const mark = cache.begin();
  cache.keepThreads([threadOf('thread', [one, two], new Set(), 2)], mark);
  cache.end(mark);
  expect(cache.thread('thread')?.messages).toEqual([one, two]);
  cache.apply(change);
  expect(cache.thread('thread')?.messages.map(({ isRead }) => isRead) ?? null).toEqual(expected);
});

it.each([
  logged('updated', 'other', { isRead: true, mailboxIdsAdded: [], mailboxIdsRemoved: [] }),
  logged('created', 'three'),
  logged('deleted', 'other'),
])('any change of messages drops all counts, and no mailbox: $kind', (change) => {
  const cache = aCache();
  const mark = cache.begin();
  cache.mailboxes.keep([MAILBOX], mark);
  cache.mailboxes.keepCounts('INBOX', { total: 2, unread: 1 }, mark);
  cache.end(mark);
  expect([cache.mailboxes.list()?.mailboxes, cache.mailboxes.counts('INBOX')]).toEqual([
    [MAILBOX],
    { total: 2, unread: 1 },
  ]);
  cache.apply(change);
  const { mailboxes, hasCounts } = cache.mailboxes.list() ?? {};
  expect(hasCounts).toBe(false);
  expect(mailboxes).toEqual([{ ...MAILBOX, totalMessages: null, unreadMessages: null }]);
  expect(cache.mailboxes.counts('INBOX')).toBeUndefined();
});

it('applies a logged state to the message, and reads again what no detail reports', () => {
  const cache = aCache();
  keep(cache, INBOX);
  cache.apply(logged('updated', 'one', { isRead: true, mailboxIdsAdded: ['Label_1'], mailboxIdsRemoved: [] }));
  expect(cache.messages.get('one', 'envelope')).toEqual({ ...one, isRead: true, mailboxIds: ['INBOX', 'Label_1'] });
  cache.apply(logged('updated', 'one'));
  expect(cache.messages.get('one', 'envelope')).toBeNull();
});

it('does not keep what changed while it was read', () => {
  const cache = aCache();
  const mark = cache.begin();
  cache.apply(logged('updated', 'one', { isRead: true, mailboxIdsAdded: [], mailboxIdsRemoved: [] }));
  cache.keepMessageList(GMAIL, UNREAD, PAGE, { items: [one, two], next: null }, [], mark);
  cache.end(mark);
  expect(cache.list('messages', UNREAD, PAGE)).toBeNull();
  expect([cache.messages.get('one', 'envelope'), cache.messages.get('two', 'envelope')]).toEqual([null, two]);
});

it('does not keep what is read soon after a change, where replicas of the provider lag', () => {
  const clock = { now: 0 };
  const cache = aCache(clock, 10_000);
  const read = () => {
    const mark = cache.begin();
    cache.keepMessages([one, two], 'envelope', mark);
    cache.end(mark);
    return cache.messages.get('one', 'envelope');
  };
  cache.begin();
  cache.apply(logged('updated', 'one'));
  clock.now = 9_999;
  expect(read()).toBeNull();
  clock.now = 10_000;
  expect(read()).toBe(one);
});

it('takes a state that a read shows before the log for a change, because lists that were read before lack it', () => {
  const cache = aCache();
  keep(cache, UNREAD);
  const mark = cache.begin();
  cache.keepMessages([{ ...one, isRead: true }], 'envelope', mark);
  cache.end(mark);
  expect(cache.list('messages', UNREAD, PAGE)).toBeNull();
});

it('shows a page again only to a caller who skips the same ids, or more', () => {
  const cache = aCache();
  const mark = cache.begin();
  cache.keepMessageList(GMAIL, INBOX, PAGE, { items: [two], next: null }, ['one'], mark);
  const skipping = (...ids: string[]) =>
    cache.list('messages', INBOX, { ...PAGE, skip: (id) => ids.includes(id) })?.ids;
  expect([skipping('one'), skipping('one', 'two'), skipping(), skipping('two')]).toEqual([
    ['two'],
    [],
    undefined,
    undefined,
  ]);
});

it('stays within its bytes, and takes them from the largest account', () => {
  const budget = new CacheBudget(200_000);
  const caches = [0, 1].map(() => new AccountCache({ budget, mailboxesPerMessage: 'MANY', settleMs: 0, now: () => 0 }));
  const [small, large] = caches as [AccountCache, AccountCache];
  const read = (cache: AccountCache, id: string) => {
    const mark = cache.begin();
    cache.keepMessages([aMessage(id, { content: null })], 'envelope', mark);
    cache.end(mark);
  };
  for (let n = 0; n < 10; n++) read(small, `${n}`);
  for (let n = 0; n < 1_000; n++) read(large, `${n}`);
  expect(budget.bytes).toBe(small.bytes + large.bytes);
  expect(budget.bytes).toBeLessThanOrEqual(200_000);
  expect(budget.bytes).toBeGreaterThan(150_000);
  expect(small.messages.get('0', 'envelope')).not.toBeNull();
  expect([large.messages.get('0', 'envelope'), large.messages.get('999', 'envelope')]).toEqual([
    null,
    expect.anything(),
  ]);
  large.close();
  expect(budget.bytes).toBe(small.bytes);
});

/** A log of one account that a test controls. */
function aLog() {
  const state = {
    live: true,
    sequence: 5n,
    dueForMs: null as number | null,
    isConnected: true,
    fails: false,
    now: 0,
    replacements: 0,
    announced: 0,
    /** The log is read when it resolves. */
    reading: Promise.resolve(),
  };
  const [entries, applied]: [LoggedChange[], bigint[]] = [[], []];
  const lost: number[] = [];
  const began: (number | null)[] = [];
  let grown = () => {};
  let hurries = 0;
  const position = () => ({ hasCursor: true, sequence: state.sequence }) as never;
  const log = new AccountLog({
    record: { id: 'one' } as never,
    logs: {
      follow: async (_key, _start, callback) => {
        grown = callback;
        return {
          start: 5n,
          after: async (from) => {
            await state.reading;
            return entries.filter(({ sequence }) => sequence > from);
          },
          get replacements() {
            return state.replacements;
          },
          announce: () => {
            state.announced++;
            grown();
          },
          leave: () => {},
        };
      },
    },
    health: {
      of: async () => {
        if (state.fails) throw new Error('the database is away');
        const { live, dueForMs } = state;
        return { live, position: position(), confirmedAgoMs: null, dueForMs, changedAgoMs: 7, watchExpiresAt: null };
      },
    },
    bus: state,
    apply: ({ sequence }) => applied.push(sequence),
    lost: () => lost.push(state.now),
    hurry: () => hurries++,
    began: (changedAgoMs) => began.push(changedAgoMs),
    now: () => state.now,
    // A read waits as long as the test takes.
    times: { checkTimeoutMs: 60_000 },
  });
  const append = () => {
    state.sequence++;
    entries.push({ sequence: state.sequence, kind: 'created', subject: 'x' } as LoggedChange);
  };
  return { state, log, applied, lost, began, append, wake: () => grown(), hurried: () => hurries };
}

it('trusts a live account for a lease, without asking again', async () => {
  const { log, state } = aLog();
  expect([log.isCurrent, await log.check(), log.isCurrent]).toEqual([false, true, true]);
  state.fails = true;
  state.now = LEASE_MS / 2;
  expect(log.isCurrent).toBe(true);
  state.now = LEASE_MS;
  expect(log.isCurrent).toBe(false);
});

it('trusts nothing from a wake-up until its entries are applied', async () => {
  const { log, applied, append, wake } = aLog();
  await log.check();
  append();
  wake();
  expect(log.isCurrent).toBe(false);
  await log.check();
  expect([applied, log.isCurrent]).toEqual([[6n], true]);
});

it('trusts nothing while the entries of a wake-up are read, or those to which a reader has come', async () => {
  for (const isAnnounced of [true, false]) {
    const { log, state, applied, append, wake } = aLog();
    await log.check();
    let read = () => {};
    state.reading = new Promise((resolve) => {
      read = resolve;
    });
    append();
    if (isAnnounced) wake();
    else log.noted(6n);
    // Longer than it takes until the log is read.
    await new Promise((resolve) => setImmediate(resolve));
    expect([log.isCurrent, applied]).toEqual([false, []]);
    read();
    expect([await log.confirm(), applied]).toEqual([true, [6n]]);
    log.noted(6n);
    expect(log.isCurrent).toBe(true);
  }
});

it.each([
  ['the account is not live', (state: ReturnType<typeof aLog>['state'], isTrue: boolean) => (state.live = !isTrue)],
  ['the database was away', (state, isTrue) => (state.fails = isTrue)],
])('applies entries at once that are announced soon after a check that found that %s', async (_, happen) => {
  const { log, state, append, wake } = aLog();
  happen(state, true);
  expect(await log.check()).toBe(false);
  if (state.fails) happen(state, false);
  append();
  wake();
  await expect.poll(() => log.appliedSequence).toBe(6n);
});

it('reads entries that nothing has announced, forgets no more than they say, and has all others who follow the log read them', async () => {
  const { log, state, applied, lost, append } = aLog();
  await log.check();
  append();
  state.now = LEASE_MS;
  expect(await log.check()).toBe(true);
  expect([applied, lost, state.announced]).toEqual([[6n], [], 1]);
  state.now += LEASE_MS;
  await log.check();
  expect(state.announced).toBe(1);
});

it.each([
  ['the account is not live', (state: ReturnType<typeof aLog>['state']) => (state.live = false)],
  ['the database is away', (state) => (state.fails = true)],
  ['entries are not in the log', (state) => state.sequence++],
  [
    'the log is that of an older backup',
    (state) => {
      state.sequence -= 2n;
      state.replacements++;
    },
  ],
])('forgets everything when %s', async (_, happen) => {
  const { log, lost, state } = aLog();
  await log.check();
  happen(state);
  state.now = LEASE_MS;
  await log.check();
  expect(lost).toEqual([LEASE_MS]);
});

it('trusts nothing while the bus is not connected, or a change is announced and not read', async () => {
  const { log, state, lost } = aLog();
  await log.check();
  state.isConnected = false;
  expect(log.isCurrent).toBe(false);
  state.isConnected = true;
  state.dueForMs = 0;
  state.now = LEASE_MS;
  expect([await log.check(), lost]).toEqual([false, []]);
});

it('waits for a change that was just announced, and hurries it', async () => {
  const { log, state, applied, append, wake, hurried } = aLog();
  state.dueForMs = 0;
  const confirmed = log.confirm();
  await expect.poll(() => hurried()).toBeGreaterThan(0);
  expect([log.isCurrent, applied]).toEqual([false, []]);
  append();
  state.dueForMs = null;
  wake();
  expect([await confirmed, applied, log.isCurrent]).toEqual([true, [6n], true]);
});

it('does not wait for a change that was announced a while ago, whose provider is slow or away', async () => {
  const { log, state, hurried } = aLog();
  state.dueForMs = 60_000;
  expect([await log.confirm(), hurried()]).toEqual([false, 0]);
});

it('does not wait for a change that was just announced while the bus is gone', async () => {
  const { log, state, hurried } = aLog();
  state.dueForMs = 0;
  state.isConnected = false;
  expect([await log.confirm(), hurried()]).toEqual([false, 0]);
});

it('drops the lists that a sent or edited draft can enter, whatever their condition is', () => {
  const draft = aMessage('draft', { isDraft: true, mailboxIds: ['DRAFT'] });
  const cache = aCache();
  const readAll = () => {
    const mark = cache.begin();
    cache.keepMessages([draft], 'envelope', mark);
    for (const query of [INBOX, WORDS]) keep(cache, query);
  };
  readAll();
  cache.apply(logged('updated', 'draft', { isDraft: true, mailboxIds: ['DRAFT'] }));
  expect(kept(cache)).toEqual([false, false, false]);
  readAll();
  cache.apply(logged('updated', 'draft', { isDraft: false, mailboxIds: ['DRAFT'] }));
  expect(kept(cache)).toEqual([false, false, false]);
});

it('drops a first page behind which more follows when any message is deleted, because that may have been the last', () => {
  const cache = aCache();
  const mark = cache.begin();
  cache.keepMessageList(GMAIL, INBOX, PAGE, { items: [one, two], next: 'more' }, [], mark);
  cache.apply(logged('deleted', 'other'));
  expect(cache.list('messages', INBOX, PAGE)).toBeNull();
});

it('reads again in time a message whose own echo may have hidden another update', () => {
  const clock = { now: 0 };
  const cache = aCache(clock);
  cache.messages.written({ ...one, isAnswered: false });
  cache.apply(logged('updated', 'one', { isRead: false }));
  expect(cache.messages.get('one', 'envelope')).not.toBeNull();
  clock.now = 5 * 60_000;
  expect(cache.messages.get('one', 'envelope')).toBeNull();
});

it('tells of the latest change before it was followed as soon as that is known, and once', async () => {
  const { log, state, began } = aLog();
  state.fails = true;
  await log.check();
  expect(began).toEqual([]);
  state.fails = false;
  for (let turn = 0; turn < 2; turn++) {
    state.now += LEASE_MS;
    await log.check();
  }
  expect(began).toEqual([7]);
});
