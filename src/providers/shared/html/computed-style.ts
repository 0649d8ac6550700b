import { sumOf } from './css/math.ts';
import { variablesIn, withVariables } from './css/variables.ts';

/**
 * Reads the few properties of a style attribute that can hide content. As in a browser, the last valid declaration of
 * each counts.
 */

/**
 * Pixels per unit. One per cent counts as ten pixels, which suffices to distinguish a small length from a large one.
 */
const PIXELS: Readonly<Record<string, number>> = {
  '': 1,
  px: 1,
  pt: 4 / 3,
  pc: 16,
  in: 96,
  cm: 37.8,
  mm: 3.78,
  q: 0.945,
  em: 16,
  rem: 16,
  ex: 8,
  ch: 8,
  vw: 10,
  vh: 10,
  vmin: 10,
  vmax: 10,
  '%': 10,
};
const LENGTH = /^([+-]?(?:\d{1,12}(?:\.\d{0,12})?|\.\d{1,12})(?:e[+-]?\d{1,3})?)([a-z]{0,4}|%)$/;
const KEYWORDS_OF_ALL = new Set(['inherit', 'initial', 'unset', 'revert', 'revert-layer']);

interface Declaration {
  /** In lower case, with escapes decoded. */
  readonly name: string;
  /** In lower case, with escapes decoded, comments removed, and runs of blanks reduced to one. */
  readonly value: string;
  readonly isImportant: boolean;
}

/** Returns a length or a sum of lengths in pixels, or null for other values such as "auto". */
export function pixels(value: string | undefined): number | null {
  const [, number, unit = ''] = LENGTH.exec(value ?? '') ?? [];
  if (number === undefined && value?.endsWith(')')) return sumOf(value, pixels);
  const factor = PIXELS[unit];
  return number === undefined || factor === undefined ? null : Number(number) * factor;
}

const word = (words: string) => {
  const known = new Set(words.split(' '));
  return (value: string) => known.has(value) || KEYWORDS_OF_ALL.has(value);
};
const length = (value: string) =>
  pixels(value) !== null ||
  /^(?:auto|none|normal|(?:calc|min|max|clamp)\(.*\)|(?:min|max|fit)-content)$/.test(value) ||
  KEYWORDS_OF_ALL.has(value);
const any = (value: string) => value !== '';
const SIDES = ['top', 'right', 'bottom', 'left'] as const;
const sides = (prefix: string) => SIDES.map((side) => [`${prefix}${side}`, length] as const);

/**
 * The properties that are read, with their validators. An invalid value leaves the previous declaration in force (CSS
 * Syntax 3, section 2.2).
 */
const VALID = new Map<string, (value: string) => boolean>([
  [
    'display',
    (value) =>
      /^(?:none|block|inline|flow|flow-root|list-item|contents|flex|grid|inline-(?:block|flex|grid|table)|ruby(?:-[a-z-]+)?|table(?:-[a-z-]+)?|run-in|-(?:webkit|moz|ms)-[a-z-]+)(?: [a-z-]+){0,2}$/.test(
        value,
      ) || KEYWORDS_OF_ALL.has(value),
  ],
  ['visibility', word('visible hidden collapse')],
  ['content-visibility', word('visible hidden auto')],
  [
    'opacity',
    (value) =>
      /^(?:calc|min|max|clamp)\(.*\)$|^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?%?$/.test(value) ||
      KEYWORDS_OF_ALL.has(value),
  ],
  ['overflow-x', word('visible hidden clip scroll auto')],
  ['overflow-y', word('visible hidden clip scroll auto')],
  ['white-space', word('normal nowrap pre pre-wrap pre-line break-spaces')],
  ['position', word('static relative absolute fixed sticky -webkit-sticky')],
  ['float', word('none left right inline-start inline-end')],
  ...['width', 'height', 'max-width', 'max-height', 'text-indent'].map((name) => [name, length] as const),
  ...['min-width', 'min-height'].map((name) => [name, length] as const),
  ...sides(''),
  ...sides('margin-'),
  ...sides('padding-'),
  ['clip', any],
  ['clip-path', any],
  ...['transform', 'scale', 'translate', 'rotate', 'zoom'].map((name) => [name, any] as const),
  ['filter', any],
  ['content', any],
  [
    'font-size',
    (value) => length(value) || /^(?:xx?x?-small|small|medium|large|xx?x?-large|smaller|larger)$/.test(value),
  ],
  ['line-height', length],
  ['color', any],
  ['background-color', any],
  ['background-image', any],
  ['background-clip', any],
  ['-webkit-text-fill-color', any],
]);

/** The most recent style. Several callers ask about each element, and neighbours often have the same style. */
let last: { readonly style: string; readonly values: ReadonlyMap<string, string> } = { style: '', values: new Map() };

/** Returns the effective values by property, with shorthands expanded. Linear in the length of the style. */
export function computedStyle(style: string): ReadonlyMap<string, string> {
  if (last.style !== style) last = { style, values: compute(style) };
  return last.values;
}

function compute(style: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const important = new Set<string>();
  const declarations = declarationsOf(style);
  const variables = variablesIn(declarations);
  for (const { name, value: written, isImportant } of declarations) {
    // A colour variable may be set by an outer element, so its fallback must not hide words.
    const value = /color|background/.test(name) ? written : withVariables(written, variables);
    for (const [longhand, part] of longhands(name, value)) {
      if (VALID.get(longhand)?.(part) !== true || (important.has(longhand) && !isImportant)) continue;
      values.set(longhand, part);
      if (isImportant) important.add(longhand);
    }
  }
  return values;
}

