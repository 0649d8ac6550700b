import { expect, it } from 'vitest';
import { INITIAL, inherited, isHiddenElement, showsWords } from '../../src/providers/shared/html/hidden.ts';

it.each([
  'display:none',
  'DISPLAY : None',
  'display:block;display:none!important;display:block',
  'display:none;display:no-such-value',
  'dis\\70lay:n\\6fne',
  'display/* x */:/**/none',
  'color:red;;x;display:none',
  "font-family:'a;b';display:none",
  'max-height:0;overflow:hidden',
  'height:1px;width:1px;overflow:hidden;position:absolute',
  'overflow-x:hidden;max-width:0px',
  'width:0;overflow:clip',
  'opacity:0',
  'opacity:.0',
  'opacity:0%',
  'filter:opacity(0)',
  'content-visibility:hidden',
  'position:absolute;left:-9999px',
  'position:fixed;top:-100em',
  'position:relative;left:-9999px',
  'text-indent:-9999px',
  'margin:0 0 0 -5000px',
  'margin-left:-9999px',
  'inset:-9999px auto auto auto;position:absolute',
  'position:absolute;clip:rect(0,0,0,0)',
  'position:absolute!important;clip:rect(1px 1px 1px 1px)',
  'clip-path:inset(50%)',
  'clip-path:circle(0)',
  'transform:scale(0)',
  'transform:translateX(-9999px)',
  '-webkit-transform:scale(0)',
  'transform:matrix(0, 0, 0, 0, 0, 0)',
  'transform:rotateY(90deg)',
  'scale:0',
  'rotate:x 90deg',
  'translate:-9999px',
  'zoom:.001',
  'opacity:calc(1 - 1)',
  'height:calc(0px);overflow:hidden',
  'max-height:min(0px, 10px);overflow:hidden',
  'position:absolute;left:calc(0px - 2 * (5000px + 1em))',
  'position:absolute;bottom:9999px',
  'max-block-size:0;overflow:hidden',
  'inline-size:0;overflow:hidden',
  'inset-inline-start:-9999px;position:absolute',
  'margin-inline:-9999px 0',
  'text-indent:100%;white-space:nowrap;overflow:hidden',
  'clip-path:rect(0 0 0 0)',
  'display:table-column',
  'display:table-column-group',
  'transform:scale(.01)',
  'scale:0.001',
  'height:0;overflow:hidden;padding-top:20px',
  'width:0;overflow:hidden;padding-left:20px',
  '--n:none;display:var(--n)',
  '--N: 0;opacity:var( --N )',
  '--a:var(--b);--b:none;display:var(--a)',
  'display:var(--unset, none)',
  'content:url(data:image/gif;base64,R0lGODlh)',
])('hides a box: %s', (style) => {
  expect(isHiddenElement('div', { style })).toBe(true);
});

it.each([
  'display:block',
  'display:none;display:block',
  'display:block!important;display:none',
  'display:"none"',
  'width:(;display:none',
  'background:url(x;display:none)',
  'content:"/*";color:red',
  'max-height:0',
  'height:0;overflow:hidden;padding-bottom:56%',
  'max-height:0;max-height:none;overflow:hidden',
  'min-height:20px;height:0;overflow:hidden',
  'height:20px;overflow:hidden',
  'opacity:0.5',
  'left:-9999px',
  'position:absolute;left:-10px',
  'text-indent:-20px',
  'margin:-10px',
  'clip:rect(0,0,0,0)',
  'clip-path:inset(10%)',
  'transform:scale(0.9)',
  'mso-hide:all',
  'display:none\\9',
  'opacity:calc(1 - .5)',
  'height:calc(100% - 20px);overflow:hidden',
  'max-height:max(0px, 20px);overflow:hidden',
  'text-indent:100%',
  'zoom:1',
  'scale:1',
  'translate:-10px',
  'transform:scale(-1)',
  'height:0;overflow:hidden;padding-top:56%;position:relative',
  'content:"words"',
  'display:var(--unset)',
  '--n:block;display:var(--n, none)',
  '--a:var(--a);display:var(--a)',
])('shows a box: %s', (style) => {
  expect(isHiddenElement('div', { style })).toBe(false);
});

it('recognises elements that are not rendered, and the attributes of others', () => {
  for (const name of [
    'script',
    'style',
    'title',
    'template',
    'noscript',
    'textarea',
    'select',
    'iframe',
    'object',
    'svg',
  ])
    expect(isHiddenElement(name, {}), name).toBe(true);
  for (const name of ['div', 'head', 'details', 'button', 'label']) expect(isHiddenElement(name, {}), name).toBe(false);
  expect(isHiddenElement('p', { hidden: '' })).toBe(true);
  expect(isHiddenElement('p', { hidden: '', style: 'display:block' })).toBe(false);
  expect(isHiddenElement('img', { style: 'content:url(dark.png)' })).toBe(false);
  expect([isHiddenElement('dialog', {}), isHiddenElement('dialog', { open: '' })]).toEqual([true, false]);
});

