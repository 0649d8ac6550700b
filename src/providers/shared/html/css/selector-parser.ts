import { tokenTypes as T } from 'css-tree/tokenizer';
import type { AttributeTest, Combinator, Compound, NthPosition, Selector } from './selector.ts';
import type { CssTokens } from './tokens.ts';

/** Selectors with more compounds or tests match nothing. */
const MAX_COMPOUNDS = 16;
const MAX_TESTS = 64;
/** Maximum nesting of lists in parentheses. */
const MAX_DEPTH = 3;

/** Pseudo-classes for states that no element of a static mail is in. */
const STATES =
  /^(?:hover|active|visited|focus|focus-within|focus-visible|target|checked|disabled|required|valid|invalid|-(?:webkit|moz)-[a-z-]+)$/;
/** Valid pseudo-classes that are not supported here. */
const UNMATCHED = /^(?:enabled|optional|read-only|read-write|empty|lang|dir|has|before|after|first-line|first-letter)$/;
const COUNTED = /^(?:(first|last|only|nth|nth-last)-(child|of-type))$/;
const ELEMENTS = /^(?:before|after|first-line|first-letter|selection|placeholder|marker|-webkit-[a-z-]+)$/;

/**
 * Parses a list of selectors. Valid selectors that cannot match here are left out. Returns null when one is invalid,
 * which makes the whole list invalid (Selectors 4, section 3.9).
 */
export function selectorsIn(tokens: CssTokens, from: number, to: number): Selector[] | null {
  const found = listIn(tokens, from, to);
  return found?.filter((selector) => typeof selector !== 'string') ?? null;
}

function listIn(tokens: CssTokens, from: number, to: number, depth = 0): (Selector | 'never' | 'unmatched')[] | null {
  const found: (Selector | 'never' | 'unmatched')[] = [];
  for (let at = from; at <= to; ) {
    let end = at;
    while (end < to && !tokens.is(end, T.Comma)) end = tokens.after(end);
    if (end > to) return null;
    const selector = new SelectorReader(tokens, at, end, depth).read();
    if (selector === 'invalid') return null;
    found.push(selector);
    at = end + 1;
  }
  return found;
}

const COMBINATORS = { '>': 'child', '+': 'next', '~': 'later' } as const;

class SelectorReader {
  private readonly compounds: Compound[] = [];
  private readonly within: Combinator[] = [];
  private specificity = 0;
  private tests = 0;
  private isUnmatched = false;
  private isNever = false;

  constructor(
    private readonly tokens: CssTokens,
    private at: number,
    private readonly end: number,
    /** Number of parentheses around the selector. */
    private readonly depth: number,
  ) {}

  read(): Selector | 'invalid' | 'never' | 'unmatched' {
    const { tokens } = this;
    this.at = tokens.skipBlanks(this.at, this.end);
    while (this.at < this.end) {
      if (!this.readCompound()) return 'invalid';
      const next = tokens.skipBlanks(this.at, this.end);
      if (next >= this.end) break;
      const hadBlank = next > this.at;
      this.at = next;
      if (!this.readCombinator(hadBlank)) return 'invalid';
      if (this.at >= this.end) return 'invalid';
    }
    if (this.compounds.length === 0) return 'invalid';
    if (this.isUnmatched || this.compounds.length > MAX_COMPOUNDS || this.tests > MAX_TESTS) return 'unmatched';
    if (this.isNever) return 'never';
    return {
      compounds: this.compounds.reverse(),
      within: this.within.reverse(),
      specificity: this.specificity,
    };
  }

  private readCombinator(hadBlank: boolean): boolean {
    const { tokens, at } = this;
    const written = (['>', '+', '~'] as const).find((sign) => tokens.isDelim(at, sign));
    if (written !== undefined) this.at = tokens.skipBlanks(at + 1, this.end);
    this.within.push(written === undefined ? 'descendant' : COMBINATORS[written]);
    return written !== undefined || hadBlank;
  }

  private readCompound(): boolean {
    const compound: Compound = {
      type: null,
      ids: [],
      classes: [],
      attributes: [],
      isLink: false,
      isRoot: false,
      positions: [],
      anyOf: [],
      noneOf: [],
    };
    const start = this.at;
    this.readType(compound);
    while (this.at < this.end) {
      const before = this.at;
      if (!this.readSimple(compound)) return false;
      if (this.at === before) break;
      this.tests++;
    }
    this.compounds.push(compound);
    return this.at > start;
  }

  private readType(compound: Compound): void {
    const { tokens } = this;
    // The prefix stands for any namespace.
    if (tokens.isDelim(this.at, '*') && tokens.isDelim(this.at + 1, '|')) this.at += 2;
    if (tokens.isDelim(this.at, '*')) this.at++;
    else if (tokens.is(this.at, T.Ident)) {
      const name = tokens.name(this.at++);
      if (name === null) this.isUnmatched = true;
      compound.type = name?.toLowerCase() ?? null;
      this.specificity += 1;
    }
  }

  /** Returns false when the selector is invalid. At the end of the compound it consumes nothing. */
  private readSimple(compound: Compound): boolean {
    const { tokens } = this;
    if (tokens.is(this.at, T.Hash)) return this.add(compound.ids, tokens.name(this.at++), 1_000_000);
    if (tokens.isDelim(this.at, '.')) {
      if (!tokens.is(this.at + 1, T.Ident)) return false;
      this.at += 2;
      return this.add(compound.classes, tokens.name(this.at - 1), 1_000);
    }
    if (tokens.is(this.at, T.LeftSquareBracket)) return this.readAttribute(compound);
    if (tokens.is(this.at, T.Colon)) return this.readPseudo(compound);
    return tokens.isBlank(this.at) || ['>', '+', '~'].some((combinator) => tokens.isDelim(this.at, combinator));
  }

