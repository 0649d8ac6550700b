import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MailError } from '../../src/domain/error.ts';
import { encodeId } from '../../src/domain/global-id.ts';
import type { Message } from '../../src/domain/message.ts';
import type { Condition, UserCondition } from '../../src/domain/search/condition.ts';
import type { MailAccount } from '../../src/mail/account/mail-account.ts';
import { MIN_READS_PER_ITEM } from '../../src/mail/account/page-reads.ts';
import { type ListKind, MESSAGES, THREADS } from '../../src/mail/list/list-kind.ts';
import { ListCursors } from '../../src/mail/list/list-position.ts';
import { type ListPage, UnifiedList } from '../../src/mail/list/unified-list.ts';
import { Sealer } from '../../src/platform/secrets/seal.ts';
import type { MailSession } from '../../src/providers/contract/mail-session.ts';
import { aMessage, fakeAccount, someContent } from '../support/fakes/fake-account.ts';
import { down, FakeList, narrows, random, randomCondition, randomMail } from '../support/fakes/fake-list.ts';

/** How many random lists are compared with a scan. A search for a fault sets more. */
const RANDOM_ROUNDS = Number(process.env.LIST_ROUNDS ?? 50);

const cursors = new ListCursors(new Sealer([{ version: 1, bytes: randomBytes(32) }]));
const listsWith = (options: { sourceDeadlineMs?: number; scanBudget?: number } = {}) =>
  new UnifiedList({ cursors, sourceDeadlineMs: 60_000, scanBudget: 500, ...options });
const reader = () => ({ userId: 'ada', signal: new AbortController().signal });

interface Reading {
  readonly kind?: ListKind<unknown>;
  readonly first?: number;
  readonly after?: string | null;
  readonly by?: UnifiedList;
  readonly within?: string;
  /** Whether the matches of a search and those of a filter are read as separate lists. */
  readonly isApart?: boolean;
}
function page(
  accounts: MailAccount | readonly MailAccount[],
  where: Condition | null,
  { kind = MESSAGES as ListKind<unknown>, first = 10, after = null, by = listsWith(), within }: Reading = {},
): Promise<ListPage<unknown>> {
  return by.page(reader(), kind, {
    accounts: [accounts].flat() as MailAccount[],
    condition: where && asWritten(where),
    scope: ['one'],
    first,
    after,
    ...(within && { within: { id: within, role: null } }),
  });
}
const shown = ({ entries }: ListPage<unknown>) => entries.map(({ item }) => (item as Message | null)?.id ?? null);
const evaluations = ({ sources }: ListPage<unknown>) => sources.map(({ evaluation }) => evaluation);

/** Returns the condition as a user writes it, with the global ids of account "a"'s mailboxes. */
function asWritten(where: Condition): UserCondition {
  if (where.kind === 'and' || where.kind === 'or') return { kind: where.kind, of: where.of.map(asWritten) };
  if (where.kind === 'not') return { kind: 'not', of: asWritten(where.of) };
  return where.kind === 'mailbox' ? { kind: 'mailbox', id: encodeId('Mailbox', 'a', where.id) } : where;
}

/** Reads every page. Each request opens the account again, as another instance would. */
async function readAll(
  list: FakeList,
  where: Condition,
  reading: Reading = {},
  between = () => {},
): Promise<ListPage<unknown>[]> {
  const pages: ListPage<unknown>[] = [];
  for (let after: string | null = null; pages.length < 3_000; ) {
    const session = { ...list.session, ...(reading.isApart && { narrows }) };
    const read: ListPage<unknown> = await page(fakeAccount('a', session), where, { ...reading, after });
    pages.push(read);
    if (!read.hasNextPage) return pages;
    after = read.end();
    between();
  }
  throw new Error('the list does not end');
}

const text = (value: string): Condition => ({ kind: 'text', value });
const from = (value: string): Condition => ({ kind: 'from', value });
const and = (...of: Condition[]): Condition => ({ kind: 'and', of });
const or = (...of: Condition[]): Condition => ({ kind: 'or', of });
const not = (of: Condition): Condition => ({ kind: 'not', of });
const unread: Condition = { kind: 'read', value: false };
const WORDS = text('plums');
const at = (n: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, 60 - n));
const MIXED = or(text('plum'), from('ada'));

