import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import { readBody } from './body.ts';
import { envelopeOf } from './envelope.ts';
import type { MimePart } from './mail.ts';
import { parseMime } from './mime.ts';

/** Parses a mail from its lines. A byte above 127 is given as \xNN. */
const mail = (...lines: string[]): MimePart => parseMime(Buffer.from(lines.join('\r\n'), 'latin1'));
const subjectOf = (root: MimePart) => envelopeOf(root, 0).subject;
const withBody = (charset: string, bytes: Buffer): MimePart =>
  parseMime(Buffer.concat([Buffer.from(`Subject: x\r\nContent-Type: text/plain; charset=${charset}\r\n\r\n`), bytes]));

describe('charsets', () => {
  it.each([
    ['shift_jis', 'こんにちは、世界'],
    ['"Shift_JIS"', 'テスト'],
    ['euc-jp', '日本語'],
    ['ks_c_5601-1987', '안녕하세요'],
    ['big5', '中文'],
    ['gb2312', '汉字'],
    ['koi8-r', 'Привет'],
    ['windows-1251', 'Привет'],
    ['windows-1252', '“quoted” – dash €'],
    ['iso-8859-15', 'Größe €'],
    ['utf-16le', 'wide'],
  ])('reads %s', (charset, text) => {
    expect(withBody(charset, iconv.encode(text, charset.replaceAll('"', ''))).text()).toBe(text);
  });

  it('reads iso-2022-jp', () => {
    expect(withBody('iso-2022-jp', Buffer.from('\x1b$B$3$s$K$A$O\x1b(B!', 'latin1')).text()).toBe('こんにちは!');
  });

  it('reads a body that claims ASCII, an unknown charset or none as UTF-8, else as windows-1252', () => {
    for (const charset of ['us-ascii', 'x-unknown', 'made-up', '7bit']) {
      expect(withBody(charset, Buffer.from('Zoë')).text()).toBe('Zoë');
      expect(withBody(charset, Buffer.from('Zo\xeb\x96', 'latin1')).text()).toBe('Zoë–');
    }
  });

  it('finds the charset of HTML in its meta element', () => {
    const root = mail('Content-Type: text/html', '', '<meta charset="koi8-r"><p>\xf0\xd2\xc9\xd7\xc5\xd4</p>');
    expect(root.text()).toContain('Привет');
  });

  it('reads 8-bit headers: UTF-8, else the charset of the body, else windows-1252', () => {
    expect(subjectOf(parseMime(Buffer.from('Subject: Çirkin ördek\r\n\r\n')))).toBe('Çirkin ördek');
    expect(subjectOf(mail('Subject: caf\xe9', '', ''))).toBe('café');
    expect(subjectOf(mail('Subject: \xf0\xd2\xc9', 'Content-Type: text/plain; charset=koi8-r', '', ''))).toBe('При');
  });
});

describe('headers', () => {
  it('joins encoded words, also where a character is split between them', () => {
    const root = mail('Subject: =?UTF-8?B?44G+44G/44KA44KB44KC44G=?=', ' =?UTF-8?B?+?= end', '', '');
    expect(subjectOf(root)).toMatch(/^まみむめも.* end$/);
    expect(subjectOf(mail('Subject: =?iso-8859-1?Q?Gr=FC=DFe_an_alle?=', '', ''))).toBe('Grüße an alle');
    expect(subjectOf(mail('Subject: =?NONE?B?VEVTVA=?=', '', ''))).toBe('TEST');
  });

  it('distinguishes unfolded from decoded headers', () => {
    const [header] = mail('Subject: =?utf-8?Q?caf=C3=A9?=', '\tagain', '', '').headers;
    expect(header).toEqual({ name: 'Subject', value: 'café\tagain', rawValue: '=?utf-8?Q?caf=C3=A9?=\tagain' });
  });

  it('ignores an mbox line, lines that are not a field, and a space before the colon', () => {
    const root = mail(
      'From a@b.example Tue May 10 11:28:07 2005',
      'Subject : one',
      'not a field',
      ' two',
      'To: x',
      '',
      'body',
    );
    expect(root.headers.map(({ name, value }) => [name, value])).toEqual([
      ['Subject', 'one two'],
      ['To', 'x'],
    ]);
    expect(root.text()).toBe('body');
  });
});

