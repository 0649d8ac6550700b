import { badInput } from '../../domain/error.ts';
import { MAX_VALUE_LENGTH } from './search-limits.ts';
import { isOperator, type OperatorName, refuseForeign, type Term } from './search-operators.ts';

/** `operator` is the operator in front of a group, as in from:(ada OR bob). Null for a group without one. */
export type Token =
  | Term
  | { readonly kind: '('; readonly operator: OperatorName | null }
  | { readonly kind: '-' | ')' | 'or' | 'and' };

const MAX_SEARCH_LENGTH = 2_000;
/** The opening quotes with their closing quotes. Phones insert the curly ones. */
const QUOTES: Readonly<Record<string, string>> = { '"': '"', '“': '”', '„': '“”', '＂': '＂' };
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/gu;
const OPERATOR = /([a-z][a-z0-9_]*):/iy;
const OPEN = /[()"“”„＂]+$/;
const CONNECTIVE = /(OR|AND)(?=[\s()"“„＂]|$)/y;

/**
 * Splits a search into its tokens. Pasted text is accepted as it is: quotes and parentheses without a partner are
 * punctuation within words, and so is a "-" that is not in front of a term or group.
 */
export function tokenize(search: string): Token[] {
  if (search.length > MAX_SEARCH_LENGTH) {
    throw badInput(`search may be at most ${MAX_SEARCH_LENGTH} characters; this one is ${search.length}.`);
  }
  // Words do not contain these characters, and a pasted direction mark must not hide an operator.
  return new Tokenizer(search.replace(INVISIBLE, '')).all();
}

class Tokenizer {
  private at = 0;
  private readonly tokens: Token[] = [];
  /** The end of each quoted phrase, by its start. */
  private readonly phrases: ReadonlyMap<number, number>;
  private readonly parentheses: ReadonlySet<number>;

  constructor(private readonly text: string) {
    this.phrases = phrasesOf(text);
    this.parentheses = pairsOf(text, this.phrases);
  }

  all(): Token[] {
    for (;;) {
      while (this.isBlank(this.at)) this.at++;
      if (this.at >= this.text.length) return this.tokens.map(asWord);
      this.tokens.push(this.token());
    }
  }

  private token(): Token {
    if (this.parentheses.has(this.at)) {
      return this.text[this.at++] === '(' ? { kind: '(', operator: null } : { kind: ')' };
    }
    if (this.text[this.at] === '-' && this.negates()) {
      this.at++;
      return { kind: '-' };
    }
    const connective = this.match(CONNECTIVE);
    if (connective) return { kind: connective[1] === 'OR' ? 'or' : 'and' };
    return this.term();
  }

  /** Whether the "-" is in front of a term or group. A row of them, as around "Original Message", is punctuation. */
  private negates(): boolean {
    const { text, at } = this;
    const before = at === 0 || this.isBlank(at - 1) || (text[at - 1] === '(' && this.parentheses.has(at - 1));
    const after = text[at + 1];
    const isClosed = after === ')' && this.parentheses.has(at + 1);
    return before && after !== undefined && after !== '-' && !isClosed && !this.isBlank(at + 1);
  }

  private term(): Token {
    const beginning = this.at;
    while (this.isSign(this.at)) this.at++;
    if (this.endsAt(this.at)) {
      return { kind: 'term', operator: null, value: this.text.slice(beginning, this.at), quoted: false };
    }
    const start = this.at;
    const operator = this.match(OPERATOR)?.[1]?.toLowerCase();
    if (operator !== undefined && isOperator(operator)) {
      if (this.text[this.at] === '(' && this.parentheses.has(this.at)) {
        this.at++;
        return { kind: '(', operator };
      }
      const { value, quoted } = this.value();
      // An unclosed parenthesis or quote, as in "(in:inbox" while it is typed, is not part of the value.
      return { kind: 'term', operator, value: quoted ? value : value.replace(OPEN, ''), quoted };
    }
    // An operator has a value, but "Shopping list: milk" is plain words.
    if (operator !== undefined && !this.endsWord(this.at)) refuseForeign(operator);
    this.at = start;
    return { kind: 'term', operator: null, ...this.value() };
  }

  private value(): Pick<Term, 'value' | 'quoted'> {
    const start = this.at;
    const end = this.phrases.get(start);
    if (end !== undefined) {
      this.at = end + 1;
      return { value: checked(this.text.slice(start + 1, end)), quoted: true };
    }
    while (!this.endsAt(this.at) && !this.phrases.has(this.at)) this.at++;
    return { value: checked(this.text.slice(start, this.at)), quoted: false };
  }

  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found) this.at += found[0].length;
    return found;
  }

  /** Whether only white space or a closing parenthesis follows, so that the operator before it has no value. */
  private endsWord(at: number): boolean {
    return this.endsAt(at) && !(this.parentheses.has(at) && this.text[at] === '(');
  }

  private endsAt(at: number): boolean {
    return at >= this.text.length || this.isBlank(at) || this.parentheses.has(at);
  }

  /** Whether the character is punctuation in front of a term: one of several "-", or a parenthesis without a partner. */
  private isSign(at: number): boolean {
    const sign = this.text[at];
    return sign === '-' || ((sign === '(' || sign === ')') && !this.parentheses.has(at));
  }

  private isBlank(at: number): boolean {
    return /\s/.test(this.text[at] ?? '');
  }
}

/** Inches and Hebrew acronyms (5", צה"ל): a straight quote directly after a letter or digit does not begin a phrase. */
const isWithinWord = (text: string, at: number): boolean =>
  text[at] === '"' && /[\p{L}\p{M}\p{N}_]$/u.test(text.slice(Math.max(0, at - 2), at));

/** Pairs each quote with the next one that closes it. A quote without a partner is punctuation. */
function phrasesOf(text: string): ReadonlyMap<number, number> {
  const phrases = new Map<number, number>();
  const last = new Map(Object.keys(QUOTES).map((quote) => [quote, lastOf(text, QUOTES[quote] as string)]));
  for (let at = 0; at < text.length; at++) {
    const quote = text[at] as string;
    if (!((last.get(quote) ?? -1) > at) || isWithinWord(text, at)) continue;
    const start = at++;
    while (!QUOTES[quote]?.includes(text[at] as string)) at++;
    phrases.set(start, at);
  }
  return phrases;
}

const lastOf = (text: string, signs: string): number => Math.max(...[...signs].map((sign) => text.lastIndexOf(sign)));

/** The positions of the parentheses that have a partner, outside of phrases. */
function pairsOf(text: string, phrases: ReadonlyMap<number, number>): ReadonlySet<number> {
  const pairs = new Set<number>();
  const open: number[] = [];
  for (let at = 0; at < text.length; at++) {
    at = phrases.get(at) ?? at;
    if (text[at] === '(') open.push(at);
    const partner = text[at] === ')' ? open.pop() : undefined;
    if (partner !== undefined) pairs.add(partner).add(at);
  }
  return pairs;
}

/** OR and AND are operators between two terms or groups, and words elsewhere. */
function asWord(token: Token, index: number, all: readonly Token[]): Token {
  if (token.kind !== 'or' && token.kind !== 'and') return token;
  const [before, after] = [all[index - 1]?.kind, all[index + 1]?.kind];
  const isBetween = (before === 'term' || before === ')') && (after === 'term' || after === '(' || after === '-');
  return isBetween ? token : { kind: 'term', operator: null, value: token.kind.toUpperCase(), quoted: false };
}

function checked(value: string): string {
  if (value.length <= MAX_VALUE_LENGTH) return value.trim();
  throw badInput(`A word or phrase in search may be at most ${MAX_VALUE_LENGTH} characters; one has ${value.length}.`);
}
