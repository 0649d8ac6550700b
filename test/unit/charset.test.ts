import { describe, expect, it } from 'vitest';
import * as emulated from '../../sandbox/mail/charset.ts';
import { decodeWords as emulatedWords } from '../../sandbox/mail/encoded-words.ts';
import { parseStructured } from '../../sandbox/mail/parameters.ts';
import { decodeText, decodeTextOrUtf8 } from '../../src/providers/shared/mime/charset.ts';
import { decodeWords } from '../../src/providers/shared/mime/encoded-words.ts';

const bytes = (latin1: string) => Buffer.from(latin1, 'latin1');

describe.each([
  ['the gateway', decodeText],
  ['the emulators', emulated.decodeText],
])('a charset as %s read it', (_, decode) => {
  it.each([
    ['ISO-2022-KR', '\x1b$)C\x0e>H3gGO<<?d\x0f ok\r\n\x0e>H\x0f', '안녕하세요 ok\r\n안'],
    ['iso-2022-cn', '\x1b$)A\x0e=;;;\x0f.', '交换.'],
    ['HZ-GB-2312', 'a ~{<:Ky2;~} ~~ b~\nc ~{ND', 'a 己所不 ~ bc 文'],
    ['iso-2022-jp', '\x1b$BF|K\\\x1b(B ok \x1b$B-!\x1b(B', '日本 ok ①'],
    ['ISO-2022-JP-2', '\x1b$B@$3&\x1b(B \x1b$(D0!\x1b(B \x1b$A=;\x1b$(C>H\x1b(B', '世界 丂 交안'],
    ['iso-2022-jp-ms', '\x1b(I1\x1b(B\x1b(J\\\x1b(B\\', 'ｱ¥\\'],
    ['cp50221', '\x1b$BF|', '日'],
    ['ks_c_5601-1987', '\xbc\xc4\x8c\x63', '셍똠'],
    ['UHC', '\x8c\x63', '똠'],
    ['cp949', '\x8c\x63', '똠'],
    ['x-windows-949', '\x8c\x63', '똠'],
    ['big5-hkscs', '\x87\x40\xa4\xa4', '䏰中'],
    ['x-x-big5', '\x87\x40', '䏰'],
    ['cp950', '\xa4\xa4', '中'],
    ['gb2312', '\x81\x40\xc4\xe3', '丂你'],
    ['GB18030', '\x81\x30\x84\x36\xa8\xbc', '¥ḿ'],
    ['gb_2312-80', '\xc4\xe3\x80', '你€'],
    ['cp932', '\x87\x40\x93\xfa\x7f\x1a', '①日\x7f\x1a'],
    ['windows-31j', '\xfa\x40', 'ⅰ'],
    ['eucjp-ms', '\xad\xa1\x8e\xb1', '①ｱ'],
    ['windows-1252', '\x80\x81\x93\xe9\x94', '€\x81“é”'],
    ['ISO_8859-1:1987', '\x85\xe9', '…é'],
    ['tis-620', '\xa1\x85', 'ก…'],
    ['windows-874', '\xa1\x85', 'ก…'],
    ['iso-8859-8-i', '\xe0', 'א'],
    ['koi8-u', '\xa4\xae', 'єў'],
    ['koi8-r', '\xc1', 'а'],
    ['koi8-ru', '\xa4\xae', 'єў'],
    ['kz-1048', '\xea', 'к'],
    ['STRK1048-2002', '\x8d\xaa', 'ҚҒ'],
    ['ptcp154', '\x8d\xb3', 'Қі'],
    ['dos-866', '\x80', 'А'],
    ['dos-862', '\x80', 'א'],
    ['IBM00858', '\x82\xd5', 'é€'],
    ['TIS620.2533', '\xa1', 'ก'],
    ['latin0', '\xa4', '€'],
    ['x-ms-cp932', '\x87\x40', '①'],
    ['ibm-943', '\x87\x40', '①'],
    ['Extended_UNIX_Code_Packed_Format_for_Japanese', '\xc6\xfc', '日'],
    ['cp51949', '\x8c\x63', '똠'],
    ['cp51936', '\xc4\xe3', '你'],
    ['zh_TW-Big5', '\xa4\xa4', '中'],
    ['x-mac-centraleurroman', '\x8c', 'Ć'],
    ['iso-10646-ucs-4', '\x00\x00\x00A\x00\x00\x65\xe5', 'A日'],
    ['x-mac-cyrillic', '\x80', 'А'],
    ['x-mac-ukrainian', '\x80', 'А'],
    ['x-mac-roman', '\x8e\xdb', 'é€'],
    ['x-mac-ce', '\x8c', 'Ć'],
    ['ibm866', '\x80\x1a\x7f', 'А\x1a\x7f'],
    ['cp437', '\x81', 'ü'],
    ['iso-8859-16', '\xaa', 'Ș'],
    ['utf-7', 'Hi Mom +Jjo-!', 'Hi Mom ☺!'],
    ['utf-16', '\xfe\xff\x00A', 'A'],
    ['win-1251', '\xe0', 'а'],
    ['unknown-8bit', 'caf\xe9', 'café'],
    ['us-ascii', 'caf\xc3\xa9', 'café'],
    ['no-such-charset', 'caf\xc3\xa9', 'café'],
    ['', 'caf\xe9', 'café'],
  ])('%s', (label, raw, letters) => expect(decode(bytes(raw), label)).toBe(letters));

  it('decodes all of UHC, and of Big5 with the Hong Kong characters', () => {
    const known = (label: string) => {
      let count = 0;
      for (let lead = 0x81; lead < 0xff; lead++)
        for (let trail = 0x41; trail < 0xff; trail++)
          if (/^[^\ufffd\ue000-\uf8ff]{1,2}$/u.test(decode(Uint8Array.of(lead, trail), label)) && trail !== 0x7f)
            count++;
      return count;
    };
    expect(known('euc-kr')).toBeGreaterThan(17_000);
    expect(known('big5')).toBeGreaterThan(18_400);
  });
});