describe('an account that answers badly', () => {
  const items = Array.from({ length: 10 }, (_, n) => aMessage(`m${n}`, { receivedAt: at(n) }));
  const holding = (error: (n: number) => MailError | null): Partial<MailSession> => ({
    decides: () => 'indexed',
    listMessages: async (_query, { skip }) => ({
      items: items.flatMap((message, n) => {
        const failed = error(n);
        return skip?.(message.id) ? [] : [failed ? { id: message.id, error: failed } : message];
      }),
      next: null,
    }),
  });

  it('shows what it had read at its deadline, and the rest on the next page', async () => {
    let isWell = false;
    const session = holding((n) => (isWell || n < 5 ? null : new MailError('TIMEOUT', 'too slow')));
    const first = await page(fakeAccount('a', session), WORDS);
    expect(shown(first)).toEqual(['m0', 'm1', 'm2', 'm3', 'm4']);
    expect(first).toMatchObject({ hasNextPage: true, sources: [{ state: 'PARTIAL', error: { code: 'TIMEOUT' } }] });
    isWell = true;
    const second = await page(fakeAccount('a', session), WORDS, { after: first.end() });
    expect(shown(second)).toEqual(['m5', 'm6', 'm7', 'm8', 'm9']);
    expect(second).toMatchObject({ hasNextPage: false, sources: [{ state: 'COMPLETE', error: null }] });
  });

  it('ends at its deadline when the provider never answers, and keeps its position', async () => {
    let isWell = false;
    const well = holding(() => null);
    const session: Partial<MailSession> = {
      ...well,
      listMessages: (...args) =>
        isWell ? (well.listMessages as MailSession['listMessages'])(...args) : new Promise<never>(() => {}),
    };
    const by = listsWith({ sourceDeadlineMs: 300 });
    const first = await page(fakeAccount('a', session), WORDS, { by });
    expect(shown(first)).toEqual([]);
    expect(first).toMatchObject({ hasNextPage: true, sources: [{ state: 'FAILED', error: { code: 'TIMEOUT' } }] });
    isWell = true;
    expect(shown(await page(fakeAccount('a', session), WORDS, { after: first.end() }))).toHaveLength(10);
  });

  it('has a node for a mail that can never be read, and continues after it', async () => {
    const session = holding((n) => (n === 3 ? new MailError('PROVIDER_UNAVAILABLE', 'cannot be read') : null));
    const all = await page(fakeAccount('a', session), WORDS);
    expect(shown(all)).toEqual(['m0', 'm1', 'm2', null, 'm4', 'm5', 'm6', 'm7', 'm8', 'm9']);
    expect(all).toMatchObject({ hasNextPage: false, sources: [{ state: 'PARTIAL' }] });
  });

  it('fails completely when it cannot be read at all', async () => {
    const list = new FakeList([]);
    list.failing = () => new MailError('RECONNECT_REQUIRED', 'connect it again');
    const none = await page(fakeAccount('a', list.session), WORDS);
    expect(none).toMatchObject({
      entries: [],
      sources: [{ state: 'FAILED', error: { code: 'RECONNECT_REQUIRED' } }],
    });
  });
});

it('refuses the request when the provider cannot evaluate its condition', async () => {
  const list = new FakeList([]);
  list.failing = () => new MailError('BAD_USER_INPUT', 'too many words');
  const refused = expect.objectContaining({ message: 'too many words', code: 'BAD_USER_INPUT' });
  await expect(page(fakeAccount('a', list.session), WORDS)).rejects.toEqual(refused);
});

