import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Condition } from '../../src/domain/search/condition.ts';
import { isUnreadable, type Page, type PageRequest } from '../../src/providers/contract/list.ts';
import { SharedReads } from '../../src/providers/contract/shared-reads.ts';
import { type Account, interactive, type Lab, openLab } from '../support/app/lab.ts';
import type { UpstreamRequest } from '../support/clients/upstream.ts';

/** docs/search.md promises that messages missing from Gmail's index are found, except by words and by files. */
let lab: Lab;
let account: Account;
let accounts = 0;
const lag = (seconds: number) => lab.control('/search-lag', { vendor: lab.vendor, account: account.address, seconds });

beforeAll(async () => {
  lab = await openLab('GMAIL');
});
afterAll(() => lab.close());

const FIRST = Date.UTC(2026, 1, 1, 12);
const at = (n: number) => new Date(FIRST + n * 60_000);
/** Delivers mail number `n`, received `n` minutes after the first. */
async function deliver(n: number, others: Record<string, unknown> = {}): Promise<string> {
  return account.deliver({
    from: n % 2 === 0 ? 'Even <even@example.org>' : 'Odd <odd@example.org>',
    subject: `mail ${n}`,
    text: n % 3 === 0 ? 'a plan' : 'no more',
    messageId: `<mail.${n}@lag.example>`,
    isRead: n % 4 < 2,
    receivedAt: at(n).toISOString(),
    ...others,
  });
}

type Kind = 'listMessages' | 'listThreads';
const subjectsOf = ({ items }: Page<{ subject: string }>) =>
  items.map((item) => (isUnreadable(item) ? item.id : item.subject));

async function page(kind: Kind, where: Condition, request: Partial<PageRequest> = {}, mailboxId: string | null = null) {
  const { next, spent, ...read } = await account.session[kind](
    { mailboxId, where },
    { size: 20, after: null, ...request },
    interactive(),
  );
  return { subjects: subjectsOf(read as Page<{ subject: string }>), next, spent };
}

async function read(kind: Kind, where: Condition, size: number, between = async (_page: number) => {}) {
  const subjects: string[] = [];
  let after: string | null = null;
  let pages = 0;
  do {
    if (pages > 0) await between(pages);
    const one = await page(kind, where, { size, after });
    expect(one.subjects.length).toBeLessThanOrEqual(size);
    expect(after === null || (after as string).length < 8_000).toBe(true);
    subjects.push(...one.subjects);
    after = one.next;
    pages += 1;
  } while (after !== null && pages < 100);
  return subjects;
}

const EVEN: Condition = { kind: 'from', value: 'even' };
const READ: Condition = { kind: 'read', value: true };
const UNREAD: Condition = { kind: 'read', value: false };
const PLAN: Condition = { kind: 'text', value: 'plan' };
const FILE: Condition = { kind: 'hasAttachment', value: true };
const NOT_OLD: Condition = { kind: 'receivedAfter', at: at(3) };
const INBOX: Condition = { kind: 'mailbox', id: 'INBOX' };
const not = (of: Condition): Condition => ({ kind: 'not', of });
const both = (...of: Condition[]): Condition => ({ kind: 'and', of });

const MAILS = 24;
const NUMBERS = Array.from({ length: MAILS }, (_, n) => n);
/** Late mails are spread among the others, so that each kind comes before the other somewhere in the list. */
const isLate = (n: number) => n % 5 > 2 || n > 20;
const MEETS: readonly (readonly [string, Condition, (n: number) => boolean])[] = [
  ['a sender', EVEN, (n) => n % 2 === 0],
  ['no sender', not(EVEN), (n) => n % 2 === 1],
  ['read', READ, (n) => n % 4 < 2],
  ['read in the inbox', both(INBOX, READ), (n) => n % 4 < 2],
  ['unread', UNREAD, (n) => n % 4 > 1],
  ['unread of a sender', both(UNREAD, EVEN), (n) => n % 4 === 2],
  ['a date', NOT_OLD, (n) => n >= 3],
  ['no date', not(NOT_OLD), (n) => n < 3],
  ['a subject', { kind: 'subject', value: 'mail' }, () => true],
  ['not the sent mail', not({ kind: 'mailbox', id: 'SENT' }), () => true],
  ['not the trash', not({ kind: 'mailbox', id: 'TRASH' }), () => true],
  // A word that the index does not have yet counts as absent.
  ['a word', PLAN, (n) => n % 3 === 0 && !isLate(n)],
  ['no word', not(PLAN), (n) => !(n % 3 === 0 && !isLate(n))],
  ['no word, read', both(not(PLAN), READ), (n) => n % 4 < 2 && !(n % 3 === 0 && !isLate(n))],
  ['a file', FILE, () => false],
  ['no file', { kind: 'hasAttachment', value: false }, () => true],
];
const expected = (holds: (n: number) => boolean) =>
  NUMBERS.filter(holds)
    .map((n) => `mail ${n}`)
    .toReversed();

describe.each(['listMessages', 'listThreads'] as const)('%s', (kind) => {
  // The tests only read, and Gmail's quota of one account is enough for a few of them.
  let tests = 0;
  beforeEach(async () => {
    if (tests++ % 4 === 0) await fill();
  });

  it.each(MEETS)('finds by %s what the index lacks, at every page size', async (_, where, holds) => {
    for (const size of [1, 2, 7, 50]) expect([size, await read(kind, where, size)]).toEqual([size, expected(holds)]);
  });

  it.each(MEETS)('finds by %s before a moment, without a cursor', async (_, where, holds) => {
    const { subjects } = await page(kind, where, { before: at(19), size: 50 });
    expect(subjects).toEqual(expected((n) => n < 19 && holds(n)));
  });
});

