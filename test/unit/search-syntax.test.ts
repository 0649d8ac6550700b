import { describe, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/global-id.ts';
import { EVERYTHING } from '../../src/domain/search/algebra.ts';
import { filterCondition } from '../../src/mail/api/list/message-filter.type.ts';
import { conditionOf as listCondition } from '../../src/mail/api/list.args.ts';
import { parseSearch } from '../../src/mail/search/search-syntax.ts';
import { TimeZone } from '../../src/mail/search/time-zone.ts';
import { seeded, seedOf } from '../support/mail/seeded.ts';

const random = seeded(seedOf('search-syntax'));

const text = (value: string) => ({ kind: 'text', value });
const from = (value: string) => ({ kind: 'from', value });
const to = (value: string) => ({ kind: 'to', value });
const subject = (value: string) => ({ kind: 'subject', value });
const all = (...of: unknown[]) => ({ kind: 'and', of });
const any = (...of: unknown[]) => ({ kind: 'or', of });
const not = (of: unknown) => ({ kind: 'not', of });
const nothing = { kind: 'nothing' };
const refusal = (message: RegExp) =>
  expect.objectContaining({ message: expect.stringMatching(message), code: 'BAD_USER_INPUT' });

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
    ['10:30 well-known', all(text('10:30'), text('well-known'))],
    ['"from:ada"', text('from:ada')],
    ['привет', text('привет')],
    ['is:important OR is:unimportant', any(...[true, false].map((value) => ({ kind: 'important', value })))],
    ['-(-a)', { kind: 'not', of: { kind: 'not', of: text('a') } }],
    ['from:(ada OR bob) -to:(c "d e")', all(any(from('ada'), from('bob')), not(all(to('c'), to('d e'))))],
  ])('%j', (search, condition) => {
    expect(parseSearch(search)).toEqual(condition);
  });

  it.each<[string, unknown]>([
    ['a b OR c d', all(text('a'), any(text('b'), text('c')), text('d'))],
    ['a OR b OR c', any(text('a'), text('b'), text('c'))],
    ['a AND b OR c', all(text('a'), any(text('b'), text('c')))],
    ['a AND b', all(text('a'), text('b'))],
    ['-a OR b', any(not(text('a')), text('b'))],
    ['-(a OR b) c', all(not(any(text('a'), text('b'))), text('c'))],
    ['(a b) OR c', any(all(text('a'), text('b')), text('c'))],
    ['(a OR b) (c OR d)', all(any(text('a'), text('b')), any(text('c'), text('d')))],
    ['from:a OR "b c"', any(from('a'), text('b c'))],
    ['a OR(b c)', any(text('a'), all(text('b'), text('c')))],
  ])('binds %j as defined', (search, condition) => {
    expect(parseSearch(search)).toEqual(condition);
  });
});

