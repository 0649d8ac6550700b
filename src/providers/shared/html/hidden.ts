import { type Color, colorOf, isClear, isSameColor } from './colors.ts';
import { computedStyle, pixels } from './computed-style.ts';

/**
 * Finds the parts of an HTML that a reader does not see. Their words are not part of the text, because a hidden line is
 * written for someone who cannot look, such as an assistant that reads the mail. Whatever a browser shows is shown here
 * too, even if the sender probably wanted it hidden.
 */

export type Attributes = Readonly<Record<string, string>>;

const set = (names: string): ReadonlySet<string> => new Set(names.split(' '));

/**
 * Elements that are not rendered, or that the display removes with their content (html.ts): form values, foreign
 * content and fallbacks.
 */
export const NOT_RENDERED = set(
  'script style textarea option optgroup select datalist noscript title iframe object embed applet svg math template audio video canvas noembed noframes xmp plaintext frameset rp meter progress',
);
/** Inline elements, to which width, height and overflow do not apply (CSS 2.1, sections 10.2 and 10.5). */
const INLINE = set(
  'a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark o:p output q s samp small span strike strong sub sup time tt u var',
);
/** Elements with a background of their own in every browser. */
const WITH_BACKGROUND = set('mark');
/** Elements that grow with their content, whatever height is set (CSS 2.1, section 17.5.3). */
const TABLE_PART = set('table tbody thead tfoot tr td th caption col colgroup');
const MAX_UNSEEN_PX = 1;
/** Offset from which a box counts as off-screen. No visible box is moved so far. */
const MIN_OFF_SCREEN_PX = 500;
const MIN_SEEN_OPACITY = 0.02;
const MIN_SEEN_ZOOM = 0.05;

/** Returns whether neither the element nor anything in it is visible. `inherited` handles what a child can undo. */
export function isHiddenElement(name: string, attributes: Attributes): boolean {
  if (NOT_RENDERED.has(name)) return true;
  const { style } = attributes;
  const values = style === undefined || style === '' ? NONE : computedStyle(style);
  const display = values.get('display');
  // A table column does not show its content (CSS 2.1, section 17.2.1).
  if (display === 'none' || display?.startsWith('table-column')) return true;
  // An image in `content` replaces the element's content (CSS Content 3, section 1).
  if (name !== 'img' && /^(?:url|image-set|[a-z-]{0,40}gradient)\(/.test(values.get('content') ?? '')) return true;
  // The author's display property overrides the hidden attribute, and a closed dialog.
  if (display === undefined && attributes.hidden !== undefined) return true;
  if (display === undefined && name === 'dialog' && attributes.open === undefined) return true;
  return values.size > 0 && (isClearBox(values) || isClippedBox(name, values) || isOffScreen(name, values));
}

const NONE: ReadonlyMap<string, string> = new Map();

type Values = ReadonlyMap<string, string>;

function isClearBox(values: Values): boolean {
  if (values.get('content-visibility') === 'hidden') return true;
  const filter = /\bopacity\( ?([^) ]{1,20}) ?\)/.exec(values.get('filter') ?? '')?.[1];
  return [values.get('opacity'), filter].some((share) => share !== undefined && shareOf(share) < MIN_SEEN_OPACITY);
}

const shareOf = (written: string): number =>
  written.endsWith(')') ? (pixels(written) ?? 1) : Number.parseFloat(written) / (written.endsWith('%') ? 100 : 1);

function isClippedBox(name: string, values: Values): boolean {
  const position = values.get('position') ?? '';
  const isOut = isOutOfFlow(position);
  if (isOut && isEmptyRect(values.get('clip') ?? '')) return true;
  if (isEmptyPath(values.get('clip-path') ?? '')) return true;
  if (!isOut && (isInline(name, values) || /^(?:contents|table.*|ruby.*)$/.test(effectiveDisplay(name, values))))
    return false;
  return isFlat(values, 'y', 'height', 'top', 'bottom') || isFlat(values, 'x', 'width', 'left', 'right');
}

