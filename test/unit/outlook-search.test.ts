import { describe, expect, it } from 'vitest';
import { normalForm } from '../../src/domain/search/algebra.ts';
import type { Condition } from '../../src/domain/search/condition.ts';
import { toFilter } from '../../src/providers/outlook/list/filter.ts';
import { candidates, receivedWithin } from '../../src/providers/outlook/list/kql.ts';
import { checkOf, evaluationOf, listPlanOf, searchesFor } from '../../src/providers/outlook/list/list-plan.ts';
import { compile } from '../../src/providers/outlook/list/search.ts';
import { HiddenFolders } from '../../src/providers/outlook/wire/hidden-folders.ts';

const and = (...of: Condition[]): Condition => ({ kind: 'and', of });
const or = (...of: Condition[]): Condition => ({ kind: 'or', of });
const not = (of: Condition): Condition => ({ kind: 'not', of });
const from = (value: string): Condition => ({ kind: 'from', value });
const text = (value: string): Condition => ({ kind: 'text', value });
const subject = (value: string): Condition => ({ kind: 'subject', value });
const unread: Condition = { kind: 'read', value: false };
const starred: Condition = { kind: 'starred', value: true };

const filterOf = (where: Condition) => toFilter(normalForm(where));
/** Returns the plan for a list of the whole account. */
function planOf(where: Condition, hidden: readonly string[] = []) {
  const source = listPlanOf({ mailboxId: null, where });
  const filter = toFilter(checkOf(source, hidden));
  const search = searchesFor(source, filter);
  return { search, filter: filter.text, evaluation: evaluationOf(source) };
}
const found = (value: string) => `(\\"${value}\\" OR recipients:\\"${value}\\" OR attachment:\\"${value}\\")`;

describe('the folders that are hidden', () => {
  const learned = () => {
    const hidden = new HiddenFolders();
    hidden.learn(
      ['trash', 'junk'],
      [
        { id: 'deepest', parentFolderId: 'deeper' },
        { id: 'deeper', parentFolderId: 'thrown' },
        { id: 'thrown', parentFolderId: 'trash' },
        { id: 'trash', parentFolderId: 'root' },
        { id: 'junk', parentFolderId: 'root' },
        { id: 'own', parentFolderId: 'root' },
      ],
    );
    return hidden;
  };

  it('are trash and junk and all that is inside them, in any order of folders', () => {
    expect(new HiddenFolders()).toMatchObject({ ids: null, isDue: true });
    expect(learned().isDue).toBe(false);
    expect(learned().ids?.toSorted()).toEqual(['deeper', 'deepest', 'junk', 'thrown', 'trash']);
  });

  it.each([
    ['goes in', { id: 'own', parentFolderId: 'junk' }, true],
    ['goes deeper in', { id: 'own', parentFolderId: 'deepest' }, true],
    ['comes out', { id: 'deeper', parentFolderId: 'root' }, true],
    ['is made inside', { id: 'new', parentFolderId: 'thrown' }, true],
    ['stays', { id: 'deeper', parentFolderId: 'trash' }, false],
    ['is the trash itself', { id: 'trash', parentFolderId: 'root' }, false],
    ['stays outside', { id: 'own', parentFolderId: 'elsewhere' }, false],
    ['does not say where it is', { id: 'thrown' }, false],
  ])('are requested again when one %s', (_, folder, isDue) => {
    const hidden = learned();
    hidden.notice([folder]);
    expect(hidden.isDue).toBe(isDue);
    expect(hidden.ids).toHaveLength(5);
  });
});

