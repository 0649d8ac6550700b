import { describe, expect, it } from 'vitest';
import { MessageBodyType } from '../../src/mail/api/message/body.type.ts';
import { safeHtml } from '../../src/mail/message/html.ts';
import { safeStyle } from '../../src/mail/message/html-styles.ts';
import { Slices } from '../../src/mail/message/slices.ts';
import { contentOf } from '../../src/providers/gmail/read/content.ts';
import { unflow } from '../../src/providers/gmail/read/text.ts';
import { contentOf as toContent } from '../../src/providers/outlook/read/content.ts';
import { boundedHtml, MAX_HTML_LENGTH } from '../../src/providers/shared/html/bounded-html.ts';
import { textOfHtml } from '../../src/providers/shared/html/html-text.ts';

const quotes = { atMost: [{ names: new Set(['blockquote']), open: 1 }] };

describe('HTML that is nested too deeply', () => {
  it('loses its tags, and keeps its words in order', () => {
    const words = Array.from({ length: 500 }, (_, index) => `w${index} `);
    const html = `${words.map((word) => `<b>${word}`).join('')}end${'</b>'.repeat(500)} after`;
    const bounded = boundedHtml(html);
    expect(bounded.match(/<b>/g)).toHaveLength(200);
    expect(bounded.match(/<\/b>/g)).toHaveLength(200);
    expect(bounded.replace(/<[^>]*>/g, '')).toBe(`${words.join('')}end after`);
    expect(textOfHtml(html)).toBe(`${words.join('')}end after`);
  });

  it('ends at its own end tag, and not at one of an outer element', () => {
    expect(boundedHtml('<blockquote>1<blockquote>2<b>3</blockquote>4</blockquote>5', quotes)).toBe(
      '<blockquote>1 2<b>3</b> 4</blockquote>5',
    );
    expect(boundedHtml('<div>a<svg>x</div>b', { without: new Set(['svg']) })).toBe('<div>a</div>b');
  });

  it('shows no script, style or option as text', () => {
    const deep = '<i>'.repeat(300);
    const html = `${deep}<script>var a = "<b>";</script><style>p{}</style><select><option>no</select>seen`;
    expect(safe(html).replace(/<[^>]*>/g, '')).toBe('seen');
    expect(textOfHtml(`${deep}<script>var a = "<b>";</script><style>p{}</style>seen`)).toBe('seen');
  });

  it.each([
    '<p>a<p>b</p><b>x</b>',
    '<ul><li>a<li>b</ul><table><tr><td>1<td>2<tr><td>3</table>',
    '<html><head><title>a < b</title></head><body class=x>&amp; <br/><img src="a>b"></body></html>',
    'a < b > <i></i> <',
  ])('is the only part that is changed: %s', (html) => {
    expect(boundedHtml(html)).toBe(html);
  });
});

it.each([
  ['<<b>x</b>', '&lt;<b>x</b>'],
  ['1 < 2 <= 3 <> <', '1 &lt; 2 &lt;= 3 &lt;&gt; &lt;'],
  ['<p title="a < b &lt; c">x</p>', '<p title="a &lt; b &lt; c">x</p>'],
  ['<a href="https://x.example/?a=<1">x</a>', '<a href="https://x.example/?a=&lt;1" target'],
  ['x<!-- < -->y <', 'xy &lt;'],
  ['\ufdd0b>x\ufdd0/b>', '&lt;b&gt;x&lt;/b&gt;'],
])('shows an angle bracket that begins no tag: %s', (html, shown) => {
  expect(safe(html)).toContain(shown);
});

describe('HTML of too many elements', () => {
  it.each([
    ['boxes', '<p>x</p>', /<p>/g],
    ['boxes that are never closed', '<td>x', /<td>/g],
    ['line breaks', 'x<br>', /<br>/g],
    ['end tags that are elements', 'x</p>', /<\/p>/g],
    ['void elements', 'x <img src="cid:a">', /<img/g],
  ])('loses tags beyond a bound, and no word: %s', (_, piece, element) => {
    const often = 60_000;
    const html = boundedHtml(piece.repeat(often));
    expect((html.match(element) ?? []).length).toBe(50_000);
    expect((html.replace(/<[^>]*>/g, ' ').match(/\bx\b/g) ?? []).length).toBe(often);
    expect(boundedHtml(piece.repeat(1_000))).toBe(piece.repeat(1_000));
  });
});

