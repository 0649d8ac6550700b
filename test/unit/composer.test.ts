import { describe, expect, it } from 'vitest';
import type { ComposeAttachment } from '../../src/domain/compose.ts';
import { MailError } from '../../src/domain/error.ts';
import { encodeId } from '../../src/domain/global-id.ts';
import type { Message } from '../../src/domain/message.ts';
import type { ComposeRequest } from '../../src/mail/compose/compose-request.ts';
import { Composer } from '../../src/mail/compose/composer.ts';
import type { MailSession } from '../../src/providers/contract/mail-session.ts';
import { aFile, aMessage, fakeAccount, holding, someContent } from '../support/fakes/fake-account.ts';

const CRLF = 'a\r\nBcc: victim@example.org';
const uploaded: ComposeAttachment = {
  filename: 'plan.pdf',
  mimeType: 'application/pdf',
  sizeBytes: 10,
  contentId: null,
  open: async () => new Blob(['0123456789']).stream(),
};

function setUp(messages: readonly Message[] = [], session: Partial<MailSession> = {}) {
  const account = fakeAccount('gmail', { ...holding(...messages), ...session });
  const elsewhere = fakeAccount(
    'outlook',
    holding(aMessage('far', { content: someContent({ attachments: [aFile('one')] }) })),
  );
  const composer = new Composer({
    uploads: {
      attachment: async (userId, id) => {
        if (userId === 'user' && id === encodeId('Upload', 'plan')) return uploaded;
        throw new MailError('NOT_FOUND', 'There is no such upload.');
      },
    },
  });
  const accounts = { find: async (id: string) => (id === 'outlook' ? elsewhere : null) };
  const compose = (input: Omit<ComposeRequest, 'integration'>, purpose: 'send' | 'draft' = 'draft') =>
    composer.compose(
      accounts,
      account,
      { integration: encodeId('Integration', 'gmail'), ...input },
      'new@mine.example',
      purpose,
    );
  const fieldOf = (input: Omit<ComposeRequest, 'integration'>, purpose: 'send' | 'draft' = 'draft') =>
    compose(input, purpose).then(
      () => null,
      (error: MailError) => [error.code, error.field],
    );
  return { compose, fieldOf };
}
const message = (id: string, integration = 'gmail') => encodeId('Message', integration, id);
const file = (id: string, messageId: string, integration = 'gmail') =>
  encodeId('Attachment', integration, messageId, id);
const addresses = (list: readonly { address: string }[]) => list.map(({ address }) => address);
async function bytes({ open }: ComposeAttachment): Promise<string> {
  return new Response(await open(new AbortController().signal)).text();
}

describe('a message that names no sender', () => {
  const identities = async () => [
    { address: 'gmail@mine.example', name: 'Me', isDefault: false },
    { address: 'alias@mine.example', name: 'My Alias', isDefault: true },
  ];

  it('comes from the default identity, with its name', async () => {
    const { compose } = setUp([], { identities });
    expect((await compose({})).from).toEqual({ name: 'My Alias', address: 'alias@mine.example' });
  });
});

it('takes an empty id or address for a missing one, but not for one that was left out', async () => {
  const { fieldOf } = setUp();
  for (const field of ['reply', 'forward', 'draft'])
    expect(await fieldOf({ [field]: '' })).toEqual(['BAD_USER_INPUT', ['input', field]]);
  expect(await fieldOf({ from: '' })).toEqual(['INVALID', ['input', 'from']]);
  expect(await fieldOf({ ifVersion: '1' })).toEqual(['INVALID', ['input', 'ifVersion']]);
});

it('quotes a plain text line by line in HTML, also for mail programs without styles', async () => {
  const original = aMessage('plain', { content: someContent({ text: 'one\r\n two <3\nthree', html: null }) });
  const { compose } = setUp([original]);
  const answer = await compose({ reply: message('plain'), html: '<p>Yes</p>' });
  expect(answer.html).toContain('one<br> two &lt;3<br>three');
});

describe('a revision that is sent', () => {
  it('gets a new Message-ID, while a draft keeps its own', async () => {
    const draft = aMessage('d1', { isDraft: true, internetMessageId: 'old@mine.example', content: someContent({}) });
    const { compose } = setUp([draft], {
      getDrafts: async () => [{ id: 'd', version: '1', message: draft }],
    });
    const input = { draft: encodeId('Draft', 'gmail', 'd'), to: [{ address: 'a@example.org' }] };
    expect((await compose(input, 'send')).internetMessageId).toBe('new@mine.example');
    expect((await compose(input, 'draft')).internetMessageId).toBe('old@mine.example');
  });
});

