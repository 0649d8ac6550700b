import { tokenTypes as T } from 'css-tree/tokenizer';
import { type Declaration, declarationsIn } from './declarations.ts';
import { appliesOnScreen } from './media.ts';
import type { Selector } from './selector.ts';
import { selectorsIn } from './selector-parser.ts';
import { CssTokens } from './tokens.ts';

export interface Rule {
  readonly selectors: readonly Selector[];
  readonly declarations: readonly Declaration[];
}

interface StyleSheet {
  readonly rules: readonly Rule[];
  /** Number of selectors read, including those that match nothing. */
  readonly selectors: number;
}

/** Maximum nesting of media blocks. No mail needs more than two. */
const MAX_NESTED_BLOCKS = 4;

/**
 * Returns the rules of a style sheet that apply to a desktop screen, in order (CSS Syntax 3, section 5.4.1). Of the
 * at-rules only @media is read: @import and @font-face fetch, @keyframes animates, and @supports and @layer only refine
 * other rules. Returns null as soon as there are more than `maxSelectors`.
 */
export function rulesOf(css: string, maxSelectors: number): StyleSheet | null {
  const tokens = new CssTokens(css);
  const found: Rule[] = [];
  let left = maxSelectors;

  const read = (from: number, to: number, depth: number): void => {
    for (let at = from; at < to && left >= 0; ) {
      if (tokens.isBlank(at) || tokens.is(at, T.CDO) || tokens.is(at, T.CDC)) {
        at++;
        continue;
      }
      const start = at;
      const isAtRule = tokens.is(at, T.AtKeyword);
      while (at < to && !tokens.is(at, T.LeftCurlyBracket) && !(isAtRule && tokens.is(at, T.Semicolon)))
        at = tokens.after(at);
      if (at >= to) return;
      const [open, end] = [at, Math.min(tokens.after(at) - 1, to)];
      at = tokens.after(at);
      if (!tokens.is(open, T.LeftCurlyBracket)) continue;
      if (!isAtRule) addRule(start, open, end);
      else if (depth < MAX_NESTED_BLOCKS && isMedia(tokens, start, open)) read(open + 1, end, depth + 1);
    }
  };

  const addRule = (start: number, open: number, end: number): void => {
    // Selectors are counted before they are read, because a list of 250,000 took a second.
    left -= tokens.commas(start, open) + 1;
    if (left < 0) return;
    const selectors = selectorsIn(tokens, start, open);
    if (selectors === null || selectors.length === 0) return;
    const declarations = declarationsIn(tokens, open + 1, end);
    if (declarations.length > 0) found.push({ selectors, declarations });
  };

  read(0, tokens.length, 0);
  return left < 0 ? null : { rules: found, selectors: maxSelectors - left };
}

function isMedia(tokens: CssTokens, start: number, open: number): boolean {
  if (tokens.name(start)?.toLowerCase() !== 'media') return false;
  let query = '';
  for (let at = start + 1; at < open; at++) query += tokens.is(at, T.Comment) ? ' ' : tokens.written(at);
  return appliesOnScreen(query);
}
