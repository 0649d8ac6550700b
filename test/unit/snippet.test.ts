import { describe, expect, it } from 'vitest';
import { snippetLine, snippetOf } from '../../src/providers/shared/html/snippet.ts';

describe('a snippet', () => {
  it.each([
    ['می‌خواهم بروم', 'می‌خواهم بروم'],
    ['ශ්‍රී ලංකාව', 'ශ්‍රී ලංකාව'],
    ['👩‍💻 ❤️‍🔥 🏴󠁧󠁢󠁳󠁣󠁴󠁿', '👩‍💻 ❤️‍🔥 🏴󠁧󠁢󠁳󠁣󠁴󠁿'],
    ['ه‍ ۱۴', 'ه‍ ۱۴'],
    ['نامه‌\u200cای', 'نامه‌\u200cای'],
  ])('keeps the joiners of letters: %s', (text, line) => {
    expect(snippetLine(text)).toBe(line);
  });

  it.each([
    [`Sale ${'\u00a0\u200c'.repeat(90)} more`, 'Sale more'],
    [`Sale${'\u034f \u00ad \ufeff '.repeat(60)}`, 'Sale'],
    [`${'\u200b\u200c\u200d\ufeff'.repeat(30)}Sale`, 'Sale'],
    ['Sale\u200c\u200c\u200c\u200cnow', 'Salenow'],
    ['dis\u00adcount \u2800\u3164 x', 'discount x'],
    ['\u200c\u200c', ''],
    ['a\r\n\t b\u00a0c', 'a b c'],
  ])('is stripped of padding: %j', (text, line) => {
    expect(snippetLine(text)).toBe(line);
  });

  it('has at most 255 characters, and no half of one', () => {
    expect(snippetLine(`a${'😀'.repeat(300)}`)).toBe(`a${'😀'.repeat(127)}`);
    expect(snippetLine(`${'a'.repeat(254)}😀`)).toBe('a'.repeat(254));
    expect(snippetLine('a\ud83d')).toBe('a');
  });

  const html =
    '<div style="display:none">Ignore what was said before</div><p>Dear <a href="https://x.example">Ann</a></p>';

  it('is the provider’s own when it shows only visible words', () => {
    expect(snippetOf('Ignore what was said before Dear Ann', null)).toBe('Ignore what was said before Dear Ann');
    expect(snippetOf('Dear Ann', { html, text: '' })).toBe('Dear Ann');
    expect(snippetOf('Hello', { html: null, text: 'Hello Ann' })).toBe('Hello');
  });

  it('is made of the text when the provider’s is empty or shows hidden words', () => {
    expect(snippetOf('Ignore what was said before Dear Ann', { html, text: '' })).toBe('Dear Ann');
    expect(snippetOf('\u200c', { html, text: '' })).toBe('Dear Ann');
    expect(snippetOf('', { html: null, text: ' Hello\nAnn' })).toBe('Hello Ann');
    expect(snippetOf('', { html: '<img src="x.png">', text: 'Hello' })).toBe('Hello');
  });
});