describe('a reply', () => {
  const original = aMessage('m1', {
    to: [
      { name: null, address: 'GMAIL@mine.example' },
      { name: 'Bob', address: 'bob@example.org' },
    ],
    cc: [
      { name: null, address: 'zoe@example.org' },
      { name: null, address: 'carol@example.org' },
    ],
    content: someContent({ references: ['root@example.org'], inReplyTo: ['root@example.org'] }),
  });

  it('goes to the author, with one prefix, below the message that it replies to', async () => {
    const { compose } = setUp([original]);
    const reply = await compose({ reply: message('m1'), text: 'Yes.' });
    expect(reply).toMatchObject({
      from: { address: 'gmail@mine.example', name: 'Me' },
      to: [{ name: 'Zoë', address: 'zoe@example.org' }],
      cc: [],
      subject: 'Re: Lunch',
      inReplyTo: ['m1@example.org'],
      references: ['root@example.org', 'm1@example.org'],
      origin: { kind: 'reply', messageId: 'm1', threadId: 'thread of m1' },
      html: null,
      text: 'Yes.\n\nOn Fri, 20 Nov 2026 13:46 UTC, Zoë <zoe@example.org> wrote:\n> Shall we?\n>> Yes\n>\n> Zoë\n',
    });
  });

  it('to all leaves out the sender and repeats nobody', async () => {
    const { compose } = setUp([original]);
    const reply = await compose({ reply: message('m1'), replyAll: true, text: 'Yes.' });
    expect(addresses(reply.to)).toEqual(['zoe@example.org']);
    expect(addresses(reply.cc)).toEqual(['bob@example.org', 'carol@example.org']);
  });

  it('follows Reply-To', async () => {
    const { compose } = setUp([{ ...original, replyTo: [{ name: null, address: 'list@example.org' }] }]);
    expect(addresses((await compose({ reply: message('m1') })).to)).toEqual(['list@example.org']);
  });

  it("to one's own mail goes to the recipients of that mail", async () => {
    const mine = { ...original, from: { name: 'Me', address: 'Gmail@mine.example' } };
    const { compose } = setUp([mine]);
    expect(addresses((await compose({ reply: message('m1') })).to)).toEqual(['bob@example.org']);
    const all = await compose({ reply: message('m1'), replyAll: true });
    expect([addresses(all.to), addresses(all.cc)]).toEqual([
      ['bob@example.org'],
      ['zoe@example.org', 'carol@example.org'],
    ]);
  });

  it('to a note to oneself goes to oneself', async () => {
    const me = { name: null, address: 'gmail@mine.example' };
    const { compose } = setUp([{ ...original, from: me, to: [me], cc: [] }]);
    expect(addresses((await compose({ reply: message('m1') })).to)).toEqual(['gmail@mine.example']);
  });

  it('uses what the client sets instead', async () => {
    const { compose } = setUp([original]);
    const to = [{ address: 'dan@example.org' }];
    const reply = await compose({ reply: message('m1'), to, cc: [], subject: 'No', text: 'x', quote: false });
    expect(reply).toMatchObject({
      to: [{ name: null, address: 'dan@example.org' }],
      cc: [],
      subject: 'No',
      text: 'x',
      html: null,
    });
    expect(reply.inReplyTo).toEqual(['m1@example.org']);
  });

  it('is sent from the alias that received the message', async () => {
    const { compose } = setUp([{ ...original, to: [{ name: null, address: 'alias@mine.example' }] }], {
      identities: async () => [
        { address: 'gmail@mine.example', name: 'Me', isDefault: true },
        { address: 'alias@mine.example', name: 'Alias', isDefault: false },
      ],
    });
    expect((await compose({ reply: message('m1') })).from).toEqual({ name: 'Alias', address: 'alias@mine.example' });
  });

  it('from another account belongs to the thread by its headers only', async () => {
    const { compose } = setUp();
    const reply = await compose({ reply: message('far', 'outlook'), text: 'x' });
    expect(reply).toMatchObject({
      origin: null,
      inReplyTo: ['far@example.org'],
      from: { name: 'Me', address: 'gmail@mine.example' },
    });
  });

  it('quotes HTML without its dangerous parts, and keeps the images that it shows', async () => {
    const html = '<p onclick="x()">Hi<script>alert(1)</script><img src="cid:logo@x"><img src="cid:gone"></p>';
    const attachments = [aFile('img', { isInline: true, contentId: 'logo@x', mimeType: 'image/png' }), aFile('doc')];
    const { compose } = setUp([{ ...original, content: someContent({ html, attachments }) }]);
    const reply = await compose({ reply: message('m1'), html: '<html><body><b>Yes</b></body></html>' });
    expect(reply.html).toMatch(
      /^<html><body><b>Yes<\/b><br><div>On Fri.*Zoë &lt;zoe@example.org&gt; wrote:<\/div><blockquote.*cid:logo@x.*<\/blockquote><\/body><\/html>$/s,
    );
    expect(reply.html).not.toMatch(/script|onclick|cid:gone/);
    expect(reply.text).toMatch(/^Yes\n\nOn Fri/);
    expect(reply.attachments).toMatchObject([{ contentId: 'logo@x', sizeBytes: 'm1/img'.length }]);
    expect((await compose({ reply: message('m1'), text: 'Yes' })).attachments).toEqual([]);
  });

  it("to a draft or to another user's message is refused", async () => {
    const { fieldOf } = setUp([aMessage('d', { isDraft: true })]);
    expect(await fieldOf({ reply: message('d') })).toEqual(['INVALID', ['input', 'reply']]);
    expect(await fieldOf({ reply: message('x', 'stranger') })).toEqual(['NOT_FOUND', ['input', 'reply']]);
    expect(await fieldOf({ reply: message('x') })).toEqual(['NOT_FOUND', ['input', 'reply']]);
    expect(await fieldOf({ reply: 'rubbish' })).toEqual(['BAD_USER_INPUT', ['input', 'reply']]);
    expect(await fieldOf({ reply: message('d'), forward: message('d') })).toEqual(['INVALID', ['input', 'forward']]);
    expect(await fieldOf({ replyAll: true })).toEqual(['INVALID', ['input', 'replyAll']]);
  });
});

