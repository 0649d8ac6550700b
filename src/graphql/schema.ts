import 'reflect-metadata';
import { makeExecutableSchema } from '@graphql-tools/schema';
import {
  GraphQLScalarType,
  type GraphQLSchema,
  isInterfaceType,
  isObjectType,
  lexicographicSortSchema,
  printSchema,
} from 'graphql';
import { buildSchemaSync, createResolversMap, getMetadataStorage, type NonEmptyArray, type PubSub } from 'type-graphql';

type ResolverClass = abstract new (...args: never[]) => object;

/** The resolver classes of a schema, each with its one instance. */
type Resolvers = ReadonlyMap<ResolverClass, object>;

const resolversOf = new WeakMap<GraphQLSchema, Resolvers>();

/** Creates the schema that the decorators of the classes describe. It needs one instance of each class. */
export function createSchema(classes: readonly ResolverClass[], instances: readonly object[]): GraphQLSchema {
  const resolvers: Resolvers = new Map(instances.map((instance) => [instance.constructor as ResolverClass, instance]));
  const missing = classes.filter((resolver) => !resolvers.has(resolver)).map((resolver) => resolver.name);
  if (missing.length > 0) throw new Error(`these resolvers have no instance: ${missing.join(', ')}`);
  // The check of type-graphql introspects the whole schema. emit-schema.ts runs it, so that not every start has to.
  const schema = build(classes, { get: (resolver) => resolvers.get(resolver), skipCheck: true });
  resolversOf.set(schema, resolvers);
  return schema;
}

/**
 * Prints the schema. The text is sorted, so that it does not depend on the order in which files are loaded. Only the
 * classes are needed.
 */
export function describeSchema(classes: readonly ResolverClass[]): string {
  const schema = build(classes, { get: () => undefined, skipCheck: false });
  return `${printSchema(lexicographicSortSchema(schema)).trimEnd()}\n`;
}

/**
 * Returns the instance of a resolver class. The source of a subscription needs it: it is a function, to which the
 * container of type-graphql passes no instance.
 */
export function resolverOf<T extends object>(schema: GraphQLSchema, resolver: abstract new (...args: never[]) => T): T {
  const instance = resolversOf.get(schema)?.get(resolver);
  if (!(instance instanceof resolver)) throw new Error(`${resolver.name} is not among the resolvers of this schema`);
  return instance;
}

/** type-graphql requires it, but it is unused: each subscription has its own source. */
const NO_TOPICS: PubSub = {
  publish: () => {},
  subscribe: (topic) => {
    throw new Error(`no subscription may name a topic: ${topic}`);
  },
};

interface BuildOptions {
  readonly get: (resolver: ResolverClass) => object | undefined;
  readonly skipCheck: boolean;
}

function build(classes: readonly ResolverClass[], { get, skipCheck }: BuildOptions): GraphQLSchema {
  const described = buildSchemaSync({
    resolvers: classes as unknown as NonEmptyArray<new () => object>,
    container: { get: (resolver) => get(resolver as ResolverClass) },
    pubSub: NO_TOPICS,
    skipCheck,
    // Arguments are checked where they are used, with messages for people.
    validate: false,
  });
  const typeDefs = withRoots(printSchema(described));
  const schema = makeExecutableSchema({
    typeDefs,
    resolvers: withPlainEvents(withoutGetters(createResolversMap(described))),
  });
  copyExtensions(described, schema);
  return schema;
}

/** Copies what decorators declare beside the types (list-size.ts), because the text of a schema cannot express it. */
function copyExtensions(from: GraphQLSchema, to: GraphQLSchema): void {
  for (const type of Object.values(to.getTypeMap())) {
    const described = from.getType(type.name);
    if (!(isObjectType(type) || isInterfaceType(type))) continue;
    if (!(isObjectType(described) || isInterfaceType(described))) continue;
    const fields = described.getFields();
    for (const field of Object.values(type.getFields())) {
      field.extensions = { ...field.extensions, ...fields[field.name]?.extensions };
    }
  }
}

type ResolversMap = ReturnType<typeof createResolversMap>;

/**
 * Removes the resolvers of getters. type-graphql calls a getter like a method, which costs more than most getters
 * themselves, and a page reads hundreds of them. Without a resolver graphql-js reads them as plain properties.
 */
function withoutGetters(resolvers: ResolversMap): ResolversMap {
  const kept: ResolversMap = { ...resolvers };
  for (const { name, target } of getMetadataStorage().objectTypes) {
    const fields = kept[name];
    if (!fields || fields instanceof GraphQLScalarType) continue;
    kept[name] = Object.fromEntries(
      Object.entries(fields).filter(([field]) => !isGetter(target.prototype, field)),
    ) as typeof fields;
  }
  return kept;
}

/**
 * Lets each event of a subscription be the value of its field, as the methods of the resolvers return it. type-graphql would make a
 * promise for each argument of the subscription, once for each event.
 */
function withPlainEvents(resolvers: ResolversMap): ResolversMap {
  const { Subscription: fields } = resolvers;
  if (!fields || fields instanceof GraphQLScalarType) return resolvers;
  const plain = Object.entries(fields).map(([name, field]) => [
    name,
    { ...(field as object), resolve: (event: unknown) => event },
  ]);
  return { ...resolvers, Subscription: Object.fromEntries(plain) as typeof fields };
}

function isGetter(prototype: object | null, name: string): boolean {
  for (let at = prototype; at; at = Object.getPrototypeOf(at) as object | null) {
    const found = Object.getOwnPropertyDescriptor(at, name);
    if (found) return found.get !== undefined;
  }
  return false;
}

/** The descriptions of the root types. Decorators cannot describe these types. */
const ROOTS = {
  Query:
    'The queries. Begin with `viewer`, which has everything that belongs to the signed-in user. A field that can be null and could not be read is null, and `errors` has the reason.',
  Mutation:
    'The mutations. Each takes one input and returns the objects that it changed, with `userErrors` for problems that a different input would solve.',
  Subscription:
    'The subscriptions, over WebSocket (graphql-transport-ws) or as Server-Sent Events (graphql-sse, distinct connections mode) on the same path. Each event has a cursor. Keep the latest one, and pass it as `after` when you subscribe again: then no event is missed. `mailEvents` reports where events are no longer stored, `messageReceived` refuses such a cursor, and `submissionChanged` has the outcome of each submission, however long ago it was.',
} as const;

const withRoots = (typeDefs: string): string =>
  typeDefs.replace(
    /^type (Query|Mutation|Subscription) \{/gm,
    (line, root: keyof typeof ROOTS) => `"${ROOTS[root]}"\n${line}`,
  );
