import { simpleParser } from 'mailparser';
import { describe, expect, it } from 'vitest';
import type { Compose, ComposeAttachment } from '../../src/domain/compose.ts';
import { MAX_ATTACHED_BYTES, mimeOf } from '../../src/providers/gmail/compose/mime.ts';

const compose: Compose = {
  from: null,
  to: [{ name: null, address: 'to@example.org' }],
  cc: [],
  bcc: [{ name: null, address: 'hidden@example.org' }],
  replyTo: [],
  subject: 'Hello',
  text: 'x',
  html: null,
  attachments: [],
  inReplyTo: [],
  references: [],
  origin: null,
  internetMessageId: 'abc@postern.test',
};
const { signal } = new AbortController();

async function written(given: Partial<Compose>): Promise<Buffer> {
  const mime = mimeOf({ ...compose, ...given }, 'me@example.org');
  const bytes = Buffer.concat(await mime.open(signal).toArray());
  expect(bytes.length).toBeLessThanOrEqual(mime.estimate);
  return bytes;
}

function file(filename: string, bytes: Buffer, given: Partial<ComposeAttachment> = {}): ComposeAttachment {
  const open = async () => new Blob([new Uint8Array(bytes)]).stream() as ReadableStream<Uint8Array>;
  return { filename, mimeType: 'application/octet-stream', sizeBytes: bytes.length, contentId: null, open, ...given };
}

const everyByte = Buffer.from(Array.from({ length: 5_000 }, (_, n) => n % 256));

describe('a message for Gmail', () => {
  it('keeps the subject as it is, although it looks like another script encoded', async () => {
    const subject = `=?utf-8?q?fake?= and ${'a long tail '.repeat(20)}`;
    expect((await simpleParser(await written({ subject }))).subject).toBe(subject);
  });

  it('keeps Bcc, the Message-ID and the message that it replies to', async () => {
    const mime = (await written({ inReplyTo: ['b@x'], references: ['a@x', 'b@x', 'no id'] })).toString();
    expect(mime).toMatch(/^Bcc: hidden@example\.org\r$/m);
    expect(mime).toMatch(/^Message-ID: <abc@postern\.test>\r$/m);
    expect(mime).toMatch(/^From: me@example\.org\r$/m);
    expect(mime).toMatch(/^In-Reply-To: <b@x>\r$/m);
    expect(mime).toMatch(/^References: <a@x> <b@x>\r$/m);
  });

  it.each([
    ['plain', 'Hello\nthere'],
    ['other scripts', 'Grüße 日本語 العربية 🎉\nzweite Zeile'],
    ['long lines', `${'word '.repeat(400)}\n${'x'.repeat(3_000)}`],
    ['white space at the ends', '  indented \ntrailing \t\n\n-- \nsignature'],
    ['lines that look like something else', 'From here\n.\n..\n--boundary\n=3D'],
    ['nothing', ''],
  ])('reads back as it was written: %s', async (_, text) => {
    const html = `<p>${text}</p>`;
    const attachments = [file('a.bin', everyByte)];
    for (const given of [{ text }, { text, html }, { text, attachments }, { text, html, attachments }]) {
      const parsed = await simpleParser(await written(given));
      expect((parsed.text ?? '').replace(/\n$/, '')).toBe(text);
      if ('html' in given) expect((parsed.html || '').replace(/\n$/, '')).toBe(html);
    }
  });

  it('derives the text when only HTML is given', async () => {
    const parsed = await simpleParser(await written({ text: null, html: '<h1>Head</h1><p>Body &amp; more</p>' }));
    expect(parsed.text).toMatch(/head[\s\S]*Body & more/i);
  });

  it.each([
    'plain.bin',
    'Übersicht 2026.pdf',
    '報告書🎉.txt',
    `${'long name '.repeat(30)}.pdf`,
    'quote"d; name=x.txt',
    "it's 100%.txt",
  ])('attaches %s byte for byte', async (filename) => {
    for (const mimeType of ['application/pdf', 'text/plain', 'message/rfc822', 'multipart/mixed', 'nonsense']) {
      const parsed = await simpleParser(await written({ attachments: [file(filename, everyByte, { mimeType })] }));
      expect(parsed.attachments.map((a) => a.filename)).toEqual([filename]);
      expect(parsed.attachments[0]?.content.equals(everyByte)).toBe(true);
    }
  });

  it('embeds the files that the HTML refers to, and lists the rest beside it', async () => {
    const image = file('logo.png', everyByte, { mimeType: 'image/png', contentId: 'logo@x' });
    const other = file('other.png', everyByte, { mimeType: 'image/png', contentId: 'other@x' });
    const bytes = await written({ html: '<img src="cid:logo@x">', attachments: [image, other] });
    const mime = bytes.toString();
    expect(mime).toMatch(/multipart\/mixed[\s\S]*multipart\/alternative[\s\S]*multipart\/related/);
    const parsed = await simpleParser(bytes);
    expect(parsed.attachments.map((a) => [a.filename, a.contentDisposition, a.cid ?? null])).toEqual([
      ['logo.png', 'inline', 'logo@x'],
      ['other.png', 'attachment', null],
    ]);
    const alone = await simpleParser(await written({ attachments: [image] }));
    expect(alone.attachments[0]?.contentDisposition).toBe('attachment');
  });

  it.each([
    ['subject', { subject: 'x\r\nBcc: victim@example.org' }],
    ['subject', { subject: 'x\ny' }],
    ['to', { to: [{ name: 'x\rBcc: victim@example.org', address: 'a@b.c' }] }],
    ['from', { from: { name: null, address: 'a@b.c\nBcc: v@example.org' } }],
    ['references', { references: ['a@x>\r\nBcc: v@example.org'] }],
    ['internetMessageId', { internetMessageId: 'a@x>\r\nBcc: v@example.org' }],
    ['attachments', { attachments: [file('x\r\nBcc: v@example.org', everyByte)] }],
    ['attachments', { attachments: [file('x', everyByte, { mimeType: 'text/plain\r\nBcc: v@example.org' })] }],
    ['attachments', { attachments: [file('x', everyByte, { contentId: 'x\r\nBcc: v@example.org' })] }],
  ])('refuses a line break in %s: %j', async (field, given) => {
    expect(() => mimeOf({ ...compose, ...given }, 'me@example.org')).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', field: [field] }),
    );
  });

  it('refuses more than Gmail accepts before a byte is read, with both figures', () => {
    const big = file('big.bin', everyByte, { sizeBytes: MAX_ATTACHED_BYTES - 10 });
    expect(() => mimeOf({ ...compose, attachments: [big] }, 'me@example.org')).not.toThrow();
    expect(() => mimeOf({ ...compose, attachments: [big, file('b', everyByte)] }, 'me@example.org')).toThrow(
      expect.objectContaining({ code: 'INVALID', message: expect.stringMatching(/25\.0 MB\. .*25\.0 MB/) }),
    );
  });

  it.each([-1, 1])('does not send a file whose size differs by %i bytes from the one declared', async (off) => {
    const liar = file('liar.bin', everyByte, { sizeBytes: everyByte.length + off });
    await expect(written({ attachments: [liar] })).rejects.toMatchObject({ code: 'INVALID' });
  });
});
