import { describe, expect, it } from 'vitest';
import { createFaults } from '../../sandbox/control/faults.ts';
import { openKeep } from '../../sandbox/control/keep.ts';
import { createRequestLog } from '../../sandbox/control/log.ts';
import { type Account, Directory } from '../../sandbox/google/directory.ts';
import { labelsOf } from '../../sandbox/google/mailbox/placement.ts';
import { messageResource } from '../../sandbox/google/resources/format.ts';
import { LIST_QUERY, selection } from '../../sandbox/google/search/selection.ts';
import { Query } from '../../sandbox/google/wire/query.ts';
import { composeRaw } from '../../sandbox/mail/compose.ts';
import { INBOX_UNREAD, mailFromRaw } from '../../sandbox/mail/received.ts';
import { DEFAULT_SEARCH_INDEX, type SearchIndex, type World } from '../../sandbox/world.ts';
import type { Message } from '../../src/domain/message.ts';
import { ordered } from '../../src/domain/search/algebra.ts';
import { branchesOf } from '../../src/domain/search/branches.ts';
import type { Condition } from '../../src/domain/search/condition.ts';
import { matches } from '../../src/domain/search/matches.ts';
import { visibleOnly } from '../../src/domain/search/visibility.ts';
import { compileQuery, decides } from '../../src/providers/gmail/list/search.ts';
import { HIDDEN_LABELS } from '../../src/providers/gmail/read/labels.ts';
import { toMessage } from '../../src/providers/gmail/read/map.ts';
import { seeded, seedOf } from '../support/mail/seeded.ts';

const seed = seedOf('gmail-search.random');
const { below, pick } = seeded(seed);
const some = (most: number, make: () => string) => Array.from({ length: 1 + below(most) }, make);

/** Words that mails contain and searches ask for: signs, operators, scripts, and different spellings of one word. */
const WORDS = [
  'report',
  'reports',
  'cat',
  'Café',
  'cafe\u0301',
  'STRASSE',
  'straße',
  'йогурт',
  'ﬁle',
  'file',
  '東京都',
  '東',
  '회의를',
  'ไทยดี',
  'C++',
  'R&D',
  '3.14',
  '#42',
  'a_b',
  'a',
  'b',
  'OR',
  'me',
  'in:trash',
  'label:work',
  '-x',
  '{a b}',
  'co\u00adop',
  'x\u2028y',
];
const SIGNS = ['%%', '"', '🎉', '-', '('];
const ADDRESSES = [
  'ada@example.org',
  'ada.b@example.org',
  'ada+list@example.org',
  'me@work.example',
  'searcher@gmail.example',
];
const NAMES = ['Ada Lovelace', 'Lovelace, Ada', 'Café R&D', '東京 太郎', 'Me', ''];
const SECOND = Date.UTC(2026, 1, 3, 12);
const times = () => new Date(SECOND + pick([-86_400_000, -1000, 0, 1, 400, 999, 1000, 86_400_000]));
const ASCII_NAMES = ['Assistant', 'Ada Lovelace'];

const world: World = {
  log: createRequestLog(),
  faults: createFaults(),
  now: () => new Date(SECOND + 7 * 86_400_000),
  signingKey: Buffer.alloc(32, 7),
  keep: openKeep(null),
  post: () => undefined,
};

function filled(count: number): Account {
  const ways = {
    spelling: 'written',
    batchWidth: 50,
    subjectThreads: 'apart',
    pageTokens: 'stable',
    historyLabels: 'then',
  } as const;
  const directory = new Directory(world, ways, () => {});
  directory.create('searcher@gmail.example', 'Searcher');
  const account = directory.get('searcher@gmail.example');
  const { mailbox } = account;
  for (const name of ['work', 'Projects/Garden']) mailbox.labels.ensure(name);
  const person = () => ({ name: pick(NAMES), address: pick(ADDRESSES) });
  for (let n = 0; n < count; n += 1) {
    const messageId = `<${pick(['One', 'two'])}-${n}@Example.org>`;
    const receivedAt = times();
    const raw = composeRaw({
      from: person(),
      to: Array.from({ length: 1 + below(2) }, person),
      cc: Array.from({ length: below(2) }, person),
      subject: some(3, () => pick([...WORDS, ...SIGNS])).join(' '),
      date: receivedAt,
      messageId,
      text: some(4, () => pick([...WORDS, ...SIGNS])).join(pick([' ', ', ', '\n'])),
      ...(below(4) === 0 ? { headers: { Sender: `${pick(ASCII_NAMES)} <${pick(ADDRESSES)}>` } } : {}),
      ...(below(4) === 0
        ? {
            files: [
              { filename: `${pick(['a_b', 'report'])}.pdf`, mimeType: 'application/pdf', bytes: Buffer.from('x') },
            ],
          }
        : {}),
    });
    const placement = {
      mailbox: pick([...['inbox', 'sent', 'archive', 'trash', 'junk'], { name: 'work' }] as const) as 'inbox',
      labels: below(3) === 0 ? [pick(['work', 'Projects/Garden'])] : [],
      isRead: below(2) === 0,
      isStarred: below(3) === 0,
      isImportant: below(3) === 0,
    };
    const mail = mailFromRaw(raw, { key: messageId, receivedAt, placement: { ...INBOX_UNREAD, ...placement } });
    mailbox.add(mail, labelsOf(mail.placement, mailbox.labels), null);
  }
  return account;
}

