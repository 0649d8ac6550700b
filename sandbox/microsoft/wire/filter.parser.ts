import { badRequest } from './errors.ts';

/** A parsed $filter. */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly left: Filter; readonly right: Filter }
  | { readonly kind: 'not'; readonly inner: Filter }
  | { readonly kind: 'compare'; readonly operator: Operator; readonly left: Operand; readonly right: Operand }
  | { readonly kind: 'in'; readonly left: Operand; readonly values: readonly Operand[] }
  | {
      readonly kind: 'call';
      readonly name: 'contains' | 'startswith' | 'endswith';
      readonly left: Operand;
      readonly right: Operand;
    }
  | { readonly kind: 'bare'; readonly operand: Operand }
  | {
      readonly kind: 'any' | 'all';
      readonly path: string;
      readonly variable: string | null;
      readonly inner: Filter | null;
    };
export type Operator = 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le';
export type Operand =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'literal'; readonly value: string | number | boolean | Date | null }
  | { readonly kind: 'fold'; readonly name: 'tolower' | 'toupper'; readonly inner: Operand };

type TokenKind = 'string' | 'date' | 'number' | 'word' | 'symbol' | 'end';
interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly at: number;
}

const TOKEN =
  /\s*(?:('(?:[^']|'')*')|(\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?)|(-?\d+(?:\.\d+)?)|([A-Za-z_][\w.]*(?:\/[\w.]+)*)|([(),:])|$)/gy;
const OPERATORS: ReadonlySet<string> = new Set(['eq', 'ne', 'gt', 'ge', 'lt', 'le']);
const MAX_DEPTH = 40;

/** Parses a $filter. Throws BadRequest with Graph's message. */
export function parseFilter(text: string): Filter {
  const parser = new Parser(text, tokenize(text));
  const filter = parser.or(0);
  parser.expect('end', '');
  return filter;
}

/** The paths of a filter, and those of them that a lambda iterates over. */
export function nodesOf(filter: Filter): { readonly path: string; readonly isLambda: boolean }[] {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return [...nodesOf(filter.left), ...nodesOf(filter.right)];
    case 'not':
      return nodesOf(filter.inner);
    case 'any':
    case 'all':
      return [{ path: filter.path, isLambda: true }];
    default:
      return pathsOf(filter).map((path) => ({ path, isLambda: false }));
  }
}

