import { describe, expect, it } from 'vitest';
import { parseAddressList } from './address.ts';
import { parseDate } from './date.ts';
import { envelopeOf } from './envelope.ts';
import { parseMime } from './mime.ts';

describe('addresses', () => {
  it.each([
    [
      'Ann <ann@x.example>, bob@x.example',
      [
        ['Ann', 'ann@x.example'],
        ['', 'bob@x.example'],
      ],
    ],
    ['"Giant; \\"Big\\" Box" <box@x.example>', [['Giant; "Big" Box', 'box@x.example']]],
    ['=?utf-8?Q?M=C3=BCller=2C_Ann?= <ann@x.example>', [['Müller, Ann', 'ann@x.example']]],
    [
      'Team:Ann <ann@x.example>,bob@x.example;, cy@x.example',
      [
        ['Ann', 'ann@x.example'],
        ['', 'bob@x.example'],
        ['', 'cy@x.example'],
      ],
    ],
    ['undisclosed-recipients:;', []],
    ['Team (who (else)): ann(her account)@x.example (Ann) ; (end)', [['her account Ann', 'ann@x.example']]],
    [', ann@x.example,, ', [['', 'ann@x.example']]],
    ['nobody', [['', 'nobody']]],
    ["Pat O'Hara (No. 12) <pat@x.example>", [["Pat O'Hara", 'pat@x.example']]],
    ['<@relay.example:ann@x.example>', [['', 'ann@x.example']]],
  ])('reads %s', (value, people) => {
    expect(parseAddressList(value).map(({ name, address }) => [name, address])).toEqual(people);
  });
});

describe('dates', () => {
  it.each([
    ['Fri, 21 Nov 1997 09:55:06 -0600', '1997-11-21T15:55:06.000Z'],
    ['21 Nov 97 09:55:06 GMT', '1997-11-21T09:55:06.000Z'],
    ['Wed, 9 Jan 2002 19:47:50 MST', '2002-01-10T02:47:50.000Z'],
    ['Thu, 13 Feb 1969 23:32 -0330 (Newfoundland Time)', '1969-02-14T03:02:00.000Z'],
    ['Fri, 21 Nov 1997 09(comment):   55  :  06 -0600', '1997-11-21T15:55:06.000Z'],
    ['Mon, 1 Jan 24 10:00:00 +0000', '2024-01-01T10:00:00.000Z'],
    ['Tue May 10 11:28:07 2005', '2005-05-10T11:28:07.000Z'],
    ['2024-03-01T12:00:00+02:00', '2024-03-01T10:00:00.000Z'],
    ['2024-03-01 12:00:00', '2024-03-01T12:00:00.000Z'],
  ])('reads %s', (value, iso) => {
    expect(parseDate(value)?.toISOString()).toBe(iso);
  });

  it.each(['', 'yesterday', '31 Feb 2020 10:00:00 +0000', 'Wed, 15 Dec 2010    59:10 -0500', '1 Foo 2020 10:00 +0000'])(
    'does not read %s',
    (value) => expect(parseDate(value)).toBeNull(),
  );
});

it('reads ids, references and the first words', () => {
  const raw = Buffer.from(
    [
      'From: Ann <ann@x.example>',
      'Subject: Hello',
      'Message-ID: <one@x.example> (a comment)',
      'In-Reply-To: Your message of Monday <zero@x.example>',
      'References: <a@x.example>',
      ' <b@x.example>,<c@x.',
      ' example>',
      'Content-Type: text/html',
      '',
      '<style>p{color:red}</style><p>Dear&nbsp;all,</p><p>1 &lt; 2 &#128075;</p>',
    ].join('\r\n'),
  );
  const envelope = envelopeOf(parseMime(raw), raw.length);
  expect(envelope).toMatchObject({
    from: { name: 'Ann', address: 'ann@x.example' },
    sender: { name: 'Ann', address: 'ann@x.example' },
    date: null,
    messageId: '<one@x.example>',
    inReplyTo: ['<zero@x.example>'],
    references: ['<a@x.example>', '<b@x.example>', '<c@x.example>'],
    preview: 'Dear all, 1 < 2 👋',
    hasAttachment: false,
    size: raw.length,
  });
});

it('previews the HTML where the plain part is blank, and for Exchange always', () => {
  const preview = (plain: string) => {
    const raw = Buffer.from(
      `Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\n\r\n${plain}\r\n--x\r\nContent-Type: text/html\r\n\r\n<div style="display:none">Pre</div><p>Words</p>\r\n--x--`,
    );
    const envelope = envelopeOf(parseMime(raw), raw.length);
    return [envelope.preview, envelope.bodyPreview];
  };
  expect(preview('Plain')).toEqual(['Plain', 'Pre Words']);
  expect(preview(' \u200b ')).toEqual(['Pre Words', 'Pre Words']);
});
