import {
  coerceInputValue,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql';
import { encodeId } from '../../../src/domain/global-id.ts';

/** A place where a client passes a value: an argument of a field of the schema, or a field of an input. */
interface Place {
  /** For example `Viewer.messages(filter).subject`. */
  readonly name: string;
  readonly type: GraphQLInputType;
  readonly hasDefault: boolean;
  /** Equal for all places that are the same field of the same input. */
  readonly key: string;
  /** Builds a request that is valid except for `value` in this place. */
  ask(value: unknown): Asked;
  /** Builds the same as a part of a larger request, with names that end in `at`. */
  part(value: unknown, at: number): Part;
}

interface Asked {
  readonly query: string;
  readonly variables: Record<string, unknown>;
}

interface Part {
  readonly kind: 'query' | 'mutation';
  readonly declared: readonly string[];
  readonly field: string;
  readonly variables: Record<string, unknown>;
  /** Whether the schema accepts the types of its variables. */
  readonly isTaken: boolean;
}

/** Joins several parts to one request. All of them must be queries, or all mutations. */
export function together(parts: readonly Part[]): Asked {
  const declared = parts.flatMap((part) => part.declared).join(', ');
  const query = `${parts[0]?.kind} (${declared}) { ${parts.map(({ field }) => field).join(' ')} }`;
  return { query, variables: Object.assign({}, ...parts.map(({ variables }) => variables)) };
}

/** Ids of existing objects, by the name of their type. */
export type KnownIds = Readonly<Record<string, string>>;

/** Returns every place that can be reached through fields without required arguments, and those of the mutations. */
export function placesOf(schema: GraphQLSchema, ids: KnownIds): Place[] {
  const walk = new Walk(ids);
  const places: Place[] = [];
  const reached = new Map<string, (inner: string) => string>([['Query', (inner) => inner]]);
  const queue = [schema.getQueryType() as GraphQLObjectType];
  for (const type of queue) {
    const way = reached.get(type.name) as (inner: string) => string;
    for (const field of Object.values(type.getFields())) {
      places.push(...walk.field('query', way, type.name, field));
      const next = getNamedType(field.type);
      if (!isObjectType(next) || reached.has(next.name) || field.args.some(isRequiredArgument)) continue;
      const page = field.args.some(({ name }) => name === 'first') ? '(first: 1)' : '';
      reached.set(next.name, (inner) => way(`${field.name}${page} { ${inner} }`));
      queue.push(next);
    }
  }
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    places.push(...walk.field('mutation', (inner) => inner, 'Mutation', field));
  }
  return places;
}

interface Inner {
  readonly path: string;
  readonly key: string;
  readonly type: GraphQLInputType;
  readonly hasDefault: boolean;
  put(value: unknown): unknown;
}

class Walk {
  constructor(private readonly ids: KnownIds) {}

  field(
    kind: 'query' | 'mutation',
    way: (inner: string) => string,
    parent: string,
    field: GraphQLField<unknown, unknown>,
  ): Place[] {
    return field.args.flatMap((argument) => {
      const others = field.args.filter((other) => other !== argument && isRequiredArgument(other));
      const rest = Object.fromEntries(others.map((other) => [other.name, this.fitting(other.name, other.type)]));
      const name = `${parent}.${field.name}(${argument.name})`;
      const place = ({ path, key, type, hasDefault, put }: Inner): Place => ({
        name: name + path,
        key,
        type,
        hasDefault,
        part: (value, at) => partOf({ kind, way, field, argument, others }, put(value), rest, at),
        ask: (value) => together([partOf({ kind, way, field, argument, others }, put(value), rest, 0)]),
      });
      const { type, defaultValue } = argument;
      return [
        place({ path: '', key: name, type, hasDefault: defaultValue !== undefined, put: (value) => value }),
        ...this.within(type, []).map(place),
      ];
    });
  }

  /** A type that contains itself is visited twice, so that its lists of itself are reached. */
  private within(type: GraphQLInputType, around: readonly GraphQLInputObjectType[]): Inner[] {
    const bare = getNullableType(type);
    const object = isListType(bare) ? getNullableType(bare.ofType) : bare;
    if (!isInputObjectType(object) || around.includes(object)) return [];
    const fitting = this.fitting('', object) as object;
    return Object.values(object.getFields()).flatMap((field) => {
      const put = (value: unknown) => {
        const given = { ...fitting, [field.name]: value };
        return isListType(bare) ? [given] : given;
      };
      const { name, type: fieldType, defaultValue } = field;
      const key = `${object.name}.${name}`;
      return [
        { path: `.${name}`, key, type: fieldType, hasDefault: defaultValue !== undefined, put },
        ...this.within(fieldType, [...around, object]).map((inner) => ({
          ...inner,
          path: `.${name}${inner.path}`,
          put: (value: unknown) => put(inner.put(value)),
        })),
      ];
    });
  }

