/** Reads background styles, and keeps only their colours and gradients, which load nothing. */

const COLOR = /^(?:#[\da-f]{3,8}|[a-z]{3,30}|(?:(?:rgb|hsl)a?|hwb|(?:ok)?(?:lab|lch))\([-+\d\s,.%/a-z]{1,80}\))$/i;
/** Parentheses inside a gradient follow the name of a colour function, so each text has one way to be matched. */
const GRADIENT =
  /^(?:repeating-)?(?:linear|radial|conic)-gradient\((?:[-+\d\s,.%#a-z]|(?<=\b(?:rgb|hsl)a?)\([-+\d\s,.%/a-z]{1,80}\))+\)$/i;
const GLOBAL_KEYWORDS = /^(?:none|inherit|initial|unset|revert)$/i;
/** Keywords for the position and repetition of an image. */
const PLACEMENT_KEYWORDS = new Set(
  'none no-repeat repeat repeat-x repeat-y space round scroll fixed local center top bottom left right cover contain auto border-box padding-box content-box text'.split(
    ' ',
  ),
);

/** The shorthand reduced to its colour and gradients. Null when it has neither, so that an earlier colour stays. */
export function backgroundOf(value: string): string | null {
  if (GLOBAL_KEYWORDS.test(value)) return value;
  const kept: string[] = [];
  let colors = 0;
  for (const [index, layer] of split(value, ',').entries()) {
    const parts = split(layer, ' ').flatMap((part) => split(part, '/'));
    const gradients = parts.filter((part) => GRADIENT.test(part));
    const found = parts.filter((part) => COLOR.test(part) && !PLACEMENT_KEYWORDS.has(part.toLowerCase()));
    colors += found.length;
    // A layer has at most one image, and only the last layer has a colour (CSS Backgrounds 3, section 2.10).
    if (gradients.length > 1 || colors > 1) return null;
    const both = [...gradients, ...found].join(' ');
    if (both !== '') kept.push(both);
    if (found.length > 0 && index < split(value, ',').length - 1) return null;
  }
  return kept.length === 0 ? null : kept.join(',');
}

export function imagesOf(value: string): string | null {
  if (GLOBAL_KEYWORDS.test(value)) return value;
  const kept = split(value, ',').filter((image) => GRADIENT.test(image));
  return kept.length === 0 ? null : kept.join(',');
}

/** Splits at a character outside of parentheses, and trims the parts. */
function split(value: string, at: ',' | ' ' | '/'): string[] {
  const parts: string[] = [];
  let [start, depth] = [0, 0];
  for (let index = 0; index < value.length; index++) {
    const character = value[index];
    if (character === '(') depth++;
    else if (character === ')') depth--;
    else if (character === at && depth === 0) {
      parts.push(value.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(value.slice(start));
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}