describe('a forwarded message', () => {
  const attachments = [
    aFile('img', { isInline: true, contentId: 'logo@x' }),
    aFile('doc', { filename: '../etc/пароль.txt' }),
  ];
  const original = aMessage('m1', { content: someContent({ html: '<p>Hi <img src="cid:logo@x"></p>', attachments }) });

  it('keeps its files, and has no recipients', async () => {
    const { compose } = setUp([original]);
    const forward = await compose({ forward: message('m1'), to: [{ address: 'dan@example.org' }], text: 'See <this>' });
    expect(forward).toMatchObject({
      subject: 'Fwd: Lunch',
      inReplyTo: [],
      references: ['m1@example.org'],
      origin: { kind: 'forward' },
    });
    expect(forward.text).toContain(
      'See <this>\n\n---------- Forwarded message ----------\nFrom: Zoë <zoe@example.org>\nDate: ',
    );
    expect(forward.html).toContain('See &lt;this&gt;');
    expect(forward.html).toContain('cid:logo@x');
    expect(forward.attachments.map((a) => [a.filename, a.contentId])).toEqual([
      ['img.txt', 'logo@x'],
      ['.._etc_пароль.txt', null],
    ]);
    expect(await Promise.all(forward.attachments.map(bytes))).toEqual(['m1/img', 'm1/doc']);
  });

  it('keeps no more files than can be sent, and reports it; a reply leaves the other images out', async () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, index) => aFile(`f${index}`, { isInline: true, contentId: `f${index}@x` }));
    const html = many(300)
      .map(({ contentId }) => `<img src="cid:${contentId}">`)
      .join('');
    const { compose, fieldOf } = setUp([
      aMessage('most', { content: someContent({ html, attachments: many(250) }) }),
      aMessage('more', { content: someContent({ html, attachments: many(251) }) }),
    ]);
    expect((await compose({ forward: message('most') })).attachments).toHaveLength(250);
    expect(await fieldOf({ forward: message('more') })).toEqual(['INVALID', ['input', 'forward']]);
    const chosen = await compose({ forward: message('more'), attachments: [{ attachment: file('f250', 'more') }] });
    expect(chosen.attachments).toHaveLength(251);
    const answer = await compose({ reply: message('more'), html: 'Yes' });
    expect(answer.attachments).toHaveLength(250);
    expect(answer.html?.match(/src="cid:/g)).toHaveLength(250);
  });

  it('keeps the chosen files, and adds others', async () => {
    const { compose } = setUp([original]);
    const names = async (given: ComposeRequest['attachments']) =>
      (await compose({ forward: message('m1'), ...(given && { attachments: given }) })).attachments.map(
        (a) => a.filename,
      );
    const plan = { upload: encodeId('Upload', 'plan') };
    expect(await names([plan])).toEqual(['plan.pdf', 'img.txt', '.._etc_пароль.txt']);
    expect(await names([])).toEqual(['img.txt']);
    expect(await names([plan, { attachment: file('doc', 'm1'), filename: 'new.txt' }])).toEqual([
      'plan.pdf',
      'new.txt',
      'img.txt',
    ]);
  });
});

