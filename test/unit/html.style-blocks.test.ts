import { describe, expect, it } from 'vitest';
import { boundedHtml } from '../../src/providers/shared/html/bounded-html.ts';
import { withInlineStyles } from '../../src/providers/shared/html/style-blocks.ts';

const inlined = (css: string, html: string) => withInlineStyles(`<style>${css}</style>${html}`);

it.each([
  ['a type', 'P{color:red}', '<p>', '<p style="color:red">'],
  ['a class, by its capitals', '.a{color:red}.A{color:blue}', '<p class="x A">', '<p style="color:blue" class="x A">'],
  ['an id', '#a{color:red}', '<p id=a>', '<p style="color:red" id=a>'],
  ['a list', 'b, i{color:red}', '<i>', '<i style="color:red">'],
  ['a compound', 'p.a.b{color:red}', '<p class="b a">', '<p style="color:red" class="b a">'],
  ['any', '*{color:red}', '<p>', '<p style="color:red">'],
  ['a descendant', '.a b{color:red}', '<p class=a><i><b>', '<p class=a><i><b style="color:red">'],
  ['a child', '.a > b{color:red}', '<p class=a><b><b>', '<p class=a><b style="color:red"><b>'],
  [
    'a child far from its group',
    '.a>.b i{top:0}',
    '<p class=a><p><s class=a><s class=b><s class=b><i>',
    '<i style="top:0">',
  ],
  ['an attribute', '[lang=de][data-x]{color:red}', '<p lang=de data-x>', '<p style="color:red" lang=de data-x>'],
  ['a part of an attribute', 'p[title*="b c"]{color:red}', '<p title="a b cd">', '<p style="color:red" title'],
  [
    'a word of an attribute',
    '[title~=b]{color:red}',
    '<p title="ab"><b title="a b">',
    '<p title="ab"><b style="color:red"',
  ],
  ['the first child', 'b:first-child{top:0}', '<p><b></b><b></b></p>', '<p><b style="top:0"></b><b></b></p>'],
  ['what is set for all', ':root{--Red:#c00}p{color:var(--Red)}', '<p>', '<p style="color:#c00">'],
  ['what is set nowhere', 'p{color:var(--red, #0c0)}', '<p>', '<p style="color:#0c0">'],
  ['what is set by what is set', 'b{--a:var(--b)}i{--b:1px}p{top:var(--a)}', '<p>', '<p style="top:1px">'],
  ['what is set twice', ':root{--a:1px}.x{--a:2px}p{top:var(--a, 3px)}', '<p>', '<p style="top:var(--a, 3px)">'],
  ['the first of a body that nobody wrote', 'p:first-child{top:0}', '<p></p><p></p>', '<p style="top:0"></p><p></p>'],
  ['every other row', 'tr:nth-child(even){top:0}', '<table><tr><tr>', '<table><tr></tr><tr style="top:0">'],
  ['a link', 'a:link{color:red}', '<a href="#x"><a>', '<a style="color:red" href="#x"><a>'],
  ['an escaped name', '.a\\:b{color:red}', '<p class="a:b">', '<p class="a:b">'],
  ['an escaped letter', '.\\61 b{color:red}', '<p class=ab>', '<p style="color:red" class=ab>'],
  ['the body', 'html body{color:red}', '<body><p>', '<body style="color:red"><p>'],
  ['a body that is not written', 'body{color:red}', '<p>', '<body style="color:red"><p>'],
  ['a row in a table that is in a tbody', 'table>tbody>tr{top:0}', '<table><tr>', '<table><tr style="top:0">'],
  ['the next one', 'b + p{top:0}', '<b></b><p></p><p></p>', '<b></b><p style="top:0"></p><p></p>'],
  ['a later one', 'b ~ p{top:0}', '<p></p><b></b><i></i><p></p>', '<p></p><b></b><i></i><p style="top:0"></p>'],
  ['one in a later one', 'b + .a ~ p i{top:0}', '<b></b><s class=a></s><u></u><p><i>', '<i style="top:0">'],
  ['all but some', 'p:not(.a, #b){top:0}', '<p class=a></p><p id=b></p><p>', '<p id=b></p><p style="top:0">'],
  ['all that are not in a state', 'p:not(:hover){top:0}', '<p>', '<p style="top:0">'],
  ['one of several', 'p:is(.a,:hover).b{top:0}', '<p class=a></p><p class="a b">', '</p><p style="top:0" class="a b">'],
  ['one of several that weigh nothing', ':where(.a,#b){top:0}', '<p id=b>', '<p style="top:0" id=b>'],
  ['the last one', 'p:last-child{top:0}', '<s><p></p><p></p></s>', '<s><p></p><p style="top:0"></p></s>'],
  ['the only one', 'p:only-child{top:0}', '<s><p></p></s><p></p>', '<s><p style="top:0"></p></s><p></p>'],
  ['the last but one', 'p:nth-last-child(2){top:0}', '<s><p></p><p></p></s>', '<s><p style="top:0"></p><p></p></s>'],
  ['the first of its name', 'p:first-of-type{top:0}', '<b></b><p></p><p></p>', '<b></b><p style="top:0"></p><p></p>'],
  ['the last of its name', 'p:last-of-type{top:0}', '<p></p><p></p><b></b>', '<p></p><p style="top:0"></p><b></b>'],
  ['an attribute in any case', '[lang=DE i]{top:0}', '<p lang=de>', '<p style="top:0" lang=de>'],
  ['any namespace', '*|p{top:0}', '<p>', '<p style="top:0">'],
])('a rule matches %s', (_, css, html, expected) => {
  // Implied end tags do not matter here.
  expect(inlined(css, html).replaceAll('</tr><tr', '<tr')).toContain(expected.replaceAll('</tr><tr', '<tr'));
});

