import { expect, it } from 'vitest';
import { certaintyOf } from '../../src/providers/gmail/read/address-certainty.ts';
import { parseList } from '../../src/providers/gmail/read/addresses.ts';

const read = (list: string) => parseList(list).map(({ name, address }) => [name, address]);

it.each<[list: string, people: unknown]>([
  [
    'Foo <a@x.example, Bar <b@x.example>',
    [
      ['Foo', 'a@x.example'],
      ['Bar', 'b@x.example'],
    ],
  ],
  [
    '<a@x.example, b@x.example>',
    [
      [null, 'a@x.example'],
      [null, 'b@x.example'],
    ],
  ],
  [
    'a@x.example b@x.example',
    [
      [null, 'a@x.example'],
      [null, 'b@x.example'],
    ],
  ],
  [
    'a@x.example; b@x.example',
    [
      [null, 'a@x.example'],
      [null, 'b@x.example'],
    ],
  ],
  ['Tom <3 <tom@x.example>', [['Tom <3', 'tom@x.example']]],
  ['<<b@x.example>>', [[null, 'b@x.example']]],
  ["'Ann Smith' <ann@x.example>", [['Ann Smith', 'ann@x.example']]],
  [
    'Doe, Jane, PhD <j@x.example>, Foo <f@x.example>',
    [
      ['Doe, Jane, PhD', 'j@x.example'],
      ['Foo', 'f@x.example'],
    ],
  ],
  ['Foo (bar <a@x.example>', [['Foo (bar', 'a@x.example']]],
  ['5" Disk <d@x.example>', [['5" Disk', 'd@x.example']]],
  ['=?utf-8?Q?Doe, Jane?= <j@x.example>', [['Doe, Jane', 'j@x.example']]],
  ['x <a@[IPv6:2001:db8::1]>', [['x', 'a@[IPv6:2001:db8::1]']]],
  ['=?utf-8?Q?a=40b=2Eexample?=', [['a@b.example', '=?utf-8?Q?a=40b=2Eexample?=']]],
  ['=?utf-8?Q?<a@b.example>,?= <c@x.example>', [['<a@b.example>,', 'c@x.example']]],
  ['=?no-such-charset?Q?a,b?= <c@x.example>', [['a,b', 'c@x.example']]],
  ['<undisclosed-recipients:;>', []],
  ['"undisclosed recipients: ;", a@x.example', [[null, 'a@x.example']]],
  ['Team:;;', []],
  [
    'x."y z"@x.example, "a"."b"@x.example',
    [
      [null, 'x."y z"@x.example'],
      [null, '"a"."b"@x.example'],
    ],
  ],
  ['=?ISO_8859-5:1988?Q?=BF=E0?= <c@x.example>', [['Пр', 'c@x.example']]],
])('%s', (list, people) => expect(read(list)).toEqual(people));

it.each([
  ['certain', 'Bank <help@bank.example> <m@evil.example>'],
  ['certain', '=?utf-8?Q?Bank_=3Chelp=40bank.example=3E?= <m@evil.example>'],
  ['certain', '"support@bank.example" <m@evil.example>'],
  ['certain', 'Doe, Jane <jane@x.example>'],
  ['certain', '"Doe, Jane" <jane@x.example>'],
  ['certain', 'a@x.example, b@x.example'],
  ['certain', 'Ann <a@x.example>, b@x.example'],
  ['certain', '"Sam (No. 12)" <sam@x.example>'],
  ['certain', 'undisclosed-recipients:;'],
  ['list', 'Ann <a@x.example>, Bob <b@x.example>'],
  ['list', 'a@x.example, Bob <b@x.example>'],
  ['odd', '"Boss <boss@x.example>, Eve" <e@x.example>'],
  ['odd', '5" A <a@x.example>, 6" B <b@x.example>'],
  ['odd', 'Ops: Real <ops@x.example>; <e@x.example>'],
  ['odd', 'Anna "Anni" Müller <a@x.example>'],
  ['odd', 'Jörg (Sales) <j@x.example>'],
  ['odd', '"Jane \\"J\\"" <j@x.example>'],
])('%s: %s', (certainty, list) => expect(certaintyOf(list)).toBe(certainty));

const PIECES = [',', '"', '(', ')', '<', '>', ':;', '=?', '=?utf-8?Q?a?= ', '=?utf-8?B?w7?= ', '\\', '"\\', '[', '<,'];
const MORE = ['<a@x>', 'a <a@x>, ', 'a@x,', 'x,', 'x ', '((a)', '"a" ', '""@x ', '@', '.  ', '=?utf-8?q?"', ': ', '<"'];

it('reads a list in time linear in its length, whatever it is made of', () => {
  const spent = (text: string) => {
    const from = process.cpuUsage();
    certaintyOf(text, parseList(text));
    const { user, system } = process.cpuUsage(from);
    return (user + system) / 1_000;
  };
  spent('a <a@x.example>, '.repeat(2_000));
  for (const piece of [...PIECES, ...MORE]) {
    const least = (text: string) => Math.min(...[1, 2, 3].map(() => spent(text)));
    const [short, long] = [least(piece.repeat(2_000)), least(piece.repeat(20_000))];
    // Quadratic work would take a hundred times as long. Times below 20 count as 20, so that a garbage collection has
    // no effect.
    expect(long / Math.max(short, 20), piece).toBeLessThan(35);
  }
});