describe('a revision of a draft', () => {
  const stored = aMessage('d1', {
    isDraft: true,
    threadId: 't1',
    to: [{ name: null, address: 'zoe@example.org' }],
    subject: 'Re: Lunch',
    internetMessageId: 'kept@mine.example',
    content: someContent({
      text: 'So far',
      attachments: [aFile('doc')],
      inReplyTo: ['m1@example.org'],
      references: ['m1@example.org'],
    }),
  });
  const session: Partial<MailSession> = {
    getDrafts: async (ids) =>
      ids.map((id) => (id === 'draft' ? { id, version: 'v2', message: stored } : new MailError('NOT_FOUND', 'gone'))),
    getThreads: async (ids) =>
      ids.map((id) => ({
        id,
        subject: '',
        snippet: '',
        participants: [],
        mailboxIds: [],
        messageCount: 2,
        lastMessageAt: new Date(),
        isUnread: false,
        hidden: new Set<string>(),
        messages: [aMessage('m1'), stored],
      })),
  };
  const draft = encodeId('Draft', 'gmail', 'draft');

  it('keeps the fields that it does not set', async () => {
    const { compose } = setUp([stored], session);
    expect(await compose({ draft, ifVersion: 'v2', text: 'More' })).toMatchObject({
      to: [{ address: 'zoe@example.org' }],
      subject: 'Re: Lunch',
      text: 'More',
      html: null,
      internetMessageId: 'kept@mine.example',
      inReplyTo: ['m1@example.org'],
      origin: { kind: 'reply', messageId: 'm1', threadId: 't1' },
      attachments: [{ filename: 'doc.txt' }],
    });
    expect(await compose({ draft, to: [], subject: '', attachments: [] })).toMatchObject({
      to: [],
      subject: '',
      text: 'So far',
      attachments: [],
    });
  });

  it('is a conflict when the draft has changed meanwhile', async () => {
    const { fieldOf } = setUp([stored], session);
    expect(await fieldOf({ draft, ifVersion: 'v1' })).toEqual(['CONFLICT', ['input', 'ifVersion']]);
    expect(await fieldOf({ draft: encodeId('Draft', 'gmail', 'other') })).toEqual(['NOT_FOUND', ['input', 'draft']]);
    expect(await fieldOf({ draft: encodeId('Draft', 'outlook', 'draft') })).toEqual(['INVALID', ['input', 'draft']]);
  });
});

