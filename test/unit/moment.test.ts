import { expect, it } from 'vitest';
import { momentText } from '../../src/domain/moment.ts';
import { seeded, seedOf } from '../support/mail/seeded.ts';

const { below } = seeded(seedOf('moment'));

it('a moment is written as toISOString writes it', () => {
  const edges = [
    0,
    -1,
    1,
    999,
    86_399_999,
    86_400_000,
    Date.UTC(9999, 11, 31, 23, 59, 59, 999),
    Date.UTC(10_000, 0, 1),
  ];
  const early = [Date.UTC(1900, 1, 28), Date.UTC(-1, 0, 1), -8.64e15, 8.64e15];
  const leap = [Date.UTC(2024, 1, 29, 23, 59, 59, 999), Date.UTC(2000, 1, 29), Date.UTC(2100, 1, 28)];
  // More days than are remembered, and some of them again.
  const random = Array.from({ length: 5_000 }, () => below(90_000) * 86_400_000 + below(86_400_000));
  for (const at of [...edges, ...early, ...leap, ...random, ...random.slice(0, 100)])
    expect(momentText(new Date(at))).toBe(new Date(at).toISOString());
  expect(() => momentText(new Date(Number.NaN))).toThrow(RangeError);
});
