import { describe, expect, it } from 'vitest';
import { cleanFilename } from '../../src/mail/compose/filename.ts';
import { fileKind } from '../../src/mail/upload/file-kind.ts';
import { CHUNK_BYTES, chunksOf } from '../../src/mail/upload/uploads.ts';
import { filenameOf } from '../../src/server/routes/content-disposition.ts';

const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex');
const EXE = Buffer.concat([Buffer.from('MZ'), Buffer.alloc(200)]);
const ZIP = Buffer.from('504b030414000000000000000000000000000000000000000000000005000000612e747874', 'hex');
const text = (s: string) => Buffer.from(s);

describe('the kind of a file', () => {
  it.each([
    ['is what its bytes say, whatever is claimed', PNG, 'application/pdf', 'image/png'],
    ['is what its bytes say where nothing is claimed', PNG, undefined, 'image/png'],
    ['shows a program that calls itself a picture', EXE, 'image/jpeg', 'application/x-msdownload'],
    ['is not a picture because it says so', text('<script>alert(1)</script>'), 'image/png', 'text/plain'],
    ['is not a PDF because it says so', Buffer.from([0, 1, 2, 3, 255]), 'application/pdf', 'application/octet-stream'],
    ['is not text when there are zeros in it', Buffer.from([104, 0, 105]), 'text/plain', 'application/octet-stream'],
    ['is as claimed where bytes tell nothing', text('a,b\n1,2\n'), 'text/csv; charset=utf-8', 'text/csv'],
    [
      'is as claimed within a family',
      ZIP,
      'application/vnd.oasis.opendocument.text',
      'application/vnd.oasis.opendocument.text',
    ],
    ['is the family for another claim', ZIP, 'image/gif', 'application/zip'],
    ['is text when curl says nothing', text('Grüße, 世界'), 'application/x-www-form-urlencoded', 'text/plain'],
    ['is anything when nobody knows', Buffer.from([1, 2, 3, 250]), undefined, 'application/octet-stream'],
    ['takes no claim that is no media type', Buffer.from([1, 2, 250]), 'a/b\r\nx: y', 'application/octet-stream'],
    ['of nothing is anything', Buffer.alloc(0), undefined, 'application/octet-stream'],
  ])('%s', async (_what, bytes, claimed, kind) => {
    expect(await fileKind(bytes, claimed)).toBe(kind);
  });

  it('copes with beginnings that promise more than there is', async () => {
    for (const start of ['ftyp', 'PK\x03\x04', 'RIFF', '%PDF', '\x1f\x8b', 'ID3\x04', 'OggS'])
      expect(await fileKind(Buffer.from(start, 'latin1'), undefined)).toMatch(/\//);
  });
});

describe('the name of a file', () => {
  it.each([
    ['attachment; filename="plain.txt"', 'plain.txt'],
    ['attachment; filename=token.txt', 'token.txt'],
    ['attachment; filename="a \\"quoted\\" name.txt"', 'a "quoted" name.txt'],
    [`attachment; filename="x.txt"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%E4%B8%96.txt`, 'Grüße 世.txt'],
    [Buffer.from('attachment; filename="Grüße.txt"').toString('latin1'), 'Grüße.txt'],
    [`attachment; filename*=UTF-8''%ff%fe; filename="fallback.txt"`, 'fallback.txt'],
    [`attachment; filename*="UTF-8''r%C3%BC.txt"`, 'rü.txt'],
    [`attachment; filename*=ks_c_5601-1987''%8Cc.txt`, '똠.txt'],
    ['attachment; filename="C:\\temp\\new.txt"', 'C:\\temp\\new.txt'],
    ['attachment; filename="a \\"b\\" \\\\c.txt"', 'a "b" \\c.txt'],
    ['attachment', undefined],
    [undefined, undefined],
  ])('is read from %s', (header, name) => {
    expect(filenameOf(header)).toBe(name);
  });

  it('contains nothing hostile', () => {
    expect(cleanFilename('a\r\nX: y\u0000.txt')).not.toMatch(/\p{Cc}/u);
    expect(cleanFilename('invoice\u202egnp.exe')).not.toContain('\u202e');
    expect(Buffer.byteLength(cleanFilename(`${'世'.repeat(300)}.pdf`))).toBeLessThanOrEqual(255);
  });
});

it('splits bytes into chunks of one length, however they arrive', async () => {
  const whole = Buffer.alloc(CHUNK_BYTES * 2 + 5).map((_, i) => i % 251);
  for (const step of [1_000, 65_536, CHUNK_BYTES, whole.length]) {
    async function* pieces() {
      for (let at = 0; at < whole.length; at += step) yield whole.subarray(at, at + step);
    }
    const chunks = [];
    for await (const chunk of chunksOf(pieces())) chunks.push(chunk);
    expect(chunks.map(({ length }) => length)).toEqual([CHUNK_BYTES, CHUNK_BYTES, 5]);
    expect(Buffer.concat(chunks).equals(whole)).toBe(true);
  }
});
