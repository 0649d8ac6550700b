/** Red, green and blue from 0 to 255, and how far it covers what is behind it, from 0 to 1. */
export type Color = readonly [red: number, green: number, blue: number, alpha: number];

const NAMES: Readonly<Record<string, string>> = {
  black: '000000',
  white: 'ffffff',
  red: 'ff0000',
  lime: '00ff00',
  green: '008000',
  blue: '0000ff',
  navy: '000080',
  yellow: 'ffff00',
  orange: 'ffa500',
  gray: '808080',
  grey: '808080',
  silver: 'c0c0c0',
  lightgray: 'd3d3d3',
  lightgrey: 'd3d3d3',
  darkgray: 'a9a9a9',
  darkgrey: 'a9a9a9',
  whitesmoke: 'f5f5f5',
  snow: 'fffafa',
  ivory: 'fffff0',
  ghostwhite: 'f8f8ff',
  floralwhite: 'fffaf0',
  maroon: '800000',
  purple: '800080',
  fuchsia: 'ff00ff',
  magenta: 'ff00ff',
  olive: '808000',
  teal: '008080',
  aqua: '00ffff',
  cyan: '00ffff',
};
/** Steps of one channel that no eye tells apart: "#fefefe" on white is written to be unseen. */
const MAX_UNSEEN_STEPS = 4;
const MIN_SEEN_ALPHA = 0.02;

/** Null for what is no colour, or one of those that are not known here; those hide nothing. */
export function colorOf(value: string | undefined): Color | null {
  const text = (value ?? '').trim().toLowerCase();
  if (text === 'transparent') return [0, 0, 0, 0];
  // Without its "#", as old attributes have it.
  const hex = NAMES[text] ?? /^#?([\da-f]{3,8})$/.exec(text)?.[1];
  if (hex !== undefined) return ofHex(hex);
  const [, inside] = /^rgba?\(([\d\s,.%/+e-]{1,80})\)$/.exec(text) ?? [];
  return inside === undefined ? clearOf(text) : ofChannels(inside);
}

/** Of other ways to write a colour it is known alone that it covers nothing. */
function clearOf(text: string): Color | null {
  const alpha =
    /^(?:hsla?|hwb|(?:ok)?(?:lab|lch)|color)\([^()]{1,80}(?:,[^()]{1,40},[^()]{1,40},|\/) ?([\d.]{1,20}%?) ?\)$/.exec(
      text,
    )?.[1];
  const share = alpha === undefined ? 1 : Number.parseFloat(alpha) / (alpha.endsWith('%') ? 100 : 1);
  return share < MIN_SEEN_ALPHA ? [0, 0, 0, 0] : null;
}

/** Whether it is as good as not there. */
export const isClear = (color: Color | null): boolean => color !== null && color[3] < MIN_SEEN_ALPHA;

/** Whether words of one colour are not seen on the other. */
export const isSameColor = (a: Color, b: Color): boolean =>
  [0, 1, 2].every((channel) => Math.abs((a[channel] ?? 0) - (b[channel] ?? 0)) <= MAX_UNSEEN_STEPS);

function ofHex(hex: string): Color | null {
  const long = hex.length <= 4 ? [...hex].map((digit) => digit + digit).join('') : hex;
  if (long.length !== 6 && long.length !== 8) return null;
  const channel = (at: number) => Number.parseInt(long.slice(at, at + 2), 16);
  return [channel(0), channel(2), channel(4), long.length === 8 ? channel(6) / 255 : 1];
}

function ofChannels(inside: string): Color | null {
  const parts = inside.split(/[\s,/]+/).filter((part) => part !== '');
  const number = (part: string | undefined, whole: number) =>
    part === undefined ? Number.NaN : part.endsWith('%') ? (Number.parseFloat(part) / 100) * whole : Number(part);
  const [red, green, blue] = [number(parts[0], 255), number(parts[1], 255), number(parts[2], 255)];
  const alpha = parts.length > 3 ? number(parts[3], 1) : 1;
  return [red, green, blue, alpha].some(Number.isNaN) ? null : [red, green, blue, alpha];
}
