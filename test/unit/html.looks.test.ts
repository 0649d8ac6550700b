import { describe, expect, it } from 'vitest';
import { safeHtml } from '../../src/mail/message/html.ts';
import { safeStyle } from '../../src/mail/message/html-styles.ts';

const shown = (html: string) => safeHtml(html, { remoteImages: false, inlineUrl: () => null });

describe('one bad declaration drops only itself', () => {
  it.each([
    [
      'a conditional comment',
      'display:none;color:#fff;<!--[if gte mso 15]>top:2px;<![endif]-->',
      'display:none;color:#fff',
    ],
    ['a stray brace', 'color:#c00;font-weight:bold;}', 'color:#c00;font-weight:bold'],
    ['a brace behind a value', 'color:#c00;font-weight:bold}', 'color:#c00;font-weight:bold'],
    ['a string with a line break', "font-family:'A\n;color:red", 'color:red'],
    ['a block', '{color:blue};color:red', 'color:red'],
    ['an at-rule', '@import "x";color:red', 'color:red'],
    ['a hack', '*zoom:1;_height:1px;color:red', 'color:red'],
    ['no colon, no name, no value', 'bold;:red;color:;color:red;;', 'color:red'],
    ['a bracket that nothing opened', 'width:1px);color:red', 'color:red'],
    ['what this does not know', 'mso-line-height-rule:exactly;-webkit-text-size-adjust:100%;color:red', 'color:red'],
    // A browser takes the following declarations to be inside the brackets, too.
    ['a bracket that nothing closes', 'color:red;width:calc(1px;height:1px', 'color:red'],
  ])('%s', (_, style, kept) => {
    expect(safeStyle(style)).toBe(kept);
  });
});

it.each([
  ['COLOR: Red', 'color:Red'],
  ['c\\6flor:r\\65 d', 'color:red'],
  ['margin-left:.5in', 'margin-left:.5in'],
  ['padding:.75em +1PX 0', 'padding:.75em +1PX 0'],
  ['width:33.33333333333333%', 'width:33.33333333333333%'],
  ['width:calc(100% - 2 * 10px)', 'width:calc(100% - 2 * 10px)'],
  ['max-width:min(100%, 600px)', 'max-width:min(100%, 600px)'],
  ['color:rgb(0 0 0 / 50%)', 'color:rgb(0 0 0 / 50%)'],
  ['color:hsl(120deg, 50%, 50%)', 'color:hsl(120deg, 50%, 50%)'],
  ['color:red  !  IMPORTANT', 'color:red !important'],
  ['color:red!important;color:blue', 'color:red !important'],
  ['color:red;color:blue;color:nosuch(1)', 'color:blue'],
  ['font:bold 14px/20px Arial,sans-serif', 'font:bold 14px/20px Arial,sans-serif'],
  ['font:italic small-caps 700 .9em / 1.2 "A B", serif', 'font:italic small-caps 700 .9em / 1.2 "A B", serif'],
  ['font:0/0 a', 'font:0/0 a'],
  ['font:bold 14px', ''],
  ['font-family:"\\5FAE\\8F6F 雅黑", 宋体', 'font-family:"微软雅黑", 宋体'],
  ['background:#fff url(x) no-repeat center/cover', 'background:#fff'],
  ['background:url("x") rgba(0,0,0,.5) repeat-x', 'background:rgba(0,0,0,.5)'],
  ['background:transparent none repeat scroll 0% 0%', 'background:transparent'],
  ['background-color:#222;background:url(x)', 'background-color:#222'],
  [
    'background:linear-gradient(to right, rgb(1,2,3) 10%, #fff), url(x) #eee',
    'background:linear-gradient(to right, rgb(1,2,3) 10%, #fff),#eee',
  ],
  ['list-style:square url(x) inside', 'list-style:square inside'],
  ['border-left:1px solid rgba(0,0,0,.1)', 'border-left:1px solid rgba(0,0,0,.1)'],
  ['border-radius:4px 0 / 2px', 'border-radius:4px 0 / 2px'],
  ['border-left-color:#ccc;border-top-left-radius:3px', 'border-left-color:#ccc;border-top-left-radius:3px'],
  ['word-wrap:break-word;overflow-wrap:anywhere', 'word-wrap:break-word;overflow-wrap:anywhere'],
  ['text-decoration:underline dotted #f00 2px', 'text-decoration:underline dotted #f00 2px'],
  [
    'box-sizing:border-box;text-overflow:ellipsis;object-fit:cover',
    'box-sizing:border-box;text-overflow:ellipsis;object-fit:cover',
  ],
  ['display:flex;flex:1 1 0%;gap:8px', 'display:flex;flex:1 1 0%;gap:8px'],
  ['letter-spacing:-.5px;vertical-align:-3px', 'letter-spacing:-.5px;vertical-align:-3px'],
  ['margin:10px -15px 0', 'margin:10px 0 0'],
  ['margin-left:.5in;text-indent:-.25in', 'margin-left:.5in;text-indent:-.25in'],
  ['margin:0 0 0 36pt;text-indent:-18.0pt', 'margin:0 0 0 36pt;text-indent:-18.0pt'],
])('keeps the meaning of a style: %s', (style, kept) => {
  expect(safeStyle(style)).toBe(kept);
});