describe('HTML that is too long', () => {
  const upTo = (text: string) => `${'x'.repeat(MAX_HTML_LENGTH - text.length)}${text}`;

  it.each([
    ['an entity', '&am', 'p; more'],
    ['a pair of surrogates', '\ud83d', '\ude00 more'],
    ['a tag', '<a href="https://x.exa', 'mple">more</a>'],
    ['an end tag', '</', 'p>more'],
  ])('is not cut inside of %s', (_, before, after) => {
    const complete = upTo(before);
    expect(textOfHtml(complete + after)).toBe(complete.slice(0, -before.length));
    expect(safe(complete + after)).toBe(complete.slice(0, -before.length));
  });

  it('has its open elements closed', () => {
    expect(safe(`<div><b>${'x'.repeat(MAX_HTML_LENGTH)}</b></div>`)).toMatch(/x<\/b><\/div>$/);
  });

  it('is reported as cut, by both providers, and HTML that is only deep is not', () => {
    const long = `<p>${'x'.repeat(MAX_HTML_LENGTH)}</p>`;
    const deep = '<b>'.repeat(100_000);
    for (const read of [gmail, outlook]) {
      expect(bodyOf(read(long)).isTruncated()).toBe(true);
      expect(read(long).isTextTruncated).toBe(true);
      expect(bodyOf(read(deep)).isTruncated()).toBe(false);
    }
    // Exchange makes HTML of a plain text. The text is cut then, and the sender wrote no HTML.
    const plain = toContent({
      body: { contentType: 'html', content: long },
      internetMessageHeaders: [{ name: 'Content-Type', value: 'text/plain' }],
    });
    expect(plain.html).toBeNull();
    expect(bodyOf(plain).isTruncated()).toBe(true);
  });
});

it('is converted to text once, when the text is first read', () => {
  const html = '<p>some words</p>'.repeat(10_000);
  for (const read of [gmail, outlook]) {
    read(html).text;
    const without = Math.min(...[1, 2, 3].map(() => cost(() => read(html).attachments)));
    const content = read(html);
    const first = cost(() => content.text);
    expect(without).toBeLessThan(first / 2);
    // A garbage collection on another thread falls into at most one of these runs.
    expect(Math.min(...[1, 2, 3].map(() => cost(() => content.text)))).toBeLessThan(first / 2);
  }
});

it('makes the HTML of a body once, for any number of aliases', async () => {
  const body = bodyOf(gmail('<p>x</p>'.repeat(10_000)));
  expect(body.html(false)).toBeInstanceOf(Promise);
  expect(body.html(false)).toBe(body.html(false));
  expect(body.html(true)).not.toBe(body.html(false));
  expect(await body.html(false)).toContain('<p>x</p>');
});

it('alternates between the long bodies of two requests, and makes short ones at once', async () => {
  const order: string[] = [];
  const [one, other] = [new Slices(), new Slices()];
  const long = (slices: Slices, name: string) => slices.take(1_000_000, () => order.push(name));
  const all = [long(one, 'a1'), long(one, 'a2'), long(one, 'a3'), long(other, 'b1'), long(other, 'b2')];
  one.take(10, () => order.push('short'));
  await Promise.all(all);
  expect(order).toEqual(['short', 'a1', 'b1', 'a2', 'b2', 'a3']);
});

it('continues after a body that cannot be read', async () => {
  const slices = new Slices();
  const failed = slices.take(1_000_000, () => {
    throw new Error('unreadable');
  });
  await expect(failed).rejects.toThrow('unreadable');
  expect(await slices.take(1_000_000, () => 'next')).toBe('next');
});

it('keeps only style that stays inside its box, and no open quote', () => {
  expect(safeStyle('color:red; margin : 0 auto!important;background:url("a;color:blue");')).toBe(
    'color:red;margin:0 auto !important',
  );
  expect(safeStyle("font-family:'A B', serif;/* ; */line-height:1.5")).toBe("font-family:'A B', serif;line-height:1.5");
  expect(safeStyle("font-family:'A;color:red")).toBe('');
  expect(safeStyle('color:re/**/d;position:fixed;width:expression(1);c\\6flor:red')).toBe('color:red');
});

it('joins flowed text without copying it again for each line', () => {
  const text = (lines: number) => 'word \n'.repeat(lines);
  unflow(text(10_000), true);
  const flat = Math.max(...[1, 2, 3].map(() => cost(() => unflow(text(20_000), true))));
  expect(Math.min(...[1, 2, 3].map(() => cost(() => unflow(text(80_000), true))))).toBeLessThan(12 * flat);
  expect(unflow('a \n b\n> c \n> d\n>> e', false)).toBe('a b\n> c d\n>> e');
});

const safe = (html: string) => safeHtml(html, { remoteImages: false, inlineUrl: () => null });

const gmail = (html: string) =>
  contentOf({ mimeType: 'text/html', body: { data: Buffer.from(html).toString('base64url') } });
const outlook = (html: string) => toContent({ body: { contentType: 'html', content: html } });
const bodyOf = (content: ReturnType<typeof gmail>) => new MessageBodyType(content, () => null, new Slices(), null);

function cost(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
