import { expect, it } from 'vitest';
import { safeHtml } from '../../src/mail/message/html.ts';
import { MAX_HTML_LENGTH } from '../../src/providers/shared/html/bounded-html.ts';
import { normalizedHtml } from '../../src/providers/shared/html/html-syntax.ts';
import { textOfHtml } from '../../src/providers/shared/html/html-text.ts';

it.each([
  ['a comment that ends with an exclamation mark', '<!-- x --!>seen', 'seen'],
  ['a comment that is over as it begins', '<!-->se<!--->en', 'seen'],
  ['a comment that is no comment', '<!>s<!->e<!x>e<?php x ?>n', 'seen'],
  ['a comment without an end', 'seen<!-- x', 'seen'],
  ['an end tag without a name', 's</>e</1>en', 'seen'],
  ['an end tag with a slash', '<div hidden>x</div/>seen', 'seen'],
  ['an end tag with attributes', '<div hidden>x</div a="b>c">seen', 'seen'],
  ['the end of a style with a blank', '<style>.x{display:none}</style ><p class=x>x</p>seen', 'seen'],
  ['the end of a style with a slash', '<style>.x{display:none}</style/><p class=x>x</p>seen', 'seen'],
  ['the end of a style with an attribute', '<style>.x{display:none}</style a><p class=x>x</p>seen', 'seen'],
  ['the end of a title with a slash', '<title>x</title/>seen', 'seen'],
  ['a script that quotes a script', '<script><!--<script></script>x</script>seen', 'seen'],
  ['a comment in a frame', '<iframe><!-- </iframe>seen', 'seen'],
  ['a paragraph in an SVG that is not closed', '<svg><g><path/><p>seen</p>', 'seen'],
  ['a coloured word in a formula', '<math><mi>x</mi><font color=red>seen</font>', 'seen'],
  ['a paragraph that is part of an SVG', '<svg><foreignObject><p>x</p></foreignObject></svg>seen', 'seen'],
  ['NUL', 'se\0en', 'seen'],
])('reads as a browser does: %s', (_, html, words) => {
  expect(textOfHtml(html)).toBe(words);
  expect(textOfHtml(safeHtml(html, { remoteImages: true, inlineUrl: () => null }))).toBe(words);
});

it.each([
  '<p title="a>b" class=\'c>d\' e = f g>x</p><br/><img src=a/b><p x=a"b>',
  'a < b <3 <- & &lt; <',
  '<style>p{}</styles>a<b></style><textarea><b></textarea>',
])('leaves what both read the same: %s', (html) => {
  expect(normalizedHtml(html)).toBe(html);
});

it.each([
  '<!--',
  '<!-',
  '</',
  '</p ',
  '<p ',
  '<p a="',
  "<p a=' ",
  '<p a=',
  '<svg>',
  '<svg><p>',
  '<script>',
  '<script><!--<script>',
  '<style></',
  '<math><mi>',
  '<!--x--!>',
  '</p/>',
  '\0',
])('takes time linear in its length for %j repeated', (unit) => {
  const least = (length: number) => {
    const html = unit.repeat(Math.ceil(length / unit.length));
    const times = Array.from({ length: 3 }, () => {
      const start = process.cpuUsage();
      normalizedHtml(html);
      const { user, system } = process.cpuUsage(start);
      return user + system;
    });
    return Math.min(...times);
  };
  // Quadratic work would take 64 times as long.
  expect(least(MAX_HTML_LENGTH / 4)).toBeLessThan(30 * least(MAX_HTML_LENGTH / 32) + 50_000);
});