describe('hostile input', () => {
  const to = [{ address: 'zoe@example.org' }];
  const upload = encodeId('Upload', 'plan');
  it.each<[string, Omit<ComposeRequest, 'integration'>, string[]]>([
    ['a line break in a subject', { subject: CRLF }, ['subject']],
    ['a lone CR', { subject: 'a\rb' }, ['subject']],
    ['a line separator', { subject: 'a\u2028b' }, ['subject']],
    ['NUL', { subject: 'a\0b' }, ['subject']],
    ['a subject without end', { subject: 'a'.repeat(1_000) }, ['subject']],
    ['a line break in a name', { to: [{ name: CRLF, address: 'a@example.org' }] }, ['to', '0', 'name']],
    ['a line break in an address', { cc: [...to, { address: CRLF }] }, ['cc', '1', 'address']],
    ['no address', { bcc: [{ address: 'no address' }] }, ['bcc', '0', 'address']],
    ['two addresses', { to: [{ address: 'a@example.org, b@example.org' }] }, ['to', '0', 'address']],
    ['an address in brackets', { to: [{ address: '<a@example.org>' }] }, ['to', '0', 'address']],
    ['brackets inside of quotes', { to: [{ address: '"a<b>"@example.org' }] }, ['to', '0', 'address']],
    ['a quote that ends early', { to: [{ address: '"a"b"@example.org' }] }, ['to', '0', 'address']],
    ['a host alone', { to: [{ address: 'root@localhost' }] }, ['to', '0', 'address']],
    ['an endless address', { to: [{ address: `${'a'.repeat(65)}@example.org` }] }, ['to', '0', 'address']],
    ['a foreign From', { from: 'boss@example.org' }, ['from']],
    ['a path', { attachments: [{ upload, filename: '../../etc/passwd' }] }, ['attachments', '0', 'filename']],
    ['a Windows path', { attachments: [{ upload, filename: 'C:\\x' }] }, ['attachments', '0', 'filename']],
    ['a name with a line break', { attachments: [{ upload, filename: CRLF }] }, ['attachments', '0', 'filename']],
    [
      'a name written backwards',
      { attachments: [{ upload, filename: 'a\u202efdp.exe' }] },
      ['attachments', '0', 'filename'],
    ],
    ['no name', { attachments: [{ upload, filename: ' .. ' }] }, ['attachments', '0', 'filename']],
    [
      'a Content-ID with brackets',
      { attachments: [{ upload, inlineContentId: '<a@b>' }] },
      ['attachments', '0', 'inlineContentId'],
    ],
    [
      'a Content-ID with a line break',
      { attachments: [{ upload, inlineContentId: CRLF }] },
      ['attachments', '0', 'inlineContentId'],
    ],
    [
      'one Content-ID twice',
      {
        attachments: [
          { upload, inlineContentId: 'a' },
          { upload, inlineContentId: 'a' },
        ],
      },
      ['attachments', '1', 'inlineContentId'],
    ],
    ['nothing to attach', { attachments: [{ filename: 'x' }] }, ['attachments', '0']],
    [
      'an upload of nobody',
      { attachments: [{ upload }, { upload: encodeId('Upload', 'x') }] },
      ['attachments', '1', 'upload'],
    ],
    ['an upload that is none', { attachments: [{ upload: 'rubbish' }] }, ['attachments', '0', 'upload']],
    [
      'an attachment of a stranger',
      { attachments: [{ attachment: file('one', 'far', 'stranger') }] },
      ['attachments', '0', 'attachment'],
    ],
    [
      'an attachment that is not there',
      { attachments: [{ attachment: file('two', 'far', 'outlook') }] },
      ['attachments', '0', 'attachment'],
    ],
    ['a text with NUL', { text: 'a\0' }, ['text']],
    ['too many recipients', { to: Array.from({ length: 501 }, (_, i) => ({ address: `a${i}@example.org` })) }, ['to']],
  ])('%s is refused with its path', async (_name, input, field) => {
    const { fieldOf } = setUp();
    const [code, path] = (await fieldOf(input)) ?? [];
    expect(code).toMatch(/^(INVALID|BAD_USER_INPUT|NOT_FOUND)$/);
    expect(path).toEqual(['input', ...field]);
  });

  it('needs recipients only when it is sent, and names the field', async () => {
    const { fieldOf } = setUp();
    expect(await fieldOf({ text: 'x' })).toBeNull();
    expect(await fieldOf({ text: 'x' }, 'send')).toEqual(['INVALID', ['input', 'message', 'to']]);
  });

  it('attaches no more than the account can send', async () => {
    const big = fakeAccount(
      'gmail',
      { readAttachment: async () => new Blob(['x'.repeat(60)]).stream(), ...holding() },
      { capabilities: { maxAttachmentBytes: 15 } },
    );
    const composer = new Composer({
      uploads: { attachment: async () => uploaded },
    });
    const attachments = [{ upload: encodeId('Upload', 'a') }, { upload: encodeId('Upload', 'b') }];
    await expect(
      composer.compose({ find: async () => null }, big, { integration: 'x', to, attachments }, 'id@x'),
    ).rejects.toMatchObject({
      code: 'INVALID',
      field: ['input', 'message', 'attachments', '1'],
    });
  });

  it('accepts other scripts in every field', async () => {
    const { compose } = setUp();
    const written = await compose({
      to: [{ name: '山田 太郎 🎉', address: 'δοκιμή@παράδειγμα.δοκιμή' }],
      subject: 'Привет 👋',
      html: '<p>Olá</p>',
      attachments: [
        { attachment: file('one', 'far', 'outlook'), filename: 'отчёт 2026.txt', inlineContentId: 'a.b+c@x' },
      ],
    });
    expect(written).toMatchObject({
      text: 'Olá',
      subject: 'Привет 👋',
      attachments: [{ filename: 'отчёт 2026.txt', contentId: 'a.b+c@x', sizeBytes: 7 }],
    });
  });
});