it.each([
  [
    'margin:0 -10px',
    'margin-left:-9px',
    'text-indent:-.25in',
    'margin-left:.1in;text-indent:-.25in',
    'letter-spacing:-50px',
  ],
  [
    'position:relative',
    'top:-5px',
    'z-index:1',
    'transform:rotate(9deg)',
    'box-shadow:0 0 9999px red',
    'outline:9999px solid',
  ],
  ['width:1e9px', 'width:99999px', 'margin-left:calc(0px - 50px)', 'vertical-align:-200px'],
])('lets nothing leave its box', (...styles) => {
  for (const style of styles) expect(safeStyle(style)).not.toMatch(/-[\d.]|e9|999|position|top|z-index|transform|calc/);
});

describe('the style of the body element', () => {
  it('becomes a box of its own', () => {
    expect(shown('<html><body bgcolor="#000000" text=FFF style="font-family:Arial"><p>x</p></body></html>')).toBe(
      '<div style="background-color:#000000;color:#FFF;font-family:Arial"><p>x</p></div>',
    );
    expect(shown('<html dir=rtl lang=he><head></head><body><p>x</p></body></html>')).toBe(
      '<div dir="rtl" lang="he"><p>x</p></div>',
    );
    expect(shown('<style>body{background:#eee}</style><p>x</p>')).toBe('<div style="background:#eee"><p>x</p></div>');
  });

  it('is no box when it is empty, and one box for any number of body elements', () => {
    expect(shown('<html lang=de><body><p>x</p></body></html>')).toBe('<p>x</p>');
    expect(shown('<body bgcolor=red>a<body bgcolor=blue>b</body></body>')).toBe(
      '<div style="background-color:red">ab</div>',
    );
  });

  it('colours the links that have no colour of their own', () => {
    const html = shown(
      '<body link="#0a0"><a href="https://x.example">a</a><a href="https://x.example" style="color:red">b</a><a>c</a>',
    );
    expect(html).toContain('style="color:#0a0">a');
    expect(html).toContain('<a style="color:#0a0;color:red" href');
    expect(html).toContain('<a>c</a>');
  });
});