describe('the filter of a condition', () => {
  it('contains flags, folders, categories and dates, the latter widened by a second', () => {
    const at = new Date('2026-02-03T04:05:06Z');
    expect(filterOf(and(unread, starred, { kind: 'receivedAfter', at }))).toEqual({
      text: "isRead eq false and flag/flagStatus eq 'flagged' and receivedDateTime ge 2026-02-03T04:05:05Z",
      isExact: true,
      isSelective: false,
    });
    expect(filterOf({ kind: 'receivedBefore', at: new Date('2026-02-03T04:05:06.5Z') }).text).toBe(
      'receivedDateTime lt 2026-02-03T04:05:08Z',
    );
  });

  it('is pushed into alternatives and negations', () => {
    const hasAttachment: Condition = { kind: 'hasAttachment', value: true };
    expect(filterOf(not(or(unread, hasAttachment))).text).toBe('isRead eq true and hasAttachments eq false');
    expect(filterOf(not(and(unread, starred))).text).toBe("(isRead eq true or flag/flagStatus ne 'flagged')");
    expect(filterOf(not({ kind: 'important', value: true })).text).toBe("importance ne 'high'");
    expect(filterOf(or({ kind: 'mailbox', id: 'AAA' }, not({ kind: 'mailbox', id: 'BBB' }))).text).toBe(
      "(parentFolderId eq 'AAA' or parentFolderId ne 'BBB')",
    );
    const day: Condition = { kind: 'receivedAfter', at: new Date('2026-02-03T00:00:00Z') };
    expect(filterOf(not(and(unread, day)))).toMatchObject({
      text: '(isRead eq true or receivedDateTime lt 2026-02-03T00:00:01Z)',
      isExact: true,
    });
  });

  it.each([
    ['receivedAfter', '0000-01-01T00:00:00Z', 'ge 1900-01-01T00:00:00Z'],
    ['receivedBefore', '0000-01-01T00:00:00Z', 'lt 1900-01-01T00:00:00Z'],
    ['receivedAfter', '9999-12-31T23:59:59.999Z', 'ge 9999-01-01T00:00:00Z'],
    ['receivedBefore', '9999-12-31T23:59:59.999Z', 'lt 9999-01-01T00:00:00Z'],
  ] as const)('writes %s %s as a date that Graph takes', (kind, at, text) => {
    expect(filterOf({ kind, at: new Date(at) }).text).toBe(`receivedDateTime ${text}`);
  });

  it('allows what only an envelope decides', () => {
    expect(filterOf(and(unread, not(from('a'))))).toMatchObject({ text: 'isRead eq false', isExact: false });
    expect(filterOf(or(unread, from('a')))).toMatchObject({ text: '', isExact: false });
    expect(filterOf(not({ kind: 'mailbox', id: 'category:Red' }))).toMatchObject({ text: '', isExact: false });
  });

  it("compares an author by the whole address, which may be the sender's", () => {
    expect(filterOf(from('Ada <Ada@Example.org>'))).toMatchObject({
      text: "(from/emailAddress/address eq 'ada@example.org' or sender/emailAddress/address eq 'ada@example.org')",
      isSelective: true,
    });
    expect(filterOf(from('ada')).text).toBe('');
    expect(filterOf(from('adá@example.org')).text).toBe('');
  });

  it('accepts a Message-ID with or without its brackets', () => {
    for (const value of ['a@b', '<a@b>', ' <a@b> '])
      expect(filterOf({ kind: 'internetMessageId', value }).text).toBe("internetMessageId eq '<a@b>'");
  });

  it('cannot break out of a string literal', () => {
    expect(filterOf({ kind: 'mailbox', id: 'x) or (1 eq 1' })).toMatchObject({ text: '', isExact: false });
    expect(filterOf({ kind: 'mailbox', id: "category:it's" }).text).toBe("categories/any(c:c eq 'it''s')");
    expect(filterOf(from("o'neill@example.org")).text).toContain("eq 'o''neill@example.org'");
  });

  it('stays short, and leaves out what is too much', () => {
    const many = Array.from({ length: 200 }, (_, n): Condition => ({ kind: 'mailbox', id: `category:number ${n}` }));
    expect(filterOf(or(...many)).text).toBe('');
    const all = filterOf(and(...many, { kind: 'internetMessageId', value: 'a@b' }));
    expect(all).toMatchObject({ isExact: false, isSelective: true });
    expect(all.text.length).toBeLessThan(4_000);
    expect(all.text).toMatch(/^internetMessageId eq/);
  });
});