describe('pasted text', () => {
  it.each<[string, unknown]>([
    ['https://a.example/x?y=(1)', all(text('https://a.example/x?y='), text('1'))],
    ['https://a.example/from:b', text('https://a.example/from:b')],
    ['mailto:ada@x.example', text('mailto:ada@x.example')],
    ['constructor:x __proto__:y', all(text('constructor:x'), text('__proto__:y'))],
    ['(from:ada OR to:(bob', any(from('ada'), to('(bob'))],
    [
      '-(in:inbox is:unread)) after:2026-11-20(',
      all(not(all({ kind: 'role', role: 'INBOX' }, { kind: 'read', value: false })), {
        kind: 'receivedAfter',
        at: new Date('2026-11-20T00:00:00Z'),
      }),
    ],
    ['in:inbox)', { kind: 'role', role: 'INBOX' }],
    ['From: -- lunch', from('lunch')],
    ['Subject: 🎉 () "" Party', subject('Party')],
    [
      'Subject: (old OR new) plan -from: (a b)',
      all(any(...['old', 'new'].map(subject)), text('plan'), not(all(from('a'), from('b')))),
    ],
    ['subject: (%%) OR in: (b)', all(any(text('subject'), text('in')), text('b'))],
    ['Re: lunch (', all(text('Re:'), text('lunch'))],
    ['lunch) at 12:30 :-)', all(text('lunch)'), text('at'), text('12:30'))],
    ['Subject: Re: lunch', all(subject('Re:'), text('lunch'))],
    ['From: "Ada Lovelace" to: bob', all(from('Ada Lovelace'), to('bob'))],
    ['from: <ada@x.example> from:', all(from('<ada@x.example>'), text('from'))],
    ['(from:) OR to: -a', all(any(text('from'), text('to')), not(text('a')))],
    ['to: from:a', all(text('to'), from('a'))],
    [
      'Date: is: in: has: after: list: before: ',
      all(...['Date:', 'is', 'in', 'has', 'after', 'list:', 'before'].map(text)),
    ],
    ['5" and 3" pipes', all(text('5"'), text('and'), text('3"'), text('pipes'))],
    ['צה"ל דו"ח 𠮷"a b" c_"d', all(...['צה"ל', 'דו"ח', '𠮷"a', 'b"', 'c_"d'].map(text))],
    ['5" "a b" x:"c d"', all(text('5"'), text('a b'), text('x:'), text('c d'))],
    ['报告“年度 计划”', all(text('报告'), text('年度 计划'))],
    ['a "" b', all(text('a'), text('b'))],
    ['“curly ones” „deutsche“ ＂wide＂', all(text('curly ones'), text('deutsche'), text('wide'))],
    ['lone” „low "open', all(text('lone”'), text('„low'), text('"open'))],
    ['subject:“a b” in:„c“', all(subject('a b'), { kind: 'mailboxName', name: 'c' })],
    ['-----Original Message-----', all(text('Original'), text('Message-----'))],
    ['--verbose --subject:"a b"', all(text('verbose'), subject('a b'))],
    ['a - b -- c -> d', all(text('a'), text('b'), text('c'), text('d'))],
    ['(2026)-report "a"-b', all(text('2026'), text('report'), text('a'), text('b'))],
    ['1,000.00 € +49 30 #42 50%', all(...['1,000.00', '+49', '30', '#42', '50%'].map(text))],
    ['OR a', all(text('OR'), text('a'))],
    ['a OR', all(text('a'), text('OR'))],
    ['a OR OR b', all(text('a'), text('OR'), text('OR'), text('b'))],
    ['(OR) -OR', all(text('OR'), not(text('OR')))],
    ['a OR )', text('a')],
    ['\u200efrom:ada\ufeff', from('ada')],
    [')))((', nothing],
  ])('%j is searched for', (search, condition) => {
    expect(parseSearch(search)).toEqual(condition);
  });

  it('finds nothing by signs alone, and everything by their negation', () => {
    for (const signs of [
      '%%',
      '-',
      '--',
      '"',
      '(',
      ')',
      '()',
      '(())',
      '(%% 🎉)',
      '->',
      '-%%',
      '- -',
      '%% OR !!',
      '🎉',
      '\u2028!',
    ])
      expect(parseSearch(signs), signs).toEqual(nothing);
    for (const signs of ['-(%%)', '-()', '-(-)', '-(%% OR !!)']) expect(parseSearch(signs), signs).toEqual(EVERYTHING);
    expect(parseSearch('"%%"')).toEqual(nothing);
    expect(parseSearch('cat "%%" ""')).toEqual(text('cat'));
    expect(parseSearch('in:(trash OR "My folder") is:(unread OR starred)')).toEqual(
      parseSearch('(in:trash OR in:"My folder") (is:unread OR is:starred)'),
    );
    expect(parseSearch('from:%%')).toEqual(from('%%'));
    expect(parseSearch('lunch OR %%')).toEqual(text('lunch'));
  });

  it('may be a long sentence with repeated words', () => {
    const sentence =
      'the quick brown fox jumps over the lazy dog and the cat sat on the mat while the band played '.repeat(4);
    expect(sentence.trim().split(' ')).toHaveLength(80);
    expect(parseSearch(sentence)).toMatchObject({ kind: 'and' });
    const words = Array.from({ length: 100 }, (_, n) => `w${n}`);
    expect(parseSearch(words.join(' '))).toEqual(all(...words.map(text)));
  });

  it.each<[string, RegExp]>([
    ['label:x', /"label:"; in:.*from:.*before:.*quotes/],
    ['hasattachments:yes', /"hasattachments:"; write has:attachment/],
    ['read:no', /"read:"; write is:read or is:unread/],
    ['hasflag:true', /"hasflag:"; write is:starred/],
    ['is:sent', /is:sent.*in:sent.*quotes/],
    ['-cc:(bob)', /"cc:"/],
    ['larger:10M', /"larger:"/],
    ['older_than:"1y"', /"older_than:"/],
    ['is:constructor', /is:constructor/],
    ['is:new', /is:new.*unread/],
    ['has:star', /has:attachment.*quotes/],
    ['after:tomorrow', /after:tomorrow.*not a date.*quotes/],
    ['after:2026-02-30', /not a date/],
    ['after:2026-02-30T00:00:00Z', /not a date/],
    ['after:2026-02-20T24:00:00Z', /not a date/],
    ['after:2026-02-20T10:00:00', /not a date/],
    ['before:2026-13-01', /not a date/],
    [`${'('.repeat(50)}a${')'.repeat(50)}`, /at most 10 deep/],
    [`${'-('.repeat(11)}a${')'.repeat(11)}`, /at most 10 deep/],
    [Array.from({ length: 101 }, (_, n) => `w${n}`).join(' '), /at most 100 different conditions; this one holds 101/],
    ['a'.repeat(501), /at most 500/],
    ['a'.repeat(3_000), /at most 2000/],
  ])('refuses %j with the reason', (search, message) => {
    expect(() => parseSearch(search)).toThrow(refusal(message));
  });
});

