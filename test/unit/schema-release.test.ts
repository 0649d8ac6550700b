import { expect, it } from 'vitest';
import { breakingChanges, mayBreak } from '../../src/schema-release.ts';

it('names what breaks a client, and nothing else', () => {
  const before = 'type Query { kept: Int gone(a: Int): Int narrowed: Int }';
  const after = 'type Query { kept: Int narrowed: String new: Int }';
  expect(breakingChanges(before, after)).toEqual([
    'Query.gone was removed.',
    'Query.narrowed changed type from Int to String.',
  ]);
  expect(breakingChanges(before, before)).toEqual([]);
});

it.each([
  ['1.2.3', '2.0.0', true],
  ['1.2.3', '1.9.0', false],
  ['0.2.0', '0.3.0', true],
  ['0.2.0', '0.2.9', false],
  ['0.9.0', '1.0.0', true],
  ['2.0.0', '1.5.0', false],
])('%s to %s may break: %s', (from, to, expected) => {
  expect(mayBreak(from, to)).toBe(expected);
});
