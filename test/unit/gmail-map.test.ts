import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import { describe, expect, it, vi } from 'vitest';
import { parseDate } from '../../src/providers/gmail/read/header-date.ts';
import { HeaderFields, parseAddresses } from '../../src/providers/gmail/read/headers.ts';
import { toMailboxes } from '../../src/providers/gmail/read/labels.ts';
import { toMessage } from '../../src/providers/gmail/read/map.ts';
import { unescapedSnippet, unflow } from '../../src/providers/gmail/read/text.ts';

const data = (text: string) => Buffer.from(text).toString('base64url');
const header = (name: string, value: string) => ({ name, value });
const text = (content: string, extra: gmail_v1.Schema$MessagePart = {}): gmail_v1.Schema$MessagePart => ({
  mimeType: 'text/plain',
  filename: '',
  headers: [header('Content-Type', 'text/plain; charset=iso-8859-1')],
  body: { size: content.length, data: data(content) },
  ...extra,
});
const html = (content: string): gmail_v1.Schema$MessagePart => ({
  mimeType: 'text/html',
  filename: '',
  headers: [header('Content-Type', 'text/html')],
  body: { size: content.length, data: data(content) },
});
const message = (payload: gmail_v1.Schema$MessagePart, labelIds: string[] = []): gmail_v1.Schema$Message => ({
  id: 'm1',
  threadId: 't1',
  labelIds,
  snippet: 'It&#39;s &lt;b&gt; &amp;amp; more',
  internalDate: '1700000000000',
  sizeEstimate: 1234,
  payload,
});
const content = (payload: gmail_v1.Schema$MessagePart) => {
  const full = toMessage(message(payload), 'full').content;
  if (!full) throw new Error('no content');
  return full;
};

describe('a Gmail envelope', () => {
  it('has the characters that Gmail lists, whether or not its header was also read as written', () => {
    const listed = [
      header('From', 'Ada <ada@ex\ufffdmple.org>'),
      header('Reply-To', 'Ada <ada@ex\ufffdmple.org>, Bob <b@x.example>'),
      header('To', 'Zo\ufffd <zoe@x.example>, Bob <b@x.example>'),
      header('Cc', 'Alice <alice@corp.example>, B\ufffdb <b@x.example>'),
      header('Subject', 'Caf\ufffd'),
    ];
    const written = listed.map(({ name, value }) => header(name, value.replace('\ufffd', 'ä')));
    written[3] = header('Cc', '"Alice <alice@corp.example>, Bäb" <b@x.example>');
    const read = (asked?: HeaderFields) => toMessage(message({ headers: listed }), 'envelope', asked);
    const twice = read(new HeaderFields(written));
    for (const field of ['from', 'to', 'subject'] as const) expect(twice[field]).toEqual(read()[field]);
    expect(twice.replyTo[0]?.address).toBe('ada@ex\ufffdmple.org');
    // The header as written decides who is named.
    expect(twice.cc).toEqual([{ name: 'Alice <alice@corp.example>, Bäb', address: 'b@x.example' }]);
  });

  it('derives flags and mailboxes from labels', () => {
    const envelope = toMessage(message({}, ['UNREAD', 'INBOX', 'STARRED', 'IMPORTANT', 'Label_7']), 'envelope');
    expect(envelope).toMatchObject({
      isRead: false,
      isStarred: true,
      isImportant: true,
      isDraft: false,
      isAnswered: null,
    });
    expect(envelope.mailboxIds).toEqual(['INBOX', 'STARRED', 'IMPORTANT', 'Label_7']);
    expect(toMessage(message({}), 'envelope').mailboxIds).toEqual([]);
  });

  it('reads headers whatever their case, decodes words and unfolds', () => {
    const envelope = toMessage(
      message({
        headers: [
          header('subject', '=?UTF-8?Q?Gr=C3=BC=C3=9Fe?=\r\n from here'),
          header('FROM', '"Doe, Jane" <jane@example.org>'),
          header('To', 'Team: a@example.org, "B" <b@example.org>; c@example.org'),
          header('Date', 'Tue, 14 Nov 2023 22:13:20 +0100 (CET)'),
          header('Message-Id', '<abc@example.org>'),
        ],
      }),
      'envelope',
    );
    expect(envelope.subject).toBe('Grüße from here');
    expect(envelope.from).toEqual({ name: 'Doe, Jane', address: 'jane@example.org' });
    expect(envelope.to.map((person) => person.address)).toEqual(['a@example.org', 'b@example.org', 'c@example.org']);
    expect(envelope.sentAt?.toISOString()).toBe('2023-11-14T21:13:20.000Z');
    expect(envelope.receivedAt.getTime()).toBe(1_700_000_000_000);
    expect(envelope.internetMessageId).toBe('abc@example.org');
    expect(envelope.snippet).toBe("It's <b> &amp; more");
    expect(envelope).toMatchObject({ content: null, hasAttachments: null, sizeBytes: 1234 });
  });

  it('parses its recipients when they are first read, and once', () => {
    const addresses = vi.spyOn(HeaderFields.prototype, 'addresses');
    const to = Array.from({ length: 12_500 }, (_, n) => `Person ${n} <person.${n}@example.org>`).join(', ');
    const read = toMessage(
      message({ headers: [header('From', 'Ada <ada@example.org>'), header('To', to)] }),
      'envelope',
    );
    const asked = () => addresses.mock.calls.map(([name]) => name).filter((name) => ['to', 'cc', 'bcc'].includes(name));
    expect(read.from?.address).toBe('ada@example.org');
    expect(asked()).toEqual([]);
    expect(read.to).toHaveLength(12_500);
    expect(read.to).toBe(read.to);
    expect(asked()).toEqual(['to']);
    addresses.mockRestore();
  });

  it('has null where a header is missing or unreadable', () => {
    const envelope = toMessage(
      message({ headers: [header('Date', 'yesterday, 5 or so'), header('From', '')] }),
      'envelope',
    );
    expect(envelope).toMatchObject({
      sentAt: null,
      from: null,
      sender: null,
      to: [],
      subject: '',
      internetMessageId: null,
    });
  });

  it('reads a date without a zone as UTC', () => {
    const envelope = toMessage(message({ headers: [header('Date', 'Tue, 14 Nov 2023 22:13:20')] }), 'envelope');
    expect(envelope.sentAt?.toISOString()).toBe('2023-11-14T22:13:20.000Z');
  });
});

