import { buildSchema, GraphQLError, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { checkSizes } from '../../src/graphql/operation/limits/list-limits.ts';
import { QUERY_LIMITS } from '../../src/graphql/operation/limits/query-limits.ts';
import { checkShape } from '../../src/graphql/operation/limits/shape-limits.ts';
import { parseDocument } from '../../src/graphql/operation/parse-document.ts';
import { repeat } from '../support/schema/schema.ts';

const schema = buildSchema(`
  type Query { hello: String list(first: Int = 10): [Query!] me: Query }
`);

const refusal = (work: () => void): string => {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(GraphQLError);
    expect((error as GraphQLError).extensions.code).toBe('QUERY_TOO_COMPLEX');
    return (error as GraphQLError).message;
  }
  throw new Error('it was let through');
};
const shape = (query: string) => () => checkShape(parse(query), QUERY_LIMITS);
const sizes =
  (query: string, variables: Record<string, unknown> = {}) =>
  () =>
    checkSizes(schema, parse(query), null, variables, QUERY_LIMITS);

describe('the shape of a query', () => {
  it('allows what people write', () => {
    expect(shape(`{ ${repeat(40, (i) => `m${i}: hello`)} }`)).not.toThrow();
    expect(shape(`{ ${'me { '.repeat(19)} hello ${'}'.repeat(19)} }`)).not.toThrow();
  });

  it('refuses depth, breadth, aliases and fields, with both figures', () => {
    expect(refusal(shape(`{ ${'me { '.repeat(200)} hello ${'}'.repeat(200)} }`))).toMatch(/21 levels deep, at most 20/);
    expect(refusal(shape(`{ ${repeat(151, () => 'hello')} }`))).toMatch(/151 fields wide in one object, at most 150/);
    expect(refusal(shape(`{ ${repeat(101, (i) => `a${i}: hello`)} }`))).toMatch(/101 aliases, at most 100/);
    const wide = `me { ${repeat(120, () => 'hello')} }`;
    const many = `{ ${repeat(20, () => `me { ${wide} }`)} }`;
    expect(refusal(shape(many))).toMatch(/fields, at most 2000/);
  });

  it('expands fragments, and takes no longer for a fragment bomb', () => {
    const bomb = `{ ...f0 } ${repeat(60, (i) => `fragment f${i} on Query { me { ...f${i + 1} ...f${i + 1} } }`)} fragment f60 on Query { hello }`;
    expect(refusal(shape(bomb))).toMatch(/too complex/);
    const hidden = `{ ...a ...a } fragment a on Query { ${repeat(80, () => 'hello')} }`;
    expect(refusal(shape(hidden))).toMatch(/160 fields wide/);
  });

  it('ends on a fragment cycle, which validation refuses', () => {
    expect(shape('{ ...a } fragment a on Query { me { ...b } } fragment b on Query { me { ...a } }')).not.toThrow();
  });

  it('stops reading at the token limit and at endless brackets', () => {
    const read = (source: string) => () => parseDocument(source, QUERY_LIMITS);
    expect(refusal(read(`{ ${repeat(10_000, (i) => `a${i}: hello`)} }`))).toMatch(/more than 5000 tokens/);
    expect(refusal(read(`{ list(first: ${'['.repeat(4_900)}`))).toMatch(/nested too deep|tokens/);
    expect(read('{ not graphql')).toThrow('Syntax Error');
  });
});

describe('the sizes of lists', () => {
  it('holds first to 100, from the text, a variable or its default', () => {
    expect(refusal(sizes('{ list(first: 101) { hello } }'))).toMatch(/first: 101.*at most 100/);
    expect(refusal(sizes('query ($n: Int) { list(first: $n) { hello } }', { n: 5_000 }))).toMatch(/5000/);
    expect(refusal(sizes('query ($n: Int = 300) { list(first: $n) { hello } }'))).toMatch(/300/);
    expect(sizes('{ list(first: 100) { hello } }')).not.toThrow();
  });

  it('multiplies pages inside pages, defaults and fragments included', () => {
    expect(sizes('{ list(first: 100) { list(first: 100) { hello } } }')).not.toThrow();
    expect(refusal(sizes('{ list(first: 100) { list(first: 100) { list { hello } } } }'))).toMatch(
      /items together, at most 20000/,
    );
    const spread =
      '{ list(first: 100) { ...f } } fragment f on Query { list(first: 100) { ...g } } fragment g on Query { list { hello } }';
    expect(refusal(sizes(spread))).toMatch(/items together/);
  });

  it('refuses long lists and deep nests in the variables', () => {
    expect(refusal(sizes('{ hello }', { ids: Array(5_001).fill('x') }))).toMatch(/5001 values; at most 5000/);
    let deep: unknown = 1;
    for (let i = 0; i < 50; i++) deep = { deep };
    expect(refusal(sizes('{ hello }', { deep }))).toMatch(/more than 20 levels/);
  });
});
