import { expect, it } from 'vitest';
import type { Message } from '../../src/domain/message.ts';
import { normalForm, ordered, simplify } from '../../src/domain/search/algebra.ts';
import { branchesOf, decisions, MAX_BRANCHES } from '../../src/domain/search/branches.ts';
import type { Condition } from '../../src/domain/search/condition.ts';
import { matches } from '../../src/domain/search/matches.ts';
import { visibleOnly } from '../../src/domain/search/visibility.ts';
import { narrows } from '../support/fake-list.ts';

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
console.info(`search-algebra SEED=${seed}`);

function randomly(start: number) {
  let state = start;
  const below = (n: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * n);
  };
  return { below, pick: <T>(of: readonly T[]): T => of[below(of.length)] as T };
}
const { below, pick } = randomly(seed);

const WORDS = ['cat', 'concatenate', 'quarterly', 'Réunion', '東京', '%%', 'bob@x.example', 'C++'];
const MAILBOXES = ['INBOX', 'TRASH', 'SPAM', 'work'];
const TIMES = [1, 2, 3].map((day) => new Date(Date.UTC(2026, 0, day)));

const flag = (): Condition => ({ kind: pick(['read', 'starred', 'important'] as const), value: below(2) === 0 });
const leaf = (): Condition =>
  pick([
    (): Condition => ({ kind: pick(['from', 'to', 'subject', 'text'] as const), value: pick(WORDS) }),
    (): Condition => ({ kind: 'mailbox', id: pick(MAILBOXES) }),
    flag,
    (): Condition => ({ kind: pick(['receivedAfter', 'receivedBefore'] as const), at: pick(TIMES) }),
    (): Condition => ({ kind: 'nothing' }),
  ])();

function condition(depth: number): Condition {
  const kind = depth === 0 ? 'leaf' : pick(['leaf', 'and', 'or', 'not'] as const);
  if (kind === 'leaf') return leaf();
  if (kind === 'not') return { kind, of: condition(depth - 1) };
  return { kind, of: Array.from({ length: below(4) }, () => condition(depth - 1)) };
}

function message(): Message {
  const person = () => ({ name: pick(['Bob Cat', 'Ada', null]), address: pick(['bob@x.example', 'cat@y.example']) });
  return {
    id: 'm',
    threadId: 't',
    mailboxIds: MAILBOXES.filter(() => below(3) === 0),
    subject: [pick(WORDS), pick(WORDS)].join(' '),
    snippet: '',
    from: person(),
    sender: null,
    to: [person()],
    cc: [],
    bcc: [],
    replyTo: [],
    sentAt: null,
    receivedAt: pick(TIMES),
    isRead: below(2) === 0,
    isStarred: below(2) === 0,
    isDraft: false,
    isImportant: below(2) === 0,
    isAnswered: null,
    hasAttachments: null,
    internetMessageId: null,
    sizeBytes: null,
    content: { text: pick(WORDS), html: null, attachments: [], headers: [], inReplyTo: [], references: [] },
  };
}

const some = Array.from({ length: 1500 }, () => ({ where: condition(3), mail: message() }));
const HIDDEN = new Set(['TRASH', 'SPAM']);
const lies = (mail: Message) => mail.mailboxIds.some((id) => HIDDEN.has(id));

it('parts a list in two by any condition and its negation', () => {
  for (const { where, mail } of some)
    expect(matches(mail, { kind: 'not', of: where }), JSON.stringify(where)).toBe(!matches(mail, where));
});

it('means the same simplified, ordered and with negations pushed inwards', () => {
  for (const { where, mail } of some)
    for (const same of [simplify(where), ordered(where), normalForm(where), normalForm(normalForm(where))])
      expect(matches(mail, same), JSON.stringify(where)).toBe(matches(mail, where));
});

it('keeps to De Morgan, also in what it brings in of trash and junk', () => {
  for (const { where, mail } of some) {
    if (where.kind !== 'and' && where.kind !== 'or') continue;
    const not: Condition = { kind: 'not', of: where };
    const moved: Condition = {
      kind: where.kind === 'and' ? 'or' : 'and',
      of: where.of.map((part) => ({ kind: 'not', of: part })),
    };
    expect(matches(mail, visibleOnly(not, HIDDEN)), JSON.stringify(where)).toBe(
      matches(mail, visibleOnly(moved, HIDDEN)),
    );
  }
});

