import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import { describe, expect, it } from 'vitest';
import { contentOf } from '../../src/providers/outlook/read/content.ts';
import { toMessage } from '../../src/providers/outlook/read/map.ts';
import { isId, segment } from '../../src/providers/outlook/wire/ids.ts';

const MESSAGE: GraphMessage = {
  id: 'AAkALgAA',
  conversationId: 'AAQkAD',
  parentFolderId: 'AQMkAD',
  categories: ['Red category'],
  subject: 'Hello',
  bodyPreview: 'First line\r\n\r\n  second   line\u00a0 ',
  from: { emailAddress: { name: 'zoe@example.org', address: 'zoe@example.org' } },
  toRecipients: [{ emailAddress: { name: 'undisclosed recipients:;' } }, { emailAddress: {} }],
  sentDateTime: '0001-01-01T00:00:00Z',
  receivedDateTime: '2026-01-05T09:00:00Z',
  isRead: false,
  flag: { flagStatus: 'flagged' },
  importance: 'high',
  internetMessageId: '<whole@example.org>',
  singleValueExtendedProperties: [
    { id: 'Integer 0x1081', value: '103' },
    { id: 'Integer 0xe08', value: '4711' },
  ],
};

describe('a message of Graph', () => {
  it('is mapped to ours', () => {
    expect(toMessage(MESSAGE)).toMatchObject({
      mailboxIds: ['AQMkAD', 'category:Red category'],
      snippet: 'First line second line',
      from: { name: null, address: 'zoe@example.org' },
      to: [],
      sentAt: null,
      isStarred: true,
      isImportant: true,
      isAnswered: true,
      internetMessageId: 'whole@example.org',
      sizeBytes: 4711,
      content: null,
    });
  });

  it('has no half of an emoji at the end of its snippet', () => {
    const text = 'a'.repeat(254);
    expect(toMessage({ ...MESSAGE, bodyPreview: `${text}\ud83d` }).snippet).toBe(text);
    expect(toMessage({ ...MESSAGE, bodyPreview: `${text.slice(1)}\u{1f600}` }).snippet).toHaveLength(255);
  });

  it('is complete even when Graph returns next to nothing', () => {
    expect(toMessage({ id: 'x' })).toMatchObject({
      subject: '',
      from: null,
      to: [],
      isAnswered: false,
      sizeBytes: null,
      threadId: null,
    });
  });
});

describe('the content of a message of Graph', () => {
  const html = (content: string, more: GraphMessage = {}): GraphMessage => ({
    body: { contentType: 'html', content },
    ...more,
  });

  it('derives the text of HTML', () => {
    const { text } = contentOf(
      html('<h1>Head</h1><p>Body &amp; more <a href="https://a.example">https://a.example</a></p>'),
    );
    expect(text).toBe('Head\n\nBody & more https://a.example');
  });

  it('does not show HTML that Exchange made of plain text', () => {
    const headers = [{ name: 'Content-Type', value: 'text/plain; charset=utf-8' }];
    expect(contentOf(html('<pre>plain</pre>', { internetMessageHeaders: headers }))).toMatchObject({
      html: null,
      text: 'plain',
    });
  });

  it('marks as inline what the HTML refers to, whatever isInline is', () => {
    const file = (id: string, contentId: string) => ({
      '@odata.type': '#microsoft.graph.fileAttachment',
      id,
      name: id,
      contentId,
      isInline: true,
    });
    const { attachments } = contentOf(
      html('<img src="cid:logo@x">', { attachments: [file('a', '<logo@x>'), file('b', 'other')] }),
    );
    expect(attachments.map((a) => [a.contentId, a.isInline])).toEqual([
      ['logo@x', true],
      ['other', false],
    ]);
  });

  it('reads the threading headers, and decodes what was encoded', () => {
    const content = contentOf({
      internetMessageHeaders: [
        { name: 'References', value: '<root@x>\r\n <parent@x>' },
        { name: 'In-Reply-To', value: '<parent@x>' },
        { name: 'X-Note', value: '=?utf-8?q?Gr=C3=BC=C3=9Fe?=' },
      ],
    });
    expect(content.references).toEqual(['root@x', 'parent@x']);
    expect(content.inReplyTo).toEqual(['parent@x']);
    expect(content.headers.at(-1)?.value).toBe('Grüße');
    expect(content).toMatchObject({ text: null, html: null });
  });
});

describe('an id from a client', () => {
  it.each(['..', '../users/x', 'a/b', 'a%2Fb', '', 'delta', '$count', 'a?b', 'x'.repeat(600)])(
    '%j never becomes a path',
    (id) => {
      expect(isId(id)).toBe(false);
      expect(() => segment(id)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
    },
  );
});