describe('the native lists of a condition', () => {
  const asked = async (where: Condition | null, more: Reading = {}, session: Partial<MailSession> = {}) => {
    const list = new FakeList([]);
    await page(fakeAccount('a', { ...list.session, ...session }), where, more);
    return list.asked.map(({ query }) => query);
  };

  it('are one where nothing is mixed, and otherwise one for each alternative', async () => {
    expect(await asked(null)).toEqual([{ mailboxId: null, where: null }]);
    expect(await asked(or(from('ada'), unread))).toHaveLength(1);
    expect(await asked(or(text('plum'), not(text('fig'))))).toHaveLength(1);
    expect(await asked(and(text('plum'), from('ada')))).toHaveLength(1);
    expect(await asked(MIXED)).toEqual([
      { mailboxId: null, where: from('ada') },
      { mailboxId: null, where: text('plum') },
    ]);
    expect(await asked(or(MIXED, and(from('ada'), from('ada'))))).toHaveLength(2);
  });

  it('are two where a search narrows one alternative and a filter another one, since one list would be read whole', async () => {
    const either = or(from('ada'), unread);
    expect(await asked(either, {}, { narrows })).toEqual([
      { mailboxId: null, where: from('ada') },
      { mailboxId: null, where: unread },
    ]);
    expect(await asked(or(either, not(from('bob'))), {}, { narrows })).toHaveLength(1);
    // A condition is not refused because its parts would be too many lists: those parts are then read as one.
    const many = or(...Array.from({ length: 12 }, (_, n) => and(not(text(`w${n}`)), or(from(`n${n}`), unread))));
    expect(await asked(many, {}, { narrows })).toHaveLength(12);
  });

  it('are none for what cannot match, and no request is made', async () => {
    for (const where of [text('%%'), and(from('...'), unread), and(text('plum'), { kind: 'nothing' }), or()])
      expect([where, await asked(where)]).toEqual([where, []]);
    const list = new FakeList(randomMail(random(1), 5));
    const none = await page(fakeAccount('a', list.session), text('%%'));
    expect(none).toMatchObject({
      entries: [],
      hasNextPage: false,
      sources: [{ state: 'COMPLETE', evaluation: 'NATIVE' }],
    });
    expect(await asked(not(text('%%')))).toEqual([{ mailboxId: null, where: null }]);
  });

  it('are the same however the condition is written', async () => {
    const bob = from('bob');
    const query = await asked(and(bob, unread));
    expect(query).toHaveLength(1);
    for (const where of [and(unread, and(bob, unread)), not(or(not(bob), { kind: 'read', value: true }))])
      expect(await asked(where)).toEqual(query);
  });

  it('leave a named mailbox as a condition, and a list of a mailbox as that list', async () => {
    const work: Condition = { kind: 'mailbox', id: 'work' };
    expect(await asked(work)).toEqual([{ mailboxId: null, where: work }]);
    expect(await asked(null, { within: 'work' })).toEqual([{ mailboxId: 'work', where: null }]);
    expect(await asked(MIXED, { within: 'work' })).toEqual([
      { mailboxId: 'work', where: from('ada') },
      { mailboxId: 'work', where: text('plum') },
    ]);
  });

  it('are inside the mailbox of a role, which every provider reads fastest', async () => {
    const roles: Partial<MailSession> = { roleMailboxId: (role) => `id of ${role}` };
    const inRole = (role: 'INBOX' | 'SENT', mailboxesPerMessage: 'ONE' | 'MANY') => async () => {
      const list = new FakeList([]);
      const account = fakeAccount('a', { ...list.session, ...roles }, { capabilities: { mailboxesPerMessage } });
      await listsWith().page(reader(), MESSAGES, {
        accounts: [account],
        condition: { kind: 'and', of: [{ kind: 'role', role }, unread] },
        scope: ['one'],
        first: 10,
        after: null,
      });
      return list.asked.map(({ query }) => query);
    };
    expect(await inRole('INBOX', 'MANY')()).toEqual([{ mailboxId: 'id of INBOX', where: unread }]);
    expect(await inRole('SENT', 'ONE')()).toEqual([{ mailboxId: 'id of SENT', where: unread }]);
    expect(await inRole('SENT', 'MANY')()).toEqual([{ mailboxId: 'id of SENT', where: unread }]);
  });

  it('are refused when they would be more than a dozen, with advice what to do', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const where = and(...names.map((name) => or(text(name), from(name))));
    const list = new FakeList([]);
    await expect(page(fakeAccount('a', list.session), where)).rejects.toMatchObject({
      message: expect.stringContaining('Remove alternatives'),
      code: 'BAD_USER_INPUT',
    });
    expect(list.asked).toEqual([]);
  });
});