describe('a query of Outlook’s index', () => {
  it('covers every field that may contain a word', () => {
    expect(compile(text('meet on Friday')).words?.base).toBe(found('meet on friday'));
  });

  it.each([
    ['C++', 'c'],
    ['R&D', 'r d'],
    ['3.14', '3 14'],
    ['" OR from:billing', 'or from billing'],
    ["') or 1 eq 1 or ('", 'or 1 eq 1 or'],
    ['is:unread', 'is unread'],
    ['-invoice', 'invoice'],
    ['a AND b*', 'a and b'],
    ['NOT', 'not'],
    ['東京タワー', '東京タワー'],
    ['snake_case', 'snake_case'],
  ])('quotes %s as the words %s', (value, words) => {
    expect(compile(text(value)).words?.base).toBe(found(words));
  });

  it('has words with and without accents, and typed spaces, whichever the index keeps', () => {
    expect(candidates(subject('Crème'))).toBe('(subject:\\"crème\\" OR subject:\\"creme\\")');
    expect(candidates(subject('東京 タワー'))).toBe('(subject:\\"東京 タワー\\" OR subject:\\"東京タワー\\")');
    expect(candidates(subject('creme'))).toBe('subject:\\"creme\\"');
  });

  it('has an address whole and in words, without what surrounds it', () => {
    expect(candidates(from('Ada L. <ada@example.org>'))).toBe(
      '(from:\\"ada@example.org\\" OR from:\\"ada example org\\")',
    );
  });

  it('is no search where there is no word', () => {
    for (const value of ['%%', '"', '', '-', '()']) {
      expect(compile(text(value)).matchesNothing).toBe(true);
      expect(compile(and(unread, subject(value))).matchesNothing).toBe(true);
      expect(compile(not(text(value)))).toMatchObject({ words: null, matchesNothing: false });
    }
  });

  it('has as little as possible of what is excluded', () => {
    const searches = (where: Condition) => compile(where).words?.searches;
    expect(searches(not(text('a')))).toEqual([found('a')]);
    expect(searches(and(not(text('a')), not(text('b'))))).toEqual([`(${found('a')} OR ${found('b')})`]);
    expect(searches(or(not(text('a')), not(text('b'))))).toEqual([`(${found('a')} AND ${found('b')})`]);
    const some = compile(and(text('a'), not(text('b')))).words;
    expect(some?.base).toBe(found('a'));
    expect(some?.searches).toEqual([found('a'), found('b')]);
    expect(some?.isMet((search) => search === found('a'))).toBe(true);
    expect(some?.isMet(() => true)).toBe(false);
  });

  it.each([
    ['alone', or(text('a'), not(text('a')))],
    ['beside another', or(text('a'), not(text('a')), text('b'))],
    ['by parts', or(and(text('a'), text('b')), not(text('a')), not(text('b')))],
  ])('leaves out what everything matches, %s', (_, where) => {
    const words = compile(where).words;
    expect(words).toMatchObject({ base: null, searches: [] });
    expect(words?.isMet(() => false)).toBe(true);
    expect(compile(and(where, not(text('c')))).words?.searches).toEqual([found('c')]);
  });

  it('is bounded', () => {
    const choices = (n: number) =>
      and(...Array.from({ length: n }, (_, at) => or(text(`a${at}`), not(text(`b${at}`)))));
    expect(compile(choices(6)).words?.searches).toHaveLength(12);
    expect(() => compile(choices(7))).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
    const many = (make: (n: number) => Condition) => and(...Array.from({ length: 50 }, (_, n) => make(n)));
    expect(compile(many((n) => not(text(`w${n}`)))).words?.searches).toHaveLength(1);
    expect(compile(many((n) => text(`w${n}`))).words?.searches).toEqual([]);
  });

  it('widens days by a day', () => {
    expect(receivedWithin(Date.parse('2026-02-03T04:00:00Z'), Date.parse('2026-02-05T23:00:00Z'))).toEqual([
      'received>=2026-02-02',
      'received<=2026-02-06',
    ]);
    expect(receivedWithin(null, null)).toEqual([]);
    expect(receivedWithin(-8.64e15, 8.64e15)).toEqual(['received>=1900-01-01', 'received<=2999-12-31']);
  });
});