async function fill(late = isLate): Promise<void> {
  accounts += 1;
  account = await lab.account(`lagging${accounts}`);
  for (const n of NUMBERS.filter((n) => !late(n))) await deliver(n);
  await lag(3_600);
  for (const n of NUMBERS.filter(late)) await deliver(n);
}

describe.each([
  ['listMessages', 1],
  ['listMessages', 3],
  ['listThreads', 1],
  ['listThreads', 3],
] as const)('%s, %i a page, while the index catches up', (kind, size) => {
  it.each(MEETS.filter(([name]) => !name.includes('word')))(
    'shows matches of %s once and in order',
    async (_, where, holds) => {
      for (const when of [1, 2, 5]) {
        await fill();
        const shown = await read(kind, where, size, async (pages) => {
          if (pages === when) await lag(0);
        });
        expect([when, shown]).toEqual([when, expected(holds)]);
      }
    },
  );

  it('shows mail without a word once, and loses none', async () => {
    await fill();
    const shown = await read(kind, not(PLAN), size, async (pages) => {
      if (pages === 2) await lag(0);
    });
    expect(shown).toEqual([...new Set(shown)]);
    expect(shown).toEqual(expect.arrayContaining(expected((n) => n % 3 !== 0)));
  });
});

it('shows nothing that has left the list while it waited to be shown', async () => {
  await fill((n) => n > 0);
  const where = both(READ, EVEN);
  const first = await page('listMessages', where, { size: 1 }, 'INBOX');
  expect(first.subjects).toEqual(['mail 20']);
  const all = await account.session.listMessages(
    { mailboxId: null, where: null },
    { size: 50, after: null },
    interactive(),
  );
  const [waiting] = all.items.flatMap((item) => (!isUnreadable(item) && item.subject === 'mail 16' ? item.id : []));
  await lab.control('/touch', { vendor: lab.vendor, account: account.address, id: waiting, change: 'archive' });
  const rest = await page('listMessages', where, { size: 20, after: first.next }, 'INBOX');
  expect(rest.subjects).toEqual(['mail 12', 'mail 8', 'mail 4', 'mail 0']);
});

it('continues where the budget ended a page among what the index lacks', async () => {
  await fill((n) => n > 0);
  const subjects: string[] = [];
  let after: string | null = null;
  do {
    const { spent, ...one } = await page('listMessages', both(READ, EVEN), { after, budget: 4, size: 3 });
    expect(spent).toBeLessThanOrEqual(4);
    subjects.push(...one.subjects);
    after = one.next;
  } while (after !== null);
  expect(subjects).toEqual(expected((n) => n % 4 === 0));
});

it('lists a thread by its messages that the index lacks, at its newest message', async () => {
  accounts += 1;
  account = await lab.account(`lagging${accounts}`);
  await deliver(0, { subject: 'asked' });
  await deliver(1, { subject: 'between' });
  await lag(3_600);
  const references = ['<mail.0@lag.example>'];
  await deliver(2, {
    subject: 'Re: asked',
    isRead: true,
    inReplyTo: references,
    references,
    from: 'Late <late@example.org>',
  });
  await account.deliver({
    from: 'Late <late@example.org>',
    subject: 'junk',
    mailbox: 'junk',
    receivedAt: at(3).toISOString(),
  });
  const [late] = (
    await account.session.listThreads(
      { mailboxId: null, where: { kind: 'from', value: 'late' } },
      { size: 5, after: null },
      interactive(),
    )
  ).items;
  expect(late).toMatchObject({ subject: 'asked', lastMessageAt: at(2) });
  expect(await read('listThreads', not({ kind: 'from', value: 'nobody' }), 1)).toEqual(['asked', 'between']);
  expect(await read('listMessages', { kind: 'from', value: 'late' }, 5)).toEqual(['Re: asked']);
  const junk: Condition = { kind: 'mailbox', id: 'SPAM' };
  expect(await read('listMessages', both(junk, { kind: 'from', value: 'late' }), 5)).toEqual(['junk']);
});

describe('the cost', () => {
  beforeAll(() => fill(() => false));

  async function asked(where: Condition, size = 3) {
    await lab.control('/log', undefined, 'DELETE');
    await page('listMessages', where, { size });
    const { records } = await lab.control<{ records: UpstreamRequest[] }>('/log');
    return records.map(({ operation }) => operation);
  }

  it('is one request for two lists when the index has everything', async () => {
    const operations = await asked(READ);
    expect(operations.filter((operation) => operation === 'messages.list')).toHaveLength(3);
    expect(operations.filter((operation) => operation === 'messages.get')).toHaveLength(3);
    expect(operations.filter((operation) => operation === 'batch')).toHaveLength(2);
  });

  it('is spent once for several lists of one page', async () => {
    await lab.control('/log', undefined, 'DELETE');
    const call = { ...interactive(), shared: new SharedReads() };
    const pages = await Promise.all(
      [READ, EVEN, not(PLAN)].map((where) =>
        account.session.listMessages({ mailboxId: null, where }, { size: 3, after: null }, call),
      ),
    );
    const { records } = await lab.control<{ records: UpstreamRequest[] }>('/log');
    expect(records.filter(({ operation }) => operation === 'messages.list')).toHaveLength(3 + 2);
    expect(pages.map(({ spent }) => spent).toSorted()).toEqual([4, 4, 6]);
  });

  it.each<[string, Condition]>([
    ['labels say it all', UNREAD],
    ['words are looked for', both(PLAN, EVEN)],
    ['files are looked for', FILE],
  ])('is nothing where %s', async (_, where) => {
    const lists = (await asked(where)).filter((operation) => operation === 'messages.list');
    expect(lists).toHaveLength(1);
  });
});