describe('a union of native lists', () => {
  it('holds each item once, newest first, with a cursor after each', async () => {
    const mails = ['plum', 'fig', 'plum', 'fig', 'plum', 'fig'].map((word, n) =>
      aMessage(`m${n}`, {
        receivedAt: at(n),
        from: { name: null, address: n < 4 ? 'ada@example.org' : 'bob@example.org' },
        subject: '',
        content: someContent({ text: word }),
      }),
    );
    const list = new FakeList(mails);
    const unionPage = await page(fakeAccount('a', list.session), MIXED);
    expect(shown(unionPage)).toEqual(['m0', 'm1', 'm2', 'm3', 'm4']);
    for (const [n, { cursor }] of unionPage.entries.entries()) {
      const rest = await page(fakeAccount('a', list.session), MIXED, { after: cursor() });
      expect([n, shown(rest)]).toEqual([n, ['m0', 'm1', 'm2', 'm3', 'm4'].slice(n + 1)]);
    }
  });

  it.each(Array.from({ length: RANDOM_ROUNDS }, (_, seed) => seed))(
    'equals what a scan finds, in its order (seed %i)',
    async (seed) => {
      const next = random(seed);
      const list = new FakeList(randomMail(next, 20 + Math.floor(next() * 100)));
      const isThreads = next() < 0.5;
      const where = randomCondition(next, 4);
      const first = 1 + Math.floor(next() * 12);
      const kind = (isThreads ? THREADS : MESSAGES) as ListKind<unknown>;
      const reading = { first, kind, isApart: seed % 2 === 0 };
      const expected = isThreads ? list.scanThreads(where) : list.scan(where);
      let pages: ListPage<unknown>[];
      try {
        pages = await readAll(list, where, reading);
      } catch (error) {
        expect(error).toMatchObject({ code: 'BAD_USER_INPUT' });
        return;
      }
      expect(pages.flatMap(shown)).toEqual(expected);
    },
  );

  it.each(Array.from({ length: RANDOM_ROUNDS / 2 }, (_, seed) => seed))(
    'skips nothing that stayed and repeats nothing while mail leaves and arrives and lists fail (seed %i)',
    async (seed) => {
      const next = random(seed);
      const list = new FakeList(randomMail(next, 120));
      const where = or(text('plum'), and(from('ada'), unread), { kind: 'starred', value: true });
      const before = list.scan(where);
      const removed = new Set<string>();
      let arrived = 1;
      let pages = 0;
      const read = await readAll(list, where, { first: 1 + Math.floor(next() * 7) }, () => {
        const leaving = new Set(list.messages.flatMap(({ id }) => (next() < 0.02 ? [id] : [])));
        for (const id of leaving) removed.add(id);
        list.remove(leaving);
        if (next() < 0.5) list.messages = [...list.messages, ...randomMail(next, 3, 1_000 * arrived++)];
        const fault = next();
        const word = next() < 0.5 ? 'text' : 'starred';
        list.failing = (query, { after }) => {
          if (pages++ > 300 || query.where?.kind !== word) return null;
          if (fault < 0.15) return down();
          return fault < 0.3 && after !== null ? new MailError('CURSOR_EXPIRED', 'forgotten') : null;
        };
      });
      const all = read.flatMap(shown);
      expect(new Set(all).size).toBe(all.length);
      expect(before.filter((id) => !removed.has(id) && !all.includes(id))).toEqual([]);
      expect(all.filter((id) => !before.includes(id ?? ''))).toEqual([]);
    },
  );

  it.each(Array.from({ length: 20 }, (_, seed) => seed))(
    'does not repeat an item that matches another of its lists after it was shown (seed %i)',
    async (seed) => {
      const next = random(seed);
      const list = new FakeList(randomMail(next, 60));
      const kind = (next() < 0.5 ? THREADS : MESSAGES) as ListKind<unknown>;
      const where = or(and(text('plum'), unread), and(or(from('ada'), from('bob')), not(unread)));
      const expected = kind.name === 'threads' ? list.scanThreads(where) : list.scan(where);
      const seen: string[] = [];
      let after: string | null = null;
      do {
        const read: ListPage<unknown> = await page(fakeAccount('a', list.session), where, { kind, first: 3, after });
        seen.push(...shown(read).map(String));
        after = read.hasNextPage ? read.end() : null;
        // Messages turn read or unread once they are shown. For threads, all messages of a shown thread do.
        const isShown = (message: Message) =>
          seen.includes(kind.name === 'threads' ? String(message.threadId) : message.id);
        list.messages = list.messages.map((m) => (isShown(m) ? { ...m, isRead: next() < 0.5 } : m));
      } while (after !== null);
      expect(seen).toEqual(expected);
    },
  );

  it('is filled by one list that has more matches than its share, although the budget is spent', async () => {
    const list = new FakeList(randomMail(random(11), 300));
    const others = ['b', 'c', 'd', 'e', 'f'].map((name) => and(text(`absent${name}`), not(from(name))));
    const where = or(and(text('plum'), not(from('ada'))), ...others);
    const { listMessages } = list.session as MailSession;
    // Each request reads everything that the search finds, whatever size is wanted, and so spends the budget.
    const session: Partial<MailSession> = {
      ...list.session,
      listMessages: async (query, request, call) => {
        const size = Math.max(request.size, request.upTo ?? 0);
        return { ...(await listMessages(query, { ...request, size, budget: 300 }, call)), spent: 300 };
      },
    };
    const read = await page(fakeAccount('a', session), where, { first: 25, by: listsWith({ scanBudget: 300 }) });
    expect(shown(read)).toEqual(list.scan(where).slice(0, 25));
    expect(evaluations(read)).toEqual(['INDEXED']);
  });

  it('fails completely when one list fails, since its missing items may belong before those of the others', async () => {
    const list = new FakeList(randomMail(random(7), 60));
    const expected = list.scan(MIXED);
    list.failing = ({ where }) => (where?.kind === 'text' ? down() : null);
    const first = await page(fakeAccount('a', list.session), MIXED);
    expect(first).toMatchObject({
      entries: [],
      hasNextPage: true,
      sources: [{ state: 'FAILED', error: { code: 'PROVIDER_UNAVAILABLE' } }],
    });
    list.failing = () => null;
    const rest = await page(fakeAccount('a', list.session), MIXED, { first: 100, after: first.end() });
    expect(shown(rest)).toEqual(expected);
  });

  it('continues after what was shown when its lists have changed since the cursor was made', async () => {
    const list = new FakeList(randomMail(random(3), 80));
    const expected = list.scan(MIXED);
    const first = await page(fakeAccount('a', list.session), MIXED, { first: 9 });
    // Another release may read the condition as one list, or as different lists.
    const decides: MailSession['decides'] = () => 'checked';
    const second = await page(fakeAccount('a', { ...list.session, decides }), MIXED, { first: 9, after: first.end() });
    const third = await page(fakeAccount('a', list.session), MIXED, { first: 100, after: second.end() });
    expect([first, second, third].flatMap(shown)).toEqual(expected);
  });

  it('reads each of its lists once for all that need it in one request', async () => {
    const list = new FakeList(randomMail(random(9), 40));
    const account = fakeAccount('a', list.session);
    const pages = await Promise.all(Array.from({ length: 5 }, () => page(account, MIXED)));
    expect(list.asked).toHaveLength(2);
    for (const one of pages) expect(shown(one)).toEqual(shown(pages[0] as ListPage<unknown>));
    const second = await Promise.all(pages.map((one) => page(account, MIXED, { after: one.end() })));
    for (const one of second) expect(shown(one)).toEqual(shown(second[0] as ListPage<unknown>));
  });
});

