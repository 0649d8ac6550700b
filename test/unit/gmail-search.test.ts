import { describe, expect, it } from 'vitest';
import type { Condition } from '../../src/domain/search/condition.ts';
import { openPosition, sealPosition } from '../../src/providers/gmail/list/cursor.ts';
import { before, compileQuery } from '../../src/providers/gmail/list/search.ts';
import { markOf } from '../../src/providers/shared/threads/thread-cursor.ts';

const compile = (where: Condition | null, mailboxId: string | null = null) => compileQuery({ mailboxId, where });
const mailbox = (id: string): Condition => ({ kind: 'mailbox', id });
const from = (value: string): Condition => ({ kind: 'from', value });

const to = (value: string): Condition => ({ kind: 'to', value });
const subject = (value: string): Condition => ({ kind: 'subject', value });
const text = (value: string): Condition => ({ kind: 'text', value });
const not = (of: Condition): Condition => ({ kind: 'not', of });
const and = (...of: Condition[]): Condition => ({ kind: 'and', of });
const or = (...of: Condition[]): Condition => ({ kind: 'or', of });
const at = (iso: string) => new Date(iso);

describe('a Gmail query', () => {
  it('needs no search where labels suffice, since the search index lags', () => {
    expect(compile(null, 'INBOX')).toMatchObject({ q: null, labelIds: ['INBOX'] });
    expect(compile(null)).toMatchObject({ q: null, labelIds: [], includeSpamTrash: false });
    const flags: Condition[] = [
      { kind: 'read', value: false },
      { kind: 'starred', value: true },
      { kind: 'important', value: true },
    ];
    expect(compile(and(...flags, mailbox('Label_1')), 'INBOX')).toMatchObject({
      q: null,
      labelIds: ['IMPORTANT', 'INBOX', 'Label_1', 'STARRED', 'UNREAD'],
      evaluation: 'NATIVE',
    });
  });

  it.each<[Condition, string | null]>([
    [from('ann "x" lee'), 'from:"ann x lee"'],
    [from('Ada <ada@example.org>'), 'from:"ada example org"'],
    [to('bob'), '(to:"bob" OR cc:"bob" OR bcc:"bob")'],
    [text('a) OR (b'), '"a or b"'],
    [{ kind: 'hasAttachment', value: false }, '-has:attachment'],
    [{ kind: 'read', value: true }, 'is:read'],
    [{ kind: 'internetMessageId', value: 'a@b' }, 'rfc822msgid:a@b'],
    [{ kind: 'internetMessageId', value: '<A@b>' }, '(rfc822msgid:A@b OR rfc822msgid:a@b)'],
    [{ kind: 'internetMessageId', value: 'a b {c' }, null],
    [or(from('a'), and(from('b'), subject('c'))), '(from:"a" OR (from:"b" subject:"c"))'],
    [not({ kind: 'starred', value: false }), null],
    [not(mailbox('INBOX')), '-in:inbox'],
    [not(text('a b')), '-"a b"'],
    [not(and(text('a'), { kind: 'read', value: true })), '(-"a" OR is:unread)'],
    [or(mailbox('Label_1'), from('a')), '(has:userlabels OR from:"a")'],
    // For these a complement or a label could leave out a match, so all mail is read.
    [not(from('a')), null],
    [not(mailbox('Label_1')), null],
    [or(not(subject('a')), from('b')), null],
    [or(mailbox('CATEGORY_PERSONAL'), from('a')), null],
  ])('%j', (where, q) => expect(compile(where)).toMatchObject({ q, includeSpamTrash: false }));

  it.each([
    ['to:me', '"to me"'],
    ['C++', '"c"'],
    ['"a b"@x', '"a b x"'],
    ['OR', '"or"'],
    ['{a b}', '"a b"'],
    ['-x', '"x"'],
    ['label:foo', '"label foo"'],
    ['secret AROUND 25 birthday', '"secret around 25 birthday"'],
    ['\\" OR in:trash "', '"or in trash"'],
    ['東京都', '"東京都"'],
    ['회의 일정', '("회의 일정" OR "회의일정")'],
    ['ﬁ', '"fi"'],
    ['e\u0301te\u0301', '("été" OR "ete")'],
    ['йогурт', '("йогурт" OR "иогурт")'],
    ['a\u2028b', '"a b"'],
    ['x'.repeat(500), `"${'x'.repeat(500)}"`],
  ])('searches for the words of %s and for nothing else of it', (value, q) => {
    expect(compile(text(value))?.q).toBe(q);
    expect(compile(subject(value))?.q).toBe(q.replaceAll(/"[^"]+"/g, 'subject:$&'));
  });

  it.each(['%%', '"', '', '🎉', '\ud800', '()'])('finds nothing by %j, and everything by its negation', (value) => {
    for (const kind of ['from', 'to', 'subject', 'text'] as const) {
      expect(compile({ kind, value })).toBeNull();
      expect(compile(and({ kind, value }, text('a')))).toBeNull();
      expect(compile(or({ kind, value }, text('a')))?.q).toBe('"a"');
      expect(compile(not({ kind, value }))).toMatchObject({ q: null, evaluation: 'NATIVE' });
    }
  });

  it('does not mistake a name for the account itself', () => {
    for (const value of ['me', 'ME', '"me"', 'mé']) expect(compile(to(value))?.q).not.toMatch(/to:/);
    expect(compile(to('me'))?.q).toBe('"me"');
    expect(compile(from('tell me'))?.q).toBe('from:"tell me"');
  });

  it('checks envelopes for all but what the index decides, and reports who decided', () => {
    const late: Condition = { kind: 'receivedAfter', at: at('2024-01-01') };
    const either = or(from('b'), not(late));
    const both = compile(and(text('a'), either, { kind: 'hasAttachment', value: true }), 'INBOX');
    expect(both?.evaluation).toBe('INDEXED');
    expect(JSON.stringify(both?.check)).toContain('"from"');
    expect(JSON.stringify(both?.check)).not.toMatch(/"text"|"hasAttachment"/);
    expect(compile(either)).toMatchObject({ evaluation: 'FILTERED' });
    expect(compile(or(mailbox('Label_1'), mailbox('INBOX')))).toMatchObject({ evaluation: 'FILTERED' });
    expect(compile(or(late, not(mailbox('INBOX')), { kind: 'read', value: true }))).toMatchObject({
      evaluation: 'NATIVE',
    });
    expect(compile(null)?.evaluation).toBeUndefined();
  });

  it('includes trash and spam only for alternatives that name them', () => {
    expect(compile(null, 'TRASH')).toMatchObject({ includeSpamTrash: true });
    expect(compile(not(mailbox('TRASH')))).toMatchObject({ includeSpamTrash: false, q: null });
    expect(compile(mailbox('TRASH'))).toMatchObject({ includeSpamTrash: true, q: null, labelIds: ['TRASH'] });
    expect(compile(or(mailbox('TRASH'), from('a')))).toMatchObject({
      includeSpamTrash: true,
      q: '(in:trash OR (from:"a" -in:trash -in:spam))',
    });
    const inEither = compile(and(text('a'), or(mailbox('TRASH'), from('b')), or(mailbox('SPAM'), from('c'))));
    expect(inEither?.q).toBe(
      '"a" (in:trash OR from:"b") (in:spam OR from:"c") (in:trash OR in:spam OR (-in:trash -in:spam))',
    );
  });

  it('leaves trash and spam out of a label too, unless they are named', () => {
    expect(compile(null, 'Label_1')).toMatchObject({ includeSpamTrash: false, q: null, labelIds: ['Label_1'] });
    expect(compile(mailbox('TRASH'), 'Label_1')).toMatchObject({
      includeSpamTrash: true,
      q: null,
      labelIds: ['Label_1', 'TRASH'],
    });
  });

  it('widens dates by a second, inside alternatives and negations too', () => {
    const start: Condition = { kind: 'receivedAfter', at: at('2024-01-01T00:00:00.500Z') };
    const end: Condition = { kind: 'receivedBefore', at: at('2024-01-01T00:00:01.500Z') };
    expect(compile(and(start, end))?.q).toBe('after:1704067199 before:1704067203');
    expect(compile(not(or(start, not(end))))?.q).toBe('before:1704067202 before:1704067203');
    expect(compile(or(start, from('a')))?.q).toBe('(after:1704067199 OR from:"a")');
    const search = compileQuery({ mailboxId: 'INBOX', where: null });
    expect(search && before(search, at('2024-01-01'))).toMatchObject({ q: 'before:1704067201', labelIds: ['INBOX'] });
    expect(compile({ kind: 'receivedAfter', at: at('1950-01-01') })?.q).toBeNull();
    expect(compile({ kind: 'receivedBefore', at: at('+275000-01-01T00:00:00Z') })?.q).toBeNull();
  });

  it('limits the query: what envelopes decide is shortened and then left out, what the index decides is refused', () => {
    const long = (start: number) => Array.from({ length: 80 }, (_, n) => `word${start + n}`).join(' ');
    const people = or(...Array.from({ length: 24 }, (_, n) => to(long(n))));
    const shortened = compile(and(text('a'), people))?.q ?? '';
    expect(encodeURIComponent(shortened).length).toBeLessThanOrEqual(6_000);
    expect(shortened).toMatch(/^"a" \(\(to:"word0 word1[^"]*"/);
    // With three fields for each person the query would be too long, so the people are searched as plain words.
    const many = or(...Array.from({ length: 50 }, (_, n) => to(`person${n}@some-example.example.org`)));
    expect(compile(many)?.q).toMatch(/^\("person0 some example example org" OR "person1 .* OR "person49 some[^"]*"\)$/);
    const tooMany = or(...Array.from({ length: 50 }, (_, n) => to(`${n}${'x'.repeat(490)}`)));
    expect(compile(and(text('a'), tooMany, from('b')))?.q).toBe('"a" from:"b"');
    const words = and(...Array.from({ length: 50 }, (_, n) => text(`${n}${'x'.repeat(490)}`)));
    expect(() => compile(words)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', message: expect.stringMatching(/6000/) }),
    );
  });
});

describe('a page cursor', () => {
  it('keeps its own page size and refuses another list', () => {
    const newest = [
      { mark: markOf('18f'), waiting: null },
      { mark: markOf('19a'), waiting: { id: '19a' } },
    ];
    const position = { token: 'next', size: 25, shown: new Set(['a']), before: new Date(5), start: 6, newest };
    const cursor = sealPosition(position, 'print');
    expect(openPosition({ size: 50, after: cursor }, 'print')).toEqual(position);
    expect(() => openPosition({ size: 25, after: cursor }, 'other')).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT' }),
    );
  });

  const sealed = (kept: object) => Buffer.from(JSON.stringify(kept)).toString('base64url');

  it('accepts one from before the index was checked for what it lacks', () => {
    const after = sealed({ t: 'next', n: 25, f: 'print', s: ['a'], b: 5, a: 6 });
    expect(openPosition({ size: 50, after }, 'print')).toMatchObject({ token: 'next', start: 6, newest: [] });
  });

  const waiting = Array.from({ length: 51 }, (_, n) => `!${n}`);
  it.each([
    '',
    'x',
    'bnVsbA',
    sealed({ t: {}, n: 1e9, f: 'print', s: [] }),
    sealed({ t: null, n: 25, f: 'print', s: [], u: {} }),
    sealed({ t: null, n: 25, f: 'print', s: [], u: waiting }),
  ])('refuses %j', (after) => {
    expect(() => openPosition({ size: 25, after }, 'print')).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT' }),
    );
  });
});