/** Returns whether an element flows within a line and has no box of its own. */
const isInline = (name: string, values: Values): boolean =>
  effectiveDisplay(name, values) === 'inline' && !isOutOfFlow(values.get('position') ?? '');

/** Returns the effective display. A floated element is a block (CSS 2.1, section 9.7). */
function effectiveDisplay(name: string, values: Values): string {
  if ((values.get('float') ?? 'none') !== 'none') return 'block';
  return values.get('display') ?? (INLINE.has(name) ? 'inline' : TABLE_PART.has(name) ? 'table' : 'block');
}

/**
 * Returns whether a box has no extent along an axis and clips its overflow. Padding after its content belongs to the
 * visible area. In padding before it, a positioned child may be visible.
 */
function isFlat(values: Values, axis: 'x' | 'y', extent: string, before: string, after: string): boolean {
  const overflow = values.get(`overflow-${axis}`) ?? 'visible';
  // If one axis clips, the other cannot be visible (CSS Overflow 3, section 3.1).
  const other = values.get(axis === 'x' ? 'overflow-y' : 'overflow-x') ?? 'visible';
  if (!clips(overflow) && (other === 'clip' || !clips(other))) return false;
  const atMost = (name: string) => (pixels(values.get(name)) ?? Number.POSITIVE_INFINITY) <= MAX_UNSEEN_PX;
  if (!atMost(`max-${extent}`) && !atMost(extent)) return false;
  const over = (name: string) => (pixels(values.get(name)) ?? 0) > MAX_UNSEEN_PX;
  const isFrame = (values.get('position') ?? 'static') !== 'static' && over(`padding-${before}`);
  return !over(`min-${extent}`) && !over(`padding-${after}`) && !isFrame;
}

function isEmptyRect(clip: string): boolean {
  const inside = /^rect\(([^)]{0,100})\)$/.exec(clip)?.[1];
  if (inside === undefined) return false;
  const [top, right, bottom, left] = inside
    .trim()
    .split(/[\s,]+/)
    .map((part) => pixels(part));
  const small = (from: number | null | undefined, to: number | null | undefined) =>
    from != null && to != null && to - from <= MAX_UNSEEN_PX;
  return small(top, bottom) || small(left, right);
}

function isEmptyPath(path: string): boolean {
  const [, shape = '', inside = ''] = /^(inset|circle|ellipse|polygon|rect|xywh)\(([^)]{0,200})\)/.exec(path) ?? [];
  const parts = inside.split(/[\s,]+/).filter((part) => part !== '');
  if (shape === 'inset') {
    const [top = 0, right = top, bottom = top, left = right] = parts
      .slice(0, 4)
      .map((part) => (part.endsWith('%') ? Number.parseFloat(part) : 0));
    return top + bottom >= 100 || left + right >= 100;
  }
  if (shape === 'circle' || shape === 'ellipse') return pixels(parts[0]) === 0;
  return /^(?:polygon|rect|xywh)$/.test(shape) && parts.length > 0 && parts.every((part) => pixels(part) === 0);
}

function isOffScreen(name: string, values: Values): boolean {
  const isOut = (name: string) => (pixels(values.get(name)) ?? 0) <= -MIN_OFF_SCREEN_PX;
  const isFarOut = (name: string) => (pixels(values.get(name)) ?? 0) >= 10 * MIN_OFF_SCREEN_PX;
  const position = values.get('position') ?? 'static';
  const sides = ['top', 'right', 'bottom', 'left'];
  if (position !== 'static' && (sides.some(isOut) || isFarOut('left') || isFarOut('right'))) return true;
  if (isOutOfFlow(position) && isFarOut('bottom')) return true;
  // An indent applies to the lines of a box and not to inline content (CSS 2.1, section 16.1).
  if (isOut('text-indent') && !isInline(name, values)) return true;
  if (isOut('margin-left') || isOut('margin-top')) return true;
  // The first word begins beyond the end of a box that clips its overflow.
  const isBeyond =
    values.get('text-indent') === '100%' || (pixels(values.get('text-indent')) ?? 0) >= 10 * MIN_OFF_SCREEN_PX;
  if (isBeyond && values.get('white-space') === 'nowrap' && clips(values.get('overflow-x'))) return true;
  return isTransformedAway(name, values);
}