describe('where a search was evaluated', () => {
  const list = () => new FakeList(randomMail(random(2), 40));
  it.each<[string, Condition | null, string | null]>([
    ['nothing is narrowed', null, null],
    ['the provider is exact', unread, 'NATIVE'],
    ['candidates are checked', from('ada'), 'FILTERED'],
    ['its index decides', text('plum'), 'INDEXED'],
    ['one of several lists is decided by its index', or(text('plum'), and(unread, from('ada'))), 'INDEXED'],
  ])('is reported when %s', async (_, where, expected) => {
    expect(evaluations(await page(fakeAccount('a', list().session), where))).toEqual([expected]);
  });

  it('is reported for each account', async () => {
    const all = await page([fakeAccount('a', list().session), fakeAccount('b', list().session)], from('ada'));
    expect(evaluations(all)).toEqual(['FILTERED', 'FILTERED']);
  });

  it('is the same on every page, also after one of several lists or accounts has ended', async () => {
    const mail = Array.from({ length: 20 }, (_, n) =>
      aMessage(`m${n}`, {
        receivedAt: at(n),
        from: { name: null, address: n === 0 ? 'bob@example.org' : 'ada@example.org' },
        subject: n === 0 ? 'plum' : '',
      }),
    );
    const accounts = () => [
      fakeAccount('a', new FakeList(mail).session),
      fakeAccount('b', new FakeList(mail.slice(0, 1)).session),
    ];
    const reported: unknown[] = [];
    for (let after: string | null = null; ; ) {
      const read: ListPage<unknown> = await page(accounts(), MIXED, { first: 2, after });
      reported.push(evaluations(read));
      if (!read.hasNextPage) break;
      after = read.end();
    }
    expect(reported.length).toBeGreaterThan(5);
    expect(reported).toEqual(reported.map(() => ['INDEXED', 'INDEXED']));
  });

  it('is TRUNCATED when the provider stopped before the end of its list, with or without a next page', async () => {
    for (const next of [null, 'p2']) {
      const session: Partial<MailSession> = {
        decides: () => 'indexed',
        listMessages: async () => ({ items: [aMessage('m')], next, evaluation: 'INDEXED', truncated: true }),
      };
      expect(evaluations(await page(fakeAccount('a', session), WORDS, { first: 1 }))).toEqual(['TRUNCATED']);
    }
  });
});

