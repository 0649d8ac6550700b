import {
  type ExecutionResult,
  executeSync,
  type GraphQLError,
  type GraphQLSchema,
  getIntrospectionQuery,
  parse,
  validate,
} from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { Introspections } from '../../src/graphql/operation/introspections.ts';
import { checkSizes } from '../../src/graphql/operation/limits/list-limits.ts';
import { QUERY_LIMITS } from '../../src/graphql/operation/limits/query-limits.ts';
import { parseDocument } from '../../src/graphql/operation/parse-document.ts';
import { bareSchema, repeat } from '../support/schema/schema.ts';

let schema: GraphQLSchema;
beforeAll(() => {
  schema = bareSchema();
});

const ALL = {
  descriptions: true,
  specifiedByUrl: true,
  directiveIsRepeatable: true,
  schemaDescription: true,
  inputValueDeprecation: true,
  oneOf: true,
};
const IN_TYPES = 'fields { type { ofType { fields { name args { name } type { name ofType { name } } } } } }';
const IN_ARGS = 'fields { args { type { ofType { inputFields { name type { name ofType { name } } } } } } }';
const ofType = (deep: number): string => `kind name ${deep === 0 ? '' : `ofType { ${ofType(deep - 1)} }`}`;

/** Returns how many fields of the answer describe the schema, after parsing and validating the query. */
function introspected(query: string, variables: Record<string, unknown> = {}): number {
  const document = parseDocument(query, QUERY_LIMITS);
  expect(validate(schema, document).map(({ message }) => message)).toEqual([]);
  return checkSizes(schema, document, null, variables, QUERY_LIMITS).introspected;
}
function refusal(query: string, variables: Record<string, unknown> = {}): string {
  try {
    introspected(query, variables);
  } catch (error) {
    expect((error as GraphQLError).extensions?.code).toBe('QUERY_TOO_COMPLEX');
    return (error as GraphQLError).message;
  }
  throw new Error('it was let through');
}

/** Counts the fields of an answer. */
function fieldsOf(answer: unknown): number {
  if (typeof answer !== 'object' || answer === null) return 0;
  const inner = Object.values(answer);
  return inner.reduce<number>((sum, one) => sum + fieldsOf(one), Array.isArray(answer) ? 0 : inner.length);
}

