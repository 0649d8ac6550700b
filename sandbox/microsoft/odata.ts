import { badRequest } from './errors.ts';

/** What a type has: names for $select, and names for $expand. */
export interface Model {
  readonly typeName: string;
  readonly properties: ReadonlySet<string>;
  readonly navigations: ReadonlySet<string>;
}

export interface Expansion {
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

/** The options of a single entity. Throws BadRequest in Graph's words. */
export function parseShape(query: URLSearchParams, model: Model): Shape {
  refuseRepeats(query);
  return { select: parseSelect(query.get('$select'), model), expand: parseExpand(query.get('$expand'), model) };
}

/** The options of a collection. Throws BadRequest in Graph's words. */
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
  const names = value
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  for (const name of names)
    if (name !== '*' && !model.properties.has(name.split('/')[0] ?? ''))
      throw badRequest(`Parsing OData Select and Expand failed: ${unknownProperty(name, model)}`);
  return names.length === 0 || names.includes('*') ? null : names.map((name) => name.split('/')[0] ?? name);
}

function parseExpand(value: string | null, model: Model): ReadonlyMap<string, Expansion> {
  const expansions = new Map<string, Expansion>();
  for (const item of value === null ? [] : splitOutside(value, ',')) {
    const match = /^([\w./]+)(?:\((.*)\))?$/s.exec(item);
    if (!match)
      throw badRequest(
        `Parsing OData Select and Expand failed: Term '${item}' is not valid in a $select or $expand expression.`,
      );
    const name = (match[1] ?? '').split('/').filter((segment) => !segment.startsWith('microsoft.graph.'))[0] ?? '';
    if (!model.navigations.has(name))
      throw badRequest(`Parsing OData Select and Expand failed: ${unknownProperty(name, model)}`);
    const options = new Map(
      (match[2] === undefined ? [] : splitOutside(match[2], ';')).map((option) => {
        const at = option.indexOf('=');
        return [option.slice(0, at).trim(), option.slice(at + 1).trim()] as const;
      }),
    );
    const select = options.get('$select');
    expansions.set(name, {
      select:
        select === undefined
          ? null
          : select.split(',').map((part) => part.trim().replace(/^microsoft\.graph\.\w+\//, '')),
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

/** Splits at a separator that stands outside parentheses and quotes. */
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
