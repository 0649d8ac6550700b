import { backgroundOf, imagesOf } from './html-backgrounds.ts';

/**
 * Reads the value of a declaration, and returns it, a harmless part of it, or null to drop it. The value has the form that
 * `declarationsOf` produces: no comments, no escapes, single spaces, and balanced parentheses.
 */
type ValueReader = (value: string) => string | null;

/** Few digits before the point, so that nothing is larger than a screen; more behind it, because programs compute these. */
const NUMBER = String.raw`(?:\d{1,4}(?:\.\d{1,20})?|\.\d{1,20})`;
const UNIT = '(?:px|pt|r?em|ex|ch|pc|in|cm|mm|q|v[hw]|vmin|vmax|%)';
const LENGTH = String.raw`\+?${NUMBER}${UNIT}?`;
const KEYWORD = '(?:auto|normal|none|inherit|initial|unset|revert|(?:min|max|fit)-content|thin|medium|thick)';
/** No alternative is a prefix of another, so each text has one way to be matched. */
const MATH = String.raw`(?:calc|min|max|clamp)\((?:[\d\s.,+*/()%-]|px|pt|r?em|ex|ch|pc|in|cm|mm|v[hw]|calc|clamp|min(?=\()|max(?=\())+\)`;
const COLOR = String.raw`(?:#[\da-f]{3,8}|[a-z]{3,30}|(?:rgb|hsl)a?\([-+\d\s,.%/a-z]{1,80}\)|(?:hwb|(?:ok)?(?:lab|lch))\([-+\d\s,.%/a-z]{1,80}\))`;
const MIXED = `(?:${LENGTH}|[a-z-]{1,30}|${COLOR})`;
const FONT_NAMES = String.raw`(?:[\p{L}\p{M}\p{N}_ ,.-]|"[\p{L}\p{M}\p{N}_ ,.&+'-]*"|'[\p{L}\p{M}\p{N}_ ,.&+-]*')+`;
const FONT_WORD =
  '(?:normal|italic|oblique|small-caps|bold|bolder|lighter|(?:(?:ultra|extra|semi)-)?(?:condensed|expanded))';
const FONT_SIZE = `(?:\\+?${NUMBER}${UNIT}|0|(?:xx?-)?(?:small|large)|xxx-large|medium|smaller|larger)`;

/** Each pattern has only one way to match a text, and values are short, so no match takes long. */
const matching = (...patterns: string[]): ValueReader => {
  const tests = patterns.map((pattern) => new RegExp(`^(?:${pattern})$`, 'iu'));
  return (value) => (tests.some((test) => test.test(value)) ? value : null);
};
const upTo = (max: number, item: string) => `${item}(?: ${item}){0,${max - 1}}`;

const word = matching('[a-z-]{1,30}');
const words = matching(upTo(4, '[a-z-]{1,30}'));
const color = matching(COLOR);
/** Never negative, because a negative margin moves content out of the box. */
const length = matching(LENGTH, KEYWORD, MATH);
const lengths = matching(upTo(4, `(?:${LENGTH}|${KEYWORD})`));
const pair = matching(upTo(2, `(?:${LENGTH}|${KEYWORD})`));
const border = matching(upTo(3, MIXED));
const mixed = matching(upTo(4, MIXED));
const count = matching(String.raw`\d{1,3}`);
const number = matching(NUMBER);
/** Shifts of text by at most the height of a line. */
const shift = matching(
  LENGTH,
  '[a-z-]{1,30}',
  String.raw`-(?:\d?\d(?:\.\d{1,20})?|\.\d{1,20})(?:px|pt|%)`,
  String.raw`-0?\.\d{1,20}r?em`,
);
const spacing = matching(
  LENGTH,
  KEYWORD,
  String.raw`-(?:[0-5](?:\.\d{1,20})?|\.\d{1,20})(?:px|pt)`,
  String.raw`-0?\.\d{1,20}r?em`,
);
const radius = matching(`${upTo(4, LENGTH)}(?: ?/ ?${upTo(4, LENGTH)})?`, KEYWORD);

// biome-ignore format: a list to read
const display = matching('none|block|inline|inline-block|flow-root|list-item|contents|(?:inline-)?(?:flex|table)|table-(?:row|cell|caption|column|row-group|header-group|footer-group|column-group)|ruby|inherit|initial|unset');
/** Display values that are replaced. Dropping them could let an earlier "none" hide the element. */
const DISPLAYS = new Map([
  ['grid', 'block'],
  ['-webkit-box', 'block'],
  ['-webkit-flex', 'flex'],
  ['-ms-flexbox', 'flex'],
  ['inline-grid', 'inline-block'],
  ['-webkit-inline-box', 'inline-block'],
]);

const NEGATIVE_SIDE = /(?<=^| )-[\d.]{1,20}[a-z]{0,4}%?(?= |$)/g;

const SIDES = ['top', 'right', 'bottom', 'left'];
const FLOWS = ['-block', '-inline'].flatMap((axis) => [axis, `${axis}-start`, `${axis}-end`]);
const CORNERS = ['top-left', 'top-right', 'bottom-left', 'bottom-right'];