describe('hidden content stays hidden', () => {
  it.each([
    ['max-height:0;overflow:hidden', 'max-height:0;overflow:hidden'],
    ['visibility:hidden', 'visibility:hidden'],
    ['opacity:0', 'opacity:0'],
    ['font-size:0;line-height:0', 'font-size:0;line-height:0'],
    ['position:absolute;left:-9999px;color:red', 'color:red;display:none'],
    ['display:block!important;transform:scale(0)', 'display:none'],
    ['position:absolute;clip:rect(0,0,0,0)', 'display:none'],
    ['clip-path:inset(50%)', 'display:none'],
    ['text-indent:-9999px', 'display:none'],
  ])('by %s', (style, kept) => {
    expect(shown(`<div style="${style}">x</div>`)).toBe(`<div style="${kept}">x</div>`);
  });

  it('by an attribute, by a rule, and on an element that is removed', () => {
    expect(shown('<p hidden>x</p>')).toBe('<p style="display:none">x</p>');
    expect(shown('<style>.pre{display:none!important}</style><p class=pre>x</p>')).toBe(
      '<p style="display:none !important">x</p>',
    );
    expect(shown('<form style="display:none">x</form>')).toBe('<div style="display:none">x</div>');
    expect(shown('<o:p style="display:none">x</o:p>')).toBe('<span style="display:none">x</span>');
    expect(shown('<x-y style="color:transparent">x</x-y>')).toBe('<span style="color:transparent">x</span>');
    expect(shown('<data style="font-size:0">x</data>')).toBe('<span style="font-size:0">x</span>');
    expect(shown('a<dialog>x</dialog><meter>y</meter><datalist>z</datalist>')).toBe(
      'a<span style="display:block;display:none">x</span>',
    );
  });
});

it.each([
  ['display:none;display:grid', 'display:block'],
  ['display:none;display:-webkit-box;color:red', 'display:block;color:red'],
  ['display:none;display:run-in;color:red', 'color:red'],
  ['max-height:0;max-height:1e3px;overflow:hidden', 'max-height:0'],
])('visible content is not hidden by what remains of its style: %s', (style, kept) => {
  expect(shown(`<div style="${style}">x</div>`)).toBe(`<div style="${kept}">x</div>`);
});

describe('image maps', () => {
  const map =
    '<img usemap="#m"><map name=m id=m><area shape=rect coords="0,0,9,9" alt=Shop href="https://shop.example/a"></map>';

  it('keep their targets, under a name that no page has', () => {
    expect(shown(map)).toMatch(
      /^<img usemap="#(mail-[\da-f]{12}-1)" \/><map name="\1"><area shape="rect" coords="0,0,9,9" alt="Shop" href="https:\/\/shop\.example\/a" target="_blank" rel="noopener noreferrer nofollow" \/><\/map>$/,
    );
    expect(/name="[^"]*"/.exec(shown(map))).not.toEqual(/name="[^"]*"/.exec(shown(`${map}!`)));
  });

  it('do not lead where a link must not, and belong to the same mail', () => {
    const html = shown(
      '<img usemap="https://x.example/#m"><map name=m><area href="javascript:alert(1)" coords="expression(1)" shape="url(x)"><area href="/graphql">',
    );
    expect(html).not.toMatch(/usemap|href|javascript|expression|url/);
  });
});

it('reads a link without a scheme as a web address', () => {
  expect(shown('<a href="//shop.example/x">x</a>')).toContain('href="https://shop.example/x"');
  expect(shown('<a href="///x">x</a><a href="//">y</a><a href="/\\x.example">z</a>')).not.toContain('href');
});

it('keeps the lines of boxes that are removed', () => {
  expect(shown('a<legend>x</legend>b')).toBe('a<span style="display:block">x</span>b');
  expect(shown('<p>a<search style="display:inline">x</search>b</p>')).toBe(
    '<p>a<span style="display:block;display:inline">x</span>b</p>',
  );
});

it('keeps the effect of old presentational attributes', () => {
  const html =
    '<center><font color="red" face="Arial" size="2">x</font></center><table bgcolor="#eee" cellpadding="4" rules="all"><tr valign="top"><td nowrap>y</td></tr></table><br clear="all" /><details open><summary>z</summary></details>';
  expect(shown(html)).toBe(html);
});

it('applies a style block', () => {
  expect(
    shown(
      '<style>td.h{background:#036 url(x);color:#fff}@media print{td{display:none}}</style><table><tr><td class="h">x</td></tr></table>',
    ),
  ).toBe('<table><tr><td style="background:#036;color:#fff">x</td></tr></table>');
});
