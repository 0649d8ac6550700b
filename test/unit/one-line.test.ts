import { describe, expect, it } from 'vitest';
import { displayName } from '../../src/domain/display-name.ts';
import { isOneLine, steersDirection, toOneLine } from '../../src/domain/one-line.ts';
import { checkFilename, cleanFilename } from '../../src/mail/compose/filename.ts';

describe('text from outside on one line', () => {
  it.each([
    ['pay\0\x07 now', 'pay now'],
    ['two  blanks stay', 'two  blanks stay'],
    ['a\r\nb\tc\x7fd\x85e\u2028f\u2029g', 'a b c d e f g'],
    ['ann\u202ecod.exe', 'anncod.exe'],
    ['\u2066in\u2069 \u202aof\u202c', 'in of'],
    ['\u200fשלום\u200e joined \u200d\u200c', '\u200fשלום\u200e joined \u200d\u200c'],
    ['half \ud83d', 'half \ufffd'],
    ['\0\u202e\u2028', ''],
    ['plain', 'plain'],
  ])('%j', (written, shown) => {
    expect(toOneLine(written)).toBe(shown);
    expect(isOneLine(shown) && !steersDirection(shown)).toBe(true);
  });

  it('leaves no name when nothing remains, but still a file name', () => {
    expect(displayName('\u202e\0')).toBeNull();
    expect(displayName('"\u200b\u2060"')).toBeNull();
    expect(cleanFilename('\u200b\u3164')).toBe('attachment');
    expect(() => checkFilename('\u200b', ['filename'])).toThrow('A file needs a name.');
    expect(cleanFilename('\u202e\0')).toBe('attachment');
    expect(cleanFilename('a/b\u202ec\u2028d.txt')).toBe('a_bc d.txt');
  });
});