describe('a query of the schema', () => {
  it.each([
    ['all that graphql asks for', getIntrospectionQuery(ALL)],
    ['the least that it asks for', getIntrospectionQuery({ descriptions: false })],
    [
      'types in types',
      `{ __schema { types { name fields(includeDeprecated: true) { name type { ${ofType(14)} } } } } }`,
    ],
    [
      'one type',
      `{ __type(name: "Message") { fields(includeDeprecated: true) { name args(includeDeprecated: true) { name } } } __typename }`,
    ],
    ['a type that is not there', '{ __type(name: "Nothing") { fields { name } } }'],
    [
      'fragments, and what is left out',
      '{ __schema { ...S types @skip(if: true) { name } } } fragment S on __Schema { queryType { ... on __Type { name ...T } } } fragment T on __Type { interfaces { name } possibleTypes { name } inputFields { name } enumValues { name } }',
    ],
  ])('is counted by the size of its answer: %s', (_what, query) => {
    const { data } = executeSync({ schema, document: parse(query) });
    const typename = query.includes('} __typename') ? 1 : 0;
    expect(introspected(query)).toBe(fieldsOf(data) - typename);
  });

  it('passes as GraphiQL and code generators send it, with room to spare, and with types nested more deeply', () => {
    expect(2 * introspected(getIntrospectionQuery(ALL))).toBeLessThan(QUERY_LIMITS.introspection);
    const deeper = getIntrospectionQuery(ALL).replace('ofType {', `ofType { ${ofType(4)}`);
    expect(deeper).not.toBe(getIntrospectionQuery(ALL));
    expect(introspected(deeper)).toBeLessThan(QUERY_LIMITS.introspection);
    expect(introspected('query ($n: String!) { __type(name: $n) { name fields { name } } }', { n: 'Viewer' })).toBe(
      introspected('{ __type(name: "Viewer") { name fields { name } } }'),
    );
  });

  it.each<[string, string, Record<string, unknown>?]>([
    ['its lists', `{ ${repeat(50, (i) => `a${i}: __schema { types { fields { args { type { name } } } } }`)} }`],
    ['the list of types', `{ __schema { ${repeat(90, (i) => `a${i}: types { fields { name } }`)} } }`],
    ['a type', `{ ${repeat(90, (i) => `a${i}: __type(name: "Mutation") { ${IN_ARGS} }`)} }`],
    [
      'a type that a variable names',
      `query ($n: String!) { ${repeat(90, (i) => `a${i}: __type(name: $n) { ${IN_ARGS} }`)} }`,
      { n: 'Mutation' },
    ],
    [
      'a type that a default names',
      `query ($n: String = "Mutation") { ${repeat(90, (i) => `a${i}: __type(name: $n) { ${IN_ARGS} }`)} }`,
    ],
    ['types in types', `{ ${repeat(9, (i) => `a${i}: __schema { types { ${IN_TYPES} } }`)} }`],
    [
      'inputs, enums, interfaces and possible types',
      `{ __schema { ${repeat(90, (i) => `a${i}: types { inputFields { name } enumValues { name } interfaces { name } possibleTypes { name } }`)} } }`,
    ],
    [
      'a fragment in many places',
      `{ ${repeat(60, (i) => `a${i}: __schema { ...S }`)} } fragment S on __Schema { types { fields { name } } }`,
    ],
    [
      'the schema beside other fields',
      `{ viewer { id } ${repeat(60, (i) => `a${i}: __schema { types { fields { name } } }`)} }`,
    ],
  ])('is refused with its figure when it is multiplied: %s', (_what, query, variables) => {
    expect(refusal(query, variables)).toMatch(/more than 20000 fields of the schema itself/);
  });
});

describe('answers about the schema', () => {
  const asked = (source: string, owner: string) => ({
    source,
    document: parse(source),
    operationName: null,
    variables: null,
    fields: introspected(source),
    owner,
    signal: new AbortController().signal,
  });
  const named = (name: string) => `query ${name} { __schema { types { name fields { name type { name } } } } }`;

  it('are made once for the same query', async () => {
    const introspections = new Introspections(schema);
    const ask = (owner: string) => introspections.answer(asked(getIntrospectionQuery(ALL), owner));
    const [first, second] = await Promise.all([ask('a'), ask('b')]);
    expect(first?.data).toEqual(executeSync({ schema, document: parse(getIntrospectionQuery(ALL)) }).data);
    expect(second).toBe(first);
    expect(await ask('c')).toBe(first);
    expect(await introspections.answer(asked(named('Other'), 'c'))).not.toBe(first);
  });

  it('are returned to users in turn, with other work in between', async () => {
    const introspections = new Introspections(schema);
    const order: string[] = [];
    const ask = (owner: string, n: number) =>
      introspections.answer(asked(named(`${owner}${n}`), owner)).then((answer: ExecutionResult | null) => {
        expect(answer?.data).toBeTruthy();
        order.push(owner);
        setImmediate(() => order.push('-'));
      });
    const flood = Array.from({ length: 5 }, (_, n) => ask('flood', n));
    await Promise.all([...flood, ask('other', 0)]);
    expect(order.filter((who) => who !== '-').indexOf('other')).toBe(2);
    expect(order.join(' ')).not.toMatch(/flood flood|flood other|other flood/);
  });

  it('are left to the normal execution when the query requests more, or little', async () => {
    const introspections = new Introspections(schema);
    expect(
      await introspections.answer(
        asked('{ viewer { id } __schema { types { name fields { name type { name } } } } }', 'a'),
      ),
    ).toBeNull();
    expect(await introspections.answer(asked('{ __schema { queryType { name } } }', 'a'))).toBeNull();
  });
});
