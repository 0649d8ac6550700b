import { describe, expect, it } from 'vitest';
import { MAX_HTML_LENGTH } from '../../src/providers/shared/html/bounded-html.ts';
import { textOfHtml } from '../../src/providers/shared/html/html-text.ts';

describe('text of HTML', () => {
  it.each<[what: string, html: string, text: string]>([
    [
      'a tab between cells, and a line for each row',
      '<table><tr><th>Item</th><th>Qty</th></tr><tr><td>Pen</td><td>3</td></tr></table>',
      'Item\tQty\nPen\t3',
    ],
    ['cells without rows and ends', '<table><td>a<td>b<tr><td>c<td>d</table>', 'a\tb\nc\td'],
    [
      'the numbers of a list as they are written, in letters and in Roman',
      '<ol type=a start=26><li>z<li>aa</ol><ol type=I start=4><li>four<li value=9>nine</ol><ol type=i><li>one</ol><ol type=A><li>first</ol>',
      ' z. z\n aa. aa\n\n IV. four\n IX. nine\n\n i. one\n\n A. first',
    ],
    ['an empty cell as a column', '<table><tr><td>a<td><td>c</tr><tr><td><td>b<td>&nbsp;</table>', 'a\t\tc\n\tb'],
    ['words around a table', 'a<table><tr><td>b<td>c</table>d', 'a\n\nb\tc\n\nd'],
    [
      'a page laid out by a table',
      '<table><tr><td width=9>&nbsp;</td><td><p>one</p><p>two</p></td><td>side</td></tr></table>',
      'one\n\ntwo\nside',
    ],
    [
      'a table in a table',
      '<table><tr><td>x<table><tr><td>a<td>b<tr><td>c<td>d</table></td></tr></table>',
      'x\n\na\tb\nc\td',
    ],
    [
      'distances between cells',
      '<table role="presentation"><tr><td></td><td>a</td><td>&nbsp;</td><td>b</td></tr></table>',
      'a\tb',
    ],
    [
      'cells set below each other',
      '<table><tr><td style="display:block">a</td><td style="display:block">b</td></tr></table>',
      'a\nb',
    ],
    ['cells that stand in no table', '<td>a<td>b', 'a\nb'],
    ['headings in their own case', '<h1>Code: aB3x</h1><p>5 kΩ</p>', 'Code: aB3x\n\n5 kΩ'],
    [
      'words before and behind the body',
      '<div>CAUTION</div><html><head></head><body><p>Main</p></body></html><p>Footer</p>',
      'CAUTION\n\nMain\n\nFooter',
    ],
    ['words in a head that is never closed', '<html><head><title>no</title><div>Words</div>', 'Words'],
    [
      'line breaks, of which the last one ends its line',
      'a<br>b<br><br>c<div>d<br></div>e<div><br></div>f',
      'a\nb\n\nc\nd\ne\n\nf',
    ],
    ['boxes without words', 'a<div></div><div><div> </div></div>b', 'a\nb'],
    [
      'lists',
      '<ul><li>a<li>b<ul><li>c</ul></ul><ol start=9><li>d<p>e</p><li>f</ol>',
      ' * a\n * b\n   * c\n\n 9. d\n\n    e\n\n 10. f',
    ],
    ['quotes', 'a<blockquote>b<p>c</p><blockquote>d</blockquote></blockquote>e', 'a\n\n> b\n>\n> c\n>\n> > d\n\ne'],
    ['a table in a quote', '<blockquote><table><tr><td>a<td>b<tr><td>c</table></blockquote>', '> a\tb\n> c'],
    [
      'links',
      '<a href="https://x.example/">https://x.example/</a> <a href="MAILTO:a@b.example">w</a> <a href="#x">y</a>',
      'https://x.example/ w [a@b.example] y',
    ],
    [
      'blanks that are kept',
      '<pre>\n a\n  b\n</pre>c <span style="white-space:pre-wrap">d  e\nf</span>',
      ' a\n  b\n\nc d  e\nf',
    ],
    [
      'how a style sets elements',
      '<span style="display:block">a</span>b<div style="display:inline">c</div>d',
      'a\nbcd',
    ],
    [
      'the boxes of a flex box and a grid apart',
      '<div style="display:flex"><span>a</span><b>b</b></div><p style="display:grid"><i>c</i><i>d <u>e</u></i></p>',
      'a\nb\n\nc\nd e',
    ],
    [
      'what stands like a table',
      '<div style="display:table"><div style="display:table-row"><b style="display:table-cell">a</b><b style="display:table-cell">b</b></div></div>',
      'a\tb',
    ],
    [
      'what is taken out of the line',
      'x<span style="float:left">a</span><b style="position:absolute">b</b>',
      'x\na\nb',
    ],
    [
      'links that are boxes',
      '<a href="https://x.example/a" style="display:block">a</a><a href="https://x.example/b" style="display:block">b</a>',
      'a [https://x.example/a]\nb [https://x.example/b]',
    ],
    ['inline elements and comments within a word', 'f<b>o</b>o<!-- x -->b<i>ar</i>', 'foobar'],
    ['joiners in words', 'می‌خواهم 👩‍💻', 'می‌خواهم 👩‍💻'],
    ['conditional comments as a browser does', 'a<!--[if mso]>b<![endif]--><![if !mso]>c<![endif]>', 'ac'],
  ])('has %s', (_, html, text) => {
    expect(textOfHtml(html)).toBe(text);
  });

  it.each([
    '<div style="display:none;max-height:0;overflow:hidden">hidden</div><p>seen</p>',
    '<style>.pre{display:none!important}</style><div class="pre">hidden</div>seen',
    '<style>.pre{display:none!important}</style><div class="pre">hidden <p style="display:block">hidden</p></div>seen',
    '<body><div hidden>hidden<b>hidden</div>seen',
    '<div style="visibility:hidden">hidden<p style="visibility:visible">seen</p></div>',
    '<td style="font-size:0">hidden<div style="font-size:13px">seen</div></td>',
    '<div style="color:#fff;background:#fff">hidden<span style="color:#000">seen</span></div>',
    '<select><option>hidden</select><textarea>hidden</textarea><title>hidden</title><noscript>hidden</noscript>seen',
    '<template>hidden</template><dialog>hidden</dialog><object>hidden</object><svg><text>hidden</text></svg>seen',
    '<p>seen</p><a href="https://x.example/hidden" style="display:none">hidden</a>',
    '<p>seen</p><body style="display:none">hidden</body>',
    '<font color="#ffffff">hidden</font>seen',
    '<p style="color:white">hidden</p><table bgcolor="#06c"><tr><td style="color:white">seen</td></tr></table>',
  ])('has nothing that is not visible: %s', (html) => {
    expect(textOfHtml(html)).toBe('seen');
  });

  it.each([
    [
      'hides itself in 300 elements',
      `<p>seen</p>${'<div>'.repeat(300)}<div style="display:none">hidden<p>hidden</p></div>`,
    ],
    [
      'a style block hides in 300 elements',
      `<style>.x{display:none}</style><p>seen</p>${'<div>'.repeat(300)}<div class=x>hidden<p>hidden</p></div>`,
    ],
    [
      'a style block hides behind 50,000 elements',
      `<style>.x{display:none}</style><p>seen</p>${'<div></div>'.repeat(50_000)}<div class=x>hidden<p>hidden</p></div>`,
    ],
    [
      'hides itself behind 120 attributes',
      `<p>seen</p><div ${Array.from({ length: 120 }, (_, index) => `a${index}`).join(' ')} style="display:none">hidden</div>`,
    ],
  ])('has no content of what %s', (_, html) => {
    expect(textOfHtml(html)).toBe('seen');
  });

  it('has the words of mail that is nested deeper than any real one, in order', () => {
    for (const tag of ['blockquote', 'div', 'table><tr><td', 'ul><li', 'b']) {
      const html = `<p>top</p>${`<${tag}>w `.repeat(400)}last<p>end`;
      expect(textOfHtml(html).match(/\b(?:top|w|last|end)\b/g), tag).toHaveLength(403);
    }
  });

  it('has as much of a deeply nested quote as of a flat one', () => {
    const html = `<p>top</p>${'<blockquote>'.repeat(400)}oldest quoted words${'</blockquote>'.repeat(400)}<p>below</p>`;
    expect(textOfHtml(html)).toMatch(/^top\n\n(?:> ){24}oldest quoted words\n\nbelow$/);
  });
});

it.each(['title', 'xmp'])('reads what follows a self-closed %s as its content, as a browser does', (name) => {
  expect(textOfHtml(`seen${`<${name}/>`.repeat(50_000)}hidden`)).toBe('seen');
});

it('reads a long HTML up to the bound and no further', () => {
  const html = `<p>${'x'.repeat(MAX_HTML_LENGTH)}behind</p>`;
  expect(textOfHtml(html)).toMatch(/^x+$/);
});