  private add(to: string[], name: string | null, specificity: number): true {
    if (name === null) this.isUnmatched = true;
    else to.push(name);
    this.specificity += specificity;
    return true;
  }

  private readAttribute(compound: Compound): boolean {
    const { tokens } = this;
    const close = tokens.closer(this.at);
    if (close === null) return false;
    let at = tokens.skipBlanks(this.at + 1, close);
    const name = tokens.is(at, T.Ident) ? tokens.name(at) : null;
    if (name === null) return false;
    this.at = close + 1;
    this.specificity += 1_000;
    at = tokens.skipBlanks(at + 1, close);
    let operator = '';
    while (at < close && tokens.is(at, T.Delim)) operator += tokens.written(at++);
    at = tokens.skipBlanks(at, close);
    if (operator === '' && at === close) {
      compound.attributes.push({ name: name.toLowerCase(), operator: '', value: '', isCaseless: false });
      return true;
    }
    if (!/^[~|^$*]?=$/.test(operator)) return false;
    const value = tokens.is(at, T.String) ? tokens.content(at) : tokens.is(at, T.Ident) ? tokens.name(at) : null;
    // The flag after the value says whether case matters.
    const flag = tokens.skipBlanks(at + 1, close);
    const isCaseless = flag < close && tokens.name(flag)?.toLowerCase() === 'i';
    if (value === null || (flag !== close && !isCaseless)) this.isUnmatched = true;
    else {
      const expected = isCaseless ? value.toLowerCase() : value;
      compound.attributes.push({
        name: name.toLowerCase(),
        operator: operator as AttributeTest['operator'],
        value: expected,
        isCaseless,
      });
    }
    return true;
  }

  private readPseudo(compound: Compound): boolean {
    const { tokens } = this;
    const isElement = tokens.is(this.at + 1, T.Colon);
    const at = this.at + (isElement ? 2 : 1);
    const isFunction = tokens.is(at, T.Function);
    const name = isFunction || tokens.is(at, T.Ident) ? tokens.name(at)?.toLowerCase() : null;
    if (!name || at >= this.end) return false;
    this.at = tokens.after(at);
    this.specificity += 1_000;
    if (isElement) {
      this.isUnmatched = true;
      return ELEMENTS.test(name);
    }
    if (isFunction && /^(?:not|is|where|matches|-webkit-any)$/.test(name)) return this.readList(compound, name, at);
    const counted = COUNTED.exec(name);
    if (counted !== null && isFunction === name.startsWith('nth')) return this.readCounted(compound, counted, at);
    if (!isFunction && (name === 'link' || name === 'any-link')) compound.isLink = true;
    else if (!isFunction && name === 'root') compound.isRoot = true;
    else if (STATES.test(name)) this.isNever = true;
    else {
      this.isUnmatched = true;
      return UNMATCHED.test(name);
    }
    return true;
  }

  /**
   * Reads a list of selectors for the same element in parentheses. Those that test its surroundings are not supported.
   */
  private readList(compound: Compound, name: string, open: number): boolean {
    const close = this.tokens.closer(open);
    if (close === null) return false;
    const list = this.depth < MAX_DEPTH ? listIn(this.tokens, open + 1, close, this.depth + 1) : ['unmatched' as const];
    if (list === null) return false;
    const selectors = list.filter((one) => typeof one !== 'string');
    const compounds = selectors.map(({ compounds: [subject] }) => subject as Compound);
    if (list.includes('unmatched') || selectors.some(({ within }) => within.length > 0)) this.isUnmatched = true;
    if (name === 'not') compound.noneOf.push(...compounds);
    else compound.anyOf.push(compounds);
    this.tests += compounds.length;
    const weight = Math.max(0, ...selectors.map(({ specificity }) => specificity));
    this.specificity += (name === 'where' ? 0 : weight) - 1_000;
    return true;
  }

  private readCounted(compound: Compound, [, kind = '', of]: RegExpExecArray, open: number): boolean {
    const isOfType = of === 'of-type';
    const isFromEnd = kind === 'last' || kind === 'nth-last';
    if (kind.startsWith('nth')) return this.readPositions(compound, open, { isOfType, isFromEnd });
    compound.positions.push({ step: 0, offset: 1, isOfType, isFromEnd });
    if (kind === 'only') compound.positions.push({ step: 0, offset: 1, isOfType, isFromEnd: true });
    return true;
  }

  /** Parses "odd", "even", "3", "2n+1" and similar (CSS Syntax 3, section 6). */
  private readPositions(
    compound: Compound,
    open: number,
    counting: Pick<NthPosition, 'isOfType' | 'isFromEnd'>,
  ): boolean {
    const close = this.tokens.closer(open);
    if (close === null) return false;
    let written = '';
    for (let at = open + 1; at < close; at++) if (!this.tokens.isBlank(at)) written += this.tokens.written(at);
    const plain = written
      .toLowerCase()
      .replace(/^odd$/, '2n+1')
      .replace(/^even$/, '2n');
    const parts = /^(?:([-+]?\d{0,6})(n))?([-+]?\d{1,6})?$/.exec(plain);
    if (parts === null || plain === '') this.isUnmatched = true;
    else {
      const [, step = '', n, offset = '0'] = parts;
      const steps = n ? Number(/\d/.test(step) ? step : `${step}1`) : 0;
      compound.positions.push({ step: steps, offset: Number(offset), ...counting });
    }
    return true;
  }
}