describe('a query that a provider cannot evaluate', () => {
  const MESSAGE = 'The words are too many. Search for fewer.';
  const refusing: Partial<MailSession> = {
    decides: () => 'indexed',
    listMessages: async () => {
      throw new MailError('BAD_USER_INPUT', MESSAGE);
    },
  };

  it('is refused for the whole list, whichever account comes first and whatever the others return', async () => {
    const answering = new FakeList(randomMail(random(4), 20)).session;
    for (const sessions of [
      [refusing, answering],
      [answering, refusing],
    ]) {
      const accounts = sessions.map((session, n) => fakeAccount(`a${n}`, session));
      await expect(page(accounts, WORDS)).rejects.toMatchObject({
        message: MESSAGE,
        code: 'BAD_USER_INPUT',
      });
    }
  });

  it('is not taken from a cursor of another list, which begins again', async () => {
    const list = new FakeList(randomMail(random(4), 20));
    const first = await page(fakeAccount('a', list.session), unread, { first: 2 });
    list.failing = (_, { after }) => (after === null ? null : new MailError('BAD_USER_INPUT', 'of another list'));
    const second = await page(fakeAccount('a', list.session), unread, { first: 2, after: first.end() });
    expect([...shown(first), ...shown(second)]).toEqual(list.scan(unread).slice(0, 4));
  });
});

