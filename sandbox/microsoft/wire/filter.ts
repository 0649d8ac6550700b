import { badRequest } from './errors.ts';
import { type Filter, nodesOf, type Operand, type Operator, parseFilter, pathsOf } from './filter.parser.ts';
import { type Model, type Order, unknownProperty } from './odata.ts';

/** Returns a property by its name, with objects and arrays as Graph returns them. */
type Read<T> = (thing: T, property: string) => unknown;
export interface CompiledFilter<T> {
  readonly paths: readonly string[];
  matches(thing: T): boolean;
  /** The text that this property has in every match. Null: the filter does not require one text. */
  textOf(path: string): string | null;
}

/** Compiles a $filter. Throws BadRequest for invalid syntax and for unknown names. */
export function compileFilter<T>(text: string, model: Model, read: Read<T>): CompiledFilter<T> {
  const filter = parseFilter(text);
  const paths = pathsOf(filter);
  for (const path of paths) {
    const name = path.split('/')[0] ?? '';
    if (!model.properties.has(name) && !model.navigations.has(name))
      throw badRequest(unknownProperty(path, model), 'RequestBroker--ParseUri');
  }
  for (const node of nodesOf(filter)) {
    const name = node.path.split('/')[0] ?? '';
    if (!model.opaque?.has(name)) continue;
    // microsoft-graph-explorer-v4#3957 and O365/python-o365#452.
    if (node.isLambda)
      throw badRequest('The query filter contains one or more invalid nodes.', 'ErrorInvalidUrlQueryFilter');
    throw badRequest(`Invalid filter clause: The property '${name}' is a collection.`);
  }
  const test = compile(filter);
  return {
    paths,
    matches: (thing) => test({ root: (name) => read(thing, name), variables: {} }),
    textOf: (path) => textOf(filter, path),
  };
}

function textOf(filter: Filter, path: string): string | null {
  if (filter.kind === 'and') return textOf(filter.left, path) ?? textOf(filter.right, path);
  if (filter.kind !== 'compare' || filter.operator !== 'eq') return null;
  const { left, right } = filter;
  const literal = left.kind === 'path' ? right : left;
  const named = left.kind === 'path' ? left : right;
  if (named.kind !== 'path' || named.path !== path || literal.kind !== 'literal') return null;
  return typeof literal.value === 'string' ? literal.value : null;
}

/** Sorts by $orderby and reads each key once. Nulls come first, and equal items keep their order. */
export function sortBy<T>(things: readonly T[], orders: readonly Order[], read: Read<T>): T[] {
  const keysOf = (thing: T) =>
    orders.map(({ path }) => {
      const [head = '', ...rest] = path.split('/');
      return comparable(walk(read(thing, head), rest));
    });
  const keyed = things.map((thing) => ({ thing, keys: keysOf(thing) }));
  keyed.sort((a, b) => {
    for (const [index, { descending }] of orders.entries()) {
      const result = compareKeys(a.keys[index] ?? null, b.keys[index] ?? null);
      if (result !== 0) return descending ? -result : result;
    }
    return 0;
  });
  return keyed.map(({ thing }) => thing);
}

function compareKeys(a: Key, b: Key): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? -1 : 1;
  return a < b ? -1 : 1;
}

type Key = string | number | boolean | null;

interface Scope {
  readonly root: (name: string) => unknown;
  readonly variables: Readonly<Record<string, unknown>>;
}
type Test = (scope: Scope) => boolean;
type Value = (scope: Scope) => unknown;

function compile(filter: Filter): Test {
  switch (filter.kind) {
    case 'and':
    case 'or': {
      const left = compile(filter.left);
      const right = compile(filter.right);
      return filter.kind === 'and' ? (scope) => left(scope) && right(scope) : (scope) => left(scope) || right(scope);
    }
    case 'not': {
      const inner = compile(filter.inner);
      return (scope) => !inner(scope);
    }
    case 'compare': {
      const [left, right] = [operand(filter.left), operand(filter.right)];
      return (scope) => compare(filter.operator, left(scope), right(scope));
    }
    case 'in': {
      const left = operand(filter.left);
      const values = filter.values.map(operand);
      return (scope) => values.some((value) => compare('eq', left(scope), value(scope)));
    }
    case 'call': {
      const [left, right] = [operand(filter.left), operand(filter.right)];
      const name = filter.name;
      return (scope) => {
        const [text, part] = [fold(left(scope)), fold(right(scope))];
        if (text === null || part === null) return false;
        if (name === 'contains') return text.includes(part);
        return name === 'startswith' ? text.startsWith(part) : text.endsWith(part);
      };
    }
    case 'bare': {
      const value = operand(filter.operand);
      return (scope) => value(scope) === true;
    }
    default: {
      const list = operand({ kind: 'path', path: filter.path });
      const { variable, kind } = filter;
      const inner = filter.inner ? compile(filter.inner) : null;
      return (scope) => {
        const members = list(scope);
        if (!Array.isArray(members)) return false;
        if (inner === null || variable === null) return members.length > 0;
        const holds = (member: unknown) => inner({ ...scope, variables: { ...scope.variables, [variable]: member } });
        return kind === 'any' ? members.some(holds) : members.every(holds);
      };
    }
  }
}

function operand(of: Operand): Value {
  if (of.kind === 'literal') return () => of.value;
  if (of.kind === 'fold') {
    const inner = operand(of.inner);
    return (scope) => fold(inner(scope));
  }
  const [head = '', ...rest] = of.path.split('/');
  return (scope) => walk(head in scope.variables ? scope.variables[head] : scope.root(head), rest);
}

function walk(value: unknown, path: readonly string[]): unknown {
  let current = value;
  for (const name of path) {
    if (typeof current !== 'object' || current === null) return null;
    current = (current as Record<string, unknown>)[name];
  }
  return current ?? null;
}

function compare(operator: Operator, left: unknown, right: unknown): boolean {
  const [a, b] = [comparable(left), comparable(right)];
  if (operator === 'eq') return a === b;
  if (operator === 'ne') return a !== b;
  if (a === null || b === null || typeof a !== typeof b) return false;
  if (operator === 'gt') return a > b;
  if (operator === 'ge') return a >= b;
  return operator === 'lt' ? a < b : a <= b;
}

/** Converts dates to milliseconds and strings to one case, because Exchange ignores case. */
function comparable(value: unknown): Key {
  if (value instanceof Date) return value.getTime();
  if (typeof value === 'string') return value.toLowerCase();
  return typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

const fold = (value: unknown) => (typeof value === 'string' ? value.toLowerCase() : null);