function leaf(labels: readonly string[]): Condition {
  const value = () => some(2, () => pick([...WORDS, ...WORDS, ...SIGNS])).join(' ');
  const person = () => pick([value(), pick(NAMES), pick(ADDRESSES), `X <${pick(ADDRESSES)}>`, 'example.org']);
  return pick([
    (): Condition => ({ kind: pick(['subject', 'text', 'text'] as const), value: value() }),
    (): Condition => ({ kind: pick(['from', 'to'] as const), value: person() }),
    (): Condition => ({ kind: 'mailbox', id: pick(labels) }),
    (): Condition => ({
      kind: pick(['read', 'starred', 'important', 'hasAttachment'] as const),
      value: below(2) === 0,
    }),
    (): Condition => ({ kind: pick(['receivedAfter', 'receivedBefore'] as const), at: times() }),
    (): Condition => ({ kind: 'internetMessageId', value: pick(['one-1@example.org', '<TWO-2@example.org>', 'a b']) }),
    (): Condition => ({ kind: 'nothing' }),
  ])();
}

function condition(depth: number, labels: readonly string[]): Condition {
  const kind = depth === 0 ? 'leaf' : pick(['leaf', 'and', 'or', 'not'] as const);
  if (kind === 'leaf') return leaf(labels);
  if (kind === 'not') return { kind, of: condition(depth - 1, labels) };
  return { kind, of: Array.from({ length: 1 + below(3) }, () => condition(depth - 1, labels)) };
}

/** Compiles a condition. It may be refused for words beside people where several parts bring in trash and junk. */
function compiled(where: Condition | null) {
  try {
    return compileQuery({ mailboxId: null, where });
  } catch (error) {
    expect(error).toMatchObject({ code: 'BAD_USER_INPUT', message: expect.stringContaining('trash and junk') });
    return 'refused';
  }
}

/** Returns what the emulator finds for the query that the adapter would send, after the adapter's own check. */
function listed(account: Account, where: Condition | null, mails: ReadonlyMap<string, Message>): Set<string> | null {
  const branches = where === null ? [null] : branchesOf(where, decides);
  if (branches === null) return null;
  const found = new Set<string>();
  for (const branch of branches) {
    const query = compiled(branch);
    if (query === 'refused') return null;
    if (query === null) continue;
    const asked = new URLSearchParams(query.q === null ? {} : { q: query.q });
    for (const id of query.labelIds) asked.append('labelIds', id);
    if (query.includeSpamTrash) asked.append('includeSpamTrash', 'true');
    const parsed = new Query(asked.toString(), LIST_QUERY);
    const call = { account, scopes: new Set(['full'] as const), params: {}, query: parsed, body: {}, media: null };
    const isSelected = selection({ ...call, emptyPage: false }, world);
    for (const message of account.mailbox.timeline.after(null)) {
      const mail = mails.get(message.id);
      if (mail && isSelected(message) && matches(mail, query.check)) found.add(message.id);
    }
  }
  return found;
}

/** Returns what the definition finds by looking at whole messages. */
const scanned = (where: Condition | null, mails: ReadonlyMap<string, Message>): Set<string> => {
  const visible = visibleOnly(where ?? { kind: 'and', of: [] }, HIDDEN_LABELS);
  return new Set([...mails.values()].filter((mail) => matches(mail, visible)).map(({ id }) => id));
};

function mailsOf(account: Account): Map<string, Message> {
  const mails = new Map<string, Message>();
  for (const message of account.mailbox.timeline.after(null))
    mails.set(message.id, toMessage(messageResource(message, 'full', 'written'), 'full'));
  return mails;
}

