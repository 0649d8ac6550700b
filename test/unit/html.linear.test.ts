import { describe, expect, it } from 'vitest';
import { htmlToText } from '../../sandbox/mail/html-text.ts';
import type { Message } from '../../src/domain/message.ts';
import { replyQuote } from '../../src/mail/compose/quote.ts';
import { safeHtml } from '../../src/mail/message/html.ts';
import { MAX_HTML_LENGTH } from '../../src/providers/shared/html/bounded-html.ts';
import { evenLines, textOfHtml } from '../../src/providers/shared/html/html-text.ts';
import { shownFiles } from '../../src/providers/shared/html/inline-files.ts';

const SIZE = 150_000;
const filled = (unit: string, size = SIZE) => unit.repeat(Math.ceil(size / unit.length));
const many = (times: number, piece: (index: number) => string) =>
  Array.from({ length: times }, (_, i) => piece(i)).join('');
const styled = (css: string, html: string) => `<style>${css}</style>${html}`;
const FLAT = filled('<p>x</p>');

const SHAPES: Record<string, string> = {
  'bold in bold': filled('<b>'),
  'bold in bold, with words': filled('<b>word '),
  'bold and italic': filled('<b><i>'),
  'boxes in boxes': filled('<div>'),
  'tables in tables': filled('<table><tr><td>'),
  'lists in lists': filled('<ul><li>'),
  'numbered lists with words': filled('<ol><li>x'),
  'quotes in quotes': filled('<blockquote>x'),
  'short lines in many quotes': `${'<blockquote>'.repeat(300)}${filled('x<br>')}`,
  'short lines in many lists': `${'<ul><li>'.repeat(300)}${filled('x<br>')}`,
  'words in many links': `${'<a href="https://x.example">'.repeat(300)}${filled('word ')}`,
  'words in many headings': `${'<h1>'.repeat(300)}${filled('word ')}`,
  'elements that nobody knows': filled('<x-y>'),
  'elements of many names': Array.from({ length: SIZE / 9 }, (_, index) => `<x${index}>`).join(''),
  SVG: filled('<svg>'),
  'SVG that its parent ends': filled('<b><svg></b>'),
  MathML: filled('<math><mi>'),
  'MathML alone': filled('<mi>'),
  choices: filled('<select><option>'),
  'paragraphs with what is never closed': filled('<p><b>x'),
  'ends without a beginning': `${filled('<i>', SIZE / 2)}${filled('</b>', SIZE / 2)}`,
  'ends in the wrong order': filled('<b><i></b></i>'),
  'names with NULs': filled('<b\0>'),
  'comments in a link': `<a href="https://${filled('<!---->')}">x</a>`,
  'a style of odd braces': `<p style="${filled('{')}">x</p>`,
  'a style of many rules': `<p style="${filled('@a;')}">x</p>`,
  'styles everywhere': filled('<b style=a:b>'),
  'one style in thousands of ways': Array.from({ length: SIZE / 20 }, (_, i) => `<b style=color:#${i}>`).join(''),
  'a style of open brackets': `<p style="${filled('calc(')}">x</p>`,
  'a style of gradients': `<p style="${filled('background:linear-gradient(rgb(rgb(rgb(;')}">x</p>`,
  'values just short enough': `<p style="${filled(`width:calc(${'(1px)'.repeat(75)}x);font:${'1px '.repeat(90)};`)}">x</p>`,
  'rules that meet every element': styled(filled('p{color:red}', SIZE / 2), filled('<p>x</p>', SIZE / 2)),
  'rules that nearly meet every element': styled(
    many(2_000, (i) => `p.a.b${i}{top:0}`),
    filled('<p class=a>x</p>'),
  ),
  'deep selectors in deep elements': styled(
    many(800, () => 'i > b i > b i > b u b{top:0}'),
    filled('<i><b>'),
  ),
  'a rule of many declarations': styled(`p{${filled('color:red;', SIZE / 2)}}`, filled('<p>x</p>', SIZE / 2)),
  'a list of many selectors': styled(`${filled('b,', SIZE - 1_000)}b{top:0}`, '<b>x</b>'),
  'a selector of many parts': styled(`${filled('.a>', SIZE - 1_000)}b{top:0}`, '<b>x</b>'),
  'a selector of many classes': styled(`${filled('.a', SIZE - 1_000)}{top:0}`, '<b class=a>x</b>'),
  'selectors in selectors': styled(`${filled(':not(')}`, '<b>x</b>'),
  'media in media': styled(filled('@media screen{'), '<b>x</b>'),
  'blocks that never end': styled(filled('p{'), '<b>x</b>'),
  'many style blocks': filled('<style>p{top:0}</style>'),
  'attributes that are looked through': styled(
    many(2_000, (i) => `[title*="aaaaaaaaaab${i}"]{top:0}`),
    `<p title="${filled('a', SIZE / 2)}">x</p>`.concat(filled('<p title=aaaaaaaaaaaaa>', SIZE / 3)),
  ),
  'classes without end': styled('.a .b{top:0}', `<p class="${many(20_000, (i) => `c${i} `)}">x</p>`),
  'maps and areas': filled('<map name=a><area href="//x.example">'),
  'attributes without end': `<p ${Array.from({ length: SIZE / 9 }, (_, index) => `a${index}=1`).join(' ')}>x</p>`,
  'entities that never end': filled('&#'),
  'angle brackets': filled('<'),
  'comments that never end': filled('<!--'),
  'CDATA that never ends': filled('<![CDATA['),
  'lines in many quotes': `${'<blockquote>'.repeat(300)}${filled('<p>x')}`,
  'items of one list': filled('<ol><li>x', 9) + filled('<li>x'),
  rules: filled('<hr>'),
  'titles that end themselves': filled('<title/>'),
  'text in pre': `<pre>${filled(' x')}`,
};

