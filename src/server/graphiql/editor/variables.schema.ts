import { Kind, parse } from 'graphql';

/** As far as it is looked at here. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly default?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly [keyword: string]: unknown;
}

/**
 * The JSON schema that monaco-graphql makes for the variables of `text`, without what it asks for and GraphQL does not: fields
 * and variables that have a default (graphiql issue 3571), those of another operation of the same tab, and a list around a
 * single value, which is one of its own (GraphQL, 3.12 input coercion).
 */
export function acceptWhatGraphqlDoes(schema: JsonSchema, text: string): JsonSchema {
  const asked = requiredVariables(text);
  const { definitions = {}, properties = {}, required = [] } = schema;
  return {
    ...schema,
    required: required.filter((name) => asked.has(name)),
    properties: mapped(properties, single),
    definitions: mapped(definitions, withoutDefaulted),
  };
}

/** Those that every operation needs and gives no default to. */
function requiredVariables(text: string): ReadonlySet<string> {
  const operations = parse(text).definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);
  const names = operations.map(
    ({ variableDefinitions = [] }) =>
      new Set(variableDefinitions.flatMap(({ variable, defaultValue }) => (defaultValue ? [] : [variable.name.value]))),
  );
  const [first = new Set<string>(), ...others] = names;
  return new Set([...first].filter((name) => others.every((other) => other.has(name))));
}

function withoutDefaulted(schema: JsonSchema): JsonSchema {
  const { properties = {}, required = [] } = schema;
  return {
    ...schema,
    required: required.filter((name) => properties[name]?.default === undefined),
    properties: mapped(properties, single),
  };
}

function single(schema: JsonSchema): JsonSchema {
  if (!schema.items) return schema;
  const items = single(schema.items);
  const { type, items: _, ...rest } = schema;
  return { ...rest, anyOf: [{ type, items }, items] };
}

const mapped = (
  schemas: Readonly<Record<string, JsonSchema>>,
  change: (schema: JsonSchema) => JsonSchema,
): Record<string, JsonSchema> =>
  Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, change(schema)]));