const account = filled(80);
const mails = mailsOf(account);
const labels = [...account.mailbox.labels.all()]
  .map(({ id }) => id)
  .filter((id) => !/^(UNREAD|CHAT|.*_STAR|DRAFT)$/.test(id));
const conditions = Array.from({ length: 600 }, () => condition(3, labels));

const not = (of: Condition): Condition => ({ kind: 'not', of });
const shown = (where: Condition) => `SEED=${seed} ${JSON.stringify(where)}`;
/** Returns those ids that are in the list of all mail, which lacks what a condition names in trash or junk. */
const outside = (ids: ReadonlySet<string>, all: ReadonlySet<string>) => [...ids].filter((id) => all.has(id)).sort();

describe("a Gmail query together with the adapter's own check", () => {
  it('finds what the definition finds, for any condition', () => {
    account.searchIndex = DEFAULT_SEARCH_INDEX;
    let tried = 0;
    for (const where of conditions) {
      const found = listed(account, where, mails);
      if (found === null) continue;
      tried += 1;
      expect([...found].sort(), shown(where)).toEqual([...scanned(where, mails)].sort());
    }
    expect(tried).toBeGreaterThan(conditions.length / 2);
  });

  it('splits the list in two by any condition and its negation, and obeys De Morgan', () => {
    account.searchIndex = DEFAULT_SEARCH_INDEX;
    const all = listed(account, null, mails) ?? new Set<string>();
    for (const where of conditions.slice(0, 200)) {
      const yes = listed(account, where, mails);
      const no = listed(account, not(where), mails);
      if (yes === null || no === null) continue;
      expect([...outside(yes, all), ...outside(no, all)].sort(), shown(where)).toEqual([...all].sort());
      if (where.kind !== 'and' && where.kind !== 'or') continue;
      const moved: Condition = { kind: where.kind === 'and' ? 'or' : 'and', of: where.of.map(not) };
      expect(listed(account, moved, mails), shown(where)).toEqual(no);
    }
  });

  it('is the same query for conditions that mean the same', () => {
    for (const where of conditions.slice(0, 200)) {
      const turned = (one: Condition): Condition =>
        one.kind === 'and' || one.kind === 'or' ? { kind: one.kind, of: [...one.of].reverse().map(turned) } : one;
      const [a, b] = [where, not(not(turned(where)))].map((one) => branchesOf(ordered(one), decides));
      if (a === null || b === null || a?.length !== 1 || b?.length !== 1) continue;
      const compile = (of: readonly Condition[]) =>
        compileQuery({ mailboxId: null, where: ordered(of[0] as Condition) });
      expect(compile(a)?.q, shown(where)).toBe(compile(b as readonly Condition[])?.q);
    }
  });

  const ways: Partial<SearchIndex>[] = [
    { accents: 'kept' },
    { underscore: 'separates' },
    { forms: 'stems' },
    { unspaced: 'runs' },
    { sender: 'ignored' },
    { messageIds: 'exact' },
    {
      accents: 'kept',
      underscore: 'separates',
      forms: 'stems',
      unspaced: 'runs',
      sender: 'ignored',
      messageIds: 'exact',
    },
  ];
  it.each(ways)(
    'shows no wrong message with an index of other ways (%j), and never one for both X and not X',
    (index) => {
      account.searchIndex = { ...DEFAULT_SEARCH_INDEX, ...index };
      const isIndexed = (where: Condition): boolean => JSON.stringify(where).includes('"text"');
      // An index that matches less than the definition may miss messages. It must not show one that does not match.
      const misses = !Object.keys(index).every((way) => way === 'underscore' || way === 'forms');
      const all = listed(account, null, mails) ?? new Set<string>();
      for (const where of conditions.slice(0, 120)) {
        const yes = listed(account, where, mails);
        const no = listed(account, not(where), mails);
        if (yes === null || no === null) continue;
        expect(
          [...yes].filter((id) => no.has(id) && all.has(id)),
          shown(where),
        ).toEqual([]);
        if (isIndexed(where)) {
          const isOnlyIndexed = where.kind === 'text';
          if (isOnlyIndexed) expect([...yes, ...no].sort(), shown(where)).toEqual([...all].sort());
          continue;
        }
        const meant = scanned(where, mails);
        for (const id of yes) expect(meant.has(id), shown(where)).toBe(true);
        if (!misses) expect(yes, shown(where)).toEqual(meant);
      }
    },
  );
});