it('recognises that lines and cells ignore a height', () => {
  const style = 'max-height:0;overflow:hidden';
  expect(isHiddenElement('span', { style })).toBe(false);
  expect(isHiddenElement('td', { style })).toBe(false);
  expect(isHiddenElement('span', { style: `${style};display:block` })).toBe(true);
  expect(isHiddenElement('span', { style: `${style};float:left` })).toBe(true);
});

it.each(['transform:scale(0)', 'translate:-9999px', 'text-indent:-9999px'])(
  'recognises that words in a line are not affected by %s',
  (style) => {
    expect(isHiddenElement('span', { style })).toBe(false);
    expect(isHiddenElement('span', { style: `${style};display:inline-block` })).toBe(true);
    expect(isHiddenElement('p', { style: `${style};display:inline` })).toBe(false);
  },
);

type Element = readonly [name: string, attributes: Readonly<Record<string, string>>];
const shows = (...path: Element[]) =>
  showsWords(path.reduce((outer, [name, attributes]) => inherited(name, attributes, outer), INITIAL));
const styled = (...styles: string[]) => shows(...styles.map((style): Element => ['div', { style }]));

it.each<[shown: boolean, styles: string[]]>([
  [false, ['visibility:hidden']],
  [false, ['visibility:collapse', 'color:red']],
  [true, ['visibility:hidden', 'visibility:visible']],
  [false, ['font-size:0']],
  [false, ['font:0/0 a']],
  [false, ['font-size:1px', 'font-size:200%']],
  [true, ['font-size:0px', 'font-size:13px']],
  [true, ['font:inherit', 'font:700 12px/1 arial']],
  [false, ['line-height:0;overflow:hidden']],
  [true, ['line-height:0;overflow:hidden', 'line-height:1.2']],
  [true, ['line-height:0']],
  [false, ['color:transparent']],
  [false, ['color:rgba(0, 0, 0, 0)']],
  [false, ['color:hsla(0, 0%, 0%, 0)']],
  [false, ['color:oklch(50% 0 0 / 0)']],
  [true, ['color:hsl(0, 0%, 0%)']],
  [true, ['color:hsl(0 0% 0% / 50%)']],
  [false, ['font-size:calc(1px - 1px)']],
  [true, ['font-size:calc(1px + .8em)']],
  [true, ['color:transparent', 'color:#000']],
  [true, ['color:transparent;background:linear-gradient(red,blue);-webkit-background-clip:text']],
  [false, ['color:#fff;background:#FFFFFF']],
  [false, ['color:#fefefe;background-color:white']],
  [false, ['background:rgb(255,255,255)', 'color:white']],
  [true, ['color:#fff;background:#fff', 'background:#000']],
  [true, ['background:#fff', 'background:url(dark.png) no-repeat', 'color:#fff']],
  [true, ['color:#fff;background:#fff url(dark.png)']],
  [false, ['color:#fff']],
  [false, ['position:relative;color:snow;background:snow']],
  [false, ['position:relative', 'color:white']],
  [true, ['color:#fff', 'background:#06c']],
  [true, ['background:var(--dark)', 'color:#fff']],
  [true, ['background:var(--dark, #fff)', 'color:#fff']],
  [true, ['--dark:#000', 'background-color:var(--dark, #fff);color:#fff']],
  [true, ['position:absolute;top:0', 'color:#fff']],
  [true, ['position:relative;top:-40px;color:#fff']],
  [true, ['margin-top:-40px', 'color:#fff']],
  [true, ['max-height:0', 'color:#fff']],
  [false, ['max-height:0;overflow:hidden;padding-bottom:9px', 'color:#fff']],
  [true, ['transform:translateY(-40px);color:#fff']],
  [false, ['background:#fff', 'position:absolute;color:#fff']],
  [false, ['color:antiquewhite;background:AntiqueWhite']],
  [false, ['color:hsl(0, 0%, 100%)']],
  [false, ['color:hsl(210deg 50% 20% / 1);background:#19334d']],
  [true, ['color:hsl(210, 50%, 20%)']],
  [false, ['color:Canvas']],
])('decides whether words are seen (%s): %j', (shown, styles) => {
  expect(styled(...styles)).toBe(shown);
});

it('reads the colours of attributes too, and the default colours of links', () => {
  expect(shows(['body', { bgcolor: 'ffffff' }], ['font', { color: 'white' }])).toBe(false);
  expect(shows(['td', { bgcolor: '#ffffff', background: 'x.png' }], ['font', { color: 'white' }])).toBe(true);
  expect(shows(['td', { background: 'x.png' }], ['font', { color: 'white' }])).toBe(true);
  expect(shows(['mark', { style: 'color:#fff' }], ['b', {}])).toBe(true);
  expect(shows(['font', { color: '#ffffff' }])).toBe(false);
  expect(shows(['div', { style: 'color:#fff;background:#fff' }], ['a', { href: 'https://x.example' }])).toBe(true);
});
