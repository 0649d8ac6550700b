import { buildSchema, type DocumentNode } from 'graphql';
import { describe, expect, it, vi } from 'vitest';
import { OperationReader, type ReadOperation } from '../../src/graphql/operation/operation-reader.ts';
import { QueryGate } from '../../src/graphql/operation/query-gate.ts';

describe('a document that comes again', () => {
  it('is parsed and validated once, good or bad', () => {
    const schema = buildSchema('type Query { hello: String }');
    const gate = new QueryGate();
    const reader = new OperationReader(schema, gate, true);
    const validations = vi.spyOn(schema, 'getDirectives');
    const documentOf = (query: string) => (reader.read({ query }) as ReadOperation).document;
    const good = documentOf('{ hello }');
    const bad = reader.read({ query: '{ nothing }' });
    const once = validations.mock.calls.length;
    expect(once).toBeGreaterThan(0);
    for (let i = 0; i < 100; i++) {
      expect(documentOf('{ hello }')).toBe(good);
      expect(reader.read({ query: '{ nothing }' })).toBe(bad);
    }
    expect(validations).toHaveBeenCalledTimes(once);
  });
});

describe('what the gate remembers', () => {
  const text = (i: number) => `query Q${i} { ${'hello '.repeat(2_500)} }`;

  it('is bounded by the size of the documents, and the latest stay', () => {
    const gate = new QueryGate({ ...new QueryGate().limits, breadth: 5_000, fields: 5_000 });
    const documents: DocumentNode[] = [];
    const remembered = (i: number) => gate.parse(text(i)) === documents[i];
    for (let i = 0; i < 40; i++) {
      documents.push(gate.parse(text(i)));
      expect(remembered(0)).toBe(true);
    }
    expect(remembered(39)).toBe(true);
    expect(remembered(1)).toBe(false);
  });
});