describe('a text that may already be UTF-8', () => {
  it('is decoded by its charset when that charset could not have produced its bytes as UTF-8', () => {
    expect(decodeTextOrUtf8(Buffer.from('안녕'), 'iso-2022-kr')).toBe('안녕');
    expect(decodeTextOrUtf8(bytes('\x1b$)C\x0e>H\x0f'), 'iso-2022-kr')).toBe('안');
    expect(decodeTextOrUtf8(bytes('~{<:~}'), 'hz-gb-2312')).toBe('己');
    expect(decodeTextOrUtf8(bytes('A\0b\0'), 'utf-16le')).toBe('Ab');
    expect(decodeTextOrUtf8(bytes('\x8c\x63'), 'ks_c_5601-1987')).toBe('똠');
    expect(decodeTextOrUtf8(Buffer.from('a + b ~{'), 'utf-8')).toBe('a + b ~{');
    expect(decodeTextOrUtf8(bytes('\x1b$BF|\x1b(B'), 'jis')).toBe('日');
  });

  it.each(['utf-16', 'utf-16le', 'UTF-16BE', 'unicode', 'iso-10646-ucs-2', 'utf-32', 'utf-32be', 'ucs-4'])(
    'is left as it is when its label is %s and its bytes are plain words',
    (label) =>
      expect(decodeTextOrUtf8(Buffer.from('<p>Hello \0 Bob,\r\n</p>'), label)).toBe('<p>Hello \0 Bob,\r\n</p>'),
  );

  it('is decoded when its bytes are ASCII but not words', () => {
    const words = 'Привет, мир\r\n';
    expect(decodeTextOrUtf8(Buffer.from(words, 'utf16le'), 'utf-16le')).toBe(words);
    expect(decodeTextOrUtf8(Buffer.from('plain', 'utf16le').swap16(), 'utf-16be')).toBe('plain');
    expect(decodeTextOrUtf8(bytes('a\0\0\0b\0\0\0'), 'utf-32le')).toBe('ab');
  });
});

describe.each([
  ['the gateway', decodeWords],
  ['the emulators', emulatedWords],
])('encoded words as %s read them', (_, decode) => {
  it.each([
    ['=?iso-2022-jp?B?GyRCRnxLXBsoQg==?= x', '日本 x'],
    ['=?utf-8?Q?a=C3?=\r\n =?utf-8?Q?=A9_b?=', 'aé b'],
    ['=?UTF-8?B?8J+Y?= =?UTF-8?B?gA==?=', '😀'],
    ['=?ks_c_5601-1987?B?jGM=?=', '똠'],
    ['=?iso-2022-kr?Q?=1B$)C=0E>H=0F?=', '안'],
    ['=?utf-8*en?q?Really??= yes', 'Really? yes'],
    ['=?utf-8?Q?r=C3=A9sum=C3=A9 of Zoë?=', 'résumé of Zoë'],
    ['=?x =?utf-8?b?w6k=?= ?=', '=?x é ?='],
    ['=?utf-8?x?w6k=?=', '=?utf-8?x?w6k=?='],
    ['=?utf-8?b??=', ''],
    ['=?iso-8859-1?Q?Fr=F6sche_und_Vögel?=', 'Frösche und Vögel'],
    ['=?windows-1252?Q?5 €=80?= =?windows-1252?Q?=80€?=', '5 €€€€'],
    ['=?iso-2022-jp?Q?=1B$BF|?= =?iso-2022-jp?Q?K\\=1B(B日?=', '日本日'],
    ['=?utf-8?B?w7w=w6k=YQ==?=', 'üéa'],
  ])('%s', (written, read) => expect(decode(written)).toBe(read));

  it('scans once through encoded words that are never closed', () => {
    expect(decode('=?utf-8?q?'.repeat(100_000))).toHaveLength(1_000_000);
    expect(decode(`=?utf-8?q?${'= '.repeat(200_000)}`)).toHaveLength(400_010);
  });
});

describe('parameters of a field', () => {
  it.each([
    ["a; filename*=iso-2022-kr''%1B%24%29C%0E%3EH%0F.txt", '안.txt'],
    ["a; filename*1*=%A9.txt; filename*0*=UTF-8''a%C3", 'aé.txt'],
    ['a; filename*0="a;"; filename*1="b.txt"', 'a;b.txt'],
    ["a; filename=plain.txt; filename*=utf-8''%e2%82%ac.txt", '€.txt'],
    ['a; FILENAME = my file.txt ; x=y', 'my file.txt'],
    ['a (b; filename=no) ; filename="a\\"b\\\\c (1).txt"', 'a"b\\c (1).txt'],
  ])('%s', (field, filename) => expect(parseStructured(field).params.filename).toBe(filename));
});