const READERS: Record<string, (html: string) => unknown> = {
  'the sanitiser': (html) => safeHtml(html, { remoteImages: true, inlineUrl: () => 'https://x.example/y' }),
  'the text of HTML': (html) => textOfHtml(html),
  'the emulators': (html) => htmlToText(html, { links: true }),
};

/** Returns the CPU time of the work, which does not depend on how busy the machine is. */
function cost(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** Work that another is compared with, and what it has cost. */
interface Measured {
  readonly work: () => unknown;
  readonly cost: number;
}

/** Measures work that was done before, since its first run compiles it. */
const measured = (work: () => unknown): Measured => ({
  work,
  cost: Math.max(...[1, 2, 3].map(() => cost(work))),
});

/**
 * Returns how many times as much the work costs as `one`: the least of a few tries, since a garbage collection may fall into
 * one. Up to `enough` ends the tries. Each further one measures `one` again, since a busy machine makes both slower.
 */
function times(work: () => unknown, one: Measured, enough: number): number {
  let found = cost(work) / one.cost;
  for (let round = 1; round < 6 && found > enough; round++)
    found = Math.min(found, cost(work) / Math.max(one.cost, cost(one.work)));
  return found;
}

describe.each(Object.entries(READERS))('%s', (_, read) => {
  // The first run compiles the reader.
  read(FLAT);
  const flat = measured(() => read(FLAT));

  // The aim is three flat mails of the same size. Two more allow for a busy machine.
  it.each(Object.entries(SHAPES))(
    'takes no longer for %s than for a few flat mails of the same size',
    (_name, html) => {
      expect(times(() => read(html), flat, 3)).toBeLessThanOrEqual(5);
    },
  );
});

describe('at the greatest length that is read', () => {
  const prose = filled('<p>What a letter says, a few words in each paragraph of it.</p>', MAX_HTML_LENGTH);
  const sanitise = READERS['the sanitiser'] as (html: string) => unknown;
  const flat = measured(() => sanitise(prose));

  it.each(['<', '< ', '<1', '<='])('takes no longer for "%s" repeated than for a few letters', (unit) => {
    const html = filled(unit, MAX_HTML_LENGTH);
    expect(times(() => sanitise(html), flat, 3)).toBeLessThanOrEqual(3.5);
  });

  const dense = filled('<p>x</p>', MAX_HTML_LENGTH);
  const elements = measured(() => sanitise(dense));

  it.each([
    ['tags that are lost and look alike', filled('<b class=y>', MAX_HTML_LENGTH)],
    ['tags that are lost and all differ', many(MAX_HTML_LENGTH / 20, (i) => `<b class="y c${i}">x`)],
    ['a list of more selectors than are read', `<style>${filled('b,', 490_000)}b{top:0}</style>`],
  ])('takes no longer for %s than for a few flat mails of the same size', (_, html) => {
    const hiding = `<style>.x{display:none}.y{overflow:hidden}</style>${html}`;
    expect(times(() => sanitise(hiding), elements, 3)).toBeLessThanOrEqual(5);
  });
});

it('splits a text into lines in linear time', () => {
  expect(evenLines('a\r\n\r\nb\rc\n\r\r\n')).toBe('a\n\nb\nc\n\n\n');
  const [lines, more] = [filled('\r\n', 500_000), filled('\r\n', 4_000_000)];
  expect(evenLines(lines)).toBe(lines.replace(/\r\n?/g, '\n'));
  const one = measured(() => evenLines(lines));
  // Eight times the text: quadratic work would be 64 times as much.
  expect(times(() => evenLines(more), one, 16)).toBeLessThanOrEqual(24);
});

it('quotes a hostile original in the time of three flat ones', () => {
  const quote = (html: string) => {
    const content = { text: textOfHtml(html), html, attachments: [], headers: [], inReplyTo: [], references: [] };
    const original = { from: null, sentAt: null, receivedAt: new Date(0), content };
    return replyQuote(original as unknown as Message, () => null);
  };
  quote(FLAT);
  const flat = measured(() => quote(FLAT));
  expect(times(() => quote(filled('<b>')), flat, 3)).toBeLessThanOrEqual(5);
});

it('scans an HTML once, for any number of files', () => {
  const html = filled('<img src="cid:a@x">', 1_000_000);
  const ask = (count: number) => () =>
    shownFiles(
      html,
      Array.from({ length: count }, (_, file) => ({ contentId: `file${file}@x` })),
    );
  ask(1)();
  const one = measured(ask(1));
  expect(times(ask(500), one, 3)).toBeLessThanOrEqual(5);
});