describe('parts', () => {
  it('reads RFC 2231 filenames: in pieces, with a charset, and encoded words where they do not belong', () => {
    const name = (disposition: string) => mail(`Content-Disposition: attachment; ${disposition}`, '', 'x').filename;
    expect(name('filename*0*=utf-8\'\'%E2%82%AC%20; filename*1="rates"; filename*2=.pdf')).toBe('€ rates.pdf');
    expect(name("filename*=iso-8859-1''na%EFve.txt")).toBe('naïve.txt');
    expect(name('filename="=?UTF-8?B?w7xiZXIucGRm?="')).toBe('über.pdf');
    expect(name('filename=two words.txt')).toBe('two words.txt');
    expect(name('filename="a\\"b.txt"')).toBe('a"b.txt');
  });

  it('undoes every way to write a transfer encoding', () => {
    const text = (encoding: string, body: string) => mail(`Content-Transfer-Encoding: ${encoding}`, '', body).text();
    expect(text('BASE64', 'aGVs\r\nbG8=')).toBe('hello');
    expect(text('base64', 'aGVsbG8=aGVsbG8=')).toBe('hellohello');
    expect(text('Quoted-Printable', 'a=3Db=\r\nc =  \r\nd')).toBe('a=bc d');
    expect(text('quoted printable', 'a=3Db')).toBe('a=b');
    expect(text('quoted-printable;', '=C3=A9 =XY =')).toBe('é =XY ');
    expect(text('x-uuencode', 'begin 644 hi.txt\r\n%:&5L;&\\\r\n`\r\nend')).toBe('hello');
    expect(text('7-bit', 'a=3Db')).toBe('a=3Db');
  });

  it('reads alternatives once, and mixed parts one after another', () => {
    const root = mail(
      'Content-Type: multipart/mixed; boundary=out',
      '',
      'preamble',
      '--out',
      'Content-Type: multipart/alternative; boundary=out_alt',
      '',
      '--out_alt',
      '',
      'plain',
      '--out_alt',
      'Content-Type: text/html',
      '',
      '<p>rich</p>',
      '--out_alt--',
      '--out',
      'Content-Type: text/plain',
      '',
      'footer',
      '--out',
      'Content-Type: image/png; name=a.png',
      'Content-ID: <pic@x>',
      '',
      'png',
      '--out--',
      'epilogue',
    );
    const body = readBody(root);
    expect(body.text).toBe('plain\nfooter');
    expect(body.html).toMatch(/^<p>rich<\/p>\n<div[^>]*>footer<\/div>$/);
    expect(body.attachments.map((part) => [part.filename, part.contentId])).toEqual([['a.png', 'pic@x']]);
  });

  it('keeps a nested message complete, as an attachment', () => {
    const inner = 'Subject: inner\r\n\r\ninner text';
    const root = mail(
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      '',
      'outer',
      '--b',
      'Content-Type: message/rfc822',
      '',
      inner,
      '--b--',
    );
    const { text, attachments } = readBody(root);
    expect(text).toBe('outer');
    expect(attachments[0]?.mimeType).toBe('message/rfc822');
    expect(subjectOf(parseMime(attachments[0]?.content() ?? Buffer.alloc(0)))).toBe('inner');
  });

  it.each([
    ['no closing delimiter', 'Content-Type: multipart/mixed; boundary=b', ['--b', '', 'text']],
    ['no boundary parameter', 'Content-Type: multipart/mixed', ['--b', '', 'text', '--b--']],
    ['another boundary than declared', 'Content-Type: multipart/mixed; boundary=a', ['--b', '', 'text', '--b--']],
    ['no delimiter at all', 'Content-Type: multipart/mixed; boundary=b', ['text']],
    [
      'two content types',
      'Content-Type: multipart/mixed; boundary=b\r\nContent-Type: text/html',
      ['--b', '', 'text', '--b--'],
    ],
    ['a comment in the type', 'Content-Type: text/plain (plain); charset=utf-8', ['text']],
  ])('reads the text where there is %s', (_what, type, body) => {
    expect(readBody(mail(type, '', ...body)).text?.trim()).toBe('text');
  });

  it('reads bare line feeds as well as CRLF', () => {
    const root = parseMime(
      Buffer.from('Subject: a\nContent-Type: multipart/mixed; boundary="b"\n\n--b\n\none\n--b--\n'),
    );
    expect(readBody(root).text).toBe('one');
  });
});

describe('hostile mail', () => {
  const hostile: [string, Buffer][] = [
    ['nothing', Buffer.alloc(0)],
    ['noise', Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256))],
    [
      'a megabyte of spaces',
      Buffer.from(
        `Subject: ${' '.repeat(1 << 20)}x\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${' '.repeat(1 << 20)}x`,
      ),
    ],
    ['a megabyte of parentheses', Buffer.from(`To: ${'('.repeat(1 << 20)}\r\nDate: ${'('.repeat(1 << 20)}\r\n\r\n`)],
    [
      'ten thousand levels',
      Buffer.from(
        Array.from(
          { length: 10_000 },
          (_, i) => `Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}\r\n`,
        ).join(''),
      ),
    ],
    [
      'a hundred thousand open tags',
      Buffer.from(`Content-Type: text/html\r\n\r\n${'<style '.repeat(50_000)}${'<div>'.repeat(50_000)}`),
    ],
    ['ten thousand addresses', Buffer.from(`To: ${'"a,b" <a@b.example>, '.repeat(10_000)}\r\n\r\n`)],
  ];
  it.each(hostile)('reads %s, and soon', (_what, bytes) => {
    const before = process.cpuUsage();
    const root = parseMime(bytes);
    expect(envelopeOf(root, bytes.length).size).toBe(bytes.length);
    readBody(root);
    expect(process.cpuUsage(before).user).toBeLessThan(10_000_000);
  });
});
