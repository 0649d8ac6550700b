import { badRequest } from './errors.ts';

/** A type: the names for $select and those for $expand. */
export interface Model {
  readonly typeName: string;
  readonly properties: ReadonlySet<string>;
  readonly navigations: ReadonlySet<string>;
  /** The names that only a derived type has, by the name of that type. They are requested with a cast. */
  readonly derived?: ReadonlyMap<string, string>;
  /** The types of expanded properties, against which their `$select` is validated. */
  readonly expanded?: Readonly<Record<string, Model>>;
  /** The collections over which Exchange evaluates no lambda. */
  readonly opaque?: ReadonlySet<string>;
}

interface Expansion {
  readonly select: readonly string[] | null;
  readonly filter: string | null;
}

export interface Shape {
  /** Null: the default properties. */
  readonly select: readonly string[] | null;
  readonly expand: ReadonlyMap<string, Expansion>;
}

export interface Order {
  readonly path: string;
  readonly descending: boolean;
}

export interface ListOptions extends Shape {
  readonly filter: string | null;
  readonly orderby: readonly Order[];
  readonly search: string | null;
  readonly top: number | null;
  readonly skip: number;
  readonly count: boolean;
}

export const MAX_TOP = 1000;

/** Parses the options of a single entity. Throws BadRequest with Graph's message. */
export function parseShape(query: URLSearchParams, model: Model): Shape {
  refuseRepeats(query);
  return { select: parseSelect(query.get('$select'), model), expand: parseExpand(query.get('$expand'), model) };
}

/** Parses the options of a collection. Throws BadRequest with Graph's message. */
export function parseListOptions(query: URLSearchParams, model: Model): ListOptions {
  const options: ListOptions = {
    ...parseShape(query, model),
    filter: query.get('$filter'),
    orderby: parseOrderby(query.get('$orderby'), model),
    search: query.get('$search'),
    top: parseCount('$top', 'Top', query.get('$top')),
    skip: parseCount('$skip', 'Skip', query.get('$skip')) ?? 0,
    count: parseBoolean('$count', query.get('$count')),
  };
  if (options.top !== null && (options.top < 1 || options.top > MAX_TOP))
    throw badRequest(
      `Invalid value '${options.top}' for $top query option found. The $top query option requires an integer between 1 and ${MAX_TOP}.`,
    );
  return options;
}

export function parseSelect(value: string | null, model: Model): readonly string[] | null {
  if (value === null) return null;
  const asked = value
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  const names = asked.map((name) => (name === '*' ? name : nameIn(name, model, model.properties)));
  return names.length === 0 || names.includes('*') ? null : names;
}

const CAST = /^microsoft\.graph\.(\w+)\//;

/** Returns the first name of a path without its cast. Throws BadRequest when the type does not have it, or only with a cast. */
function nameIn(path: string, model: Model, known: ReadonlySet<string>): string {
  const cast = CAST.exec(path)?.[1];
  const [name = ''] = path.replace(CAST, '').split('/');
  const of = model.derived?.get(name);
  // Graph uses this wording in every place (microsoft-graph-explorer-v4#3916).
  if (known.has(name) && of !== undefined && cast === undefined)
    throw badRequest(unknownProperty(name, model), 'RequestBroker--ParseUri');
  const isCast = cast === undefined || [...(model.derived?.values() ?? [])].includes(cast);
  if (!known.has(name) || !isCast || (of !== undefined && of !== cast))
    throw badRequest(`Parsing OData Select and Expand failed: ${unknownProperty(path, model)}`);
  return name;
}

function parseExpand(value: string | null, model: Model): ReadonlyMap<string, Expansion> {
  const expansions = new Map<string, Expansion>();
  for (const item of value === null ? [] : splitOutside(value, ',')) {
    const match = /^([\w./]+)(?:\((.*)\))?$/s.exec(item);
    if (!match)
      throw badRequest(
        `Parsing OData Select and Expand failed: Term '${item}' is not valid in a $select or $expand expression.`,
      );
    const name = nameIn(match[1] ?? '', model, model.navigations);
    const inner = model.expanded?.[name];
    const options = new Map(
      (match[2] === undefined ? [] : splitOutside(match[2], ';')).map((option) => {
        const at = option.indexOf('=');
        return [option.slice(0, at).trim(), option.slice(at + 1).trim()] as const;
      }),
    );
    const select = options.get('$select');
    expansions.set(name, {
      select:
        select === undefined ? null : inner ? parseSelect(select, inner) : select.split(',').map((part) => part.trim()),
      filter: options.get('$filter') ?? null,
    });
  }
  return expansions;
}

function parseOrderby(value: string | null, model: Model): readonly Order[] {
  if (value === null) return [];
  return value.split(',').map((term) => {
    const match = /^\s*([\w./]+)(?:\s+(asc|desc))?\s*$/.exec(term);
    if (!match) throw badRequest(`Syntax error at position 0 in '${term.trim()}'.`, 'RequestBroker--ParseUri');
    const path = match[1] ?? '';
    if (!model.properties.has(path.split('/')[0] ?? ''))
      throw badRequest(unknownProperty(path, model), 'RequestBroker--ParseUri');
    return { path, descending: match[2] === 'desc' };
  });
}

function parseCount(option: string, name: string, value: string | null): number | null {
  if (value === null) return null;
  if (!/^\d{1,9}$/.test(value))
    throw badRequest(
      `Invalid value '${value}' for ${option} query option found. The ${option} query option requires a non-negative integer value.`,
      `ErrorInvalidUrlQuery${name}`,
    );
  return Number(value);
}

export function parseBoolean(option: string, value: string | null): boolean {
  if (value === null || value === 'false') return false;
  if (value === 'true') return true;
  throw badRequest(`Invalid value '${value}' for ${option} query option found. Valid values are 'true' and 'false'.`);
}

export const unknownProperty = (name: string, model: Pick<Model, 'typeName'>) =>
  `Could not find a property named '${name}' on type 'microsoft.graph.${model.typeName}'.`;

function refuseRepeats(query: URLSearchParams): void {
  const seen = new Set<string>();
  for (const name of query.keys()) {
    if (name.startsWith('$') && seen.has(name))
      throw badRequest(`Query option '${name}' was specified more than once, but it must be specified at most once.`);
    seen.add(name);
  }
}

/** Splits at separators outside of parentheses and quotes. */
function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let current = '';
  for (const character of text) {
    if (character === "'") quoted = !quoted;
    else if (!quoted && character === '(') depth++;
    else if (!quoted && character === ')') depth--;
    if (!quoted && depth === 0 && character === separator) {
      parts.push(current.trim());
      current = '';
    } else current += character;
  }
  parts.push(current.trim());
  return parts.filter(Boolean);
}