describe('a Date header', () => {
  it.each([
    ['Fri, 21 Nov 1997 09:55:06 -0600', '1997-11-21T15:55:06.000Z'],
    ['Fri, 21 Nov 97 09:55 EST (autumn)', '1997-11-21T14:55:00.000Z'],
    ['Fri Nov 21 09:55:06 PST 1997', '1997-11-21T17:55:06.000Z'],
    ['Fri, 21 Nov 1997 09:55:06 CET', '1997-11-21T09:55:06.000Z'],
    ['Fri, 21 Nov 103 09:55:06 GMT', '2003-11-21T09:55:06.000Z'],
    ['1997-11-21T09:55:06Z', '1997-11-21T09:55:06.000Z'],
    ['11/21/1997 09:55:06 PM', '1997-11-21T21:55:06.000Z'],
    ['Fri, 21 Nov 12345 09:55:06 GMT', undefined],
    ['the day after tomorrow, at 5', undefined],
  ])('%s', (value, expected) => expect(parseDate(value)?.toISOString()).toBe(expected));
});

describe('addresses', () => {
  it.each([
    ['undisclosed-recipients:;', []],
    ['Müller, Hans <hans@example.org>', [{ name: 'Müller, Hans', address: 'hans@example.org' }]],
    ['nobody', [{ name: null, address: 'nobody' }]],
    [
      'a@example.org, b@example.org',
      [
        { name: null, address: 'a@example.org' },
        { name: null, address: 'b@example.org' },
      ],
    ],
    ['=?utf-8?B?SsO2cmc=?= <j@example.org>', [{ name: 'Jörg', address: 'j@example.org' }]],
    ['<@relay.example,@other.example:ada@example.org>', [{ name: null, address: 'ada@example.org' }]],
    ['John <jdoe@machine(comment).  example>', [{ name: 'John', address: 'jdoe@machine.example' }]],
    ['', []],
  ])('%s', (value, expected) => expect(parseAddresses(value)).toEqual(expected));
});

