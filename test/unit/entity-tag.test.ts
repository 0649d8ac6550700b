import { describe, expect, it } from 'vitest';
import { entityTag, isNoneMatch } from '../../src/server/answers/entity-tag.ts';

/** RFC 9110, sections 8.8.3 and 13.1.2. */
describe('If-None-Match', () => {
  it.each([
    ['W/"a"'],
    ['"a"'],
    ['*'],
    [' * '],
    ['"b", W/"a"'],
    ['"b","c",\t"a"'],
    [',, "a" ,'],
    ['"a,b", "a"'],
    ['"a", "a"'],
    ['"\u00e9", "a"'],
  ])('matches: %s', (header) => expect(isNoneMatch(header, 'W/"a"')).toBe(true));

  it.each([
    ['no header', undefined],
    ['an empty header', ''],
    ['another tag', 'W/"b"'],
    ['another case', '"A"'],
    ['a tag that contains it', '"b,a"'],
    ['an empty tag', '""'],
  ])('does not match: %s', (_name, header) => expect(isNoneMatch(header, 'W/"a"')).toBe(false));

  it.each([
    ['a tag without quotes', 'a'],
    ['an open quote', '"a", "b'],
    ['a small w', 'w/"a"'],
    ['a blank within W/', 'W/ "a"'],
    ['no comma between tags', '"b" "a"'],
    ['a star beside tags', '*, "a"'],
    ['a blank in a tag', '"a", "b c"'],
    ['a control character', '"a", "\u007f"'],
    ['a parameter', '"a"; q=1'],
  ])('is ignored where its syntax is wrong: %s', (_name, header) => expect(isNoneMatch(header, 'W/"a"')).toBe(false));

  it('is read in time that is linear in its length', () => {
    const long = 1_000_000;
    for (const part of ['"', 'W/', ' ', ',', '"a",', ' ,', 'W/"'])
      expect(isNoneMatch(`${part.repeat(long / part.length)}x`, 'W/"b"')).toBe(false);
  });
});

describe('an entity tag', () => {
  it('depends on each part and on the body, and on nothing else', () => {
    const tags = [
      entityTag(['a', 'b'], 'c'),
      entityTag(['ab'], 'c'),
      entityTag(['a', ''], 'bc'),
      entityTag(['a', 'b'], 'd'),
    ];
    expect(new Set(tags).size).toBe(tags.length);
    expect(entityTag(['a', 'b'], Buffer.from('c'))).toBe(tags[0]);
  });
});
