import { compile } from 'html-to-text';
import { expect, it } from 'vitest';
import { boundedHtml } from '../../src/providers/shared/bounded-html.ts';
import { textOfHtml } from '../../src/providers/shared/html-text.ts';
import { writeText } from '../../src/providers/shared/text-writer.ts';

/** A library of another make, which builds a tree first: slower, and of the same readings. */
const libraryReading = compile({
  wordwrap: false,
  selectors: [
    { selector: 'a', options: { hideLinkHrefIfSameAsText: true } },
    { selector: 'img', format: 'skip' },
  ],
});

// biome-ignore format: a list to read
const TAGS = [
  'p', 'div', 'b', 'ul', 'ol', 'li', 'li', 'blockquote', 'a', 'h1', 'h4', 'pre', 'table', 'tr', 'td', 'span', 'br', 'hr', 'section',
  'body', 'html', 'dd', 'svg', 'ol type=i', 'ol type=A start=3', 'a href=http://x.y', 'a href=mailto:w@x', 'a href=#x', 'img alt=y',
];
// biome-ignore format: a list to read
const WORDS = [
  'foo', 'bar baz', ' ', '\n', ' x ', '&amp;', '&nbsp;', '&#32;', 'ß', 'http://x.y', '<!-- c -->', 'w@x', '\u200b', '</p>', '</br>', '<?x?>',
];

it('writes the text that a reading of the whole tree gives, however tags are put together', () => {
  let state = 5;
  const pick = (of: readonly string[]) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return of[Math.floor((state / 2 ** 32) * of.length)] as string;
  };
  const kinds = ['tag', 'tag', 'end', 'words', 'words'];
  for (let round = 0; round < 1_500; round++) {
    const open: string[] = [];
    let html = '';
    for (let index = 0; index < 20; index++) {
      const kind = pick(kinds);
      const tag = pick(TAGS);
      if (kind === 'tag') open.push(tag.split(' ')[0] as string);
      if (kind === 'tag') html += `<${tag}>`;
      else if (kind === 'words') html += pick(WORDS);
      else html += `</${open.pop() ?? 'b'}>`;
    }
    expect(writeText(boundedHtml(html), true), html).toBe(libraryReading(boundedHtml(html)));
  }
});

it.each(['title', 'xmp'])('reads a %s that ends itself, however many there are', (name) => {
  const html = `${`<${name}/>`.repeat(50_000)}words`;
  expect(textOfHtml(html)).toBe('words');
  expect(boundedHtml(html).length).toBeLessThan(3_000);
});