it('leaves trash and junk out but for alternatives that name them', () => {
  const namesHidden = (where: Condition): boolean =>
    where.kind === 'and' || where.kind === 'or'
      ? where.of.some(namesHidden)
      : where.kind === 'mailbox' && HIDDEN.has(where.id);
  for (const { where, mail } of some) {
    const listed = matches(mail, visibleOnly(where, HIDDEN));
    if (!lies(mail)) expect(listed, JSON.stringify(where)).toBe(matches(mail, where));
    else if (!namesHidden(normalForm(where))) expect(listed, JSON.stringify(where)).toBe(false);
    else if (listed) expect(matches(mail, where), JSON.stringify(where)).toBe(true);
  }
  const trash: Condition = { kind: 'mailbox', id: 'TRASH' };
  const cat: Condition = { kind: 'subject', value: 'cat' };
  const thrown = { ...message(), mailboxIds: ['TRASH'], subject: 'cat' };
  const holds = (where: Condition) => matches(thrown, visibleOnly(where, HIDDEN));
  expect(holds(cat)).toBe(false);
  expect(holds(trash)).toBe(true);
  expect(holds({ kind: 'or', of: [trash, cat] })).toBe(true);
  expect(holds({ kind: 'or', of: [{ kind: 'mailbox', id: 'SPAM' }, cat] })).toBe(false);
  expect(holds({ kind: 'not', of: { kind: 'and', of: [{ kind: 'not', of: trash }, cat] } })).toBe(true);
});

it('says what is visible beside what is asked: neither the index nor the envelopes have to know of the other', () => {
  const text: Condition = { kind: 'text', value: 'cat' };
  const from: Condition = { kind: 'from', value: 'bob' };
  const hidden = [...HIDDEN].map((id): Condition => ({ kind: 'mailbox', id }));
  const either: Condition[] = hidden.map((mailbox) => ({ kind: 'or', of: [mailbox, from] }));
  const visible = visibleOnly({ kind: 'and', of: [text, ...either] }, HIDDEN);
  expect(branchesOf(visible, ({ kind }) => (kind === 'text' ? 'indexed' : 'checked'))).toEqual([visible]);
});

it('brings in of trash and junk what an alternative names, alternative by alternative', () => {
  const alternatives = (where: Condition): readonly (readonly Condition[])[] => {
    if (where.kind === 'or') return where.of.flatMap(alternatives);
    if (where.kind !== 'and') return [[where]];
    return where.of.reduce<readonly (readonly Condition[])[]>(
      (all, part) => all.flatMap((one) => alternatives(part).map((other) => [...one, ...other])),
      [[]],
    );
  };
  const isNaming = (part: Condition) => part.kind === 'mailbox' && HIDDEN.has(part.id);
  for (const { where, mail } of some) {
    const listed = alternatives(normalForm(where)).some(
      (parts) => parts.every((part) => matches(mail, part)) && (!lies(mail) || parts.some(isNaming)),
    );
    expect(matches(mail, visibleOnly(where, HIDDEN)), JSON.stringify(where)).toBe(listed);
  }
});

it('is its alternatives, in each of which the index and the envelopes stand apart', () => {
  const decides = ({ kind }: Condition) =>
    kind === 'text' ? 'indexed' : kind === 'read' || kind === 'starred' ? 'exact' : 'checked';
  for (const { where, mail } of some) {
    const branches = branchesOf(where, decides);
    if (branches === null) continue;
    expect(
      branches.some((branch) => matches(mail, branch)),
      JSON.stringify(where),
    ).toBe(matches(mail, where));
    for (const branch of branches)
      for (const part of branch.kind === 'and' ? branch.of : [branch]) {
        const kinds = decisions(part, decides);
        expect(kinds.has('indexed') && kinds.has('checked'), JSON.stringify(part)).toBe(false);
      }
  }
});

it('is its alternatives where those are lists apart, in what it brings in of trash and junk too', () => {
  const decides = ({ kind }: Condition) => (kind === 'text' ? 'indexed' : 'checked');
  for (const { where, mail } of some) {
    const needed = branchesOf(where, decides);
    const branches = branchesOf(where, decides, narrows);
    expect(branches === null, JSON.stringify(where)).toBe(needed === null);
    if (branches === null) continue;
    expect(branches.length).toBeLessThanOrEqual(MAX_BRANCHES);
    for (const one of [needed ?? [], branches])
      expect(
        one.some((branch) => matches(mail, visibleOnly(branch, HIDDEN))),
        JSON.stringify(where),
      ).toBe(matches(mail, visibleOnly(where, HIDDEN)));
  }
});

