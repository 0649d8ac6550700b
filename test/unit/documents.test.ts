import { buildSchema } from 'graphql';
import { Parser } from 'graphql/language/parser.js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Documents } from '../../src/graphql/operation/documents.ts';
import { QUERY_LIMITS } from '../../src/graphql/operation/limits/query-limits.ts';

afterEach(() => vi.restoreAllMocks());

describe('a document that comes again', () => {
  it('is parsed and validated once, good or bad', () => {
    const schema = buildSchema('type Query { hello: String }');
    const documents = new Documents(schema, QUERY_LIMITS, true);
    const validations = vi.spyOn(schema, 'getDirectives');
    const parses = vi.spyOn(Parser.prototype, 'parseDocument');
    const texts = ['{ hello }', '{ nothing }', '{ hello'];
    const first = texts.map((text) => documents.read(text));
    expect(first.map(({ refused = [] }) => refused.map(({ extensions }) => extensions.code))).toEqual([
      [],
      ['GRAPHQL_VALIDATION_FAILED'],
      ['GRAPHQL_PARSE_FAILED'],
    ]);
    const once = validations.mock.calls.length;
    expect(once).toBeGreaterThan(0);
    for (let i = 0; i < 100; i++) expect(texts.map((text) => documents.read(text))).toEqual(first);
    expect(validations).toHaveBeenCalledTimes(once);
    expect(parses).toHaveBeenCalledTimes(texts.length);
  });
});

describe('the cache of documents', () => {
  const text = (i: number) => `query Q${i} { ${'hello '.repeat(2_500)} }`;

  it('is bounded by the size of the documents, and keeps the latest', () => {
    const schema = buildSchema('type Query { hello: String }');
    const documents = new Documents(schema, { ...QUERY_LIMITS, breadth: 5_000, fields: 5_000 }, true);
    const given: unknown[] = [];
    const remembered = (i: number) => documents.read(text(i)) === given[i];
    for (let i = 0; i < 40; i++) {
      given.push(documents.read(text(i)));
      expect(remembered(0)).toBe(true);
    }
    expect(remembered(39)).toBe(true);
    expect(remembered(1)).toBe(false);
  });
});