/** Returns the property paths of a filter, in the order of the text. */
export function pathsOf(filter: Filter, variable: string | null = null): string[] {
  const operandPaths = (operand: Operand): string[] => {
    if (operand.kind === 'fold') return operandPaths(operand.inner);
    if (operand.kind !== 'path') return [];
    return variable !== null && operand.path.split('/')[0] === variable ? [] : [operand.path];
  };
  switch (filter.kind) {
    case 'and':
    case 'or':
      return [...pathsOf(filter.left, variable), ...pathsOf(filter.right, variable)];
    case 'not':
      return pathsOf(filter.inner, variable);
    case 'compare':
    case 'call':
      return [...operandPaths(filter.left), ...operandPaths(filter.right)];
    case 'in':
      return operandPaths(filter.left);
    case 'bare':
      return operandPaths(filter.operand);
    default:
      return [filter.path, ...(filter.inner ? pathsOf(filter.inner, filter.variable) : [])];
  }
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string, tokens: readonly Token[]) {
    this.#text = text;
    this.#tokens = tokens;
  }

  or(depth: number): Filter {
    let left = this.#and(depth);
    while (this.#take('word', 'or')) left = { kind: 'or', left, right: this.#and(depth) };
    return left;
  }

  #and(depth: number): Filter {
    let left = this.#unary(depth);
    while (this.#take('word', 'and')) left = { kind: 'and', left, right: this.#unary(depth) };
    return left;
  }

  #unary(depth: number): Filter {
    if (depth > MAX_DEPTH) throw badRequest('The node count limit has been exceeded.');
    if (this.#take('word', 'not')) return { kind: 'not', inner: this.#unary(depth + 1) };
    if (this.#take('symbol', '(')) {
      const inner = this.or(depth + 1);
      this.expect('symbol', ')');
      return inner;
    }
    const lambda = /^(.+)\/(any|all)$/.exec(this.#peek().kind === 'word' ? this.#peek().text : '');
    if (lambda && this.#peek(1).text === '(') return this.#lambda(lambda[1] ?? '', lambda[2] as 'any' | 'all', depth);
    const name = this.#peek().text;
    if ((name === 'contains' || name === 'startswith' || name === 'endswith') && this.#peek(1).text === '(') {
      this.#at += 2;
      const left = this.#operand();
      this.expect('symbol', ',');
      const right = this.#operand();
      this.expect('symbol', ')');
      return { kind: 'call', name, left, right };
    }
    return this.#comparison();
  }

  #lambda(path: string, kind: 'any' | 'all', depth: number): Filter {
    this.#at += 2;
    if (this.#take('symbol', ')')) return { kind, path, variable: null, inner: null };
    const variable = this.expect('word').text;
    this.expect('symbol', ':');
    const inner = this.or(depth + 1);
    this.expect('symbol', ')');
    return { kind, path, variable, inner };
  }

  #comparison(): Filter {
    const left = this.#operand();
    const operator = this.#peek();
    if (operator.kind === 'word' && OPERATORS.has(operator.text)) {
      this.#at++;
      return { kind: 'compare', operator: operator.text as Operator, left, right: this.#operand() };
    }
    if (this.#take('word', 'in')) {
      this.expect('symbol', '(');
      const values = [this.#operand()];
      while (this.#take('symbol', ',')) values.push(this.#operand());
      this.expect('symbol', ')');
      return { kind: 'in', left, values };
    }
    return { kind: 'bare', operand: left };
  }

  #operand(): Operand {
    const token = this.#peek();
    this.#at++;
    switch (token.kind) {
      case 'string':
        return { kind: 'literal', value: token.text.slice(1, -1).replace(/''/g, "'") };
      case 'number':
        return { kind: 'literal', value: Number(token.text) };
      case 'date': {
        const value = new Date(token.text);
        if (Number.isNaN(value.getTime())) break;
        return { kind: 'literal', value };
      }
      case 'word': {
        if (token.text === 'true' || token.text === 'false') return { kind: 'literal', value: token.text === 'true' };
        if (token.text === 'null') return { kind: 'literal', value: null };
        if ((token.text === 'tolower' || token.text === 'toupper') && this.#take('symbol', '(')) {
          const inner = this.#operand();
          this.expect('symbol', ')');
          return { kind: 'fold', name: token.text, inner };
        }
        if (this.#peek().text === '(')
          throw badRequest(`Invalid filter clause: An unknown function with name '${token.text}' was found.`);
        return { kind: 'path', path: token.text };
      }
    }
    throw this.#syntaxError(token);
  }

  expect(kind: TokenKind, text?: string): Token {
    const token = this.#peek();
    if (token.kind !== kind || (text !== undefined && token.text !== text)) throw this.#syntaxError(token);
    this.#at++;
    return token;
  }

  #take(kind: TokenKind, text: string): boolean {
    const token = this.#peek();
    if (token.kind !== kind || token.text !== text) return false;
    this.#at++;
    return true;
  }

  #peek(ahead = 0): Token {
    return this.#tokens[this.#at + ahead] ?? { kind: 'end', text: '', at: this.#text.length };
  }

  #syntaxError(token: Token) {
    return badRequest(`Invalid filter clause: Syntax error at position ${token.at} in '${this.#text}'.`);
  }
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw badRequest(`Invalid filter clause: Syntax error at position ${at} in '${text}'.`);
    const kinds: readonly TokenKind[] = ['string', 'date', 'number', 'word', 'symbol'];
    const index = match.slice(1).findIndex((group) => group !== undefined);
    if (index < 0) break;
    tokens.push({ kind: kinds[index] as TokenKind, text: match[index + 1] ?? '', at });
  }
  return tokens;
}
