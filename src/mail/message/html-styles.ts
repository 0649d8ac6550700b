/** Styles that stay inside their box. No url(), no position, no negative margin, nothing that reads from elsewhere. */

/** Longer than any value that is let through. */
const MAX_VALUE_LENGTH = 400;

const COLOR = [/^#[\da-f]{3,8}$/i, /^[a-z]{3,30}$/i, /^(?:rgb|hsl)a?\([\d\s,.%/deg]{1,60}\)$/i];
/** Up to four lengths, none of them negative. */
const LENGTHS = [/^(?:(?:\d{1,4}(?:\.\d{1,6})?(?:px|pt|em|rem|ex|ch|pc|in|cm|mm|%)?|auto|normal|none)\s*){1,4}$/i];
const LENGTH = [/^(?:\d{1,4}(?:\.\d{1,6})?(?:px|pt|em|rem|ex|ch|pc|in|cm|mm|%)?|auto|normal|none)$/i];
const WORD = [/^[a-z-]{1,30}$/i];
const WORDS = [/^[a-z-]{1,30}(?:\s+[a-z-]{1,30}){0,3}$/i];
/** A quote that is left open would take in what comes after it. */
const FONT_NAMES = [/^(?:[\w\s,.-]|"[\w\s,'.-]*"|'[\w\s,".-]*')+$/];
const BORDER = [/^[\w\s#.,%]{1,80}$/, /^[\w\s.%]{0,40}(?:rgb|hsl)a?\([\d\s,.%]{1,60}\)[\w\s.%]{0,40}$/i];

const sides = (name: string, values: RegExp[], suffix = '') =>
  Object.fromEntries(['top', 'right', 'bottom', 'left'].map((side) => [`${name}-${side}${suffix}`, values]));

/** A declaration that matches none of its patterns is left out. */
const ALLOWED = new Map<string, readonly RegExp[]>(
  Object.entries({
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
  }),
);

/** What of a style attribute may stand in a page. Built of nothing but what is allowed, so that no misreading lets more through. */
export function safeStyle(style: string): string {
  const kept: string[] = [];
  for (const declaration of declarations(style)) {
    const colon = declaration.indexOf(':');
    const name = declaration.slice(0, Math.max(colon, 0)).trim();
    const patterns = ALLOWED.get(name);
    if (patterns === undefined) continue;
    const written = declaration.slice(colon + 1);
    const mark = written.lastIndexOf('!');
    const isImportant = mark !== -1 && /^\s*important\s*$/i.test(written.slice(mark + 1));
    const value = (isImportant ? written.slice(0, mark) : written).trim();
    if (value.length > MAX_VALUE_LENGTH || !patterns.some((pattern) => pattern.test(value))) continue;
    kept.push(`${name}:${value}${isImportant ? ' !important' : ''}`);
  }
  return kept.join(';');
}

/** Between semicolons, those in quotes and brackets apart (CSS Syntax 3, section 5), and without comments. */
function declarations(style: string): string[] {
  const found: string[] = [];
  let start = 0;
  let depth = 0;
  let quote = '';
  const text = style.includes('/*') ? style.replace(/\/\*[\s\S]*?(?:\*\/|$)/g, '') : style;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    if (character === '\\') at++;
    else if (quote !== '') quote = character === quote ? '' : quote;
    else if (character === '"' || character === "'") quote = character;
    else if (character === '(' || character === '{' || character === '[') depth++;
    else if (character === ')' || character === '}' || character === ']') depth = Math.max(0, depth - 1);
    else if (character === ';' && depth === 0) {
      found.push(text.slice(start, at));
      start = at + 1;
    }
  }
  found.push(text.slice(start));
  return found;
}
