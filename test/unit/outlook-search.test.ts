import { describe, expect, it } from 'vitest';
import type { Condition } from '../../src/domain/search/condition.ts';
import { compile } from '../../src/providers/outlook/search.ts';
import { sourceOf } from '../../src/providers/outlook/source.ts';

const and = (...of: Condition[]): Condition => ({ kind: 'and', of });
const or = (...of: Condition[]): Condition => ({ kind: 'or', of });
const not = (of: Condition): Condition => ({ kind: 'not', of });
const from = (value: string): Condition => ({ kind: 'from', value });
const text = (value: string): Condition => ({ kind: 'text', value });
const subject = (value: string): Condition => ({ kind: 'subject', value });
const unread: Condition = { kind: 'read', value: false };

describe('what Outlook evaluates of a condition', () => {
  it('filters by what is not words, and leaves nothing', () => {
    const at = new Date('2026-02-03T04:05:06Z');
    const { filter, search, rest } = compile(
      and(unread, { kind: 'starred', value: true }, { kind: 'receivedAfter', at }),
    );
    expect(filter).toBe(
      "isRead eq false and flag/flagStatus eq 'flagged' and receivedDateTime ge 2026-02-03T04:05:06Z",
    );
    expect([search, rest]).toEqual([null, null]);
  });

  it('searches for words, and leaves what a search cannot combine', () => {
    const { filter, search, rest } = compile(and(from('Mina'), subject('walk'), unread));
    expect(search).toBe('"from:mina AND subject:walk"');
    expect(filter).toBe('');
    expect(rest).toEqual(unread);
  });

  it('looks for text in recipients too', () => {
    expect(compile(text('meet on Friday')).search).toBe('"(\\"meet on friday\\" OR recipients:\\"meet on friday\\")"');
  });

  it('finds subjects without the index, in order', () => {
    expect(compile(subject("it's here"))).toMatchObject({
      filter: "(contains(subject,'it''s') and contains(subject,'here'))",
      search: null,
      rest: null,
    });
  });

  it('pushes negations down to what there are words for', () => {
    expect(compile(not(or(unread, { kind: 'hasAttachment', value: true }))).filter).toBe(
      'isRead eq true and hasAttachments eq false',
    );
    expect(compile(not(and(unread, { kind: 'starred', value: true }))).filter).toBe(
      "(isRead eq true or flag/flagStatus ne 'flagged')",
    );
    expect(compile(not(not(unread))).filter).toBe('isRead eq false');
    expect(compile(not(from('a'))).rest).toEqual(not(from('a')));
  });

  it('leaves a choice whole when a part of it cannot be said', () => {
    const choice = or(from('mina'), unread);
    expect(compile(choice)).toMatchObject({ filter: '', search: null, rest: choice });
    expect(compile(or(from('mina'), from('billing'))).search).toBe('"(from:mina OR from:billing)"');
  });

  it.each(['" OR from:billing', "') or 1 eq 1 or ('", 'is:unread', '{a b}', '-invoice', '\\"', '%', 'a AND b*', 'NOT'])(
    'takes %s as words, and has the caller check where it had to bend them',
    (value) => {
      const { search, rest } = compile(and(from('x'), text(value)));
      const inside = search?.slice(1, -1).replace(/\\"[^"\\]*\\"/g, 'phrase') ?? '';
      expect(inside).toMatch(/^from:x( AND \((phrase|[\w@.-]+) OR recipients:(phrase|[\w@.-]+)\))?$/);
      if (value !== 'NOT') expect(rest).toEqual(text(value));
    },
  );

  it('cannot be led out of a string literal', () => {
    expect(compile(subject("x' or isRead eq true or subject eq '")).filter).not.toMatch(/[^']'(?!')[^,)]* or isRead/);
    expect(compile({ kind: 'mailbox', id: "x') or (1 eq 1" })).toMatchObject({ filter: '', rest: { kind: 'mailbox' } });
    expect(compile({ kind: 'mailbox', id: "category:it's" }).filter).toBe("categories/any(c:c eq 'it''s')");
  });

  it('asks nothing for nothing', () => {
    expect(compile({ kind: 'nothing' }).nothing).toBe(true);
    expect(compile(and(unread, { kind: 'nothing' })).nothing).toBe(true);
    expect(compile(or(unread, { kind: 'nothing' })).filter).toBe('isRead eq false');
    expect(compile(not({ kind: 'nothing' }))).toMatchObject({ filter: '', rest: null, nothing: false });
  });
});

describe('where Outlook looks', () => {
  const inbox: Condition = { kind: 'mailbox', id: 'AQMkAD-inbox' };

  it('reads the folder that a condition names, also in a search', () => {
    const source = sourceOf({ mailboxId: null, where: and(inbox, from('mina')) });
    expect(source).toMatchObject({ base: '/me/mailFolders/AQMkAD-inbox/messages', whole: false });
    expect(source.compiled).toMatchObject({ search: '"from:mina"', rest: null });
  });

  it('leaves trash and junk out of everything else, but for those named', () => {
    const source = sourceOf({ mailboxId: null, where: or(inbox, unread) });
    expect(source).toMatchObject({ base: '/me/messages', whole: true, named: new Set(['AQMkAD-inbox']) });
    expect(source.compiled.filter).toBe("(parentFolderId eq 'AQMkAD-inbox' or isRead eq false)");
  });

  it('finds a category in all folders, or in the one named', () => {
    expect(sourceOf({ mailboxId: 'category:Red', where: null })).toMatchObject({ base: '/me/messages', whole: true });
    expect(sourceOf({ mailboxId: 'category:Red', where: inbox })).toMatchObject({
      base: '/me/mailFolders/AQMkAD-inbox/messages',
      compiled: { filter: "categories/any(c:c eq 'Red')" },
    });
  });

  it('does not leave the mailbox', () => {
    expect(() => sourceOf({ mailboxId: '../../users/other/mailFolders/inbox', where: null })).toThrow(
      expect.objectContaining({ code: 'NOT_FOUND' }),
    );
  });
});
