/** Styles that stay inside their box. No url(), no position, no negative margin, nothing that reads from elsewhere. */

const COLOR = [/^#[\da-f]{3,8}$/i, /^[a-z]{3,30}$/i, /^(?:rgb|hsl)a?\([\d\s,.%/deg]{1,60}\)$/i];
/** Up to four lengths, none of them negative. */
const LENGTHS = [/^(?:(?:\d{1,4}(?:\.\d{1,6})?(?:px|pt|em|rem|ex|ch|pc|in|cm|mm|%)?|auto|normal|none)\s*){1,4}$/i];
const LENGTH = [/^(?:\d{1,4}(?:\.\d{1,6})?(?:px|pt|em|rem|ex|ch|pc|in|cm|mm|%)?|auto|normal|none)$/i];
const WORD = [/^[a-z-]{1,30}$/i];
const WORDS = [/^[a-z-]{1,30}(?:\s+[a-z-]{1,30}){0,3}$/i];
const FONT_NAMES = [/^[\w\s,'".-]{1,300}$/];
const BORDER = [/^[\w\s#.,%]{1,80}$/, /^[\w\s.%]{0,40}(?:rgb|hsl)a?\([\d\s,.%]{1,60}\)[\w\s.%]{0,40}$/i];

const sides = (name: string, values: RegExp[], suffix = '') =>
  Object.fromEntries(['top', 'right', 'bottom', 'left'].map((side) => [`${name}-${side}${suffix}`, values]));

/** By tag, as sanitize-html takes it. A declaration that matches none of its patterns is left out. */
export const allowedStyles: Record<string, Record<string, RegExp[]>> = {
  '*': {
    color: COLOR,
    'background-color': COLOR,
    background: COLOR,
    'font-family': FONT_NAMES,
    'font-size': [...LENGTH, ...WORD],
    'font-style': WORD,
    'font-variant': WORDS,
    'font-weight': [/^\d{3}$/, ...WORD],
    'letter-spacing': LENGTH,
    'line-height': LENGTH,
    'text-align': WORD,
    'text-decoration': WORDS,
    'text-decoration-line': WORDS,
    'text-indent': LENGTH,
    'text-transform': WORD,
    'vertical-align': [...LENGTH, ...WORD],
    'white-space': WORD,
    'word-break': WORD,
    'word-spacing': LENGTH,
    'overflow-wrap': WORD,
    direction: WORD,
    display: [/^(?:none|block|inline|inline-block|table|table-row|table-cell|list-item)$/i],
    'list-style': WORDS,
    'list-style-type': WORD,
    'border-collapse': WORD,
    'border-spacing': LENGTHS,
    'table-layout': WORD,
    'caption-side': WORD,
    'empty-cells': WORD,
    float: [/^(?:left|right|none)$/i],
    clear: WORD,
    width: LENGTH,
    'max-width': LENGTH,
    'min-width': LENGTH,
    height: LENGTH,
    'max-height': LENGTH,
    'min-height': LENGTH,
    margin: LENGTHS,
    ...sides('margin', LENGTH),
    padding: LENGTHS,
    ...sides('padding', LENGTH),
    border: BORDER,
    ...sides('border', BORDER),
    'border-color': [...COLOR, ...BORDER],
    'border-style': WORDS,
    'border-width': LENGTHS,
    'border-radius': LENGTHS,
    ...sides('border', COLOR, '-color'),
    ...sides('border', WORD, '-style'),
    ...sides('border', LENGTH, '-width'),
  },
};
