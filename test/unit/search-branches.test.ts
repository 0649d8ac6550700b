import { expect, it } from 'vitest';
import { branchesOf } from '../../src/domain/search/branches.ts';
import type { Condition } from '../../src/domain/search/condition.ts';
import { narrows } from '../support/fakes/fake-list.ts';

it('separates what words find from what a filter finds, each as one list', () => {
  const from = (value: string): Condition => ({ kind: 'from', value });
  const starred: Condition = { kind: 'starred', value: true };
  const unread: Condition = { kind: 'read', value: false };
  const and = (...of: Condition[]): Condition => ({ kind: 'and', of });
  const or = (...of: Condition[]): Condition => ({ kind: 'or', of });
  const not = (of: Condition): Condition => ({ kind: 'not', of });
  const apart = (where: Condition) => branchesOf(where, () => 'checked', narrows);
  expect(apart(or(starred, from('ada')))).toEqual([from('ada'), starred]);
  expect(apart(or(starred, from('ada'), unread, from('bob')))).toEqual([
    or(from('ada'), from('bob')),
    or(starred, unread),
  ]);
  expect(apart(and(unread, or(starred, from('ada'))))).toEqual([and(unread, from('ada')), and(unread, starred)]);
  expect(apart(or(starred, and(unread, from('ada'))))).toEqual([and(unread, from('ada')), starred]);
  expect(apart(and(or(starred, from('ada')), or(unread, from('bob'))))).toEqual([
    or(and(from('ada'), from('bob')), and(from('ada'), unread), and(starred, from('bob'))),
    and(starred, unread),
  ]);
  // Splitting gains nothing for these, so they stay one list: they are narrowed already, or a part of them is read
  // whole.
  for (const one of [
    and(from('cat'), or(starred, from('ada'))),
    or(starred, unread),
    or(from('ada'), from('bob')),
    or(starred, from('ada'), not(from('bob'))),
    and(unread, or(from('ada'), not(from('bob')))),
  ])
    expect(apart(one)).toEqual([one]);
});

it('makes no more lists than allowed by separating them', () => {
  const decides = ({ kind }: Condition) => (kind === 'text' ? 'indexed' : 'checked');
  const text = (value: string): Condition => ({ kind: 'text', value });
  const either = (n: number): Condition => ({
    kind: 'and',
    of: [
      { kind: 'not', of: text(`w${n}`) },
      {
        kind: 'or',
        of: [
          { kind: 'from', value: `a${n}` },
          { kind: 'starred', value: n % 2 === 0 },
        ],
      },
    ],
  });
  for (const [count, lists] of [
    [1, 2],
    [6, 12],
    [7, 12],
    [12, 12],
  ] as const) {
    const where: Condition = { kind: 'or', of: Array.from({ length: count }, (_, n) => either(n)) };
    expect(branchesOf(where, decides, narrows)).toHaveLength(lists);
  }
});

it('queries once for alternatives that differ only in their words, or only in what is beside them', () => {
  const decides = ({ kind }: Condition) => (kind === 'text' ? 'indexed' : 'checked');
  const text = (value: string): Condition => ({ kind: 'text', value });
  const notFrom = (value: string): Condition => ({ kind: 'not', of: { kind: 'from', value } });
  const pairs = (count: number, part: (n: number) => Condition[]): Condition => ({
    kind: 'or',
    of: Array.from({ length: count }, (_, n): Condition => ({ kind: 'and', of: part(n) })),
  });
  expect(
    branchesOf(
      pairs(20, (n) => [text(`w${n}`), notFrom('ada')]),
      decides,
    ),
  ).toHaveLength(1);
  expect(
    branchesOf(
      pairs(20, (n) => [text('w'), notFrom(`a${n}`)]),
      decides,
    ),
  ).toHaveLength(1);
  // Each excluded word is a query of its own, and long phrases fill a query.
  const excluded = pairs(12, (n) => [text(`w${n}`), { kind: 'not', of: text(`x${n}`) }, notFrom('ada')]);
  expect(branchesOf(excluded, decides)).toHaveLength(12);
  const long = pairs(12, (n) => [text(`${n} ${'word '.repeat(90)}`), notFrom('ada')]);
  expect(branchesOf(long, decides)).toHaveLength(12);
  expect(
    branchesOf(
      pairs(13, (n) => [text(`w${n}`), notFrom(`a${n}`)]),
      decides,
    ),
  ).toBeNull();
});