describe('which declaration wins', () => {
  it('is decided as in a browser', () => {
    const html = '<p id=a class=b style="color:black">';
    expect(inlined('#a{color:1}.b{color:2}p{color:3}.b{color:4}', html)).toContain(
      '<p style="color:3;color:2;color:4;color:1;color:black"',
    );
    // An important declaration wins wherever it is written.
    expect(inlined('p{color:red!important}', html)).toContain('style="color:red !important;color:black"');
  });

  it('is decided by the most specific selector of a rule', () => {
    expect(inlined('p,#a{color:red}.b{color:blue}', '<p id=a class=b>')).toContain('style="color:blue;color:red"');
  });
});

it.each([
  ['states and generated content', 'p:hover,p::before,p:visited,p:has(b),p:not(:empty){color:red}'],
  ['a list with something unknown in it', 'p, p:-moz-unknown-thing(, p{color:red}p,p:nosuch{color:red}'],
  [
    'print and narrow or dark screens',
    '@media print{p{top:0}}@media (max-width:480px){p{top:0}}@media (prefers-color-scheme:dark){p{top:0}}',
  ],
  ['no screen', '@media not screen{p{top:0}}@media not all and (min-width:1px){p{top:0}}'],
  ['lists in lists without end', `${'p:not('.repeat(20_000)}p${')'.repeat(20_000)}{top:0}`],
  ['a wide window', '@media (min-width:1200px){p{top:0}}'],
  [
    'other at-rules',
    '@import "x";@supports (top:0){p{top:0}}@font-face{font-family:p}@keyframes p{from{top:0}}@layer p{p{top:0}}',
  ],
  ['an unclosed string', 'p{font-family:"x'],
  ['an unclosed bracket', 'p{width:calc(1px'],
  ['a rule after a brace too many', '}p{color:red}'],
])('%s: left out', (_, css) => {
  expect(inlined(css, '<b></b><p>x</p>')).toBe('<b></b><p>x</p>');
});

