import { describe, expect, it } from 'vitest';
import { encodeId } from '../../src/graphql/global-id.ts';
import { filterCondition } from '../../src/mail/search/message-filter.type.ts';
import { parseSearch } from '../../src/mail/search/search-syntax.ts';

const text = (value: string) => ({ kind: 'text', value });
const refusal = (message: RegExp) =>
  expect.objectContaining({ message: expect.stringMatching(message), extensions: { code: 'BAD_USER_INPUT' } });

describe('the search syntax', () => {
  it.each<[string, unknown]>([
    ['', null],
    ['   ', null],
    ['hello', text('hello')],
    ['"hello there"', text('hello there')],
    ['from:ada', { kind: 'from', value: 'ada' }],
    ['From:"Ada Lovelace"', { kind: 'from', value: 'Ada Lovelace' }],
    ['a b', { kind: 'and', of: [text('a'), text('b')] }],
    ['-a', { kind: 'not', of: text('a') }],
    ['-from:bob', { kind: 'not', of: { kind: 'from', value: 'bob' } }],
    ['a OR b c', { kind: 'and', of: [{ kind: 'or', of: [text('a'), text('b')] }, text('c')] }],
    ['a or b', { kind: 'and', of: [text('a'), text('or'), text('b')] }],
    ['"OR"', text('OR')],
    ['-(a b)', { kind: 'not', of: { kind: 'and', of: [text('a'), text('b')] } }],
    ['is:unread', { kind: 'read', value: false }],
    ['is:read', { kind: 'read', value: true }],
    ['is:starred', { kind: 'starred', value: true }],
    ['has:attachment', { kind: 'hasAttachment', value: true }],
    ['in:inbox', { kind: 'role', role: 'INBOX' }],
    ['in:spam', { kind: 'role', role: 'JUNK' }],
    ['in:Projects', { kind: 'mailboxName', name: 'Projects' }],
    ['in:"inbox"', { kind: 'mailboxName', name: 'inbox' }],
    ['after:2026-11-20', { kind: 'receivedAfter', at: new Date('2026-11-20T00:00:00Z') }],
    ['before:2026/1/2', { kind: 'receivedBefore', at: new Date('2026-01-02T00:00:00Z') }],
    ['after:2026-11-20T09:30:00+01:00', { kind: 'receivedAfter', at: new Date('2026-11-20T08:30:00Z') }],
    ['10:30', text('10:30')],
    ['well-known', text('well-known')],
    ['"from:ada"', text('from:ada')],
    ['привет', text('привет')],
  ])('%j', (search, condition) => {
    expect(parseSearch(search)).toEqual(condition);
  });

  it.each<[string, RegExp]>([
    ['label:x', /"label:".*from:.*before:/],
    ['https://a.example', /"https:".*quotes/],
    ['constructor:x', /"constructor:"/],
    ['is:constructor', /is:constructor/],
    ['is:new', /is:new.*unread/],
    ['has:star', /has:attachment/],
    ['after:tomorrow', /after:tomorrow.*no date/],
    ['after:2026-02-30', /no date/],
    ['before:2026-13-01', /no date/],
    ['from:', /from: without a value/],
    ['"open', /not closed/],
    ['(a', /without its \)/],
    ['a)', /without its \(/],
    ['()', /empty pair/],
    ['OR a', /OR/],
    ['a OR', /OR/],
    ['""', /empty pair of quotes/],
    [`${'('.repeat(50)}a${')'.repeat(50)}`, /at most 10 deep/],
    ['a '.repeat(60), /at most 50 conditions; this one holds 60/],
    ['a'.repeat(501), /at most 500/],
    ['a'.repeat(3_000), /at most 2000/],
    [`${'-'.repeat(1_500)}a`, /deep/],
  ])('refuses %j by name', (search, message) => {
    expect(() => parseSearch(search)).toThrow(refusal(message));
  });
});

describe('MessageFilter', () => {
  it('holds all of its fields together', () => {
    expect(filterCondition({ isRead: false, from: ' ada ', role: 'INBOX' })).toEqual({
      kind: 'and',
      of: [
        { kind: 'role', role: 'INBOX' },
        { kind: 'from', value: 'ada' },
        { kind: 'read', value: false },
      ],
    });
  });

  it('says nothing when it is empty, and nothing matches an empty or', () => {
    expect(filterCondition({})).toEqual({ kind: 'and', of: [] });
    expect(filterCondition({ and: [] })).toEqual({ kind: 'and', of: [] });
    expect(filterCondition({ or: [] })).toEqual({ kind: 'or', of: [] });
    expect(filterCondition({ isRead: null, from: null })).toEqual({ kind: 'and', of: [] });
  });

  it('takes Message-IDs with and without brackets', () => {
    expect(filterCondition({ internetMessageId: '<a@b>' })).toEqual({ kind: 'internetMessageId', value: 'a@b' });
  });

  it('refuses what cannot be meant', () => {
    expect(() => filterCondition({ from: '  ' })).toThrow(refusal(/filter.from is empty/));
    expect(() => filterCondition({ mailbox: 'INBOX' })).toThrow(refusal(/"INBOX" is not an id/));
    expect(() => filterCondition({ mailbox: encodeId('Message', 'a', 'b') })).toThrow(
      refusal(/id of a Message.*Mailbox/),
    );
    const deep = Array.from({ length: 30 }).reduce<object>((inner) => ({ not: inner }), { isRead: true });
    expect(() => filterCondition(deep)).toThrow(refusal(/at most 10 deep/));
    expect(() => filterCondition({ or: Array.from({ length: 60 }, () => ({ isRead: true })) })).toThrow(
      refusal(/holds 60/),
    );
  });
});