function isTransformedAway(name: string, values: Values): boolean {
  const zoom = values.get('zoom');
  if (zoom !== undefined && shareOf(zoom) > 0 && shareOf(zoom) < MIN_SEEN_ZOOM) return true;
  // Only boxes can be transformed (CSS Transforms 1, section 3).
  if (isInline(name, values)) return false;
  const transform = values.get('transform') ?? '';
  const scale = values.get('scale')?.split(' ')[0] ?? /\bscale(?:x|y|3d)?\( ?([^,) ]{1,20})/.exec(transform)?.[1];
  if (scale !== undefined && Math.abs(shareOf(scale)) < MIN_SEEN_ZOOM) return true;
  if (/\bmatrix\( ?0 ?, ?0 ?, ?0 ?, ?0 ?,|\brotate[xy]\( ?-?90deg/.test(transform)) return true;
  if (/^[xy] -?90deg$/.test(values.get('rotate') ?? '')) return true;
  const [, x, y] = /\btranslate(?:x|y|3d)?\( ?([^,) ]{1,20}) ?(?:, ?([^,) ]{1,20}))?/.exec(transform) ?? [];
  const moved = (values.get('translate') ?? '').split(' ');
  return [x, y, ...moved].some((part) => (pixels(part) ?? 0) <= -MIN_OFF_SCREEN_PX);
}

const isOutOfFlow = (position: string): boolean => position === 'absolute' || position === 'fixed';
const clips = (overflow = 'visible'): boolean => /^(?:hidden|clip|scroll|auto)$/.test(overflow);

/** The properties that an element passes on to its content, which can override them. */
export interface Inherited {
  readonly isVisible: boolean;
  /**
   * The letters are too small to be seen. Layouts remove the space between cells this way, and reset the size in each
   * cell.
   */
  readonly isTiny: boolean;
  /** The lines have no height, in a box that clips its overflow. */
  readonly isFlat: boolean;
  /** Null means unknown, such as behind an image. A colour that nobody sets is a dark one. */
  readonly color: Color | null;
  readonly background: Color | null;
  /** How blanks and line breaks are treated: collapsed, kept, or only the breaks kept. */
  readonly whiteSpace: 'normal' | 'pre' | 'pre-line';
}

/** The background of a mail that sets none. */
const PAGE: Color = [255, 255, 255, 1];

export const INITIAL: Inherited = {
  isVisible: true,
  isTiny: false,
  isFlat: false,
  color: null,
  background: PAGE,
  whiteSpace: 'normal',
};

/**
 * Returns the display of an element by its style, or null when the style does not set it. Floated and positioned
 * elements are blocks (CSS 2.1, section 9.7).
 */
export function displayOf({ style }: Attributes): string | null {
  if (style === undefined) return null;
  const values = computedStyle(style);
  const display = values.get('display') ?? null;
  const isBox = (values.get('float') ?? 'none') !== 'none' || isOutOfFlow(values.get('position') ?? '');
  return isBox && (display === null || display.startsWith('inline')) ? 'block' : display;
}

/** Returns whether words directly in an element are visible. */
export const showsWords = ({ isVisible, isTiny, isFlat, color, background }: Inherited): boolean =>
  isVisible &&
  !isTiny &&
  !isFlat &&
  !isClear(color) &&
  (color === null || background === null || !isSameColor(color, background));

/** Returns what an element passes on, given what its parent passes on. */
export function inherited(name: string, attributes: Attributes, outer: Inherited): Inherited {
  const { style, bgcolor, background, color, text } = attributes;
  const hasLinkColor = name === 'a' && attributes.href !== undefined;
  const isPre = name === 'pre' || name === 'listing';
  const isPlain = bgcolor === undefined && background === undefined && color === undefined && text === undefined;
  const hasOwnBackground = WITH_BACKGROUND.has(name);
  if ((style === undefined || style === '') && isPlain && !hasLinkColor && !isPre && !hasOwnBackground) return outer;
  const values = style === undefined ? NONE : computedStyle(style);
  return {
    isVisible: visibility(values.get('visibility'), outer.isVisible),
    isTiny: tiny(values.get('font-size'), outer.isTiny),
    isFlat: flat(values, outer.isFlat),
    color: colorIn(values, attributes, hasLinkColor, outer.color),
    background: backgroundIn(
      values,
      attributes,
      hasOwnBackground ? null : outerBackground(name, values, outer.background),
    ),
    whiteSpace: whiteSpaceIn(values.get('white-space'), isPre ? 'pre' : outer.whiteSpace),
  };
}

function visibility(value: string | undefined, outer: boolean): boolean {
  if (value === undefined || value === 'inherit' || value === 'unset' || value.startsWith('revert')) return outer;
  return value === 'visible' || value === 'initial';
}

function tiny(value: string | undefined, outer: boolean): boolean {
  if (value === undefined || value === 'initial') return value === undefined && outer;
  const size = pixels(value);
  // A relative size of an invisible size is invisible too.
  if (size === null) return /^(?:inherit|unset|revert.*|smaller|larger|calc.*)$/.test(value) && outer;
  if (/(?:%|em|ex|ch)$/.test(value) && !value.endsWith('rem') && outer) return true;
  return size <= MAX_UNSEEN_PX;
}

function whiteSpaceIn(value: string | undefined, outer: Inherited['whiteSpace']): Inherited['whiteSpace'] {
  if (value === undefined || /^(?:inherit|unset|revert)/.test(value)) return outer;
  if (value === 'pre-line') return 'pre-line';
  return /^(?:pre|break-spaces)/.test(value) ? 'pre' : 'normal';
}

function flat(values: Values, outer: boolean): boolean {
  const value = values.get('line-height');
  const height = pixels(value);
  if (value === undefined || height === null) return value !== 'normal' && value !== 'initial' && outer;
  const isLow = (/[\d.]$/.test(value) ? height * 16 : height) <= MAX_UNSEEN_PX;
  return isLow && (outer || clips(values.get('overflow-y')));
}

function colorIn(values: Values, attributes: Attributes, hasLinkColor: boolean, outer: Color | null): Color | null {
  const fill = values.get('-webkit-text-fill-color');
  // Letters that are cut out of a background are visible because they have no colour of their own.
  if (values.get('background-clip') === 'text') return null;
  const written = fill ?? values.get('color') ?? attributes.color ?? attributes.text;
  if (written === undefined) return hasLinkColor ? null : outer;
  return /^(?:inherit|unset|currentcolor)$/.test(written) ? outer : colorOf(written);
}

/**
 * Returns the background of an element. The background of a moved element is unknown, because it may cover a picture,
 * on which white words are visible.
 */
function outerBackground(name: string, values: Values, outer: Color | null): Color | null {
  if (outer !== PAGE) return outer;
  const size = (name: string) => pixels(values.get(name));
  const sides = ['top', 'right', 'bottom', 'left'];
  const position = values.get('position') ?? 'static';
  // A box without a height overlaps what follows it.
  const isLow =
    [size('height'), size('max-height')].some((height) => height !== null && height <= MAX_UNSEEN_PX) &&
    !clips(values.get('overflow-y')) &&
    !isInline(name, values);
  const isMoved =
    isLow ||
    isOutOfFlow(position) ||
    (position !== 'static' && sides.some((side) => (size(side) ?? 0) !== 0)) ||
    sides.some((side) => (size(`margin-${side}`) ?? 0) < 0) ||
    ['transform', 'translate'].some((name) => (values.get(name) ?? 'none') !== 'none');
  return isMoved ? null : outer;
}

function backgroundIn(values: Values, attributes: Attributes, outer: Color | null): Color | null {
  if ((values.get('background-image') ?? attributes.background ?? 'none') !== 'none') return null;
  const written = values.get('background-color') ?? attributes.bgcolor;
  if (written === undefined || written === 'initial' || written === 'unset') return outer;
  const color = colorOf(written);
  if (isClear(color)) return outer;
  // The colour behind a translucent background is unknown.
  return color !== null && color[3] < 1 ? null : color;
}