it.each([
  ['a media that holds', '@media screen and (min-width:600px){p{color:red}}'],
  ['media within media', '@media only screen{@media (min-width: 30em){p{color:red}}}'],
  ['a window that is not very wide', '@media (min-width:300px) and (max-width:2000px){p{color:red}}'],
  ['all that is not paper', '@media not print{p{color:red}}'],
  ['one of several media', '@media print, all{p{color:red}}'],
  ['comments of HTML', '<!-- p{color:red} -->'],
  ['a rule behind an at-rule', '@import url(x.css);@charset "x";p{color:red}'],
  ['a rule behind a broken one', '!!{x:y} p{color:red}'],
  ['a declaration behind a broken one', 'p{nonsense;color:red;*zoom:1;b{c:d}}'],
  ['a block that is not closed', 'p{color:red'],
])('%s: applied', (_, css) => {
  expect(inlined(css, '<p>x</p>')).toBe('<p style="color:red">x</p>');
});

it('reads the blocks of the whole mail, each by itself, and none of another medium or type', () => {
  const html =
    '<style>p{color:red</style><p>x</p><style media=print>p{top:1}</style><style type="text/less">p{top:2}</style><STYLE TYPE="text/css">p{top:3}</STYLE>';
  expect(withInlineStyles(html)).toBe('<p style="color:red;top:3">x</p>');
});

it('reads none from a comment, a title or an attribute', () => {
  const html =
    '<title><style>p{top:0}</style></title><!--<style>p{top:0}</style>--><p title="<style>p{top:0}</style>">';
  expect(withInlineStyles(html)).toBe(html);
});

it('writes nothing that ends the attribute or another declaration', () => {
  const css = `p{font-family:'"><script>x'}p{font-family:"a;b"}p{color:re\\64;width:url(x"y)}p{top:\\22 >}p{width:url("a\\"><b>")}`;
  expect(inlined(css, '<p style="a:&quot;&amp;<">')).toBe(
    '<p style="font-family:&quot;a;b&quot;;color:red;width:url();a:&quot;&amp;&lt;" style="a:&quot;&amp;<">',
  );
  expect(inlined('p{width:url/**/(x)}', '<p>')).toBe('<p>');
});

describe('the blocks are left out, but never the mail, beyond the bound of', () => {
  const many = (times: number, piece: (index: number) => string) =>
    Array.from({ length: times }, (_, i) => piece(i)).join('');
  const words = '<p class=a>x</p>';

  it.each([
    ['characters', many(60_000, (i) => `.a${i}{}`)],
    ['selectors', `.a{color:red}${many(10_001, () => 'b{}')}`],
    ['selectors in a list', `.a{color:red}${many(10_001, () => 'b,')}b{}`],
  ])('%s', (_, css) => {
    expect(inlined(css, words)).toBe(words);
  });

  it('comparisons', () => {
    const html = words.repeat(5_000);
    expect(
      inlined(
        many(300, (i) => `p.a.b${i}{color:red}`),
        html,
      ),
    ).toBe(html);
    expect(inlined(`${many(30, (i) => `p.a.b${i}{color:red}`)}.a{top:0}`, html)).toContain('top:0');
  });

  it('comparisons of siblings, which a long mail of siblings does not need', () => {
    expect(inlined('b ~ p, b + p, s ~ p{top:0}', words.repeat(5_000))).toBe(words.repeat(5_000));
    expect(inlined('b ~ p{top:0}', `<b></b>${words.repeat(5_000)}`).match(/top:0/g)).toHaveLength(5_000);
    expect(inlined(`${many(400, (i) => `b + .a${i} ~ p, `)}p{top:0}`, words.repeat(5_000))).toBe(words.repeat(5_000));
  });

  it('output', () => {
    const html = words.repeat(5_000);
    expect(inlined(`.a{font-family:${'"x",'.repeat(100)}y}`, html)).toBe(html);
  });
});

it('are applied to what a bound has left of a mail', () => {
  const html = boundedHtml(`<style>b{color:red}</style>${'<b>'.repeat(300)}x`);
  expect(withInlineStyles(html).match(/<b style="color:red">/g)).toHaveLength(200);
});
