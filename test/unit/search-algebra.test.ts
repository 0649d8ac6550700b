import { expect, it } from 'vitest';
import type { Message } from '../../src/domain/message.ts';
import { normalForm, ordered, simplify } from '../../src/domain/search/algebra.ts';
import { branchesOf, decisions, MAX_BRANCHES } from '../../src/domain/search/branches.ts';
import type { Condition } from '../../src/domain/search/condition.ts';
import { matches } from '../../src/domain/search/matches.ts';
import { visibleOnly } from '../../src/domain/search/visibility.ts';
import { narrows } from '../support/fakes/fake-list.ts';
import { seeded, seedOf } from '../support/mail/seeded.ts';

const { below, pick } = seeded(seedOf('search-algebra'));

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
const alternatives = (where: Condition): readonly (readonly Condition[])[] => {
  if (where.kind === 'or') return where.of.flatMap(alternatives);
  if (where.kind !== 'and') return [[where]];
  return where.of.reduce<readonly (readonly Condition[])[]>(
    (all, part) => all.flatMap((one) => alternatives(part).map((other) => [...one, ...other])),
    [[]],
  );
};

const HIDDEN = new Set(['TRASH', 'SPAM']);
const lies = (mail: Message) => mail.mailboxIds.some((id) => HIDDEN.has(id));

it('splits a list in two by any condition and its negation', () => {
  for (const { where, mail } of some)
    expect(matches(mail, { kind: 'not', of: where }), JSON.stringify(where)).toBe(!matches(mail, where));
});

it('means the same simplified, ordered and with negations pushed inwards', () => {
  for (const { where, mail } of some)
    for (const same of [simplify(where), ordered(where), normalForm(where), normalForm(normalForm(where))])
      expect(matches(mail, same), JSON.stringify(where)).toBe(matches(mail, where));
});

it('removes what excludes itself, and changes nothing else by that', () => {
  // Pushes negations inwards, and keeps parts that exclude themselves.
  const inwards = (where: Condition, isNegated = false): Condition => {
    if (where.kind === 'not') return inwards(where.of, !isNegated);
    if (where.kind !== 'and' && where.kind !== 'or') return isNegated ? { kind: 'not', of: where } : where;
    const kind = isNegated === (where.kind === 'and') ? 'or' : 'and';
    return { kind, of: where.of.map((part) => inwards(part, isNegated)) };
  };
  const isNaming = (part: Condition) => part.kind === 'mailbox' && HIDDEN.has(part.id);
  for (const { where, mail } of some) {
    const listed = alternatives(simplify(inwards(where))).some(
      (parts) => parts.every((part) => matches(mail, part)) && (!lies(mail) || parts.some(isNaming)),
    );
    expect(matches(mail, visibleOnly(where, HIDDEN)), JSON.stringify(where)).toBe(listed);
  }
  const [early, late] = [TIMES[0] as Date, TIMES[2] as Date];
  const not = (of: Condition): Condition => ({ kind: 'not', of });
  const and = (...of: Condition[]): Condition => ({ kind: 'and', of });
  const or = (...of: Condition[]): Condition => ({ kind: 'or', of });
  const ada: Condition = { kind: 'from', value: 'ada' };
  const trash: Condition = { kind: 'mailbox', id: 'TRASH' };
  const unread: Condition = { kind: 'read', value: false };
  for (const impossible of [
    and(ada, not(ada)),
    and(ada, not({ kind: 'from', value: 'ADA' })),
    and(unread, not(unread)),
    and({ kind: 'receivedAfter', at: late }, { kind: 'receivedBefore', at: early }),
    and({ kind: 'receivedAfter', at: early }, { kind: 'receivedBefore', at: early }),
    and(or({ kind: 'mailbox', id: 'TRASH', named: false }, and(ada, not(ada))), not(trash)),
    not(or(ada, not(or(ada, unread)), unread)),
  ])
    expect(normalForm(impossible), JSON.stringify(impossible)).toEqual({ kind: 'nothing' });
  expect(normalForm(and(unread, or(and(ada, { kind: 'read', value: true }), trash)))).toEqual(and(unread, trash));
  // These are possible: a moment with both bounds, and two alternatives that cover everything, one of which names
  // trash.
  const moment = and({ kind: 'receivedAfter', at: early }, { kind: 'receivedBefore', at: late });
  for (const possible of [moment, or(trash, not(trash))]) expect(normalForm(possible)).toEqual(possible);
});

it('obeys De Morgan, also in what it includes of trash and junk', () => {
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

it('excludes trash and junk, except for alternatives that name them', () => {
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

it('keeps visibility separate from the condition: neither the index nor the envelopes have to know the other', () => {
  const text: Condition = { kind: 'text', value: 'cat' };
  const from: Condition = { kind: 'from', value: 'bob' };
  const hidden = [...HIDDEN].map((id): Condition => ({ kind: 'mailbox', id }));
  const either: Condition[] = hidden.map((mailbox) => ({ kind: 'or', of: [mailbox, from] }));
  const visible = visibleOnly({ kind: 'and', of: [text, ...either] }, HIDDEN);
  expect(branchesOf(visible, ({ kind }) => (kind === 'text' ? 'indexed' : 'checked'))).toEqual([visible]);
});

it('includes of trash and junk what an alternative names, alternative by alternative', () => {
  const isNaming = (part: Condition) => part.kind === 'mailbox' && HIDDEN.has(part.id);
  for (const { where, mail } of some) {
    const listed = alternatives(normalForm(where)).some(
      (parts) => parts.every((part) => matches(mail, part)) && (!lies(mail) || parts.some(isNaming)),
    );
    expect(matches(mail, visibleOnly(where, HIDDEN)), JSON.stringify(where)).toBe(listed);
  }
});

it('equals its alternatives, in each of which the index and the envelopes are separate', () => {
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

it('equals its alternatives when those are separate lists, also in what it includes of trash and junk', () => {
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
