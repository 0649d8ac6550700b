import { Kind, parse } from 'graphql';

/** The part of a JSON schema that is used here. */
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
 * Relaxes the JSON schema that monaco-graphql creates for the variables of `text`, so that it requires no more than
 * GraphQL does. It removes fields and variables with a default (graphiql issue 3571) and variables of another operation
 * of the same tab from the required ones. It accepts a single value where a list is expected (GraphQL, section 3.12,
 * input coercion).
 */
export function acceptWhatGraphqlDoes(schema: JsonSchema, text: string): JsonSchema {
  const needed = requiredVariables(text);
  const { definitions = {}, properties = {}, required = [] } = schema;
  return {
    ...schema,
    required: required.filter((name) => needed.has(name)),
    properties: mapped(properties, single),
    definitions: mapped(definitions, withoutDefaulted),
  };
}

/** Returns the variables that every operation needs and that have no default. */
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