describe('the days of a search', () => {
  const start = (zone: string, day: string) => {
    const condition = parseSearch(`after:${day}`, new TimeZone(zone));
    return condition?.kind === 'receivedAfter' ? condition.at.toISOString().replace('.000Z', 'Z') : condition;
  };

  it.each([
    ['UTC', '2026-11-20', '2026-11-20T00:00:00Z'],
    ['Europe/Berlin', '2026-01-15', '2026-01-14T23:00:00Z'],
    ['Europe/Berlin', '2026/7/15', '2026-07-14T22:00:00Z'],
    // Clocks change in the course of these days, after they have begun.
    ['Europe/Berlin', '2026-03-29', '2026-03-28T23:00:00Z'],
    ['Europe/Berlin', '2026-10-25', '2026-10-24T22:00:00Z'],
    ['Europe/Berlin', '2026-10-26', '2026-10-25T23:00:00Z'],
    ['Asia/Kolkata', '2026-11-20', '2026-11-19T18:30:00Z'],
    ['Asia/Kathmandu', '2026-11-20', '2026-11-19T18:15:00Z'],
    ['Australia/Lord_Howe', '2026-01-20', '2026-01-19T13:00:00Z'],
    ['Pacific/Tongatapu', '2026-11-20', '2026-11-19T11:00:00Z'],
    ['Pacific/Kiritimati', '2026-11-20', '2026-11-19T10:00:00Z'],
    ['Etc/GMT+12', '2026-11-20', '2026-11-20T12:00:00Z'],
    // Clocks were put forward over midnight: from 0:00 to 1:00, and from 23:30 to 0:30.
    ['America/Sao_Paulo', '2018-11-04', '2018-11-04T03:00:00Z'],
    ['America/Toronto', '1919-03-31', '1919-03-31T04:30:00Z'],
    // Clocks were put back to midnight, which occurred twice.
    ['America/Havana', '2026-11-01', '2026-11-01T04:00:00Z'],
    // A day that a country left out begins at the moment at which it would have begun.
    ['Pacific/Apia', '2011-12-30', '2011-12-30T10:00:00Z'],
    ['Pacific/Apia', '2011-12-31', '2011-12-30T10:00:00Z'],
    ['UTC', '0050-01-01', '0050-01-01T00:00:00Z'],
  ])('in %s, %s begins at %s', (zone, day, at) => {
    expect(start(zone, day)).toBe(at);
  });

  it('begin at the first moment that clocks there show, in every zone', () => {
    const zones = Intl.supportedValuesOf('timeZone');
    for (let n = 0; n < 300; n++) {
      const zone = random.pick(zones);
      const day = new Date(Date.UTC(1995 + random.below(45), random.below(12), 1 + random.below(28)));
      const shown = (at: number) =>
        new Intl.DateTimeFormat('en-CA', { timeZone: zone, dateStyle: 'short' }).format(at).replaceAll('/', '-');
      const date = day.toISOString().slice(0, 10);
      const at = Date.parse(String(start(zone, date)));
      expect(shown(at) >= date, `${zone} ${date}`).toBe(true);
      expect(shown(at - 1) < date, `${zone} ${date}`).toBe(true);
    }
  });

  it.each(['', 'Mars/Olympus', '+02:00', 'Europe/Berlin ', 'x'.repeat(5_000), '__proto__'])(
    'refuses the time zone %j',
    (timeZone) => {
      expect(() => listCondition({ first: 1, timeZone })).toThrow(refusal(/^timeZone ".{0,60}" is not a time zone/));
    },
  );

  it('define a list by their moments only', () => {
    const search = 'after:2026-11-20';
    const berlin = listCondition({ first: 1, search, timeZone: 'Europe/Berlin' });
    expect(berlin).toEqual(listCondition({ first: 1, search: 'after:2026-11-19T23:00:00Z', timeZone: 'Asia/Tokyo' }));
    expect(listCondition({ first: 1, search, timeZone: null })).toEqual(listCondition({ first: 1, search }));
    expect(listCondition({ first: 1, search: '-()' })).toBeNull();
  });
});