describe('what a search may spend', () => {
  const SPARSE = 40;
  /** Messages of which one in forty is from Ada, and one in forty contains the word "plum". */
  const sparse = (count: number) =>
    new FakeList(
      Array.from({ length: count }, (_, n) =>
        aMessage(`m${n}`, {
          receivedAt: new Date(Date.UTC(2026, 0, 1) - n * 1_000),
          threadId: `t${n}`,
          from: { name: null, address: n % SPARSE === 0 ? 'ada@example.org' : 'bob@example.org' },
          subject: '',
          content: someContent({ text: n % SPARSE === SPARSE / 2 ? 'plum' : '' }),
        }),
      ),
    );

  it.each<[string, Condition, ListKind<unknown>, number]>([
    ['messages', from('ada'), MESSAGES as ListKind<unknown>, 1],
    ['threads', from('ada'), THREADS as ListKind<unknown>, 1],
    ['a union', MIXED, MESSAGES as ListKind<unknown>, 2],
  ])('ends a page of %s that found too little, and the next page continues there', async (_, where, kind, lists) => {
    const list = sparse(4_000);
    const expected = kind.name === 'threads' ? list.scanThreads(where) : list.scan(where);
    const by = listsWith({ scanBudget: 100 });
    const account = () => fakeAccount('a', list.session);
    const first = await page(account(), where, { by, kind });
    expect(list.read).toBeLessThanOrEqual(100);
    expect(shown(first).length).toBeGreaterThan(0);
    expect(shown(first).length).toBeLessThan(10);
    expect(first).toMatchObject({ hasNextPage: true, sources: [{ state: 'COMPLETE', evaluation: 'TRUNCATED' }] });
    const pages = await readAll(list, where, { by, kind, after: first.end() });
    expect(pages.flatMap(shown)).toEqual(expected);
    // Each list reads each message once, and a second time when its page was not shown completely.
    list.read = 0;
    list.asked.length = 0;
    const again = await readAll(list, where, { by, kind });
    expect(again.length).toBeLessThanOrEqual(2 * lists * 40);
    expect(list.read).toBeLessThanOrEqual(2 * lists * 4_000);
    expect(list.asked.length).toBeLessThanOrEqual(4 * again.length);
  });

  it('grows in proportion to the amount of mail', async () => {
    const cost = async (count: number) => {
      const list = sparse(count);
      await readAll(list, from('nobody'), { by: listsWith({ scanBudget: 100 }) });
      return { requests: list.asked.length, read: list.read };
    };
    const [short, long] = [await cost(1_000), await cost(4_000)];
    expect(long.read).toBe(4 * short.read);
    expect(long.requests).toBeLessThanOrEqual(4 * short.requests);
  });

  it.each([MESSAGES, THREADS] as ListKind<unknown>[])(
    'is shared by all searches of one request: $name',
    async (kind) => {
      const list = sparse(4_000);
      const by = listsWith({ scanBudget: 100 });
      const conditions = Array.from({ length: 20 }, (_, n) => or(from('ada'), from(`nobody${n}`)));
      const account = fakeAccount('a', list.session);
      const pages = await Promise.all(conditions.map((where) => page(account, where, { kind, by })));
      // The limit is the minimum for each search, and the budget that they share.
      expect(list.read).toBeLessThanOrEqual(20 * MIN_READS_PER_ITEM * 11 + 100);
      const expected = kind.name === 'threads' ? list.scanThreads(from('ada')) : list.scan(from('ada'));
      for (const [n, first] of pages.entries()) {
        expect(first).toMatchObject({ hasNextPage: true, sources: [{ state: 'COMPLETE', evaluation: 'TRUNCATED' }] });
        const where = conditions[n] as Condition;
        const next = await page(fakeAccount('a', list.session), where, { kind, by, after: first.end() });
        const seen = [first, next].flatMap(shown);
        expect(seen).toEqual(expected.slice(0, seen.length));
        expect(shown(next)).not.toEqual([]);
      }
    },
  );

  it('is left to the other searches by those that find what they read, and by one that has ended', async () => {
    const list = sparse(400);
    const by = listsWith({ scanBudget: 100 });
    const account = fakeAccount('a', list.session);
    const bob = Array.from({ length: 20 }, () => from('bob'));
    const full = await Promise.all(bob.map((where, n) => page(account, where, { by, first: 10 + n })));
    for (const [n, read] of full.entries()) expect(shown(read)).toHaveLength(10 + n);
    const [before, after] = [list.read, await page(account, from('ada'), { by })];
    expect(evaluations(after)).toEqual(['TRUNCATED']);
    expect(list.read - before).toBeGreaterThan(80);
    // After the budget is spent, only a search of which nearly every message matches still fills its page.
    const late = await page(account, from('carol'), { by });
    expect(evaluations(late)).toEqual(['TRUNCATED']);
    const still = await page(account, from('bob'), { by, first: 30 });
    expect(shown(still).length).toBeGreaterThan(25);
  });

  it('says TRUNCATED on an empty page that has a next one', async () => {
    const list = sparse(300);
    const by = listsWith({ scanBudget: 50 });
    const first = await page(fakeAccount('a', list.session), from('nobody'), { by });
    expect(first).toMatchObject({ entries: [], hasNextPage: true, sources: [{ evaluation: 'TRUNCATED' }] });
    list.asked.length = 0;
    await page(fakeAccount('a', list.session), from('nobody'), { by, after: first.end() });
    expect(list.asked[0]?.after).not.toBeNull();
  });

  it('is not counted when nothing is requested, and ends the list of a provider that finds nothing at no cost', async () => {
    const list = sparse(200);
    const unionPage = await page(fakeAccount('a', list.session), null, {
      first: 100,
      by: listsWith({ scanBudget: 1 }),
    });
    expect(shown(unionPage)).toHaveLength(100);
    expect(evaluations(unionPage)).toEqual([null]);
    let asked = 0;
    const session: Partial<MailSession> = {
      decides: () => 'exact',
      listMessages: async () => ({ items: [], next: `p${asked++}`, spent: 0 }),
    };
    const none = await page(fakeAccount('a', session), unread, { by: listsWith({ scanBudget: 20 }) });
    expect(none).toMatchObject({ entries: [], hasNextPage: true, sources: [{ evaluation: 'TRUNCATED' }] });
    expect(asked).toBe(20);
  });
});
