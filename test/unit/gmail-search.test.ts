import { describe, expect, it } from 'vitest';
import type { Condition } from '../../src/domain/search/condition.ts';
import { openPlace, sealPlace } from '../../src/providers/gmail/cursor.ts';
import { compileQuery } from '../../src/providers/gmail/search.ts';

const compile = (where: Condition | null, mailboxId: string | null = null) => compileQuery({ mailboxId, where });
const mailbox = (id: string): Condition => ({ kind: 'mailbox', id });
const from = (value: string): Condition => ({ kind: 'from', value });

describe('a Gmail query', () => {
  it('needs no search where labels say it all: the search index lags', () => {
    expect(compile(null, 'INBOX')).toMatchObject({ q: null, labelIds: ['INBOX'], includeSpamTrash: false, rest: null });
    const unread: Condition = {
      kind: 'and',
      of: [{ kind: 'read', value: false }, { kind: 'starred', value: true }, mailbox('Label_1')],
    };
    expect(compile(unread, 'INBOX')).toMatchObject({ q: null, labelIds: ['INBOX', 'Label_1', 'STARRED', 'UNREAD'] });
  });

  it.each<[Condition, string]>([
    [from('ann "x" lee'), 'from:"ann x lee"'],
    [{ kind: 'to', value: 'bob' }, '(to:"bob" OR cc:"bob" OR bcc:"bob")'],
    [{ kind: 'text', value: 'a) OR (b' }, '"a) OR (b"'],
    [{ kind: 'hasAttachment', value: false }, '-has:attachment'],
    [{ kind: 'read', value: true }, 'is:read'],
    [{ kind: 'internetMessageId', value: 'a@b' }, 'rfc822msgid:a@b'],
    [
      { kind: 'or', of: [from('a'), { kind: 'and', of: [from('b'), { kind: 'subject', value: 'c' }] }] },
      '(from:"a" OR (from:"b" subject:"c"))',
    ],
    [{ kind: 'not', of: { kind: 'starred', value: false } }, '-(-is:starred)'],
    [{ kind: 'not', of: mailbox('INBOX') }, '-in:inbox'],
  ])('%j', (where, q) => expect(compile(where)).toMatchObject({ q, rest: null }));

  it('leaves what Gmail has no words for to the caller, whole', () => {
    const either: Condition = { kind: 'or', of: [mailbox('Label_1'), from('a')] };
    expect(compile({ kind: 'and', of: [either, from('b')] })).toMatchObject({ q: 'from:"b"', rest: either });
  });

  it('asks nothing when nothing can match', () => {
    expect(compile({ kind: 'and', of: [from('a'), { kind: 'nothing' }] })).toBeNull();
    expect(compile({ kind: 'or', of: [{ kind: 'nothing' }, { kind: 'nothing' }] })).toBeNull();
    expect(compile({ kind: 'or', of: [{ kind: 'nothing' }, mailbox('Label_1')] })).toMatchObject({
      labelIds: ['Label_1'],
      rest: null,
    });
  });

  it('adds trash and spam back in only for what names them', () => {
    expect(compile(null, 'TRASH')).toMatchObject({ includeSpamTrash: true });
    expect(compile({ kind: 'not', of: mailbox('TRASH') })).toMatchObject({ includeSpamTrash: false, q: '-in:trash' });
    expect(compile({ kind: 'or', of: [mailbox('TRASH'), from('a')] })).toMatchObject({
      includeSpamTrash: true,
      q: '(in:trash OR (from:"a" -in:trash -in:spam))',
    });
  });

  it('asks for a second more than is wanted and holds the answer against the exact times', () => {
    const at = new Date('2024-01-01T00:00:00.500Z');
    const query = compile({
      kind: 'and',
      of: [
        { kind: 'receivedAfter', at },
        { kind: 'receivedBefore', at: new Date(+at + 1000) },
      ],
    });
    expect(query?.q).toBe('after:1704067199 before:1704067203');
    const received = (ms: number) => query?.inTime({ receivedAt: new Date(+at + ms) } as never);
    expect([received(-1), received(0), received(999), received(1000)]).toEqual([false, true, true, false]);
  });
});

describe('a page cursor', () => {
  it('keeps its own page size and refuses another list', () => {
    const cursor = sealPlace({ token: 'next', size: 25, shown: new Set(['a']) }, 'print');
    expect(openPlace({ size: 50, after: cursor }, 'print')).toEqual({ token: 'next', size: 25, shown: new Set(['a']) });
    expect(() => openPlace({ size: 25, after: cursor }, 'other')).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT' }),
    );
  });

  it.each(['', 'x', 'bnVsbA', Buffer.from('{"t":{},"n":1e9,"f":"print","s":[]}').toString('base64url')])(
    'refuses %j',
    (after) => {
      expect(() => openPlace({ size: 25, after }, 'print')).toThrow(
        expect.objectContaining({ code: 'BAD_USER_INPUT' }),
      );
    },
  );
});
