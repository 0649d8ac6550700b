/**
 * The parsing rules of htmlparser2 (10.x): elements without an end tag, and elements that the start of another closes.
 */

const set = (names: string): ReadonlySet<string> => new Set(names.split(' '));

const VOID = set(
  'area base basefont br col command embed frame hr img input isindex keygen link meta param source track wbr',
);
const RAW_TEXT = set('script style title textarea xmp');
const FOREIGN = set('math svg');
const BACK_TO_HTML = set('mi mo mn ms mtext annotation-xml foreignobject desc title');

const FORM = set('input option optgroup select button datalist textarea');
const DEFINITION = set('dd dt');
const RUBY = set('rt rp');
const SECTION = set('thead tbody');
const PARAGRAPH = set('p');

const IMPLIED_ENDS = new Map<string, ReadonlySet<string>>([
  ['tr', set('tr th td')],
  ['th', set('th')],
  ['td', set('thead th td')],
  ['body', set('head link script')],
  ['li', set('li')],
  ['option', set('option')],
  ['optgroup', set('optgroup option')],
  ...['select', 'input', 'output', 'button', 'datalist', 'textarea'].map((name) => [name, FORM] as const),
  ...['dd', 'dt'].map((name) => [name, DEFINITION] as const),
  ...['rt', 'rp'].map((name) => [name, RUBY] as const),
  ...['tbody', 'tfoot'].map((name) => [name, SECTION] as const),
  ...[
    ...['p', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'address', 'article', 'aside', 'blockquote', 'details', 'div', 'dl'],
    ...['fieldset', 'figcaption', 'figure', 'footer', 'form', 'header', 'hr', 'main', 'nav', 'ol', 'pre', 'section'],
    ...['table', 'ul'],
  ].map((name) => [name, PARAGRAPH] as const),
]);

export const isVoid = (name: string): boolean => VOID.has(name);

/** Returns whether an element contains only characters. */
export const isRawText = (name: string): boolean => RAW_TEXT.has(name);

/** Returns the open elements that the start of this one closes, as long as the innermost is one of them. */
export const impliedEnds = (name: string): ReadonlySet<string> | undefined => IMPLIED_ENDS.get(name);

/** Returns whether an element is a box, which separates its words from those around it. */
export const isBox = (name: string): boolean => IMPLIED_ENDS.has(name);

/** Returns whether an element switches to SVG or MathML, or back to HTML. */
export const switchesForeign = (name: string): boolean => FOREIGN.has(name) || BACK_TO_HTML.has(name);

/** Returns whether an element switches to SVG or MathML. */
export const foreignTag = (name: string): boolean => FOREIGN.has(name);
