import { describe, expect, it } from 'vitest';
import { contentOf } from '../../src/providers/gmail/read/content.ts';
import { contentOf as toContent } from '../../src/providers/outlook/read/content.ts';
import { contentIdOf, shownFiles } from '../../src/providers/shared/html/inline-files.ts';

const shown = (html: string, ...ids: string[]) => {
  const files = ids.map((contentId) => ({ contentId: contentIdOf(contentId) }));
  const found = shownFiles(html, files);
  return files.map((file) => found.has(file));
};

describe('a file is shown', () => {
  it.each([
    ['<img src="cid:logo@x">', '<logo@x>'],
    ['<img src=CID:logo@x>', 'logo@x'],
    ['<IMG SRC=" cid:logo@x\n">', ' <logo@x> '],
    ['<img src="c&#105;d:b&amp;c@x">', '<b&c@x>'],
    ['<img src="cid:d%2Be@x">', '<d+e@x>'],
    ['<img src="cid:d+e@x">', '<d+e@x>'],
    ['<img src="cid:100%@x">', '<100%@x>'],
    ['<img src="cid:my%20logo@x">', '<my logo@x>'],
    ['<img src="cid:my logo@x">', '< my logo@x >'],
    ['<img src="cid:%3Clogo@x%3E">', '<logo@x>'],
    ['<img src="cid:logo%40x">', '<logo%40x>'],
    ['<img src="cid:LOGO@X">', '<logo@x>'],
    ['<style>p{color:red}</style><p><a href="https://x.example"><img src="cid:logo@x"></a></p>', '<logo@x>'],
    ['<div style="font-size:0;line-height:0"><img src="cid:logo@x"></div>', '<logo@x>'],
    ['<p style="visibility:hidden"><img style="visibility:visible" src="cid:logo@x"></p>', '<logo@x>'],
  ])('by %s', (html, contentId) => {
    expect(shown(html, contentId)).toEqual([true]);
  });
});

describe('a file is not shown', () => {
  it.each([
    'see cid:logo@x in the log',
    '<a href="cid:logo@x">x</a>',
    '<!-- <img src="cid:logo@x"> -->',
    '<p title="cid:logo@x">x</p>',
    '<img alt="cid:logo@x" src="https://x.example/a.png">',
    '<img srcset="cid:logo@x 2x">',
    '<img src="cid:logo@x.png"><img src="cid:logo">',
    '<img src="xcid:logo@x">',
    '<p style="background:url(cid:logo@x)">x</p>',
    '<td background="cid:logo@x">x</td>',
    '<noscript><img src="cid:logo@x"></noscript>',
    '<template><img src="cid:logo@x"></template>',
    '<object><img src="cid:logo@x"></object>',
    '<select><img src="cid:logo@x"></select>',
    '<svg><image href="cid:logo@x"/></svg>',
    '<input type="image" src="cid:logo@x">',
    '<div style="display:none"><img src="cid:logo@x"></div>',
    '<style>.x{display:none}</style><img class="x" src="cid:logo@x">',
    '<img hidden src="cid:logo@x">',
    '<div style="visibility:hidden"><img src="cid:logo@x"></div>',
    `${'<br>'.repeat(50_000)}<img src="cid:logo@x">`,
    `${'x'.repeat(2_000_000)}<img src="cid:logo@x">`,
  ])('by %.60s', (html) => {
    expect(shown(html, '<logo@x>')).toEqual([false]);
  });
});

it("shows the first of two files with one Content-ID, and the one whose spelling equals the image's", () => {
  expect(shown('<img src="cid:a@x"><img src="cid:a@x">', '<a@x>', '<a@x>')).toEqual([true, false]);
  expect(shown('<img src="cid:A@x">', '<a@x>', '<A@x>')).toEqual([false, true]);
  expect(shown('<img src="cid:a%40x">', '<a%40x>', '<a@x>')).toEqual([false, true]);
});

it('lists beside the body what is not shown, the same for both providers', () => {
  const html = '<p>see cid:b@x</p><img src="CID:a@x"><a href="cid:c@x">c</a>';
  const ids = ['<a@x>', '<b@x>', ' <c@x> ', '<a@x>'];
  const gmail = contentOf({
    mimeType: 'multipart/related',
    parts: [
      { mimeType: 'text/html', body: { data: Buffer.from(html).toString('base64url') } },
      ...ids.map((value, index) => ({
        partId: `${index + 1}`,
        filename: 'x.png',
        mimeType: 'image/png',
        headers: [{ name: 'Content-ID', value }],
      })),
    ],
  });
  const attachments = ids.map((contentId) => ({ name: 'x.png', contentId, isInline: true }));
  const outlook = toContent({ body: { contentType: 'html', content: html }, attachments });
  for (const content of [gmail, outlook]) {
    expect(content.attachments.map(({ isInline }) => isInline)).toEqual([true, false, false, false]);
    expect(content.attachments.map(({ contentId }) => contentId)).toEqual(['a@x', 'b@x', 'c@x', 'a@x']);
  }
});