it('reads apart what is found by words and what passes a filter, each as one list', () => {
  const from = (value: string): Condition => ({ kind: 'from', value });
  const starred: Condition = { kind: 'starred', value: true };
  const unread: Condition = { kind: 'read', value: false };
  const and = (...of: Condition[]): Condition => ({ kind: 'and', of });
  const or = (...of: Condition[]): Condition => ({ kind: 'or', of });
  const not = (of: Condition): Condition => ({ kind: 'not', of });
  const apart = (where: Condition) => branchesOf(where, () => 'checked', narrows);
  expect(apart(or(starred, from('ada')))).toEqual([from('ada'), starred]);
  expect(apart(or(starred, from('ada'), unread, from('bob')))).toEqual([
    or(from('ada'), from('bob')),
    or(starred, unread),
  ]);
  expect(apart(and(unread, or(starred, from('ada'))))).toEqual([and(unread, from('ada')), and(unread, starred)]);
  expect(apart(or(starred, and(unread, from('ada'))))).toEqual([and(unread, from('ada')), starred]);
  expect(apart(and(or(starred, from('ada')), or(unread, from('bob'))))).toEqual([
    or(and(from('ada'), from('bob')), and(from('ada'), unread), and(starred, from('bob'))),
    and(starred, unread),
  ]);
  // Where that gains nothing it is one list: one that is narrowed already, and one of which a part is read whole.
  for (const one of [
    and(from('cat'), or(starred, from('ada'))),
    or(starred, unread),
    or(from('ada'), from('bob')),
    or(starred, from('ada'), not(from('bob'))),
    and(unread, or(from('ada'), not(from('bob')))),
  ])
    expect(apart(one)).toEqual([one]);
});

it('has no more lists than it may for being read apart', () => {
  const decides = ({ kind }: Condition) => (kind === 'text' ? 'indexed' : 'checked');
  const text = (value: string): Condition => ({ kind: 'text', value });
  const either = (n: number): Condition => ({
    kind: 'and',
    of: [
      { kind: 'not', of: text(`w${n}`) },
      {
        kind: 'or',
        of: [
          { kind: 'from', value: `a${n}` },
          { kind: 'starred', value: n % 2 === 0 },
        ],
      },
    ],
  });
  for (const [count, lists] of [
    [1, 2],
    [6, 12],
    [7, 12],
    [12, 12],
  ] as const) {
    const where: Condition = { kind: 'or', of: Array.from({ length: count }, (_, n) => either(n)) };
    expect(branchesOf(where, decides, narrows)).toHaveLength(lists);
  }
});

it('asks once for alternatives that differ only in their words, or only in what stands beside them', () => {
  const decides = ({ kind }: Condition) => (kind === 'text' ? 'indexed' : 'checked');
  const text = (value: string): Condition => ({ kind: 'text', value });
  const notFrom = (value: string): Condition => ({ kind: 'not', of: { kind: 'from', value } });
  const pairs = (count: number, part: (n: number) => Condition[]): Condition => ({
    kind: 'or',
    of: Array.from({ length: count }, (_, n): Condition => ({ kind: 'and', of: part(n) })),
  });
  expect(
    branchesOf(
      pairs(20, (n) => [text(`w${n}`), notFrom('ada')]),
      decides,
    ),
  ).toHaveLength(1);
  expect(
    branchesOf(
      pairs(20, (n) => [text('w'), notFrom(`a${n}`)]),
      decides,
    ),
  ).toHaveLength(1);
  // Each excluded word is a question of its own, and long phrases fill a query.
  const excluded = pairs(12, (n) => [text(`w${n}`), { kind: 'not', of: text(`x${n}`) }, notFrom('ada')]);
  expect(branchesOf(excluded, decides)).toHaveLength(12);
  const long = pairs(12, (n) => [text(`${n} ${'word '.repeat(90)}`), notFrom('ada')]);
  expect(branchesOf(long, decides)).toHaveLength(12);
  expect(
    branchesOf(
      pairs(13, (n) => [text(`w${n}`), notFrom(`a${n}`)]),
      decides,
    ),
  ).toBeNull();
});
