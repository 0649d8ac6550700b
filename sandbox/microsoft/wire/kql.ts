import type { SearchIndex } from '../../world.ts';
import type { Item } from '../mailbox/item.ts';
import { splitWords, type WordPlace, wordsIn } from '../mailbox/search.words.ts';
import { badRequest } from './errors.ts';

type Search = (item: Item) => boolean;

/** The undocumented properties of the index. */
type Ways = Pick<SearchIndex, 'accents' | 'forms'>;

/**
 * Compiles the value of $search: KQL over a message's words. Words match by their beginnings, and whole in quotes (Exchange's
 * guide to its query strings). Throws BadRequest for what Graph cannot read.
 */
export function compileSearch(value: string, ways: Ways): Search {
  const quoted = /^\s*"(.*)"\s*$/s.exec(value);
  if (!quoted && /[:"()<>=]/.test(value)) {
    const at = value.search(/[:"()<>=]/);
    throw badRequest(`Syntax error: character '${value[at]}' is not valid at position ${at} in '${value}'.`);
  }
  const text = quoted ? (quoted[1] ?? '').replace(/\\(.)/g, '$1') : value;
  const parser = new Parser(tokenize(text), ways);
  return parser.parse();
}

type Token =
  | { readonly kind: 'open' | 'close' | 'and' | 'or' | 'not' }
  | {
      readonly kind: 'term';
      readonly property: string | null;
      readonly operator: string;
      readonly value: string;
      readonly exact: boolean;
    };

const TERM = /\s*(?:([()])|(-)?(?:([A-Za-z]+)(:|>=|<=|<>|=|>|<))?(?:"([^"]*)"|([^\s()"]+)))/gy;

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  TERM.lastIndex = 0;
  while (TERM.lastIndex < text.length) {
    const at = TERM.lastIndex;
    const match = TERM.exec(text);
    if (!match) {
      if (text.slice(at).trim() === '') break;
      throw badRequest(
        `Syntax error: character '${text.slice(at).trim()[0]}' is not valid at position ${at} in '${text}'.`,
      );
    }
    const [, paren, minus, property, operator, phrase, word] = match;
    if (paren) tokens.push({ kind: paren === '(' ? 'open' : 'close' });
    else if (!property && !phrase && (word === 'AND' || word === 'OR' || word === 'NOT'))
      tokens.push({ kind: word.toLowerCase() as 'and' | 'or' | 'not' });
    else {
      if (minus) tokens.push({ kind: 'not' });
      const value = phrase ?? word ?? '';
      tokens.push({
        kind: 'term',
        property: property?.toLowerCase() ?? null,
        operator: operator ?? ':',
        value,
        exact: phrase !== undefined,
      });
    }
  }
  return tokens;
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #ways: Ways;
  #at = 0;

  constructor(tokens: readonly Token[], ways: Ways) {
    this.#tokens = tokens;
    this.#ways = ways;
  }

  parse(): Search {
    if (this.#tokens.length === 0) return () => false;
    const search = this.#or();
    if (this.#at < this.#tokens.length)
      throw badRequest('Syntax error: the search expression has an unexpected parenthesis.');
    return search;
  }

  #or(): Search {
    let left = this.#and();
    while (this.#tokens[this.#at]?.kind === 'or') {
      this.#at++;
      const [first, second] = [left, this.#and()];
      left = (item) => first(item) || second(item);
    }
    return left;
  }

  #and(): Search {
    let left = this.#unary();
    for (;;) {
      const next = this.#tokens[this.#at]?.kind;
      if (next === undefined || next === 'or' || next === 'close') return left;
      if (next === 'and') this.#at++;
      const [first, second] = [left, this.#unary()];
      left = (item) => first(item) && second(item);
    }
  }

  #unary(): Search {
    const token = this.#tokens[this.#at++];
    if (token?.kind === 'not') {
      const inner = this.#unary();
      return (item) => !inner(item);
    }
    if (token?.kind === 'open') {
      const inner = this.#or();
      if (this.#tokens[this.#at++]?.kind !== 'close')
        throw badRequest('Syntax error: a closing parenthesis is missing.');
      return inner;
    }
    if (token?.kind === 'term') return term(token, this.#ways);
    throw badRequest('Syntax error: the search expression is incomplete.');
  }
}

/** The properties that words without a property search. Graph documents them without recipients and names of attachments. */
const DEFAULTS = ['from', 'subject', 'body'] as const;
/** The properties that hold words, with their places in the index. */
const WORDS: Readonly<Record<string, readonly WordPlace[]>> = {
  from: ['from'],
  sender: ['from'],
  to: ['to'],
  cc: ['cc'],
  bcc: ['bcc'],
  recipients: ['to', 'cc', 'bcc'],
  participants: ['from', 'to', 'cc', 'bcc'],
  subject: ['subject'],
  body: ['body'],
  attachment: ['attachment'],
};

function term({ property, operator, value, exact }: Extract<Token, { kind: 'term' }>, ways: Ways): Search {
  const places = property === null ? DEFAULTS : WORDS[property];
  if (places) {
    const test = matcher(value, exact, ways);
    return (item) => places.some((place) => test(wordsIn(item, place, ways.accents)));
  }
  const envelope = (item: Item) => item.content.envelope;
  switch (property) {
    case 'category':
      return (item) => item.categories.some((name) => name.toLowerCase() === value.toLowerCase());
    case 'hasattachment':
    case 'hasattachments':
      return (item) => envelope(item).hasAttachment === isTrue(value);
    case 'isread':
    case 'read':
      return (item) => item.isRead === isTrue(value);
    case 'importance':
      return (item) => item.importance === value.toLowerCase();
    case 'kind':
      return () => value.toLowerCase() === 'email';
    case 'received':
      return dates(operator, value, (item) => item.receivedAt);
    case 'sent':
      return dates(operator, value, (item) => envelope(item).date ?? item.receivedAt);
    case 'size':
      return sizes(operator, value, (item) => envelope(item).size);
    default:
      // An unknown property is searched for as words.
      return term(
        { kind: 'term', property: null, operator: ':', value: `${property}${operator}${value}`, exact: true },
        ways,
      );
  }
}

/** Matches adjacent words. The last one matches by its beginning unless it is quoted. */
function matcher(value: string, exact: boolean, { accents, forms }: Ways): (index: string) => boolean {
  const words = splitWords(value, accents);
  if (words.length === 0) return () => false;
  const isBegun = value.endsWith('*') || !exact || (forms === 'beginnings' && words.length === 1);
  const wanted = ` ${words.join(' ')}${isBegun ? '' : ' '}`;
  return (index) => index.includes(wanted);
}

function dates(operator: string, value: string, read: (item: Item) => Date): Search {
  const [from, to] = value.split('..');
  const start = day(from ?? '');
  if (start === null) throw badRequest(`Syntax error: '${value}' is not a date.`);
  const length = /T/.test(from ?? '') ? 1000 : 86_400_000;
  const last = to === undefined ? null : day(to);
  const end = (last ?? start) + (last === null ? length : 86_400_000);
  return compareWith(operator, start, end, (item) => read(item).getTime());
}

function sizes(operator: string, value: string, read: (item: Item) => number): Search {
  const [from, to] = value.split('..').map((part) => {
    const match = /^(\d+)\s*(kb|mb)?$/i.exec(part);
    if (!match) throw badRequest(`Syntax error: '${value}' is not a size.`);
    return Number(match[1]) * ({ kb: 1024, mb: 1024 ** 2 }[(match[2] ?? '').toLowerCase()] ?? 1);
  });
  return compareWith(operator, from ?? 0, (to ?? from ?? 0) + 1, read);
}

function compareWith(operator: string, start: number, end: number, read: (item: Item) => number): Search {
  switch (operator) {
    case '>=':
      return (item) => read(item) >= start;
    case '>':
      return (item) => read(item) >= end;
    case '<=':
      return (item) => read(item) < end;
    case '<':
      return (item) => read(item) < start;
    case '<>':
      return (item) => read(item) < start || read(item) >= end;
    default:
      return (item) => read(item) >= start && read(item) < end;
  }
}

function day(text: string): number | null {
  const american = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text);
  const iso = american ? `${american[3]}-${american[1]?.padStart(2, '0')}-${american[2]?.padStart(2, '0')}` : text;
  const time = /^\d{4}-\d\d-\d\d/.test(iso) ? Date.parse(iso) : Number.NaN;
  return Number.isNaN(time) ? null : time;
}

const isTrue = (value: string) => /^(true|yes|1)$/i.test(value);