function longhands(name: string, value: string): readonly (readonly [string, string])[] {
  if (name === 'margin' || name === 'padding') return fourSides(`${name}-`, value);
  if (name === 'inset') return fourSides('', value);
  const logical = LOGICAL.get(name);
  if (logical !== undefined) {
    const [start = '', end = start] = value.split(' ');
    return logical.map((longhand, at) => [longhand, at === 0 ? start : end] as const);
  }
  if (name === 'overflow') {
    const [x = '', y = x] = value.split(' ');
    return [
      ['overflow-x', x],
      ['overflow-y', y],
    ];
  }
  if (name === 'font') {
    const size = value.split(' ').find((part) => /^[+-]?[.\d]/.test(part) && !/^\d{3,4}$/.test(part));
    const [fontSize = '', lineHeight = 'normal'] = (size ?? (KEYWORDS_OF_ALL.has(value) ? value : 'medium')).split('/');
    return [
      ['font-size', fontSize],
      ['line-height', lineHeight],
    ];
  }
  if (name === 'background') {
    const parts = topLevelParts(value);
    const isImage = (part: string) => /^(?:url|image-set|var|[a-z-]{0,40}gradient)\(/.test(part);
    const isColor = (part: string) => !isImage(part) && !BACKGROUND_WORDS.has(part) && /^(?:#|[a-z]+[(]?)/.test(part);
    return [
      ['background-image', parts.some(isImage) ? 'some' : 'none'],
      ['background-color', parts.find(isColor) ?? 'transparent'],
      ['background-clip', parts.includes('text') ? 'text' : 'border-box'],
    ];
  }
  // A prefixed name means the same property.
  return [[name.replace(/^-webkit-(?=background-clip$|clip-path$|transform$)/, ''), value]];
}

/**
 * Logical properties by their physical names, for text from left to right and lines from top to bottom (CSS Logical
 * Properties 1).
 */
const LOGICAL = new Map<string, readonly string[]>([
  ...['', 'min-', 'max-'].flatMap((bound) => [
    [`${bound}block-size`, [`${bound}height`]] as const,
    [`${bound}inline-size`, [`${bound}width`]] as const,
  ]),
  ...(['inset-', 'margin-', 'padding-'] as const).flatMap((kind) =>
    (
      [
        ['block', 'top', 'bottom'],
        ['inline', 'left', 'right'],
      ] as const
    ).flatMap(([axis, start, end]) => {
      const prefix = kind === 'inset-' ? '' : kind;
      return [
        [`${kind}${axis}`, [`${prefix}${start}`, `${prefix}${end}`]] as const,
        [`${kind}${axis}-start`, [`${prefix}${start}`]] as const,
        [`${kind}${axis}-end`, [`${prefix}${end}`]] as const,
      ];
    }),
  ),
]);

const BACKGROUND_WORDS = new Set(
  'none repeat no-repeat repeat-x repeat-y space round scroll fixed local center top bottom left right cover contain auto border-box padding-box content-box text'.split(
    ' ',
  ),
);

/** Splits at blanks and commas outside brackets. */
function topLevelParts(value: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let depth = 0;
  for (let at = 0; at <= value.length; at++) {
    const character = value[at] ?? ' ';
    if (character === '(') depth++;
    else if (character === ')') depth--;
    else if (at === value.length || (depth <= 0 && (character === ' ' || character === ','))) {
      if (at > start) parts.push(value.slice(start, at));
      start = at + 1;
    }
  }
  return parts;
}

function fourSides(prefix: string, value: string): readonly (readonly [string, string])[] {
  const [top = '', right = top, bottom = top, left = right] = value.split(' ', 4);
  return SIDES.map((side, at) => [`${prefix}${side}`, [top, right, bottom, left][at] ?? ''] as const);
}

/**
 * Splits at semicolons outside strings and brackets (CSS Syntax 3, section 5). Comments count as blanks, and a string
 * ends with its line.
 */
function declarationsOf(text: string): Declaration[] {
  const found: Declaration[] = [];
  let pieces: string[] = [];
  let start = 0;
  let depth = 0;
  let quote = '';
  const end = (at: number) => {
    pieces.push(text.slice(start, at));
    const one = declaration(pieces.join(''));
    if (one !== null) found.push(one);
    pieces = [];
    start = at + 1;
  };
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    if (character === '\\') at++;
    else if (quote !== '') quote = character === quote || character === '\n' ? '' : quote;
    else if (character === '/' && text[at + 1] === '*') {
      pieces.push(text.slice(start, at), ' ');
      const close = text.indexOf('*/', at + 2);
      start = close === -1 ? text.length : close + 2;
      at = start - 1;
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '(' || character === '{' || character === '[') depth++;
    else if (character === ')' || character === '}' || character === ']') depth = Math.max(0, depth - 1);
    else if (character === ';' && depth === 0) end(at);
  }
  end(text.length);
  return found;
}

function declaration(written: string): Declaration | null {
  const colon = written.indexOf(':');
  if (colon === -1) return null;
  // An escaped blank is part of a name: "none\9" is not "none".
  const text = unescaped(
    written
      .slice(colon + 1)
      .trim()
      .replace(/\s+/g, ' '),
  ).toLowerCase();
  const mark = text.lastIndexOf('!');
  const isImportant = mark !== -1 && text.slice(mark + 1).trim() === 'important';
  const value = isImportant ? text.slice(0, mark).trim() : text;
  return { name: unescaped(written.slice(0, colon)).trim().toLowerCase(), value, isImportant };
}

/** Decodes escapes: "d\69 splay" is "display" (CSS Syntax 3, section 4.3.7). */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(?:([\da-f]{1,6})(?:\r\n|\s)?|([^\n]))/gi, (_, hex: string | undefined, one: string) => {
    if (hex === undefined) return one;
    const code = Number.parseInt(hex, 16);
    return code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? '\ufffd' : String.fromCodePoint(code);
  });
}
