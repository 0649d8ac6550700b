import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SearchIndex } from '../../sandbox/world.ts';
import type { Message } from '../../src/domain/message.ts';
import { branchesOf } from '../../src/domain/search/branches.ts';
import type { Condition } from '../../src/domain/search/condition.ts';
import { matches } from '../../src/domain/search/matches.ts';
import { visibleOnly } from '../../src/domain/search/visibility.ts';
import { isUnreadable, type ListQuery, type Page } from '../../src/providers/contract/list.ts';
import { type Account, interactive, type Lab, openLab } from '../support/app/lab.ts';

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
const ROUNDS = Number(process.env.ROUNDS ?? 6);
console.info(`outlook-search.random SEED=${seed}`);

function randomly(from: number) {
  let state = from >>> 0;
  const below = (n: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const pick = <T>(of: readonly T[]): T => of[below(of.length)] as T;
  return { below, pick };
}

const WORDS = [
  'walk',
  'Crème',
  'creme',
  'STRASSE',
  'straße',
  'ﬁg',
  'fig',
  'figs',
  '東京',
  '京',
  'мой',
  'C++',
  '3.14',
  'NOT',
];
const PEOPLE = [
  'Ada Walk <ada@walk.example>',
  'Zoë Ｋern <zoe.kern@fig.example>',
  'мой <not@shop.example>',
  'ada.l@walk.example',
];
const VALUES = [
  ...WORDS,
  'walk creme',
  'fig 3 14',
  'ada',
  'kern',
  'walk.example',
  'ada@walk.example',
  '<NOT@shop.example>',
  '%%',
  'x" OR y',
];
const START = Date.UTC(2026, 1, 1, 12);

/** Mails received within a few seconds of a few days, whose sent dates may be much earlier. */
function mails({ below, pick }: ReturnType<typeof randomly>, count: number) {
  const some = (most: number) =>
    Array.from({ length: below(most + 1) }, () => pick(WORDS)).join(pick([' ', ', ', '-']));
  return Array.from({ length: count }, () => {
    const receivedAt = new Date(START + below(6) * 86_400_000 + below(3) * 1000 + below(1000));
    return {
      from: pick(PEOPLE),
      to: [pick(PEOPLE), pick(PEOPLE)],
      ...(below(3) === 0 ? { cc: [pick(PEOPLE)] } : {}),
      ...(below(4) === 0 ? { headers: { Sender: pick(PEOPLE) } } : {}),
      subject: some(2) || 'none',
      text: some(4) || 'empty',
      receivedAt: receivedAt.toISOString(),
      date: new Date(receivedAt.getTime() - below(3) * below(40) * 86_400_000).toISOString(),
      ...(below(4) === 0 ? { attachments: [{ filename: `${some(2) || 'file'}.bin`, contentBase64: 'aGVsbG8=' }] } : {}),
      mailbox: pick(['inbox', 'inbox', 'archive', 'trash', 'junk', { name: 'Garden' }]),
      labels: below(3) === 0 ? ['Red'] : [],
      isRead: below(2) === 0,
      isStarred: below(3) === 0,
      isImportant: below(3) === 0,
    };
  });
}

let lab: Lab;
let account: Account;
let all: readonly Message[];
let folders: readonly string[];
let hidden: ReadonlySet<string>;
beforeAll(async () => {
  lab = await openLab('OUTLOOK');
  account = await lab.account('random');
  for (const mail of mails(randomly(seed), 60)) await account.deliver(mail);
  const mailboxes = await account.session.listMailboxes(interactive());
  folders = mailboxes.filter(({ kind }) => kind === 'FOLDER').map(({ id }) => id);
  hidden = new Set(mailboxes.filter(({ role }) => role === 'TRASH' || role === 'JUNK').map(({ id }) => id));
  const ids: string[] = [];
  for (const mailboxId of folders) ids.push(...(await listed({ mailboxId, where: null }, 100)));
  const read = await account.session.getMessages(ids, 'full', interactive());
  all = read.flatMap((message) => (message instanceof Error ? [] : [message]));
  expect(all).toHaveLength(60);
});
afterEach(() => lab.control('/faults', undefined, 'DELETE'));
afterAll(() => lab.close());

const play = async (ways: Partial<SearchIndex>, pageSize: number | null) => {
  await lab.control('/search-index', { vendor: lab.vendor, account: account.address, ...ways });
  if (pageSize !== null)
    await lab.control('/faults', { vendor: lab.vendor, account: account.address, operation: 'GET /me/m*', pageSize });
};

/** Reads all pages of a list, in order. */
async function listed(query: ListQuery, size: number): Promise<string[]> {
  const found: string[] = [];
  let after: string | null = null;
  do {
    const page: Page<Message> = await account.session.listMessages(query, { size, after }, interactive());
    found.push(...page.items.map((item) => (isUnreadable(item) ? 'unreadable' : item.id)));
    after = page.next;
  } while (after !== null);
  return found;
}

function condition({ below, pick }: ReturnType<typeof randomly>, depth: number, kinds: readonly string[]): Condition {
  const kind = below(3) > 0 && depth > 0 ? pick(['and', 'or', 'not']) : pick(kinds);
  const inner = () => condition({ below, pick }, depth - 1, kinds);
  switch (kind) {
    case 'and':
    case 'or':
      return { kind, of: [inner(), inner()] };
    case 'not':
      return { kind, of: inner() };
    case 'mailbox':
      return { kind, id: pick([...folders, 'category:Red']) };
    case 'read':
    case 'starred':
    case 'important':
    case 'hasAttachment':
      return { kind, value: below(2) === 0 };
    case 'receivedAfter':
    case 'receivedBefore':
      return { kind, at: new Date(START + below(6) * 86_400_000 + below(3) * 1000 + pick([0, 0, 500])) };
    default:
      return { kind: kind as 'from' | 'to' | 'subject' | 'text', value: pick(VALUES) };
  }
}
const ENVELOPES = [
  'from',
  'to',
  'subject',
  'mailbox',
  'read',
  'starred',
  'important',
  'hasAttachment',
  'receivedAfter',
  'receivedBefore',
];
const ALL = [...ENVELOPES, 'text', 'text', 'text'];

/** Returns what an account finds, where each branch is a list of its own. */
async function found(where: Condition, size: number): Promise<string[] | null> {
  const branches = branchesOf(where, account.session.decides, account.session.narrows);
  if (branches === null) return null;
  const ids: string[] = [];
  for (const branch of branches) {
    const list = await listed({ mailboxId: null, where: branch }, size);
    expect(new Set(list).size).toBe(list.length);
    const times = list.map((id) => all.find((message) => message.id === id)?.receivedAt.getTime() ?? 0);
    expect(times).toEqual([...times].sort((a, b) => b - a));
    ids.push(...list);
  }
  return [...new Set(ids)].sort();
}
const scanned = (where: Condition): string[] => {
  const visible = visibleOnly(where, hidden);
  return all
    .filter((message) => matches(message, visible))
    .map(({ id }) => id)
    .sort();
};
/** Returns what a condition and its negation must find together. */
const visible = (): string[] =>
  all
    .filter((message) => !message.mailboxIds.some((id) => hidden.has(id)))
    .map(({ id }) => id)
    .sort();

const PLAYED: [string, Partial<SearchIndex>, number | null][] = [
  ['as documented', {}, null],
  ['sorted by receipt, a few at a time', { order: 'received' }, 7],
  ['a few at a time', {}, 3],
];

describe.each(PLAYED)('a search of Outlook, %s', (_, ways, pageSize) => {
  it.each(Array.from({ length: ROUNDS }, (_, round) => round))(
    'equals the scan of all mail (round %i)',
    async (round) => {
      await play(ways, pageSize);
      const random = randomly(seed * 1000 + round);
      const where = condition(random, 3, ALL);
      const ids = await found(where, random.pick([1, 2, 3, 7, 100]));
      if (ids !== null) expect([where, ids]).toEqual([where, scanned(where)]);
    },
  );
});

const INDEXES: [string, Partial<SearchIndex>][] = [
  ['keeps accents', { accents: 'kept' }],
  ['finds beginnings of quoted words', { forms: 'beginnings' }],
];
describe.each(INDEXES)('where the index %s', (_, ways) => {
  it.each(Array.from({ length: ROUNDS }, (_, round) => round))(
    'words of bodies split a list (round %i)',
    async (round) => {
      await play(ways, null);
      const random = randomly(seed * 1000 + round);
      const where = condition(random, 2, ['text']);
      const [yes, no] = [await found(where, 7), await found({ kind: 'not', of: where }, 7)];
      expect([where, [...(yes ?? []), ...(no ?? [])].sort()]).toEqual([where, visible()]);
    },
  );

  it.each(Array.from({ length: ROUNDS }, (_, round) => round))(
    'no list shows what does not match (round %i)',
    async (round) => {
      await play(ways, null);
      const random = randomly(seed * 1000 + round);
      const where = condition(random, 3, ENVELOPES);
      const [ids, meant] = [(await found(where, 7)) ?? [], new Set(scanned(where))];
      expect([where, ids.filter((id) => !meant.has(id))]).toEqual([where, []]);
    },
  );
});

/** Each page is moved away once it is shown, as by people who tidy up. */
describe.each(PLAYED)('pages of Outlook whose mail leaves as it is shown, %s', (_, ways, pageSize) => {
  const QUERIES: [string, (ids: { inbox: string }) => ListQuery][] = [
    ['the inbox', ({ inbox }) => ({ mailboxId: inbox, where: null })],
    ['unread mail', () => ({ mailboxId: null, where: { kind: 'read', value: false } })],
    ['words of bodies', () => ({ mailboxId: null, where: { kind: 'text', value: 'common' } })],
    ['words of subjects', () => ({ mailboxId: null, where: { kind: 'subject', value: 'tidy' } })],
    ['what lacks a word', () => ({ mailboxId: null, where: { kind: 'not', of: { kind: 'text', value: 'rare' } } })],
    [
      'unread mail of a word',
      () => ({
        mailboxId: null,
        where: {
          kind: 'and',
          of: [
            { kind: 'text', value: 'common' },
            { kind: 'read', value: false },
          ],
        },
      }),
    ],
  ];
  it.each(QUERIES)('%s: none that stays is skipped, and none is repeated', async (name, query) => {
    const random = randomly(seed + name.length);
    // Each list is read with one of the sizes, at random. SIZES=all reads each list with all of them.
    for (const size of process.env.SIZES === 'all' ? [1, 2, 3, 7] : [random.pick([1, 2, 3, 7])]) {
      const own = await lab.account(`tidy-${ways.order ?? 'sent'}-${pageSize}-${name.replaceAll(' ', '-')}-${size}`);
      for (let n = 0; n < 18; n++) {
        const receivedAt = new Date(START + random.below(2) * 86_400_000 + random.below(2) * 1000 + random.below(1000));
        await own.deliver({
          from: 'a@b.example',
          subject: `tidy ${n}`,
          text: random.below(5) === 0 ? 'common rare' : 'common',
          receivedAt: receivedAt.toISOString(),
          date: new Date(START - random.below(90) * 86_400_000).toISOString(),
        });
      }
      const mine = { vendor: lab.vendor, account: own.address };
      await lab.control('/search-index', { ...mine, ...ways });
      if (pageSize !== null) await lab.control('/faults', { ...mine, operation: 'GET /me/m*', pageSize });
      const inbox = (await own.session.listMailboxes(interactive())).find(({ role }) => role === 'INBOX')?.id ?? '';
      const list = (after: string | null, at: number) =>
        own.session.listMessages(query({ inbox }), { size: at, after }, interactive());
      const before: string[] = [];
      for (let after: string | null = null; ; ) {
        const page: Page<Message> = await list(after, 7);
        before.push(...page.items.map((item) => item.id));
        after = page.next;
        if (after === null) break;
      }
      expect(before.length).toBeGreaterThan(8);
      const shown: string[] = [];
      const left = new Set<string>();
      for (let after: string | null = null; ; ) {
        const page: Page<Message> = await list(after, size);
        shown.push(...page.items.map((item) => item.id));
        after = page.next;
        if (after === null) break;
        for (const id of shown) {
          if (left.has(id) || random.below(3) === 0) continue;
          left.add(id);
          await lab.control('/touch', { ...mine, id, change: random.pick(['delete', 'trash', 'archive', 'read']) });
        }
      }
      expect([size, shown.sort()]).toEqual([size, before.sort()]);
    }
  });
});