describe('a Gmail body', () => {
  it('is already UTF-8, whatever charset the part names', () => {
    expect(content(text('Grüße\r\nzwei')).text).toBe('Grüße\nzwei');
  });

  it('is decoded by its charset when it is not UTF-8', () => {
    const latin1 = Buffer.from('Gr\xfc\xdfe', 'latin1').toString('base64url');
    expect(content(text('', { body: { size: 5, data: latin1 } })).text).toBe('Grüße');
  });

  it('keeps alternatives apart and derives the text when there is only HTML', () => {
    const both = content({ mimeType: 'multipart/alternative', parts: [text('plain'), html('<p>rich</p>')] });
    expect(both).toMatchObject({ text: 'plain', html: '<p>rich</p>', attachments: [] });
    expect(content(html('<p>rich</p>'))).toMatchObject({ text: 'rich', html: '<p>rich</p>' });
    expect(content(text('plain'))).toMatchObject({ text: 'plain', html: null });
  });

  it('joins several text parts', () => {
    const mixed = content({ mimeType: 'multipart/mixed', parts: [text('one'), html('<b>two</b>'), text('a < b')] });
    expect(mixed.text).toBe('one\ntwo\na < b');
    expect(mixed.html).toContain('<b>two</b>');
    expect(mixed.html).toContain('a &lt; b');
  });

  it('lists files, and separates what the HTML shows from what is beside it', () => {
    const image = (id: string, partId: string): gmail_v1.Schema$MessagePart => ({
      partId,
      mimeType: 'image/png',
      filename: `${id}.png`,
      headers: [header('Content-ID', `<${id}@x>`), header('Content-Disposition', 'inline')],
      body: { size: 9, attachmentId: 'changes-each-time' },
    });
    const { attachments } = content({
      mimeType: 'multipart/mixed',
      parts: [
        {
          mimeType: 'multipart/related',
          partId: '0',
          parts: [html('<img src="cid:shown@x">'), image('shown', '0.1'), image('loose', '0.2')],
        },
        text('notes', {
          partId: '1',
          filename: 'notes.txt',
          headers: [header('Content-Disposition', 'attachment; filename=notes.txt')],
        }),
      ],
    });
    expect(attachments.map(({ id, filename, isInline }) => [id, filename, isInline])).toEqual([
      ['0.1', 'shown.png', true],
      ['0.2', 'loose.png', false],
      ['1', 'notes.txt', false],
    ]);
    expect(attachments[0]?.contentId).toBe('shown@x');
  });

  it('counts an attached message as one attachment', () => {
    const full = content({
      mimeType: 'multipart/mixed',
      parts: [
        text('see below'),
        {
          partId: '1',
          mimeType: 'message/rfc822',
          filename: '',
          body: { size: 0 },
          parts: [text('inner'), html('<i>inner</i>')],
        },
      ],
    });
    expect(full.text).toBe('see below');
    expect(full.html).toBeNull();
    expect(full.attachments).toMatchObject([{ id: '1', mimeType: 'message/rfc822', sizeBytes: null, isInline: false }]);
  });

  it('reads the ids of the conversation in order', () => {
    const full = content(
      text('x', { headers: [header('References', '<a@x>\r\n <b@x>'), header('In-Reply-To', '<b@x>')] }),
    );
    expect(full).toMatchObject({ references: ['a@x', 'b@x'], inReplyTo: ['b@x'] });
  });

  it('reads them from every header of that name, also when those are encoded', () => {
    const full = content(
      text('x', {
        headers: [
          header('References', '<a@x>'),
          header('References', '=?utf-8?Q?=3Cb=40x=3E?='),
          header('In-Reply-To', '<b@x>'),
          header('In-Reply-To', '<c@x>'),
        ],
      }),
    );
    expect(full).toMatchObject({ references: ['a@x', 'b@x'], inReplyTo: ['b@x', 'c@x'] });
  });

  it('undoes format=flowed', () => {
    expect(unflow('one \ntwo\n> a \n> b\n-- \nme', false)).toBe('one two\n> a b\n-- \nme');
  });
});

describe('a snippet', () => {
  it('is freed of Gmail’s HTML escapes once', () => {
    expect(unescapedSnippet('a &amp;lt; b&nbsp;&#39;c&#x27; &unknown;')).toBe("a &lt; b 'c' &unknown;");
  });
});

describe('labels', () => {
  it('become mailboxes with roles, parents and colours', () => {
    const mailboxes = toMailboxes([
      { id: 'INBOX', name: 'INBOX', type: 'system' },
      { id: 'CATEGORY_PROMOTIONS', name: 'CATEGORY_PROMOTIONS', type: 'system' },
      { id: 'Label_1', name: 'Work', type: 'user', color: { backgroundColor: '#FB4C2F' } },
      { id: 'Label_2', name: 'Work/Clients', type: 'user' },
      { id: 'Label_3', name: 'Work/Old/2019', type: 'user' },
      { id: 'Label_4', name: 'A/B', type: 'user' },
    ]);
    expect(mailboxes.map(({ id, name, role, parentId }) => [id, name, role, parentId])).toEqual([
      ['INBOX', 'Inbox', 'INBOX', null],
      ['CATEGORY_PROMOTIONS', 'Promotions', null, null],
      ['Label_1', 'Work', null, null],
      ['Label_2', 'Clients', null, 'Label_1'],
      ['Label_3', 'Old/2019', null, 'Label_1'],
      ['Label_4', 'A/B', null, null],
    ]);
    expect(mailboxes[2]?.color).toBe('#fb4c2f');
  });
});