  /** Returns a valid value of the type. */
  private fitting(name: string, type: GraphQLInputType): unknown {
    const bare = getNullableType(type);
    if (isListType(bare)) return [this.fitting(name, bare.ofType)];
    if (isInputObjectType(bare)) {
      const fields = Object.values(bare.getFields()).filter(isRequiredInputField);
      return Object.fromEntries(fields.map((field) => [field.name, this.fitting(field.name, field.type)]));
    }
    if (isEnumType(bare)) return bare.getValues()[0]?.name;
    const scalar = getNamedType(bare).name;
    return scalar === 'ID' ? this.ids[typeNamed(name)] : (FITTING[scalar] ?? 'text');
  }
}

const FITTING: Readonly<Record<string, unknown>> = {
  Int: 1,
  Boolean: true,
  EmailAddress: 'nobody@people.example',
  DateTime: '2026-11-20T09:30:00Z',
  URL: 'http://app.example/inbox',
};

const MAILBOXES = new Set(['to', 'from', 'parent', 'addMailboxes', 'removeMailboxes']);
const MESSAGES = new Set(['id', 'ids', 'reply', 'forward']);

/** Returns the type of the object whose id an argument of this name takes. */
function typeNamed(argument: string): string {
  if (MAILBOXES.has(argument)) return 'Mailbox';
  if (MESSAGES.has(argument)) return 'Message';
  const name = argument.replace(/s$/, '');
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}

interface Asking {
  readonly kind: 'query' | 'mutation';
  readonly way: (inner: string) => string;
  readonly field: GraphQLField<unknown, unknown>;
  readonly argument: GraphQLArgument;
  readonly others: readonly GraphQLArgument[];
}

function partOf({ kind, way, field, argument, others }: Asking, value: unknown, rest: object, at: number): Part {
  // A variable that may be null is allowed where the argument has a default (GraphQL 5.8.5), and generated clients declare it so.
  const type = isRequiredArgument(argument) ? argument.type : getNullableType(argument.type);
  const given = [`${argument.name}: $value${at}`, ...others.map(({ name }) => `${name}: $${name}${at}`)].join(', ');
  const selection = isLeafType(getNamedType(field.type)) ? '' : '{ __typename }';
  const variables = Object.entries({ ...rest, value }).map(([name, one]) => [`${name}${at}`, one]);
  let isTaken = !/\p{Surrogate}/u.test(String(JSON.stringify(value)).replace(/\\ud[89a-f]../gi, '\ud800'));
  coerceInputValue(value, argument.type, () => {
    isTaken = false;
  });
  return {
    kind,
    declared: [`$value${at}: ${type}`, ...others.map((other) => `$${other.name}${at}: ${other.type}`)],
    field: `at${at}: ${way(`${field.name}(${given}) ${selection}`)}`,
    variables: Object.fromEntries(variables),
    isTaken,
  };
}

const TEXTS = ['', 'a\u0000b', 'a\udc00b', "%00'", '__proto__', 'x'.repeat(20_000)];

/** Returns values that are invalid for the type, or valid but senseless. */
export function hostileValues(name: string, type: GraphQLInputType, ids: KnownIds): unknown[] {
  const bare = getNullableType(type);
  if (isListType(bare)) {
    const inner = hostileValues(name, bare.ofType, ids).filter((value) => !Array.isArray(value));
    return [null, [], [null], 'text', ...inner.map((value) => [value])];
  }
  if (isInputObjectType(bare)) return [null, 'text', { unknown: 1 }, [null]];
  if (isEnumType(bare)) return [null, 'text', 5, ''];
  switch (getNamedType(bare).name) {
    case 'Boolean':
      return [null, 'true', 1];
    case 'Int':
      return [null, 'text', 1.5, -1, 0, 2 ** 31, 1e300];
    case 'ID':
      return [null, {}, 5, 'text', ...TEXTS, ...idsLike(typeNamed(name), ids)];
    default:
      return [null, {}, 5, ...TEXTS];
  }
}

/** Returns well-formed ids of objects that do not exist, and ids with characters that no store or URL accepts. */
function idsLike(type: string, ids: KnownIds): string[] {
  const account =
    Buffer.from(ids.Integration ?? '', 'base64url')
      .toString()
      .split(':')[1] ?? '';
  const raw = (text: string) => Buffer.from(text).toString('base64url');
  return [
    encodeId(type, 'x'),
    encodeId(type, account, 'x'),
    encodeId(type, account, '../..?x=%00#'),
    encodeId('Nothing', 'x'),
    raw(`${type}:%00`),
    raw(`${type}:${account}:%00`),
    raw(`${type}:${account}:%ED%A0%80`),
  ];
}