const each = (names: readonly string[], read: ValueReader) => Object.fromEntries(names.map((name) => [name, read]));
const list = (names: string, read: ValueReader) => each(names.split(' '), read);

const READERS = new Map<string, ValueReader>(
  Object.entries({
    ...list(
      'color background-color text-decoration-color text-emphasis-color column-rule-color -webkit-text-fill-color',
      color,
    ),
    background: backgroundOf,
    'background-image': imagesOf,
    ...list('background-clip -webkit-background-clip', word),

    font: matching(
      `(?:(?:${FONT_WORD}|[1-9]\\d{0,2}) ){0,4}${FONT_SIZE}(?: ?/ ?(?:${LENGTH}|normal))? ?${FONT_NAMES}`,
      '(?:caption|icon|menu|message-box|small-caption|status-bar|inherit|initial|unset)',
    ),
    'font-family': matching(FONT_NAMES),
    'font-size': matching(LENGTH, MATH, '[a-z-]{1,30}'),
    'font-weight': matching(String.raw`[1-9]\d{0,2}`, '1000', '[a-z-]{1,30}'),
    'font-stretch': matching(LENGTH, '[a-z-]{1,30}'),
    ...list('font-style font-kerning font-variant-caps font-variant-numeric font-variant-position', word),
    ...list('font-variant font-variant-ligatures font-variant-east-asian font-synthesis', words),

    ...list(
      'text-align text-align-last text-justify text-transform text-overflow text-decoration-style text-wrap',
      word,
    ),
    ...list('text-orientation text-emphasis-style text-rendering text-decoration-skip-ink', word),
    ...list(
      'white-space word-break word-wrap overflow-wrap line-break hyphens direction unicode-bidi writing-mode',
      word,
    ),
    ...list('text-decoration text-emphasis', mixed),
    ...list('text-decoration-line', words),
    ...list('text-decoration-thickness line-height word-spacing tab-size text-underline-offset', length),
    'text-indent': length,
    'letter-spacing': spacing,
    'vertical-align': shift,
    quotes: matching('none|auto', upTo(4, String.raw`(?:"[^"'<>\\:;(){}]{0,4}"|'[^"'<>\\:;(){}]{0,4}')`)),

    display: (value) => display(DISPLAYS.get(value.toLowerCase()) ?? value),
    ...list('visibility overflow overflow-x overflow-y clear box-sizing object-fit', word),
    float: matching('left|right|none|inherit|initial|inline-start|inline-end'),
    opacity: matching(String.raw`0|1|[01]?\.\d{1,20}|\d{1,3}%`),
    'aspect-ratio': matching(`auto|${NUMBER}(?: ?/ ?${NUMBER})?`),
    ...list('width min-width max-width height min-height max-height inline-size max-inline-size', length),

    padding: lengths,
    // A negative side is set to zero, and the other sides keep their values.
    margin: (value) => lengths(value.replace(NEGATIVE_SIDE, '0')),
    // The result of a calculation may be negative, so calculations are not allowed in margins.
    ...each(
      SIDES.map((side) => `margin-${side}`),
      matching(LENGTH, KEYWORD),
    ),
    ...each(
      SIDES.map((side) => `padding-${side}`),
      length,
    ),
    ...each(
      FLOWS.flatMap((flow) => [`margin${flow}`, `padding${flow}`]),
      pair,
    ),

    ...each(
      ['', ...SIDES.map((side) => `-${side}`), ...FLOWS].map((side) => `border${side}`),
      border,
    ),
    ...each(
      SIDES.map((side) => `border-${side}-color`),
      color,
    ),
    ...each(
      SIDES.map((side) => `border-${side}-style`),
      word,
    ),
    ...each(
      SIDES.map((side) => `border-${side}-width`),
      length,
    ),
    'border-color': matching(upTo(4, COLOR)),
    'border-style': words,
    'border-width': lengths,
    'border-radius': radius,
    ...each(
      CORNERS.map((corner) => `border-${corner}-radius`),
      pair,
    ),
    // An outline or shadow may cover the whole page, so only their absence is allowed.
    ...list('outline box-shadow text-shadow', matching('none|0|inherit|initial|unset')),

    ...list('border-collapse table-layout caption-side empty-cells', word),
    'border-spacing': lengths,
    'list-style': (value) => words(value.replace(/ ?url\(\) ?/, ' ').trim()),
    ...list('list-style-type list-style-position', word),

    ...list('flex flex-flow place-content place-items', mixed),
    ...list('flex-direction flex-wrap justify-content justify-items align-items align-self align-content', words),
    ...list('flex-grow flex-shrink', number),
    'flex-basis': length,
    ...list('gap row-gap column-gap', pair),
    ...list('column-count orphans widows', matching('auto', String.raw`\d{1,3}`)),
    ...list('column-width', length),
    ...list('columns column-rule', border),
    ...list('page-break-before page-break-after page-break-inside break-before break-after break-inside', word),
    ...list('-webkit-line-clamp', count),
  }),
);

/** The reader for the values of a property. Undefined: the property is not allowed. */
export const readerOf = (name: string): ValueReader | undefined => READERS.get(name);