describe('how a list of Outlook is read', () => {
  it.each<[string, Condition, { search: boolean; evaluation: string }]>([
    ['flags by filter', and(unread, starred), { search: false, evaluation: 'NATIVE' }],
    ['names by search', and(from('Mina'), unread), { search: true, evaluation: 'FILTERED' }],
    ['subjects by search', subject('walk'), { search: true, evaluation: 'FILTERED' }],
    ['an author by filter', from('a@b.example'), { search: false, evaluation: 'FILTERED' }],
    ['who it is not by', not(from('a@b.example')), { search: false, evaluation: 'FILTERED' }],
    ['an alternative to words', or(subject('walk'), unread), { search: false, evaluation: 'FILTERED' }],
    ['words of bodies', and(text('walk'), unread), { search: true, evaluation: 'INDEXED' }],
    ['words that are excluded', not(text('walk')), { search: false, evaluation: 'INDEXED' }],
  ])('%s', (_, where, { search, evaluation }) => {
    const plan = planOf(where);
    expect([plan.search !== null, plan.evaluation]).toEqual([search, evaluation]);
  });

  it('narrows words of bodies by the names that the condition has as well', () => {
    expect(planOf(and(text('walk'), from('mina'))).search).toEqual([[found('walk'), 'from:\\"mina\\"']]);
  });

  it('splits more alternatives than one search holds, and sends none when there would be too many', () => {
    const some = (count: number) =>
      or(...Array.from({ length: count }, (_, n) => subject(`${'long '.repeat(20)}${n}`)));
    const searches = planOf(and(some(60), unread)).search ?? [];
    expect(searches.length).toBe(3);
    expect(searches.every(([kql = '', ...more]) => more.length === 0 && kql.length <= 3_000)).toBe(true);
    expect(
      searches
        .flat()
        .join(' OR ')
        .match(/subject:/g)?.length,
    ).toBe(60);
    expect(planOf(some(200)).search).toBeNull();
  });

  const inbox: Condition = { kind: 'mailbox', id: 'AQMkAD-inbox' };

  it('reads the folder that a condition names, also in a search', () => {
    expect(listPlanOf({ mailboxId: null, where: and(inbox, from('mina')) })).toMatchObject({
      base: '/me/mailFolders/AQMkAD-inbox/messages',
      isWholeAccount: false,
      checked: from('mina'),
    });
  });

  it('excludes trash and junk from everything else, except those that are named', () => {
    expect(planOf(unread, ['T', 'J']).filter).toBe(
      "isRead eq false and parentFolderId ne 'T' and parentFolderId ne 'J'",
    );
    expect(planOf(or({ kind: 'mailbox', id: 'T' }, unread), ['T']).filter).toBe(
      "(parentFolderId eq 'T' or (isRead eq false and parentFolderId ne 'T'))",
    );
    expect(listPlanOf({ mailboxId: null, where: or(inbox, unread) }).namesMailbox).toBe(true);
  });

  it('finds a category outside trash and junk, or in the named folder', () => {
    expect(listPlanOf({ mailboxId: 'category:Red', where: null })).toMatchObject({
      base: '/me/messages',
      isWholeAccount: true,
    });
    expect(listPlanOf({ mailboxId: 'category:Red', where: inbox })).toMatchObject({
      base: '/me/mailFolders/AQMkAD-inbox/messages',
      checked: { kind: 'mailbox', id: 'category:Red' },
    });
  });

  it('does not leave the mailbox', () => {
    expect(() => listPlanOf({ mailboxId: '../../users/other/mailFolders/inbox', where: null })).toThrow(
      expect.objectContaining({ code: 'NOT_FOUND' }),
    );
  });

  it('sends no request for an impossible condition', () => {
    expect(compile({ kind: 'nothing' }).matchesNothing).toBe(true);
    expect(compile(and(unread, { kind: 'nothing' })).matchesNothing).toBe(true);
    expect(compile(or(unread, { kind: 'nothing' })).checked).toEqual(unread);
    expect(compile(not({ kind: 'nothing' }))).toMatchObject({ words: null, matchesNothing: false });
  });
});