describe('MessageFilter', () => {
  it('requires all of its fields together', () => {
    expect(filterCondition({ isRead: false, from: ' ada ', role: 'INBOX', isImportant: false })).toEqual({
      kind: 'and',
      of: [
        { kind: 'role', role: 'INBOX' },
        { kind: 'from', value: 'ada' },
        { kind: 'read', value: false },
        { kind: 'important', value: false },
      ],
    });
  });

  it('has no effect when it is empty, and an empty or matches nothing', () => {
    expect(filterCondition({})).toEqual({ kind: 'and', of: [] });
    expect(filterCondition({ and: [] })).toEqual({ kind: 'and', of: [] });
    expect(filterCondition({ or: [] })).toEqual({ kind: 'or', of: [] });
    expect(filterCondition({ isRead: null, from: null })).toEqual({ kind: 'and', of: [] });
  });

  it('matches nothing by a value without a word', () => {
    expect(filterCondition({ subject: ' %% ' })).toEqual({ kind: 'subject', value: '%%' });
  });

  it('accepts Message-IDs with and without brackets', () => {
    expect(filterCondition({ internetMessageId: ' < a@b > ' })).toEqual({ kind: 'internetMessageId', value: 'a@b' });
    expect(filterCondition({ internetMessageId: '<a@b>' })).toEqual({ kind: 'internetMessageId', value: 'a@b' });
  });

  it('limits the words of the text in search and filter together, in every script', () => {
    const words = (word: string, count: number) => Array.from({ length: count }, (_, n) => `${word}${n}`).join(' ');
    // A long sentence is accepted in any script.
    for (const [word, count] of [
      ['lovely', 100],
      ['réunis', 100],
      ['чтение', 100],
      ['नमस्ते', 75],
    ] as const)
      expect(() => listCondition({ first: 1, search: words(word, count) })).not.toThrow();
    const tooLong = refusal(/take \d+ bytes .*; 6000 is the most/);
    const filter = { or: Array.from({ length: 13 }, (_, n) => ({ text: `${n} ${'x'.repeat(490)}` })) };
    expect(() => listCondition({ first: 1, filter })).toThrow(tooLong);
    expect(() =>
      listCondition({ first: 1, filter: { not: { text: '東'.repeat(500) } }, search: words('京', 80) }),
    ).toThrow(tooLong);
    // A condition that envelopes decide is shortened for the provider and checked here as a whole, so its length is
    // allowed.
    const people = { or: Array.from({ length: 13 }, (_, n) => ({ subject: `${n} ${'x'.repeat(490)}` })) };
    expect(() => listCondition({ first: 1, filter: people })).not.toThrow();
  });

  it('refuses contradictory input', () => {
    expect(() => filterCondition({ from: '  ' })).toThrow(refusal(/filter.from is empty/));
    expect(() => filterCondition({ mailbox: '' })).toThrow(refusal(/"" is not an id/));
    expect(() => filterCondition({ not: { mailbox: '' } })).toThrow(refusal(/"" is not an id/));
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
